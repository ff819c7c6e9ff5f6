"""How an act that another session sent can be undone here: by an act of the adapter, never by requests from outside.

What is known of such an act comes from an Event that anybody with the right to create Events can write. So only names
and shares are taken from it; the adapter plans from the present objects, with its own preconditions and warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cockpit.model.adapter import Adapter
from cockpit.model.lanes import CLOSE, DEFAULT_LANE
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Expected, Plan, Refused
from cockpit.model.release_state import ReleaseState, differs_from, release_state
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text

# Acts that are each other's inverse, whatever the shares were.
_PAIRS = {
    Act.PAUSE: Act.RESUME,
    Act.RESUME: Act.PAUSE,
    Act.ENABLE: Act.DISABLE,
    Act.DISABLE: Act.ENABLE,
    Act.ABORT: Act.RETRY,
    Act.RETRY: Act.ABORT,
}


@dataclass(frozen=True, slots=True)
class OthersAct:
    """An act of another session as its Event tells it: what was set before it, and what it was meant to lead to.

    `who` and `title` are safe text. `pods` are the numbers of pods that it set by version.
    """

    who: str
    act: Act
    title: str
    before: ReleaseState
    expected: tuple[Expected, ...] = ()
    pods: tuple[tuple[str, int], ...] = ()


def undo_plan(told: OthersAct, rollout: Rollout, adapter: Adapter, objects: Objects, at: str) -> Plan | Refused:
    """The plan that leads back to before the act; refused, with the reason, where it cannot be known or was changed."""
    what = f"undo {told.who}'s {told.title}"
    if moved := differs_from(release_state(rollout), told.expected):
        return Refused(Act.UNDO, rollout.key, f"{what}: it was changed since: {', '.join(moved)}; nothing to undo")
    ask = _ask(told, rollout)
    if isinstance(ask, str):
        why = f"its Event does not say enough: {ask}; {told.who} can undo it in the cockpit that sent it"
        return Refused(Act.UNDO, rollout.key, f"{what}: {why}")
    plan = adapter.plan(rollout, replace(ask, at=at), objects)
    if isinstance(plan, Refused):
        return replace(plan, act=Act.UNDO, why=f"{what}: {plan.why}")
    return replace(
        plan,
        act=Act.UNDO,
        title=what,
        warnings=(f"{told.who} sent it in another session", *plan.warnings),
    )


def _ask(told: OthersAct, rollout: Rollout) -> Ask | str:
    """The act that is the inverse; why there is none."""
    if inverse := _PAIRS.get(told.act):
        return Ask(inverse) if _applies(rollout, inverse) else f"{inverse} does not apply now"
    if told.act is Act.SCALE:
        return _scale(told, rollout)
    if told.act in (Act.APPROVE, Act.JUMP):
        return _step(told, rollout)
    return _shares(told, rollout)


def _scale(told: OthersAct, rollout: Rollout) -> Ask | str:
    before = dict(told.before.pods)
    counts = tuple((name, before[name]) for name, _ in told.pods if name in before)
    if not counts or len(counts) < len(told.pods):
        return "it does not name the number of pods before"
    return Ask(Act.SCALE, counts=counts) if _applies(rollout, Act.SCALE) else "scale does not apply now"


def _step(told: OthersAct, rollout: Rollout) -> Ask | str:
    if not told.before.step:
        return "it does not name the step before"
    return Ask(Act.JUMP, step=told.before.step) if _applies(rollout, Act.JUMP) else "going to a step does not apply now"


def _shares(told: OthersAct, rollout: Rollout) -> Ask | str:
    """Back to the shares of before, by a weight, else by a flip to the version that had everything."""
    other = [each.lane for each in told.expected if each.lane != DEFAULT_LANE and _changed(told.before, each)]
    if other:
        return f"it changed the lane {safe_text(other[0], 63)}, whose rule it does not hold"
    before = told.before.lane(DEFAULT_LANE)
    if not before or not any(_changed(told.before, each) for each in told.expected):
        return "it names no shares that it changed"
    gone = [name for name, share in before if share > CLOSE and rollout.version(name) is None]
    if gone:
        return f"{', '.join(safe_text(name, 63) for name in gone)} is gone"
    there = tuple((name, share) for name, share in before if rollout.version(name) is not None)
    if _applies(rollout, Act.SET_WEIGHT):
        return Ask(Act.SET_WEIGHT, weights=there)
    return _flip(there, rollout)


def _flip(before: Sequence[tuple[str, float]], rollout: Rollout) -> Ask | str:
    everything = next((name for name, share in before if share > 1 - CLOSE), None)
    if everything is None or not _applies(rollout, Act.FLIP):
        return "neither set-weight nor flip leads back from here"
    return Ask(Act.FLIP, version=everything)


def _changed(before: ReleaseState, expected: Expected) -> bool:
    return bool(differs_from(before, (expected,)))


def _applies(rollout: Rollout, act: Act) -> bool:
    return any(state.act is act and state.enabled for state in rollout.acts)
