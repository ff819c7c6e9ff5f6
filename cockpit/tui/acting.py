"""Whether a key applies to a rollout now, and if not, why, as safe text; and where its dialog starts. Pure."""

from __future__ import annotations

from cockpit.model.guard import FINAL, why_no_release
from cockpit.model.plan import Act, ActState, Plan, Verb
from cockpit.model.reasons import NOTHING_TO_UNDO, READ_ONLY
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView, Stage
from cockpit.texts.current import Verbatim, translated
from cockpit.tui.keys import Key

# Stages in which an act has changed the cluster, or may have.
SENT = frozenset({Stage.SENT, Stage.VERIFIED, Stage.UNVERIFIED, Stage.UNKNOWN})


def starts_on_cancel(plan: Plan, rollout: Rollout | None) -> bool:
    """The rule of every plan dialog: what raises exposure or destroys starts on Cancel, all else on Send.

    Objects are destroyed by a delete, pods by a restart or a smaller number of them. At rest, whatever moves the
    traffic raises the exposure of a version that users did not have, a way back included; and a way back to a version
    that may not serve starts on Cancel as well. `rollout` is None if it is gone.
    """
    from cockpit.tui.way_back import WAYS_BACK

    deletes = bool(plan.gone) or any(request.verb is Verb.DELETE for request in plan.requests)
    moves = plan.act in WAYS_BACK or bool(plan.expected)
    at_rest = rollout is not None and rollout.phase is Phase.AT_REST
    # What ends an outage takes nothing from anybody.
    moves = moves and not plan.ends_outage
    return plan.exposes or plan.risky or deletes or _ends_pods(plan, rollout) or (at_rest and moves)


def _ends_pods(plan: Plan, rollout: Rollout | None) -> bool:
    """Whether pods end that may serve: a restart replaces all of them, scaling down some."""
    if plan.act is Act.RESTART:
        return True
    if plan.act is not Act.SCALE:
        return False
    desired = {version.name: version.desired for version in rollout.versions} if rollout else {}
    return not plan.pods or any(count < desired.get(name, count + 1) for name, count in plan.pods)


def state_of(key: Key, view: RolloutView | None, read_only: bool) -> ActState:
    """The first of the key's acts that applies, else the first one and why it does not."""
    states = [act_state(act, view, read_only) for act in key.acts]
    return next((state for state in states if state.enabled), states[0])


def act_state(act: Act, view: RolloutView | None, read_only: bool, *, named: bool = False) -> ActState:
    """Whether `act` applies to the rollout.

    The session decides, including which acts wait for one in progress; for an undo, the plan says why not. So it
    does where a version is `named`, which can be taken although the act finds none by itself.
    """
    if view is None:
        return ActState(act, False, "no rollout is selected")
    rollout = view.rollout
    known = next((state for state in rollout.acts if state.act is act), None)
    # Undo depends on what this session sent, which the objects do not show.
    if known is None and act is not Act.UNDO:
        return ActState(act, False, _of(view, f"{act.value} does not exist for {safe_text(rollout.key.system, 40)}"))
    if known is not None and not known.enabled and not named:
        return ActState(act, False, _of(view, known.why), told=known.told)
    if read_only:
        return ActState(act, False, READ_ONLY)
    why = view.why_denied(act)
    if why or known is None:
        return ActState(act, not why, _of(view, why) if why else "")
    return ActState(act, True, leads=safe_text(known.leads, 160), undoable=known.undoable)


def _of(view: RolloutView, why: str) -> str:
    """A reason with the name of its rollout, which is never translated."""
    return Verbatim(f"{safe_text(view.rollout.key.name)}: {translated(safe_text(why))}")


def undo_state(read_only: bool) -> ActState:
    """Whether undo applies to a rollout that may be gone: the session knows what it sent."""
    return ActState(Act.UNDO, not read_only, READ_ONLY if read_only else "")


def latest_sent(view: FleetView) -> RolloutKey | None:
    """The rollout of the last act sent to a cluster of this view."""
    contexts = {cluster.context for cluster in view.clusters if not cluster.aside}
    sent = (entry.rollout for entry in reversed(view.journal) if entry.stage in SENT)
    return next((key for key in sent if key.context in contexts), None)


def why_idle(key: Key, view: RolloutView) -> str:
    """Why a key has nothing to do on a rollout now though it may be pressed: it then says so itself; "" if it has."""
    if key.acts == (Act.UNDO,) and view.undoing is None:
        return _of(view, NOTHING_TO_UNDO)
    return ""


def why_no_guard(view: RolloutView) -> str:
    """Why a rollout has no use for a guard now; "" if it has one, or a release is under way."""
    guarded = view.guard is not None and view.guard.state not in FINAL
    why = "" if guarded else why_no_release(view.rollout)
    return _of(view, why) if why else ""
