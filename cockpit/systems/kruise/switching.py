"""Pause and resume, disable and enable: fields of the Rollout's spec."""

from __future__ import annotations

from typing import Any

from cockpit.model.plan import Ask, Change, Milestone, Plan, Request
from cockpit.model.rollout import Phase, Rollout
from cockpit.systems.kruise.reading import PERCENT_LIMIT, Release
from cockpit.workloads.edits import json_patch, op, pointer
from cockpit.workloads.ownership import revert_warnings

_PAUSED = pointer("spec", "strategy", "paused")
_DISABLED = pointer("spec", "disabled")


def why_not_pause(release: Release) -> str:
    if not release.progress.releasing:
        return "nothing is being released, so there is nothing to pause"
    if release.progress.finishing or release.progress.cancelling:
        return "the release is ending, and that is not held by a pause"
    return "it is paused already" if release.plan.paused else ""


def why_not_resume(release: Release) -> str:
    return "" if release.plan.paused else "it is not paused"


def plan_pause(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"pause {release.ref.name}",
        changes=(Change("release", "running", "paused"),),
        requests=(json_patch(release.ref, [_generation(release), op("add", _PAUSED, True)], "the spec as shown"),),
        expected=(),
        inverse=(resume_request(release),),
        undo="resume it",
        warnings=(
            "pods that are being upgraded are still finished, and the clock of a timed pause runs on",
            "while it is paused the way back is not taken either: a rollback resumes it",
            *spec_warnings(release),
        ),
        reaches=Milestone("paused", phases=(Phase.PAUSED,)),
    )


def plan_resume(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
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
            *(("a timed pause that ran out meanwhile ends at once",) if release.step and release.step.seconds else ()),
            *spec_warnings(release),
        ),
        raises=not release.reverted,
        reaches=Milestone("running", not_phases=(Phase.PAUSED,)),
    )


def resume_request(release: Release) -> Request:
    return json_patch(release.ref, [op("test", _PAUSED, True), op("replace", _PAUSED, False)], "paused as shown")


def why_not_disable(release: Release) -> str:
    if release.progress.leaving:
        return "the Rollout is being deleted"
    return "it is disabled already" if release.plan.disabled else ""


def why_not_enable(release: Release) -> str:
    if not release.plan.disabled:
        return "it is not disabled"
    return "" if release.progress.phase != "Disabling" else "it is still being disabled; wait until that is done"


def plan_disable(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    under_way = release.progress.releasing
    back = release.reverted or release.progress.cancelling
    new = release.stable_name if back else release.new_name
    ends = (f"{'it goes on back' if back else 'this does not roll back'}: {new} gets all pods and all traffic",)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"disable {release.ref.name}" + (", which finishes the release forward" if under_way else ""),
        changes=(
            Change("Rollout", "enabled", "disabled"),
            *((Change(f"pods and traffic of {new}", "by steps", "all"),) if under_way else ()),
        ),
        requests=(_set_disabled(release, True),),
        expected=(),
        inverse=() if under_way else (_back(release, True),),
        undo="enable it; the finished release stays finished" if under_way else "enable it again",
        warnings=(*(ends if under_way else ()), "later templates roll out at once", *spec_warnings(release)),
        raises=under_way,
        final=under_way,
        reaches=Milestone("disabled and at rest", phases=(Phase.AT_REST,)),
    )


def plan_enable(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"enable {release.ref.name}",
        changes=(Change("Rollout", "disabled", "enabled"),),
        requests=(_set_disabled(release, False),),
        expected=(),
        inverse=(_back(release, False),),
        undo="disable it again",
        warnings=("the next template goes through its steps", *spec_warnings(release)),
        reaches=Milestone("enabled and at rest", phases=(Phase.AT_REST,)),
    )


def _set_disabled(release: Release, disabled: bool) -> Request:
    return json_patch(release.ref, [_generation(release), op("add", _DISABLED, disabled)], "the spec as shown")


def _back(release: Release, disabled: bool) -> Request:
    operations = [op("test", _DISABLED, disabled), op("replace", _DISABLED, not disabled)]
    return json_patch(release.ref, operations, "disabled as written here")


def _generation(release: Release) -> dict[str, Any]:
    """Annotations and status, which the controller writes, do not change it (a custom resource's spec does)."""
    return op("test", pointer("metadata", "generation"), release.rollout.metadata.generation)


def spec_warnings(release: Release) -> tuple[str, ...]:
    """What can stand against a write to the object itself."""
    step = release.refused_by_admission()
    strict = (
        f"admission will refuse this: step {step.index} has traffic and {step.replicas} of the pods, above"
        f" {PERCENT_LIMIT}% (Kruise 0.6 and later); give the step a count of pods first. Approve and jump still work,"
        " and rollback unless it is paused"
        if step
        else ""
    )
    return (*((strict,) if strict else ()), *revert_warnings([release.rollout]))
