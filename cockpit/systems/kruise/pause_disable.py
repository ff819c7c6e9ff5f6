"""Pause and resume, disable and enable: fields of the Rollout's spec."""

from __future__ import annotations

from typing import Any

from cockpit.model.plan import Ask, Change, Milestone, Plan, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.edits import json_patch, op, pointer
from cockpit.planning.ownership import revert_warnings
from cockpit.systems.kruise.state import PERCENT_LIMIT, KruiseState
from cockpit.systems.phrases import ALREADY_PAUSED, NOT_PAUSED

_PAUSED = pointer("spec", "strategy", "paused")
_DISABLED = pointer("spec", "disabled")


def why_not_pause(release: KruiseState) -> str:
    if not release.progress.releasing:
        return "no release in progress: nothing to pause"
    if release.progress.finishing or release.progress.cancelling:
        return "the release is ending, and a pause does not stop that: wait until it is done"
    return ALREADY_PAUSED if release.plan.paused else ""


def why_not_resume(release: KruiseState) -> str:
    return "" if release.plan.paused else NOT_PAUSED


def plan_pause(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"pause {release.ref.name}",
        changes=(Change("release", "running", "paused"),),
        requests=(json_patch(release.ref, [_generation(release), op("add", _PAUSED, True)], "spec as shown"),),
        expected=(),
        inverse=(resume_request(release),),
        undo="resume it",
        warnings=(
            "pods that are being upgraded still finish, and the clock of a timed pause keeps running",
            "a pause also blocks a rollback: rolling back here resumes it",
            *spec_warnings(release),
        ),
        reaches=Milestone("paused", phases=(Phase.PAUSED,)),
    )


def plan_resume(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"resume {release.ref.name}",
        changes=(Change("release", "paused", "running"),),
        requests=(resume_request(release),),
        expected=(),
        inverse=(json_patch(release.ref, [op("test", _PAUSED, False), op("replace", _PAUSED, True)], "running"),),
        undo="pause it again",
        warnings=(
            *(
                ("a timed pause that expired meanwhile ends immediately",)
                if release.step and release.step.seconds
                else ()
            ),
            *spec_warnings(release),
        ),
        raises=not release.reverted,
        reaches=Milestone("running", not_phases=(Phase.PAUSED,)),
    )


def resume_request(release: KruiseState) -> Request:
    return json_patch(release.ref, [op("test", _PAUSED, True), op("replace", _PAUSED, False)], "paused as shown")


def why_not_disable(release: KruiseState) -> str:
    if release.progress.leaving:
        return "the Rollout is being deleted: nothing to disable"
    return "it is already disabled" if release.plan.disabled else ""


def why_not_enable(release: KruiseState) -> str:
    if not release.plan.disabled:
        return "it is not disabled"
    return "" if release.progress.phase != "Disabling" else "it is still being disabled; wait until that is done"


def plan_disable(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    under_way = release.progress.releasing
    back = release.reverted or release.progress.cancelling
    new = release.stable_name if back else release.new_name
    ends = (f"{'the rollback completes' if back else 'this does not roll back'}: {new} gets all pods and all traffic",)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"disable {release.ref.name}" + (", which completes the release" if under_way else ""),
        changes=(
            Change("Rollout", "enabled", "disabled"),
            *((Change(f"pods and traffic of {new}", "by steps", "all"),) if under_way else ()),
        ),
        requests=(_set_disabled(release, True),),
        expected=(),
        inverse=() if under_way else (_back(release, True),),
        undo="enable it; the completed release stays completed" if under_way else "enable it again",
        warnings=(
            *(ends if under_way else ()),
            "later templates roll out immediately, without steps",
            *spec_warnings(release),
        ),
        raises=under_way,
        final=under_way,
        reaches=Milestone("disabled and at rest", phases=(Phase.AT_REST,)),
    )


def plan_enable(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"enable {release.ref.name}",
        changes=(Change("Rollout", "disabled", "enabled"),),
        requests=(_set_disabled(release, False),),
        expected=(),
        inverse=(_back(release, False),),
        undo="disable it again",
        warnings=("the next template goes through the steps", *spec_warnings(release)),
        reaches=Milestone("enabled and at rest", phases=(Phase.AT_REST,)),
    )


def _set_disabled(release: KruiseState, disabled: bool) -> Request:
    return json_patch(release.ref, [_generation(release), op("add", _DISABLED, disabled)], "spec as shown")


def _back(release: KruiseState, disabled: bool) -> Request:
    operations = [op("test", _DISABLED, disabled), op("replace", _DISABLED, not disabled)]
    return json_patch(release.ref, operations, "disabled as written here")


def _generation(release: KruiseState) -> dict[str, Any]:
    """A test of the generation: only the spec changes it, not the annotations and status that the controller writes."""
    return op("test", pointer("metadata", "generation"), release.rollout.metadata.generation)


def spec_warnings(release: KruiseState) -> tuple[str, ...]:
    """What may prevent a write to the object itself."""
    step = release.refused_by_admission()
    strict = (
        f"admission will refuse this: step {step.index} has traffic and {step.replicas} of the pods, above"
        f" {PERCENT_LIMIT}% (Kruise 0.6 and later); use a count of pods in the step first. Approve and jump still work,"
        " and rollback unless it is paused"
        if step
        else ""
    )
    return (*((strict,) if strict else ()), *revert_warnings([release.rollout]))
