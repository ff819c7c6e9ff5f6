"""Whether a key applies to a rollout now, and why not; pure."""

from __future__ import annotations

from cockpit.model.plan import Act, ActState
from cockpit.model.view import RolloutView
from cockpit.tui.keys import Key


def state_of(key: Key, view: RolloutView | None, read_only: bool) -> ActState:
    """The first of the key's acts that applies, else the first with the reason why none does."""
    states = [act_state(act, view, read_only, key.way_back) for act in key.acts]
    return next((state for state in states if state.enabled), states[0])


def act_state(act: Act, view: RolloutView | None, read_only: bool, way_back: bool) -> ActState:
    """Whether `act` applies to the rollout. While an act is under way only the way back is open."""
    if view is None:
        return ActState(act, False, "no rollout is selected")
    rollout = view.rollout
    known = next((state for state in rollout.acts if state.act is act), None)
    # Undo depends on what this session sent, which the session knows better than the objects.
    if known is None and act is not Act.UNDO:
        return ActState(act, False, f"{rollout.key.name}: {act.value} does not exist for {rollout.key.system}")
    if known is not None and not known.enabled:
        return ActState(act, False, f"{rollout.key.name}: {known.why}")
    if read_only:
        return ActState(act, False, "read-only: nothing can be sent")
    if view.acting and not way_back:
        return ActState(act, False, f"{rollout.key.name}: {view.acting} is under way")
    return ActState(act, True)
