"""Approve a step, or jump to another: writes to the status, which the controller picks up.

The controller writes the whole status each time, so a write can be lost, and a late write would approve the next
step. So each write tests the release, the step and its state, and is verified only when the step changes.
Sources: openkruise/rollouts, pkg/controller/rollout/rollout_canary.go, rollout_status.go.
"""

from __future__ import annotations

from typing import Any

from cockpit.model.advice import telling
from cockpit.model.lanes import CLOSE
from cockpit.model.plan import Act, Ask, Change, Milestone, PatchType, Plan, Request, Verb
from cockpit.model.rollout import Rollout
from cockpit.planning.edits import op, pointer
from cockpit.planning.wording import gives_everyone
from cockpit.systems.kruise import status
from cockpit.systems.kruise.spec import KruiseStep, KruiseStyle
from cockpit.systems.kruise.state import KruiseState
from cockpit.systems.kruise.words import overtaken, title


def why_not_stepping(release: KruiseState) -> str:
    """Why no step of a release can be controlled; "" if one can."""
    progress = release.progress
    if progress.leaving:
        return "the Rollout is being deleted, and the release completes: roll back the workload itself afterwards"
    if progress.rolled_back:
        return telling(
            "no release in progress: the last one was rolled back, and the step in its status is left over; set an"
            " image to start one",
            Act.SET_IMAGE,
        )
    if not progress.releasing:
        words = f"no release in progress (phase {progress.phase or 'not set'}): set an image to start one"
        return telling(words, Act.SET_IMAGE)
    if release.reverted or progress.cancelling:
        return telling(
            f"it is rolling back to {release.stable_name}" + (": resume it" if release.paused else "; wait for it"),
            Act.RESUME,
        )
    if progress.stepping and release.step is None:
        words = f"its status is at step {progress.index}, but its spec has {_count(release)}"
        return telling(f"{words}: restore the steps, or roll back", Act.ROLLBACK)
    if not progress.stepping:
        words = {"Initializing": "the release is just starting"}.get(progress.reason, "the release is finishing")
        return f"{words}; wait a moment"
    if release.wanted and not release.paused:
        back = f": roll back to {release.stable_name} first" if release.refused else "; wait a moment"
        return telling(f"{overtaken(release, release.wanted)}{back}", Act.ROLLBACK)
    return telling("it is paused: resume it first", Act.RESUME) if release.paused else ""


def why_not_approve(release: KruiseState) -> str:
    why = why_not_stepping(release)
    if why:
        return why
    if release.progress.state != status.PAUSED:
        return (
            f"step {release.progress.index} is in state {release.progress.state or 'unknown'}: approve it once its pods"
            " are ready and its traffic is routed"
        )
    return ""


def plan_approve(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    step = release.step
    if step is None:
        return why_not_approve(release)
    following = _next(release)
    everyone = following is None or _exposes_all(release, following)
    after = f"{following.index}/{_count(release)}" if following else "finished"
    goes = (
        f"step {following.index}: {title(following, release.plan)}" if following else "the end: all pods are replaced"
    )
    operations = [
        *_tests(release),
        op("test", _inner(release, "currentStepState"), status.PAUSED),
        op("replace", _inner(release, "currentStepState"), status.READY),
    ]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"approve step {step.index} of {_count(release)}, on to {goes}"
        + (f"; {gives_everyone(release.new_name)}" if everyone else ""),
        changes=(Change("step", f"{step.index}/{_count(release)}", after),),
        requests=(_write(release, operations, "the step and its state as shown"),),
        expected=(),
        undo="roll back, or jump back to an earlier step" if release.progress.steerable else "roll back",
        warnings=_approve_warnings(release, following),
        raises=True,
        final=everyone,
        reaches=Milestone(f"step {step.index} done", left_step=step.index),
    )


def leads(release: KruiseState) -> str:
    """Where an approval leads, where that is to everyone; else the steps say it."""
    following = _next(release)
    return gives_everyone(release.new_name) if following is None or _exposes_all(release, following) else ""


def why_not_jump(release: KruiseState) -> str:
    why = why_not_stepping(release)
    if why:
        return why
    if not release.progress.steerable:
        return "this controller is older than 0.6 and cannot jump: approve each step, or set pauses of 0 in the spec"
    return ""


def plan_jump(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    here, count, target = release.step, _count(release), release.plan.step(ask.step)
    if here is None:
        return why_not_jump(release)
    if target is None:
        # Up to 0.6.1 the controller crashes on an index that its spec does not have.
        found = "" if ask.step is None else f"no step {ask.step}: "
        return f"{found}say which step: 1 to {count}"
    if target.index == here.index:
        return f"it is already at step {here.index}"
    if target.index == here.index + 1:
        # For the controller the next index is not a jump: it would do nothing.
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
        final=forward and _exposes_all(release, target),
        reaches=Milestone(f"step {target.index} reached", at_step=target.index),
    )


def _exposes_all(release: KruiseState, step: KruiseStep | None) -> bool:
    """Whether everybody gets the new version at this step, or after it without another approval."""
    if step is None:
        return False
    goes_on = step.whole and step.index == _count(release) and release.plan.style is not KruiseStyle.BLUE_GREEN
    return goes_on or (step.share or 0.0) > 1 - CLOSE


def _next(release: KruiseState) -> KruiseStep | None:
    """The step that follows an approval; None after the last."""
    progress, plan = release.progress, release.plan
    # The controller treats an index that its spec does not have as the next one (CheckNextBatchIndexWithCorrect).
    asked = plan.step(progress.next_index) if progress.steerable else None
    return asked or plan.step((progress.index or 0) + 1)


def _approve_warnings(release: KruiseState, following: KruiseStep | None) -> tuple[str, ...]:
    found = [
        "the controller may overwrite an approval when it writes the status: the cockpit checks that the step changes"
    ]
    if release.step and release.step.seconds is not None:
        found.append("its pause would end by itself: this only shortens it")
    if following and following.whole and following.index == _count(release):
        found.append("the last step replaces all pods without a pause: this is the last approval")
    if following and release.plan.routing and not following.routed:
        found.append("the next step sets no traffic: routing is removed, and traffic follows the pods")
    return tuple(found)


def _jump_warnings(release: KruiseState, here: KruiseStep, target: KruiseStep) -> tuple[str, ...]:
    if target.index > here.index:
        skipped = [str(step.index) for step in release.plan.steps[here.index : target.index - 1]]
        return (f"steps skipped with their pauses: {', '.join(skipped)}",) if skipped else ()
    return ("the pods of the new version stay: only the traffic moves back",)


def _count(release: KruiseState) -> int:
    return len(release.plan.steps)


def _inner(release: KruiseState, name: str) -> str:
    return pointer("status", release.progress.part, name)


def _tests(release: KruiseState) -> list[dict[str, Any]]:
    """Tests for the same release, in the same step, entered at the same time."""
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


def _write(release: KruiseState, operations: list[dict[str, Any]], guard: str) -> Request:
    return Request(
        Verb.PATCH, release.ref, operations, PatchType.JSON, subresource="status", guard=guard, consumed=True
    )
