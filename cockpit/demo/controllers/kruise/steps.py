"""The states that a step of a release goes through (openkruise/rollouts pkg/controller/rollout/rollout_canary.go)."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.demo.controllers.kruise import plan, releases, routing
from cockpit.demo.controllers.kruise.names import GRACE
from cockpit.demo.controllers.kruise.release import Release
from cockpit.demo.controllers.podstate import parse_time

INIT, UPGRADE, ROUTING = "BeforeStepUpgrade", "StepUpgrade", "StepTrafficRouting"
ANALYSIS, PAUSED, READY, COMPLETED = "StepMetricsAnalysis", "StepPaused", "StepReady", "Completed"


def run(release: Release) -> None:
    """One look at a release that is under way."""
    releases.take_over(release)
    sub = release.sub
    if not sub.get("podTemplateHash") and release.workload:
        sub["podTemplateHash"] = release.workload.template_hash
    if not release.legacy and jump(release):
        return
    if not plan.is_routed(release.step):
        wait = routing.tear_down(release)
        if wait is not None:
            release.again(wait)
            return
    state = STATES.get(sub.get("currentStepState", ""))
    if state:
        state(release)


def jump(release: Release) -> bool:
    """Go where `nextStepIndex` says when that is another step than the next; whether it did."""
    sub, workload = release.sub, release.workload
    steps, wish = plan.steps_of(release.rollout), sub.get("nextStepIndex", 0)
    if wish == plan.next_index(release.rollout, sub["currentStepIndex"]) or not 0 < wish <= len(steps):
        return False
    sub["currentStepIndex"], sub["nextStepIndex"] = wish, plan.next_index(release.rollout, wish)
    target = plan.scaled(steps[wish - 1].get("replicas"), workload.replicas if workload else 0)
    updated = sub.get("canaryReplicas", sub.get("updatedReplicas", 0))
    release.enter(ROUTING if target == updated else INIT)
    release.touch()
    return True


def _covers_all(release: Release) -> bool:
    """Whether a step leaves no old pod, in a release that replaces pods."""
    size = release.workload.replicas if release.workload else 0
    return plan.is_partition(release.rollout) and plan.scaled(release.step.get("replicas"), size) >= size


def _before_upgrade(release: Release) -> None:
    """Keep ordinary traffic off the new pods that step 1 makes, or on the pods when no old one will be left."""
    blue_green = plan.is_blue_green(release.rollout)
    if not plan.is_routed(release.step):
        if not blue_green:
            release.enter(UPGRADE)
            return
    elif (wait := _move_stable(release, blue_green)) is not None:
        release.again(wait)
        return
    release.touch()
    release.enter(UPGRADE)
    _upgrade(release)


def _move_stable(release: Release, blue_green: bool) -> float | None:
    if not blue_green and _covers_all(release) and (wait := routing.restore_stable(release)) is not None:
        return wait
    if release.sub["currentStepIndex"] == 1 and (blue_green or plan.makes_canary_service(release.rollout)):
        return routing.pin_stable(release)
    return None


def _upgrade(release: Release) -> None:
    """Have the pods that the step asks for."""
    index, steps = release.sub["currentStepIndex"], len(plan.steps_of(release.rollout))
    release.say(f"Rollout is in step({index}/{steps}), and upgrade workload to new version")
    if not releases.run(release, index):
        return
    release.tell(f"upgrade step({index}) canary pods with new versions done")
    release.sub["podTemplateHash"] = release.workload.template_hash if release.workload else ""
    # A step that leaves no old pod has been routed before it began; releases up to 0.5 route it as any other.
    release.enter(ANALYSIS if _covers_all(release) and not release.legacy else ROUTING)
    release.touch()


def _route(release: Release) -> None:
    if routing.do(release):
        release.touch()
        release.enter(ANALYSIS)
    release.again(GRACE)


def _analyse(release: Release) -> None:
    """The real controller does nothing here either."""
    release.enter(PAUSED)


def _pause(release: Release) -> None:
    """Wait for a person, or for as long as the step says."""
    rollout, index = release.rollout, release.sub["currentStepIndex"]
    steps = plan.steps_of(rollout)
    step = release.step
    if index == len(steps) and step.get("replicas") == "100%" and not plan.is_blue_green(rollout):
        _ready(release)
        return
    duration = (step.get("pause") or {}).get("duration")
    if duration is None:
        release.say(f"Rollout is in step({index}/{len(steps)}), and you need manually confirm to enter the next step")
        return
    release.say(
        f"Rollout is in step({index}/{len(steps)}), and wait duration({duration} seconds) to enter the next step"
    )
    left = parse_time(release.sub.get("lastUpdateTime")) + duration - release.world.clock.now()
    if left < 0:
        _ready(release)
    else:
        # One moment more: the real controller goes on when the time has passed, not when it is reached.
        release.again(left + 0.01)


def _ready(release: Release) -> None:
    release.touch()
    release.enter(READY)


def _next(release: Release) -> None:
    """The next step, or the end after the last."""
    sub = release.sub
    release.touch()
    if sub["currentStepIndex"] >= len(plan.steps_of(release.rollout)):
        release.enter(COMPLETED)
        return
    sub["currentStepIndex"] += 1
    if not release.legacy:
        sub["nextStepIndex"] = plan.next_index(release.rollout, sub["currentStepIndex"])
    release.enter(UPGRADE if release.legacy else INIT)


STATES: dict[str, Callable[[Release], None]] = {
    INIT: _before_upgrade,
    UPGRADE: _upgrade,
    ROUTING: _route,
    ANALYSIS: _analyse,
    PAUSED: _pause,
    READY: _next,
}
