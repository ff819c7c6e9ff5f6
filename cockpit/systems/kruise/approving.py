"""Approve a step, or go to another: writes into the status, which the controller takes up.

The controller writes the whole status each time, so a write can be lost; and one that comes late would approve the
step after. So each write tests the release, the step and its state, and is seen through only when the step moves.
Sources: openkruise/rollouts, pkg/controller/rollout/rollout_canary.go, rollout_status.go.
"""

from __future__ import annotations

from typing import Any

from cockpit.model.plan import Ask, Change, Milestone, PatchType, Plan, Request, Verb
from cockpit.model.rollout import Rollout
from cockpit.systems.kruise import status
from cockpit.systems.kruise.reading import Release
from cockpit.systems.kruise.spec import PlanStep
from cockpit.systems.kruise.words import title
from cockpit.workloads.edits import op, pointer


def why_not_stepping(release: Release) -> str:
    """Why no step of a release can be steered; "" where one can."""
    progress = release.progress
    if progress.leaving:
        return "the Rollout is being deleted: the release finishes forward"
    if progress.rolled_back:
        return "nothing is being released: the last release was rolled back, the step in its status is left over"
    if not progress.releasing:
        return f"nothing is being released (phase {progress.phase or 'not set'}): set an image to start"
    if release.reverted or progress.cancelling:
        return f"it is on its way back to {release.stable_name}" + (": resume it" if release.paused else "")
    if progress.stepping and release.step is None:
        words = f"its status names step {progress.index}, and its plan has {_count(release)}"
        return f"{words}: put the steps back, or roll back"
    if not progress.stepping:
        words = {"Initializing": "the release is just starting"}.get(progress.reason, "the release is finishing")
        return f"{words}; wait a moment"
    return "it is paused: resume it first" if release.paused else ""


def why_not_approve(release: Release) -> str:
    why = why_not_stepping(release)
    if why:
        return why
    if release.progress.state != status.PAUSED:
        return (
            f"step {release.progress.index} is at {release.progress.state or 'no state'}: it can be approved once its"
            " pods are ready and its traffic is routed"
        )
    return ""


def plan_approve(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    step = release.step
    if step is None:
        return why_not_approve(release)
    following = _next(release)
    last = following is None
    after = f"{following.index}/{_count(release)}" if following else "finished"
    goes = f"step {following.index}: {title(following, release.plan)}" if following else "the end: all pods are new"
    operations = [
        *_tests(release),
        op("test", _inner(release, "currentStepState"), status.PAUSED),
        op("replace", _inner(release, "currentStepState"), status.READY),
    ]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"approve step {step.index} of {_count(release)}, on to {goes}",
        changes=(Change("step", f"{step.index}/{_count(release)}", after),),
        requests=(_write(release, operations, "the step and its state as shown"),),
        expected=(),
        undo="roll back, or jump back to an earlier step" if release.progress.steerable else "roll back",
        warnings=_approve_warnings(release, following),
        raises=True,
        final=last,
        reaches=Milestone(f"step {step.index} left", left_step=step.index),
    )


def why_not_jump(release: Release) -> str:
    why = why_not_stepping(release)
    if why:
        return why
    if not release.progress.steerable:
        return "this controller has no nextStepIndex (0.6 and later have): approve, or set pauses of 0 in its spec"
    return ""


def plan_jump(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    here, count, target = release.step, _count(release), release.plan.step(ask.step)
    if here is None:
        return why_not_jump(release)
    if target is None:
        # Up to 0.6.1 the controller crashes on an index that its plan does not have.
        return f"there is no step {ask.step}; its steps are 1 to {count}"
    if target.index == here.index:
        return f"step {here.index} is the present step"
    if target.index == here.index + 1:
        # The index that follows anyway is no jump to the controller: it would do nothing.
        why = why_not_approve(release)
        return f"step {target.index} is the next one: {why}" if why else plan_approve(release, rollout, ask)
    forward = target.index > here.index
    operations = [
        *_tests(release),
        op("test", _inner(release, "nextStepIndex"), release.progress.next_index),
        op("replace", _inner(release, "nextStepIndex"), target.index),
    ]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"go to step {target.index} of {count}: {title(target, release.plan)}",
        changes=(Change("step", f"{here.index}/{count}", f"{target.index}/{count}"),),
        requests=(_write(release, operations, "the step and its successor as shown"),),
        expected=(),
        undo=f"jump to step {here.index}",
        warnings=_jump_warnings(release, here, target),
        raises=forward,
        reaches=Milestone(f"step {target.index} reached", at_step=target.index),
    )


def _next(release: Release) -> PlanStep | None:
    """The step that comes after an approval; None after the last."""
    progress, plan = release.progress, release.plan
    # The controller takes an index that its plan does not have for the one after (CheckNextBatchIndexWithCorrect).
    asked = plan.step(progress.next_index) if progress.steerable else None
    return asked or plan.step((progress.index or 0) + 1)


def _approve_warnings(release: Release, following: PlanStep | None) -> tuple[str, ...]:
    found = ["the controller writes the whole status and may overwrite an approval: it is checked that the step moves"]
    if release.step and release.step.seconds is not None:
        found.append("its timed pause would end by itself: this only shortens it")
    if following and following.whole and following.index == _count(release):
        found.append("the last step brings all pods and has no pause: after this nobody is asked any more")
    if following and release.plan.routing and not following.routed:
        found.append("the next step has no traffic of its own: routing is removed, and traffic follows the pods")
    return tuple(found)


def _jump_warnings(release: Release, here: PlanStep, target: PlanStep) -> tuple[str, ...]:
    if target.index > here.index:
        skipped = [str(step.index) for step in release.plan.steps[here.index : target.index - 1]]
        return (f"skipped with their pauses: {', '.join(skipped)}",) if skipped else ()
    return ("pods of the new version stay: only the traffic goes back",)


def _count(release: Release) -> int:
    return len(release.plan.steps)


def _inner(release: Release, name: str) -> str:
    return pointer("status", release.progress.part, name)


def _tests(release: Release) -> list[dict[str, Any]]:
    """The same release, in the same step, entered at the same time; or the write is refused."""
    progress = release.progress
    found = [
        op("test", "/status/phase", progress.phase),
        op("test", _inner(release, "currentStepIndex"), progress.index),
    ]
    if progress.revision:
        found.append(op("test", _inner(release, progress.revision_field), progress.revision))
    if progress.updated_at:
        found.append(op("test", _inner(release, "lastUpdateTime"), progress.updated_at))
    return found


def _write(release: Release, operations: list[dict[str, Any]], guard: str) -> Request:
    return Request(
        Verb.PATCH, release.ref, operations, PatchType.JSON, subresource="status", guard=guard, consumed=True
    )
