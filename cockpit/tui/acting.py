"""Whether a key applies to a rollout now, and why not, in text that is safe to show; pure."""

from __future__ import annotations

from cockpit.model.plan import Act, ActState
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView, Stage
from cockpit.tui.keys import Key

# Stages of an act that changed the cluster, or may have.
SENT = frozenset({Stage.SENT, Stage.VERIFIED, Stage.UNVERIFIED, Stage.UNKNOWN})
READ_ONLY = "read-only: nothing can be sent"


def state_of(key: Key, view: RolloutView | None, read_only: bool) -> ActState:
    """The first of the key's acts that applies, else the first with the reason why none does."""
    states = [act_state(act, view, read_only) for act in key.acts]
    return next((state for state in states if state.enabled), states[0])


def act_state(act: Act, view: RolloutView | None, read_only: bool) -> ActState:
    """Whether `act` applies to the rollout.

    The session decides it, also which acts wait while another is under way; of an undo it says so in the plan.
    """
    if view is None:
        return ActState(act, False, "no rollout is selected")
    rollout, name = view.rollout, safe_text(view.rollout.key.name)
    known = next((state for state in rollout.acts if state.act is act), None)
    # Undo depends on what this session sent, which the session knows better than the objects.
    if known is None and act is not Act.UNDO:
        return ActState(act, False, f"{name}: {act.value} does not exist for {safe_text(rollout.key.system, 40)}")
    if known is not None and not known.enabled:
        return ActState(act, False, f"{name}: {safe_text(known.why)}")
    if read_only:
        return ActState(act, False, READ_ONLY)
    return ActState(act, True)


def undo_state(read_only: bool) -> ActState:
    """Whether an undo can be asked for where its rollout may be gone: the session knows what it sent."""
    return ActState(Act.UNDO, not read_only, READ_ONLY if read_only else "")


def latest_sent(view: FleetView) -> RolloutKey | None:
    """The rollout of the latest act that was sent to a cluster of this view."""
    contexts = {cluster.context for cluster in view.clusters if not cluster.aside}
    sent = (entry.rollout for entry in reversed(view.journal) if entry.stage in SENT)
    return next((key for key in sent if key.context in contexts), None)
