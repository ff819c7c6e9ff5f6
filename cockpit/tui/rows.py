"""The rows of the fleet in their groups: one per rollout, or one for the same rollout in several clusters; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum

from cockpit.model.plan import Act
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, RolloutGroup, RolloutView
from cockpit.tui.acting import act_state
from cockpit.tui.damage import damage_rank
from cockpit.tui.since import FirstSeen
from cockpit.tui.standing import RANKS, Cause, Standing, cause_of, standing_of, warnings_of
from cockpit.tui.text import names_of_release, new_share


class Order(StrEnum):
    """What rows are sorted by: the heading of a column."""

    WHY = "why"  # worst first
    NAME = "rollout"
    RELEASE = "release"
    USERS = "users"  # most users on the new version first
    SINCE = "since"  # newest first

    @property
    def next(self) -> Order:
        """The next one; after the last comes the first."""
        every = list(Order)
        return every[(every.index(self) + 1) % len(every)]


class Grouping(StrEnum):
    """What rows are grouped by."""

    STANDING = "state"
    NAMESPACE = "namespace"
    CONTEXT = "context"
    SYSTEM = "system"

    @property
    def next(self) -> Grouping:
        """The next one; after the last comes the first."""
        every = list(Grouping)
        return every[(every.index(self) + 1) % len(every)]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one title. `folds` is true for what can wait: it is folded if there is no room for all."""

    title: str
    rows: tuple[RolloutView, ...]
    count: int  # without the parts of opened rows
    folds: bool = False


Block = list[RolloutView]  # a row, and its parts while it is opened


def blocks_of(view: FleetView, opened: Collection[RolloutKey]) -> list[Block]:
    """Every rollout once, in the order of the view; parts follow their row while it is in `opened`."""
    parts = {key: group for group in view.groups for key in group.parts}
    views = {shown.rollout.key: shown for shown in view.rollouts}
    blocks: list[Block] = []
    for shown in view.rollouts:
        group = parts.get(shown.rollout.key)
        if group is None:
            blocks.append([shown])
        elif shown.rollout.key == group.parts[0]:
            opens = group.view.rollout.key in opened
            blocks.append([group.view, *(views[key] for key in group.parts if opens and key in views)])
    return blocks


def sections_of(
    blocks: Iterable[Block], grouping: Grouping, order: Order, seen: FirstSeen, clusters: int
) -> list[Section]:
    """The rows in groups, sorted within each; groups without rows are left out."""
    found: dict[str, list[tuple[tuple[object, ...], Block]]] = {}
    if grouping is Grouping.STANDING:
        found = {standing.value: [] for standing in Standing}
    by = _sort_key(order, seen)
    for block in blocks:
        cause = cause_of(block[0])
        found.setdefault(_title(block[0], cause, grouping, clusters), []).append((by(block[0], cause), block))
    titles = list(found) if grouping is Grouping.STANDING else sorted(found)
    return [
        Section(
            title,
            tuple(row for _, block in sorted(found[title], key=lambda pair: pair[0]) for row in block),
            len(found[title]),
            folds=title == Standing.AT_REST and grouping is Grouping.STANDING,
        )
        for title in titles
        if found[title]
    ]


def _title(view: RolloutView, cause: Cause, grouping: Grouping, clusters: int) -> str:
    key = view.rollout.key
    match grouping:
        case Grouping.NAMESPACE:
            return safe_text(key.namespace, 63)
        case Grouping.CONTEXT:
            return safe_text(key.context, 60) or f"in several of {clusters} clusters"
        case Grouping.SYSTEM:
            return safe_text(key.system, 40)
    return standing_of(cause).value


def _sort_key(order: Order, seen: FirstSeen) -> Callable[[RolloutView, Cause], tuple[object, ...]]:
    """What rows are compared by; equal ones stay in the order of the view."""

    def by(view: RolloutView, cause: Cause) -> tuple[object, ...]:
        key = view.rollout.key
        name = (key.name, key.namespace, key.context)
        match order:
            case Order.NAME:
                return name
            case Order.RELEASE:
                return (*names_of_release(view.rollout), *name)
            case Order.USERS:
                share = new_share(view.rollout)
                users = share.observed.share if share and share.observed else share.written if share else None
                return (-(users if users is not None else -1.0), *name)
            case Order.SINCE:
                since = seen.since(view)
                return (-since.at if since else float("inf"), *name)
        damage = damage_rank(view) if cause is Cause.HURT else 0
        return (RANKS[cause], damage, cause is Cause.AT_REST and not warnings_of(view.rollout))

    return by


def rows_of(sections: Sequence[Section]) -> list[RolloutView]:
    """All rows, one group after the other."""
    return [row for section in sections for row in section.rows]


def group_of(view: FleetView, key: RolloutKey) -> RolloutGroup | None:
    """The group that a row shows, or that a rollout belongs to."""
    return next((g for g in view.groups if key == g.view.rollout.key or key in g.parts), None)


def covered_by(view: FleetView, rows: Collection[RolloutKey]) -> set[RolloutKey]:
    """The parts of those rows that cover several clusters."""
    return {part for group in view.groups if group.view.rollout.key in rows for part in group.parts}


@dataclass(frozen=True, slots=True)
class Part:
    """One cluster's part of a group, and why an act does not apply there ("" if it does)."""

    key: RolloutKey
    words: str
    why: str


def parts_for(view: FleetView, group: RolloutGroup, act: Act) -> list[Part]:
    """The parts to which an act can apply, each with its current state."""
    shown = {each.rollout.key: each for each in view.rollouts}
    found = []
    for key in group.parts:
        if key in shown:
            rollout = shown[key].rollout
            words = f"{key.context}   {rollout.phase}   {rollout.message}"
            found.append(Part(key, safe_text(words, 300), act_state(act, shown[key], view.read_only).why))
    return found
