"""The shares of a set-weight: the named ones, who gets the rest, and whole weights that keep their sum."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from cockpit.model.lanes import CLOSE
from cockpit.model.values import dataclass
from cockpit.planning.wording import not_sum
from cockpit.workloads.findings import listed, percent

# Totals of weights, the usual one first: finer ones are for shares that whole percents cannot express.
TOTALS = (100, 1000, 10_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class WantedShares:
    """A share for every version, fractions of 1 that sum to 1 and are whole parts of `total`.

    `sharing` are the versions that split the rest; none if it goes to a single one.
    """

    shares: Mapping[str, float]
    total: int = TOTALS[0]
    sharing: tuple[str, ...] = ()

    @property
    def weights(self) -> dict[str, int]:
        """The shares as whole parts of `total`."""
        return whole_parts(self.shares, self.total)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which versions split the rest and how, for the warnings of a plan."""
        if not self.sharing:
            return ()
        rest = percent(sum(self.shares[name] for name in self.sharing))
        parts = ", ".join(f"{name} {percent(self.shares[name])}" for name in self.sharing)
        lost = [name for name in self.sharing if not self.shares[name]]
        return (
            f"{listed(list(self.sharing))} split the other {rest} in their current proportion: {parts}",
            *((f"{listed(lost)} gets nothing: its part of the rest is too small to write",) if lost else ()),
        )


def wanted_shares(
    asked: Sequence[tuple[str, float]],
    before: Mapping[str, float],
    *,
    stable: str,
    example: str,
    able: Collection[str] | None = None,
    totals: Sequence[int] = TOTALS,
) -> WantedShares | str:
    """Shares of all versions when some are named; as text, what is wrong with the request.

    `before` are the current shares of every version of the split. Versions that are not named split the rest in their
    current proportion; if they have nothing, the stable version gets it, or the only one of them that is `able` to take
    traffic (all are if it is None). `example` is a version for the text of a refusal. `totals` are the sums that the
    weights can have; the first that fits is used.
    """
    wish, names = dict(asked), list(before)
    if why := _why_not(wish, names, example):
        return why
    left, rest = [name for name in names if name not in wish], 1 - math.fsum(wish.values())
    if why := why_not_sum(wish, names):
        return why
    total = total_for(list(wish.values()), totals)
    if isinstance(total, str):
        return total
    shared = _shared(left, rest, before, stable, left if able is None else able)
    if isinstance(shared, str):
        return shared
    parts = {name: round(share * total) for name, share in wish.items()}
    parts |= whole_parts(shared, total - sum(parts.values())) if shared else {}
    sharing = tuple(name for name in left if shared.get(name)) if rest > CLOSE else ()
    return WantedShares(
        {name: parts.get(name, 0) / total for name in names}, total, sharing if len(sharing) > 1 else ()
    )


def why_not_sum(asked: Mapping[str, float], names: Collection[str]) -> str:
    """Why these shares cannot be, whatever the versions that are not named get; "" if they can."""
    total = math.fsum(asked.values())
    if total > 1 + CLOSE:
        return f"the shares add up to {percent(total)}, more than 100%: lower one"
    return not_sum(percent(total)) if total < 1 - CLOSE and set(names) <= set(asked) else ""


def from_base(
    version: str, share: float, base: str, before: Mapping[str, float], totals: Sequence[int] = TOTALS
) -> WantedShares | str:
    """`version` at a share that comes from `base`; the others keep theirs as far as enough is left."""
    total = total_for([share], totals)
    if isinstance(total, str):
        return total
    others = {name: now for name, now in before.items() if name not in (version, base)}
    rest = {**others, base: max(1 - share - math.fsum(others.values()), 0.0)}
    part = round(share * total)
    parts = {**whole_parts(rest, total - part), version: part}
    return WantedShares({name: parts.get(name, 0) / total for name in before}, total)


def whole_parts(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers in the proportion of `shares` that sum to `total`: largest remainders are rounded up.

    Of equal remainders the first is rounded up; a share of 0 gets nothing.
    """
    whole = math.fsum(shares.values())
    if whole <= 0:
        return dict.fromkeys(shares, 0)
    exact = {name: share / whole * total for name, share in shares.items()}
    found = {name: math.floor(value + CLOSE) for name, value in exact.items()}
    short = total - sum(found.values())
    by_remainder = sorted((name for name in shares if shares[name]), key=lambda name: found[name] - exact[name])
    for name in by_remainder[: max(short, 0)]:
        found[name] += 1
    return found


def total_for(shares: Sequence[float], totals: Sequence[int] = TOTALS) -> int | str:
    """The first total of which every share is a whole part; as text, the share that is not."""
    for total in totals:
        if all(_is_whole(share * total) for share in shares):
            return total
    most = max(totals)
    odd = next((share for share in shares if not _is_whole(share * most)), shares[0])
    shown = f"{odd * 100:.7f}".rstrip("0").rstrip(".")
    return f"{shown}% cannot be written: weights are whole {'percents' if most == 100 else f'parts of {most}'}"


def _why_not(wish: Mapping[str, float], names: list[str], example: str) -> str:
    unknown = [name for name in wish if name not in names]
    if unknown:
        return f"{listed(unknown)} is not part of this split; its versions are {listed(names)}"
    if not wish:
        return f"say which share: {example}=PERCENT"
    if any(not math.isfinite(share) or not 0 <= share <= 1 for share in wish.values()):
        return "a share must be 0% to 100%"
    return ""


def _shared(
    left: list[str], rest: float, before: Mapping[str, float], stable: str, able: Collection[str]
) -> dict[str, float] | str:
    """The proportion in which the versions that are not named split the rest."""
    if rest <= CLOSE:
        return {}
    taking = {name: before[name] for name in left if before[name] > CLOSE}
    if taking:
        return taking
    takers = [name for name in left if name in able]
    if stable in takers:
        return {stable: 1.0}
    if len(takers) == 1 or len(left) == 1:
        return {(takers or left)[0]: 1.0}
    return f"{percent(rest)} is left over: say which of {listed(left)} gets it"


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < CLOSE
