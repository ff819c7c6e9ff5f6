"""The work of reading grows with the size of an object and not with its square: counted steps, no clock."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from cockpit.kube.tracking import Tracked
from cockpit.session.facts.adapters import ADAPTERS
from tests.adapters.sizes import SIZES, store_of

pytestmark = pytest.mark.no_cover  # it traces for itself

FEW, FACTOR = 40, 4
# Routes are compared with the earlier ones, up to a limit of match blocks: the work is bounded from there on.
FROM = {"mesh: headers": 200}
# n log n from 40 to 160 is 5.5 times as much; twice as much as that is what a square could hide in.
MOST = 7.0


class Steps:
    """Counts the bytecodes that run inside `with`, in Python's own frames."""

    def __init__(self) -> None:
        self.count = 0

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self.count += event == "opcode"
        return self._trace

    def __enter__(self) -> Steps:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)


def steps_of(size: str, n: int) -> tuple[int, int]:
    """What the costliest of the roots takes, and the rollouts that it is read as."""
    store = store_of(SIZES[size](n))
    most = 0, 0
    for adapter in ADAPTERS:
        for kind in adapter.roots:
            for root in store.everywhere(kind):
                with Steps() as steps:
                    found = adapter.read(root, Tracked(store))
                most = max(most, (steps.count, len(found)))
    return most


@pytest.mark.parametrize("size", SIZES)
def test_no_reading_is_worse_than_n_log_n(size: str) -> None:
    n = FROM.get(size, FEW)
    (few, _), (many, rollouts) = steps_of(size, n), steps_of(size, n * FACTOR)
    assert rollouts, "nothing was read"
    assert many / few < MOST


def test_a_square_would_be_seen() -> None:
    def square(n: int) -> int:
        with Steps() as steps:
            sum(1 for _ in range(n) for _ in range(n))
        return steps.count

    assert square(FEW * FACTOR) / square(FEW) > 2 * MOST
