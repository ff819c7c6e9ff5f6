"""How long gateways go on with the previous split after a change. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cockpit.probe.stats import always_valid

# Evidence that the new split is followed rather than the previous one: 20 to 1.
_ENOUGH = math.log(20)
# Seconds after which every answer counts, followed or not.
PATIENCE = 30.0
# Splits that one answer in some thousand tells apart cannot be measured in that time.
_TELLING = 0.005
_LEAST = 1e-3
# The part of the way from the previous share to the new one below which none of the gateways follows.
_NONE = 0.15


class Following:
    """Finds the first answers that follow the new split rather than any of those before it.

    A cumulative sum of the likelihood ratio of the new split and each earlier one that can be told from it.
    """

    def __init__(self, earlier: Sequence[Mapping[str, float]], new: Mapping[str, float]) -> None:
        rivals = [_gains(previous, new) for previous in earlier]
        self._gains = [gains for gains, telling in rivals if telling >= _TELLING]
        self._sums = [0.0] * len(self._gains)

    @property
    def measurable(self) -> bool:
        """Whether one of the splits differs enough to tell it apart within `PATIENCE`."""
        return bool(self._gains)

    def see(self, name: str) -> None:
        """Take in one answer from a version."""
        self._sums = [max(0.0, so_far + g.get(name, 0.0)) for so_far, g in zip(self._sums, self._gains, strict=True)]

    @property
    def fresh(self) -> bool:
        """True if no answer so far follows the new split."""
        return not self._sums or min(self._sums) == 0.0

    @property
    def followed(self) -> bool:
        return bool(self._sums) and min(self._sums) >= _ENOUGH


def part_followed(previous: Mapping[str, float], new: Mapping[str, float], seen: Mapping[str, int]) -> float | None:
    """Which part of the requests follows the new split: 0 none, 1 all; None if no mixture of both explains the answers.

    `previous` and `new` map versions to fractions of 1, `seen` to numbers of answers.
    """
    names, n = {*previous, *new}, sum(seen.values())
    name = max(sorted(names), key=lambda one: abs(new.get(one, 0.0) - previous.get(one, 0.0)), default=None)
    if name is None or not n or new.get(name, 0.0) == previous.get(name, 0.0):
        return None
    before, after = previous.get(name, 0.0), new.get(name, 0.0)
    low, high = always_valid(seen.get(name, 0), n)
    if high < min(before, after) or low > max(before, after):
        return None
    part = (seen.get(name, 0) / n - before) / (after - before)
    return 0.0 if part < _NONE else min(part, 1.0)


def _gains(previous: Mapping[str, float], new: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """What an answer of each version says for the new split, and what one tells on average if that is followed."""
    names = {*previous, *new}
    old_shares, new_shares = _floored(previous, names), _floored(new, names)
    gains = {name: math.log(new_shares[name] / old_shares[name]) for name in names}
    return gains, sum(new_shares[name] * gains[name] for name in names)


def _floored(split: Mapping[str, float], names: set[str]) -> dict[str, float]:
    raised = {name: max(split.get(name, 0.0), _LEAST) for name in names}
    total = sum(raised.values())
    return {name: share / total for name, share in raised.items()}
