"""What an act led away from: where its undo leads, as the objects said before it."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.lanes import CLOSE, DEFAULT_LANE
from cockpit.model.plan import Act, Expected, Milestone, Plan
from cockpit.model.rollout import Lane, Phase, Rollout, Version


def shares_before(plan: Plan, before: Rollout | None) -> tuple[Expected, ...]:
    """The previous shares that the plan changes."""
    planned = {(e.lane, e.version) for e in plan.expected}
    return tuple(each for each in _shares(before) if (each.lane, each.version) in planned)


def led_from_nowhere(plan: Plan, before: Rollout | None) -> bool:
    """Whether an act gave the users to a version and none had any before, as far as that is known."""
    lane = before.default_lane if before else None
    gives = any(e.lane == DEFAULT_LANE and e.share > CLOSE for e in plan.expected)
    had = _of_lane(lane) if lane else ()
    return gives and bool(had) and all(each.share <= CLOSE for each in had)


def left_by(plan: Plan, before: Rollout | None) -> tuple[str, ...]:
    """The versions that a roll back took users away from."""
    if plan.act not in (Act.ROLLBACK, Act.ABORT) or plan.raises:
        return ()
    return lost_by(plan.expected, shares_before(plan, before), plan.replaces)


def lost_by(expected: Iterable[Expected], before: Iterable[Expected], replaces: str) -> tuple[str, ...]:
    """The versions that have less by `expected` than `before`, and the one that an act replaced."""
    after = {(e.lane, e.version): e.share for e in expected}
    lost = (e.version for e in before if e.share > after.get((e.lane, e.version), e.share) + CLOSE)
    return tuple(name for name in dict.fromkeys((*lost, replaces)) if name)


def reached_again(plan: Plan, before: Rollout | None) -> Milestone | None:
    """When the undo of an act that replaced every pod has done the same; None where nothing tells, or at no time."""
    version = before.version(plan.replaces) if before and plan.replaces else None
    if plan.reaches is None or Phase.AT_REST not in plan.reaches.phases or version is None or not version.identity:
        return None
    words = f"every pod has the template of {version.name} again"
    return Milestone(words, (Phase.AT_REST,), identity=_lasting(version), replaced=plan.reaches.identity)


def _lasting(version: Version) -> str:
    """The hash of its template: a Deployment that keeps no old ReplicaSets makes another one from the same template."""
    return next((each for each in version.identity if "=" in each), version.identity[0])


def took_everybody(plan: Plan, before: Rollout | None) -> bool:
    """Whether an act moved the users away from a version that had all of them."""
    had = next((e for e in _shares(before) if e.lane == DEFAULT_LANE and e.share > 1 - CLOSE), None)
    if had is None or not (plan.expected or plan.reaches) or plan.act is Act.FINISH:
        return False
    now = next((e.share for e in plan.expected if (e.lane, e.version) == (DEFAULT_LANE, had.version)), None)
    gets = any(e.lane == DEFAULT_LANE and e.version != had.version and e.share > CLOSE for e in plan.expected)
    return plan.replaces == had.version or gets if now is None else now < 1 - CLOSE


def _shares(before: Rollout | None) -> tuple[Expected, ...]:
    return tuple(each for lane in (before.lanes if before else ()) for each in _of_lane(lane))


def _of_lane(lane: Lane) -> tuple[Expected, ...]:
    """The written shares; in a lane where nothing answers, so that none is written, those that are declared."""
    written = [(share.version, share.written) for share in lane.shares]
    declared = [(share.version, share.declared) for share in lane.shares]
    dead = not any(share for _, share in written) and any(share for _, share in declared)
    pairs = declared if dead else written
    return tuple(Expected(lane.name, name, share) for name, share in pairs if share is not None)
