"""Set the weight of the current step: an edit of the spec, after which the controller runs the step again.

The hash of the steps covers every weight, so the controller starts the step again (handleRolloutPlanChanged).
"""

from __future__ import annotations

from typing import Any

from cockpit.model.advice import telling
from cockpit.model.lanes import CLOSE
from cockpit.model.plan import Act, Ask, Change, Expected, Plan
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.capacity import share_capacity
from cockpit.planning.edits import json_patch, op, pointer
from cockpit.planning.shares import wanted_shares
from cockpit.systems.kruise import status
from cockpit.systems.kruise.approve import why_not_stepping
from cockpit.systems.kruise.pause_disable import spec_warnings
from cockpit.systems.kruise.spec import KruiseStep, KruiseStyle
from cockpit.systems.kruise.split import DEFAULT
from cockpit.systems.kruise.state import PERCENT_LIMIT, KruiseState, over_limit
from cockpit.workloads.findings import percent


def why_not_weight(release: KruiseState) -> str:
    why = why_not_stepping(release)
    if why:
        return why
    if release.plan.routing is None:
        return telling(
            "it has no traffic routing, and traffic follows the number of pods: approve or jump instead",
            Act.APPROVE,
            Act.JUMP,
        )
    if release.plan.routing.shared:
        return f"the weight is in TrafficRouting {release.plan.shared_routing}: set spec.strategy.weight there"
    step = release.step
    if step is None or release.subject.version(release.stable) is None or release.subject.version(release.new) is None:
        return "it does not have two versions to split between now"
    if step.matches:
        return telling(
            f"step {step.index} sends requests by header, not by weight: approve it, or jump to a step with a weight",
            Act.APPROVE,
            Act.JUMP,
        )
    if release.covers_all(step):
        return telling(
            f"step {step.index} replaces all pods without routing, and {release.new_name} gets all traffic:"
            " roll back, or jump to an earlier step",
            Act.ROLLBACK,
            Act.JUMP,
        )
    if release.strict and release.plan.style is KruiseStyle.PARTITION and _too_many(step):
        return telling(
            f"step {step.index} has {step.replicas} of the pods, and Kruise 0.6 and later refuse traffic at a partition"
            f" step above {PERCENT_LIMIT}%: use a count of pods in the spec, or jump to another step",
            Act.JUMP,
        )
    return ""


def _too_many(step: KruiseStep) -> bool:
    return over_limit(KruiseStep(step.index, 1.0, step.replicas, (), step.seconds, None))


def plan_weight(release: KruiseState, rollout: Rollout, ask: Ask) -> Plan | str:
    step, stable, new = release.step, release.subject.version(release.stable), release.subject.version(release.new)
    if step is None or stable is None or new is None:
        return why_not_weight(release)
    share = _wanted(release, ask, stable, new)
    if isinstance(share, str):
        return share
    before = step.share or 0.0
    if step.share is not None and abs(share - before) < CLOSE:
        return f"step {step.index} already has {percent(share)}"
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{new.name} {percent(before)} -> {percent(share)} at step {step.index}",
        changes=(
            Change(f"{new.name} in {DEFAULT}", percent(before), percent(share)),
            Change(f"{stable.name} in {DEFAULT}", percent(1 - before), percent(1 - share)),
        ),
        requests=(json_patch(release.ref, _edit(release, step, share), "step and release in progress as shown"),),
        expected=(Expected(DEFAULT, new.name, share), Expected(DEFAULT, stable.name, 1 - share)),
        inverse=(json_patch(release.ref, _inverse(release, step, share), "weight as written here"),),
        undo=f"step {step.index} back to {percent(before)}"
        if step.share is not None
        else f"step {step.index} without a weight",
        warnings=_warnings(release, step, stable, new, share),
        raises=share > before,
    )


def _wanted(release: KruiseState, ask: Ask, stable: Version, new: Version) -> float | str:
    """The new version's share; a version that is not named gets the rest. Otherwise the reason as text."""
    before = release.step.share or 0.0 if release.step else 0.0
    found = wanted_shares(
        ask.weights, {stable.name: 1 - before, new.name: before}, stable=stable.name, example=new.name, totals=(100,)
    )
    if isinstance(found, str):
        return found
    share = found.shares[new.name]
    if round(share * 100) == 0 and release.plan.style is not KruiseStyle.BLUE_GREEN:
        return telling(
            "a step's weight is 1% to 100%: roll back to take all traffic away from the new version", Act.ROLLBACK
        )
    return share


def _path(release: KruiseState, step: KruiseStep) -> tuple[str | int, ...]:
    return (*release.plan.place, "steps", step.index - 1)


def _value(release: KruiseState, share: float) -> Any:
    return round(share * 100) if release.plan.weight_field == "weight" else f"{round(share * 100)}%"


def _edit(release: KruiseState, step: KruiseStep, share: float) -> list[dict[str, Any]]:
    index = pointer("status", release.progress.part, "currentStepIndex")
    return [
        op("test", pointer(*_path(release, step)), step.raw),
        op("test", "/status/phase", release.progress.phase),
        op("test", index, release.progress.index),
        op("add", pointer(*_path(release, step), release.plan.weight_field), _value(release, share)),
    ]


def _inverse(release: KruiseState, step: KruiseStep, share: float) -> list[dict[str, Any]]:
    path = pointer(*_path(release, step), release.plan.weight_field)
    test = op("test", path, _value(release, share))
    if step.share is None:
        return [test, op("remove", path)]
    return [test, op("replace", path, _value(release, step.share))]


def _warnings(release: KruiseState, step: KruiseStep, stable: Version, new: Version, share: float) -> tuple[str, ...]:
    again = "later releases keep it, and the step starts again with a new pause"
    found = [f"this edits step {step.index} in the spec: {again}"]
    found += share_capacity(new.name, share, new.ready, stable.ready + new.ready)
    if release.progress.state != status.PAUSED:
        found.append(f"the step is in state {release.progress.state} and not done yet")
    if step.follows_share:
        found.append("the step sets no number of pods, so the pods follow the weight")
    return (*found, *spec_warnings(release))
