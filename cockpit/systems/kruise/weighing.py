"""Set the weight of the present step: an edit of the plan, after which the controller runs the step again.

The plan's hash covers every weight, so that the controller takes the step up anew (handleRolloutPlanChanged).
"""

from __future__ import annotations

import math
from typing import Any

from cockpit.model.plan import Ask, Change, Expected, Plan
from cockpit.model.rollout import Rollout, Version
from cockpit.systems.kruise import status
from cockpit.systems.kruise.approving import why_not_stepping
from cockpit.systems.kruise.reading import PERCENT_LIMIT, Release, over_limit
from cockpit.systems.kruise.spec import PlanStep, Style
from cockpit.systems.kruise.switching import spec_warnings
from cockpit.systems.kruise.traffic import DEFAULT
from cockpit.workloads.edits import json_patch, op, pointer
from cockpit.workloads.findings import listed, percent

_CLOSE = 1e-6


def why_not_weight(release: Release) -> str:
    why = why_not_stepping(release)
    if why:
        return why
    if release.plan.routing is None:
        return "it has no traffic routing: traffic follows the number of pods, so approve or jump"
    step = release.step
    if step is None or release.subject.version(release.stable) is None or release.subject.version(release.new) is None:
        return "it has no two versions to split between at present"
    if step.matches:
        return f"step {step.index} sends requests by header, not by weight: approve it, or jump to a step with a weight"
    if release.covers_all(step):
        return (
            f"step {step.index} replaces all pods, and the controller routes no traffic then:"
            f" {release.new_name} gets everything; roll back, or jump to an earlier step"
        )
    if release.strict and release.plan.style is Style.PARTITION and _too_many(step):
        return (
            f"step {step.index} has {step.replicas} of the pods, and Kruise 0.6 and later refuse traffic at a partition"
            f" step above {PERCENT_LIMIT}%: give the step a count of pods in the spec, or jump to another step"
        )
    return ""


def _too_many(step: PlanStep) -> bool:
    return over_limit(PlanStep(step.index, 1.0, step.replicas, (), step.seconds, None))


def plan_weight(release: Release, rollout: Rollout, ask: Ask) -> Plan | str:
    step, stable, new = release.step, release.subject.version(release.stable), release.subject.version(release.new)
    if step is None or stable is None or new is None:
        return why_not_weight(release)
    share = _wanted(release, ask, stable, new)
    if isinstance(share, str):
        return share
    before = step.share or 0.0
    if step.share is not None and abs(share - before) < _CLOSE:
        return f"step {step.index} has {percent(share)} already"
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{new.name} {percent(before)} -> {percent(share)} at step {step.index}",
        changes=(
            Change(f"{new.name} in {DEFAULT}", percent(before), percent(share)),
            Change(f"{stable.name} in {DEFAULT}", percent(1 - before), percent(1 - share)),
        ),
        requests=(json_patch(release.ref, _edit(release, step, share), "the step as shown, and that it is under way"),),
        expected=(Expected(DEFAULT, new.name, share), Expected(DEFAULT, stable.name, 1 - share)),
        inverse=(json_patch(release.ref, _inverse(release, step, share), "the weight written here"),),
        undo=f"step {step.index} back to {percent(before)}" if step.share is not None else "the step without a weight",
        warnings=_warnings(release, step, stable, new, share),
        raises=share > before,
    )


def _wanted(release: Release, ask: Ask, stable: Version, new: Version) -> float | str:
    """The new version's share; one that is not named gets the rest. As text what is wrong."""
    asked = dict(ask.weights)
    unknown = [name for name in asked if name not in (stable.name, new.name)]
    if unknown:
        return f"{listed(unknown)} takes no part; a step splits between {stable.name} and {new.name}"
    if not asked:
        return f"say which share: {new.name}=PERCENT"
    if any(not math.isfinite(share) or not 0 <= share <= 1 for share in asked.values()):
        return "a share is 0% to 100%"
    if len(asked) == 2 and abs(sum(asked.values()) - 1) > _CLOSE:
        return f"the shares sum to {percent(sum(asked.values()))}, not 100%; leave one out and it gets the rest"
    share = asked[new.name] if new.name in asked else 1 - asked[stable.name]
    if abs(share * 100 - round(share * 100)) > _CLOSE * 100:
        return f"{percent(share)} cannot be written: steps take whole percents"
    if round(share * 100) == 0 and release.plan.style is not Style.BLUE_GREEN:
        return "a step's weight is 1% to 100%: roll back to take everything away from the new version"
    return round(share * 100) / 100


def _path(release: Release, step: PlanStep) -> tuple[str | int, ...]:
    return (*release.plan.place, "steps", step.index - 1)


def _value(release: Release, share: float) -> Any:
    return round(share * 100) if release.plan.weight_field == "weight" else f"{round(share * 100)}%"


def _edit(release: Release, step: PlanStep, share: float) -> list[dict[str, Any]]:
    index = pointer("status", release.progress.part, "currentStepIndex")
    return [
        op("test", pointer(*_path(release, step)), step.raw),
        op("test", "/status/phase", release.progress.phase),
        op("test", index, release.progress.index),
        op("add", pointer(*_path(release, step), release.plan.weight_field), _value(release, share)),
    ]


def _inverse(release: Release, step: PlanStep, share: float) -> list[dict[str, Any]]:
    path = pointer(*_path(release, step), release.plan.weight_field)
    test = op("test", path, _value(release, share))
    if step.share is None:
        return [test, op("remove", path)]
    return [test, op("replace", path, _value(release, step.share))]


def _warnings(release: Release, step: PlanStep, stable: Version, new: Version, share: float) -> tuple[str, ...]:
    again = "later releases keep it, and the step runs again from its start, with a new pause"
    found = [f"this edits step {step.index} of the plan: {again}"]
    ready = stable.ready + new.ready
    if ready and share > new.ready / ready + _CLOSE:
        found.append(f"capacity: {percent(share)} of the traffic on {new.ready} of {ready} ready pods")
    if release.progress.state != status.PAUSED:
        found.append(f"the step is at {release.progress.state} and not done yet")
    if step.follows_share:
        found.append("the step names no number of pods, so that the pods follow the weight")
    return (*found, *spec_warnings(release))
