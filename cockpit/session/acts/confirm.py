"""Whether the objects and the probe show what a plan promised. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.counts import counted, plural
from cockpit.model.finding_order import STUCK, told_for
from cockpit.model.lanes import SHARE_TOLERANCE, in_lane
from cockpit.model.plan import Expected, Milestone, Plan
from cockpit.model.reasons import no_target
from cockpit.model.refs import Ref
from cockpit.model.rollout import LOST, Followed, Lane, Role, Rollout, Verdict
from cockpit.model.shares import percent
from cockpit.model.values import dataclass
from cockpit.model.view import Counting, ProbeView, RolloutView
from cockpit.probe.split_detector import CLEAN
from cockpit.probe.verdict import describe, of_no_version
from cockpit.session.facts.failing import hurts, why_all_fail

# Phases that no controller leaves without help.


@dataclass(frozen=True, slots=True)
class Confirmation:
    """`reached` once objects and probe agree with the plan; `words` say what agrees or what does not yet.

    `failed`: the expected state will not be reached, because the release was aborted or is degraded. `behind`: the
    objects do not show it yet, not only the probe. `unanswered`: it is written, but no request is answered; that can
    pass, and is a failure if it does not. `counting`: the objects agree and no answer disagrees, but too few are in.
    """

    reached: bool
    words: str
    failed: bool = False
    behind: bool = False
    unanswered: bool = False
    counting: Counting | None = None


def agreement(plan: Plan, view: RolloutView | None, left: Sequence[Ref], before: Rollout | None = None) -> Confirmation:
    """How far `plan` took effect. `left` are the objects that should be gone and still exist.

    `before` is the rollout that the plan was made from: it tells a release that passed its milestone from one that
    has not reached it yet.
    """
    if left:
        return Confirmation(False, f"not deleted yet: {', '.join(map(str, left))}")
    if view is None:
        if (plan.expected or plan.reaches) and not plan.gone:
            return Confirmation(False, f"no rollout {plan.rollout}")
        return Confirmation(
            True, f"confirmed by the objects; {plan.rollout} is no longer a rollout, so there is nothing to probe"
        )
    behind = [words for expected in plan.expected if (words := _not_written(view, expected))]
    if plan.reaches and (words := _not_reached(view, plan.reaches, before)):
        behind.append(words)
    behind += [words for name, count in plan.pods if (words := _not_ready(view, name, count))]
    if behind:
        lost = _lost(view, plan, before)
        return Confirmation(False, lost or "; ".join(behind), failed=bool(lost), behind=True)
    return _observed(plan, view)


def _not_written(view: RolloutView, expected: Expected) -> str:
    """Why this share is not written yet; "" if it is."""
    lane = _lane(view, expected.lane)
    share = next((share for share in lane.shares if share.version == expected.version), None) if lane else None
    written = share.written if share else 0.0
    if written is not None and abs(written - expected.share) <= SHARE_TOLERANCE:
        return ""
    place = in_lane(expected.lane)
    found = "the written share is not known" if written is None else f"{percent(written)} is written"
    return f"{expected.version}{place}: {found}, {percent(expected.share)} is expected"


def _not_reached(view: RolloutView, goal: Milestone, before: Rollout | None) -> str:
    """Why the rollout has not reached this milestone yet; "" if it has."""
    rollout = view.rollout
    if unseen := next((found.text for found in rollout.findings if found.id == "not-observed"), ""):
        # The phase is that of the objects before the change, or a guess.
        return f"expected: {goal.words}; now: {unseen}"
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
    return "" if there else f"expected: {goal.words}; now: {_standing(rollout)}"


def _of_identity(rollout: Rollout, goal: Milestone) -> bool:
    """Whether the version that should stay is the stable one, and the one that should go has no pods left."""
    stays = any(
        goal.identity in version.identity for version in rollout.versions if version.role in (Role.STABLE, Role.ACTIVE)
    )
    goes = not any(
        goal.replaced in version.identity and (version.pods or version.ready) for version in rollout.versions
    )
    return (goal.identity is None or stays) and (goal.replaced is None or goes)


def _came_to(rollout: Rollout, step: int, before: Rollout | None) -> bool:
    """Whether the release is at a step or has passed it; a completed release has passed every step.

    One that rolled back to the previous version has not: it is back before the first step.
    """
    if rollout.step is None:
        back = before is not None and before.step is not None and _stays(before) == _stays(rollout)
        return rollout.phase not in LOST and not back
    here, from_step = rollout.step.index, before.step.index if before and before.step else 0
    if from_step >= step:
        # It is sent back to an earlier step; a later step is where it came from.
        return step <= here < max(from_step, step + 1)
    return here >= step


def _stays(rollout: Rollout) -> frozenset[tuple[str, ...]]:
    """The stable versions, by identity."""
    stable = (version for version in rollout.versions if version.role in (Role.STABLE, Role.ACTIVE))
    return frozenset(version.identity or (version.name,) for version in stable)


def _standing(rollout: Rollout) -> str:
    """Phase, step, why it gets no further, and what the controller says."""
    at = f" at step {rollout.step.index}" if rollout.step else ""
    stuck = told_for(rollout.findings, STUCK, notes=False)
    said = [stuck.text] if stuck and stuck.text not in rollout.message else []
    why = "; ".join([*said, rollout.message] if rollout.message else said)
    return f"{rollout.phase}{at}" + (f": {why}" if why else "")


def _lost(view: RolloutView, plan: Plan, before: Rollout | None) -> str:
    """Why the rollout will not reach the expected state; "" if it still may.

    A release that was already aborted or degraded when the act was sent may still reach it: the act may be the fix.
    """
    goal, rollout = plan.reaches, view.rollout
    was = before is not None and before.phase in LOST
    if goal is None or was or rollout.phase not in LOST or rollout.phase in goal.phases:
        return ""
    return f"it did not reach the expected state ({goal.words}): it is {_standing(rollout)}"


def _not_ready(view: RolloutView, name: str, count: int) -> str:
    """Why a version does not have its pods yet; "" if the requested number is ready."""
    version = view.rollout.version(name)
    if version is None:
        return "" if count == 0 else f"no version {name}: {counted(count, 'ready pod is', 'ready pods are')} expected"
    return (
        ""
        if version.ready == count
        else f"{name}: {counted(version.ready, 'pod is', 'pods are')} ready, {counted(count, 'is', 'are')} expected"
    )


def _observed(plan: Plan, view: RolloutView) -> Confirmation:
    lanes = [lane for name in dict.fromkeys(e.lane for e in plan.expected) if (lane := _lane(view, name))]
    leads = plan.raises or bool(plan.ends_outage)
    default = view.rollout.default_lane if not lanes and leads and view.probe.running else None
    if default and (why := why_all_fail(default, view.probe)):
        # An act that raises exposure must lead to answers, whether or not the share itself can be read.
        return Confirmation(False, f"done, but {why}", unanswered=True)
    if not lanes and plan.pods:
        ready = ", ".join(f"{name} has {counted(count, 'ready pod')}" for name, count in plan.pods)
        return Confirmation(True, f"confirmed by the objects: {ready}")
    if not lanes and plan.reaches:
        return Confirmation(True, f"confirmed by the objects: {plan.reaches.words}")
    if not lanes:
        return Confirmation(True, "confirmed by the objects")
    return _sampled(view, lanes, raises=leads)


def _sampled(view: RolloutView, lanes: Sequence[Lane], *, raises: bool) -> Confirmation:
    """Whether the probe's answers agree with lanes that the objects already show as requested."""
    if view.probe.probe_target is None:
        why = no_target(view.rollout)
        return Confirmation(True, f"confirmed by the objects only: {why}")
    if not view.probe.running:
        return Confirmation(True, "confirmed by the objects only: the probe is not running")
    open_lanes = [lane for lane in lanes if lane.headers is not None]
    if not open_lanes:
        return Confirmation(True, "confirmed by the objects only: the probe cannot send requests that match this lane")
    for lane in open_lanes:
        if why := why_all_fail(lane, view.probe):
            return Confirmation(False, f"written, but {why}", unanswered=True)
        if lane.verdict is not Verdict.ON and not _counting(lane, view.probe):
            return Confirmation(False, f"written, but {_not_seen(lane, view.probe.message)}")
    # A way back is not held up by the errors that it is taken for.
    if raises and (hurt := next(filter(hurts, view.rollout.findings), None)):
        return Confirmation(False, f"written, but {hurt.text}", unanswered=True)
    answers = sum(lane.samples for lane in open_lanes)
    if missing := sum(lane.missing or CLEAN for lane in open_lanes if lane.verdict is not Verdict.ON):
        counting = Counting(answers, missing)
        return Confirmation(
            False, f"verified in the objects, traffic still being counted: {counting}", counting=counting
        )
    return Confirmation(True, f"written, and {counted(answers, 'answer agrees', 'answers agree')}")


def _counting(lane: Lane, probe: ProbeView) -> bool:
    """Whether nothing is missing but more answers, and some come in."""
    if lane.followed is not Followed.YES:
        return False
    if not lane.samples:
        return probe.rate > 0
    return lane.verdict is Verdict.NOT_YET and bool(lane.missing)


def _not_seen(lane: Lane, message: str) -> str:
    place = in_lane(lane.name)
    if lane.verdict is Verdict.OFF:
        seen = ", ".join(f"{s.version} {percent(s.observed.share)}" for s in lane.shares if s.observed)
        return f"{counted(lane.samples, 'answer')}{place} {plural(lane.samples, 'disagrees', 'disagree')}: {seen}"
    if lane.verdict is Verdict.UNKNOWN and lane.unknown:
        why = f": {message}" if message else ""
        return f"{of_no_version(lane.unknown, lane.samples, place)}{why}"
    if lane.followed is not Followed.YES or lane.verdict is Verdict.DOUBTFUL:
        return f"{describe(lane)}{place}"
    what = "names a version" if lane.samples else "came in"
    return f"no answer{place} {what} yet" + (f": {message}" if message and not lane.samples else "")


def _lane(view: RolloutView, name: str) -> Lane | None:
    return next((lane for lane in view.rollout.lanes if lane.name == name), None)
