"""The rows of the fleet: one for each rollout, where it is in several clusters one for all of them; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cockpit.model.plan import Act
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutGroup, RolloutView
from cockpit.tui.acting import act_state


def rows_of(view: FleetView, opened: Collection[RolloutKey]) -> list[RolloutView]:
    """Every rollout once, in order; the parts of a group stand below its row while it is among `opened`."""
    parts = {key: group for group in view.groups for key in group.parts}
    views = {shown.rollout.key: shown for shown in view.rollouts}
    rows: list[RolloutView] = []
    for shown in view.rollouts:
        group = parts.get(shown.rollout.key)
        if group is None:
            rows.append(shown)
        elif shown.rollout.key == group.parts[0]:
            rows.append(group.view)
            if group.view.rollout.key in opened:
                rows += [views[key] for key in group.parts if key in views]
    return rows


def group_of(view: FleetView, key: RolloutKey) -> RolloutGroup | None:
    """The group that a row stands for, or that a rollout is a part of."""
    return next((g for g in view.groups if key == g.view.rollout.key or key in g.parts), None)


@dataclass(frozen=True, slots=True)
class Part:
    """One cluster's part of a group, with why an act does not apply there ("" where it does)."""

    key: RolloutKey
    words: str
    why: str


def parts_for(view: FleetView, group: RolloutGroup, act: Act) -> list[Part]:
    """The parts in which an act may be asked for, each with where it stands."""
    shown = {each.rollout.key: each for each in view.rollouts}
    found = []
    for key in group.parts:
        if key in shown:
            rollout = shown[key].rollout
            words = f"{key.context}   {rollout.phase}   {rollout.message}"
            found.append(Part(key, safe_text(words, 300), act_state(act, shown[key], view.read_only).why))
    return found
