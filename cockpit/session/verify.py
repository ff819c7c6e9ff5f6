"""Whether what a plan promised is what the objects say and what the probe sees. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.model.plan import Expected, Milestone, Plan
from cockpit.model.refs import Ref
from cockpit.model.rollout import Lane, Phase, Role, Rollout, Verdict
from cockpit.model.shares import percent
from cockpit.model.view import RolloutView

# Weights are whole numbers of at least 100, so that shares differ by far more than this.
_SHARE_TOLERANCE = 0.004
# Phases from which no controller goes on by itself.
_LOST = (Phase.ABORTED, Phase.DEGRADED)


@dataclass(frozen=True, slots=True)
class Agreement:
    """`reached` once objects and probe agree with the plan; `words` say what agrees or what does not yet.

    `failed` where it will not be reached any more: the release was aborted or is degraded. `behind` where it is the
    objects that do not show it yet, and not only the probe.
    """

    reached: bool
    words: str
    failed: bool = False
    behind: bool = False


def agreement(plan: Plan, view: RolloutView | None, left: Sequence[Ref], before: Rollout | None = None) -> Agreement:
    """How far `plan` took effect. `left` are the objects that should be gone and are not.

    `before` is the rollout that it was made from, which tells a release that passed its milestone from one that is
    not there yet.
    """
    if left:
        return Agreement(False, f"still there: {', '.join(map(str, left))}")
    if view is None:
        if (plan.expected or plan.reaches) and not plan.gone:
            return Agreement(False, f"there is no rollout {plan.rollout}")
        return Agreement(
            True, f"checked in the objects; {plan.rollout} is no rollout now, so there is nothing to probe"
        )
    behind = [words for expected in plan.expected if (words := _not_written(view, expected))]
    if plan.reaches and (words := _not_reached(view, plan.reaches, before)):
        behind.append(words)
    behind += [words for name, count in plan.pods if (words := _not_ready(view, name, count))]
    if behind:
        lost = _lost(view, plan, before)
        return Agreement(False, lost or "; ".join(behind), failed=bool(lost), behind=True)
    return _observed(plan, view)


def _not_written(view: RolloutView, expected: Expected) -> str:
    """Why this share is not written yet; "" where it is."""
    lane = _lane(view, expected.lane)
    share = next((share for share in lane.shares if share.version == expected.version), None) if lane else None
    written = share.written if share else 0.0
    if written is not None and abs(written - expected.share) <= _SHARE_TOLERANCE:
        return ""
    place = "" if expected.lane == "default" else f" in lane {expected.lane}"
    found = percent(written, "nothing known")
    return f"{expected.version}{place}: {found} is written, {percent(expected.share)} is expected"


def _not_reached(view: RolloutView, goal: Milestone, before: Rollout | None) -> str:
    """Why the controller has not brought the rollout there yet; "" where it has."""
    rollout = view.rollout
    here = rollout.step.index if rollout.step else None
    stable = {version.name for version in rollout.versions if version.role in (Role.STABLE, Role.ACTIVE)}
    there = (
        (not goal.phases or rollout.phase in goal.phases)
        and rollout.phase not in goal.not_phases
        and (goal.left_step is None or here != goal.left_step)
        and (goal.at_step is None or _came_to(rollout, goal.at_step, before))
        and (goal.stable is None or goal.stable in stable)
        and _of_identity(rollout, goal)
    )
    return "" if there else f"{goal.words} is expected; it is {_standing(rollout)}"


def _of_identity(rollout: Rollout, goal: Milestone) -> bool:
    """Whether the version that is to stay is the stable one, and the one that is to go has no pods left."""
    stays = any(
        goal.identity in version.identity for version in rollout.versions if version.role in (Role.STABLE, Role.ACTIVE)
    )
    goes = not any(
        goal.replaced in version.identity and (version.pods or version.ready) for version in rollout.versions
    )
    return (goal.identity is None or stays) and (goal.replaced is None or goes)


def _came_to(rollout: Rollout, step: int, before: Rollout | None) -> bool:
    """Whether it is at a step, or was there and went on: a release that came to its end has passed every step.

    One that went back to the version of before has not: it stands where it stood before the first step.
    """
    if rollout.step is None:
        back = before is not None and before.step is not None and _stays(before) == _stays(rollout)
        return rollout.phase not in _LOST and not back
    here, from_step = rollout.step.index, before.step.index if before and before.step else 0
    if from_step >= step:
        # It is sent back: further on is where it came from.
        return step <= here < max(from_step, step + 1)
    return here >= step


def _stays(rollout: Rollout) -> frozenset[tuple[str, ...]]:
    """The versions that a release begins with, by what they are."""
    stable = (version for version in rollout.versions if version.role in (Role.STABLE, Role.ACTIVE))
    return frozenset(version.identity or (version.name,) for version in stable)


def _standing(rollout: Rollout) -> str:
    """Phase, step and the reason that the controller gives."""
    at = f" at step {rollout.step.index}" if rollout.step else ""
    return f"{rollout.phase}{at}" + (f": {rollout.message}" if rollout.message else "")


def _lost(view: RolloutView, plan: Plan, before: Rollout | None) -> str:
    """Why a controller will not bring the rollout there any more; "" where it may yet.

    What was aborted or degraded when the act was sent is waited for: the act may be what mends it.
    """
    goal, rollout = plan.reaches, view.rollout
    was = before is not None and before.phase in _LOST
    if goal is None or was or rollout.phase not in _LOST or rollout.phase in goal.phases:
        return ""
    return f"{goal.words} was expected, and instead it is {_standing(rollout)}"


def _not_ready(view: RolloutView, name: str, count: int) -> str:
    """Why a version does not have its pods yet; "" where as many are ready as were asked for."""
    version = view.rollout.version(name)
    if version is None:
        return "" if count == 0 else f"there is no version {name} to have {count} pods"
    return "" if version.ready == count else f"{name}: {version.ready} pods are ready, {count} are expected"


def _observed(plan: Plan, view: RolloutView) -> Agreement:
    lanes = [lane for name in dict.fromkeys(e.lane for e in plan.expected) if (lane := _lane(view, name))]
    if not lanes and plan.pods:
        ready = ", ".join(f"{name} has {count} ready pods" for name, count in plan.pods)
        return Agreement(True, f"checked in the objects: {ready}")
    if not lanes and plan.reaches:
        return Agreement(True, f"seen in the objects: {plan.reaches.words}")
    if not lanes:
        return Agreement(True, "done, as the objects show")
    if view.probe.door is None:
        why = view.rollout.door_missing or "the probe has nowhere to send requests"
        return Agreement(True, f"checked in the objects only: {why}")
    if not view.probe.running:
        return Agreement(True, "checked in the objects only: the probe is not running")
    open_lanes = [lane for lane in lanes if lane.headers is not None]
    if not open_lanes:
        return Agreement(True, "checked in the objects only: the probe cannot send requests that fall into this lane")
    for lane in open_lanes:
        if lane.verdict is not Verdict.ON:
            return Agreement(False, f"as written, but {_not_seen(lane)}")
    answers = sum(lane.samples for lane in open_lanes)
    return Agreement(True, f"written, and {answers} answers agree")


def _not_seen(lane: Lane) -> str:
    place = "" if lane.name == "default" else f" in lane {lane.name}"
    if lane.verdict is Verdict.OFF:
        seen = ", ".join(f"{s.version} {percent(s.observed.share)}" for s in lane.shares if s.observed)
        return f"{lane.samples} answers{place} say otherwise: {seen}"
    if not lane.samples:
        return f"no answer{place} has named a version yet"
    return f"{lane.samples} answers{place} are too few to tell"


def _lane(view: RolloutView, name: str) -> Lane | None:
    return next((lane for lane in view.rollout.lanes if lane.name == name), None)
