"""Answers win over what objects say that users get."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.rollout import Severity
from cockpit.model.view import Cell, CellKind
from cockpit.session.facts.assemble import IDLE
from cockpit.session.facts.contradicted import as_answered
from cockpit.workloads.findings import NOBODY_SERVED, finding

EMPTY = finding(
    "main-empty",
    Severity.CRITICAL,
    f"Ingress shop/pay: Service pay has no ready pods; {NOBODY_SERVED}",
)
LOST = Cell(CellKind.ERROR, None, "default", "503", 1.0)
SERVED = Cell(CellKind.ANSWER, "v2", "default", "200", 1.0)


@pytest.mark.parametrize(
    ("cells", "rest"),
    [
        ((LOST, LOST, LOST, SERVED) * 5, "25% of the newest requests are answered all the same"),
        ((LOST,) * 20, NOBODY_SERVED),
        ((SERVED,) * 3, NOBODY_SERVED),
    ],
)
def test_where_a_version_answers_the_sentence_says_so(cells: tuple[Cell, ...], rest: str) -> None:
    (found,) = as_answered((EMPTY,), replace(IDLE, running=True, strip=cells))
    assert found.severity is Severity.CRITICAL
    assert found.text == f"Ingress shop/pay: Service pay has no ready pods; {rest}"
