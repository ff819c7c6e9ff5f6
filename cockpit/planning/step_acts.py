"""Acts on a step plan: begin or end one, approve its next step, jump to one. The same for every router.

A router writes one share of the new version with `weigh`, its own set-weight. A step is that plan with the change of
the annotation in the same request, so that both happen or neither.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cockpit.model.advice import telling
from cockpit.model.lanes import CLOSE, DEFAULT_LANE
from cockpit.model.plan import Act, Ask, Change, Expected, Milestone, PatchType, Plan, Refused, Request, Verb
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.edits import Operation, json_patch, merge_patch, op, pointer
from cockpit.planning.refusals import refused
from cockpit.planning.steps import MOST_STEPS, STEPS, Stepping, StepPlan
from cockpit.planning.wording import gives_everyone
from cockpit.workloads.findings import percent

NO_PLAN = telling("it has no step plan: start one with steps, such as 20 50 100", Act.STEPS)
_WHERE = pointer("metadata", "annotations", STEPS)
Weigh = Callable[[float], Plan | Refused]


def why_not_approve(stepping: Stepping) -> str:
    """Why no step can be approved or jumped to."""
    if stepping.active:
        return ""
    if stepping.plan:
        return telling(f"every step of the plan {stepping.plan.words} is done: set new steps to continue", Act.STEPS)
    return next((problem.text for problem in stepping.problems), NO_PLAN)


def approve_leads(stepping: Stepping) -> str:
    """Where an approval leads, where that is to everyone; else the step says it."""
    plan = stepping.active
    return gives_everyone(plan.version) if plan and plan.shares[plan.taken] > 1 - CLOSE else ""


def plan_steps(
    stepping: Stepping, rollout: Rollout, ask: Ask, new: str, base: str, *, finest: float = 0.01
) -> Plan | Refused:
    """Start a plan by which `new` takes shares from `base`, or without steps end the current one. No weight changes.

    Shares are multiples of `finest`, the smallest that the router can write.
    """
    if not ask.steps:
        return _plan_end(stepping, rollout, ask)
    written = _written(rollout, new)
    why = _why_not(ask.steps, written, finest)
    if why:
        return refused(rollout, ask.act, why)
    plan = StepPlan(new, base, tuple(round(share, 9) for share in ask.steps))
    if stepping.active == plan:
        return refused(rollout, ask.act, f"the plan is already {plan.words}")
    request, inverse = _write(stepping, plan.text)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"plan: {plan.words}, each after approval",
        changes=(Change("plan", stepping.active.words if stepping.active else "none", plan.words),),
        requests=(request,),
        expected=(),
        inverse=(inverse,),
        undo="the previous plan",
        reaches=Milestone("the plan waits for approval", phases=(Phase.WAITING,)),
    )


def _plan_end(stepping: Stepping, rollout: Rollout, ask: Ask) -> Plan | Refused:
    if not stepping.text:
        return refused(rollout, ask.act, "it has no step plan to end; to start one, say which steps")
    request, inverse = _write(stepping, "")
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title="end the plan; the weights stay as they are",
        changes=(Change("plan", stepping.plan.words if stepping.plan else "unreadable", "none"),),
        requests=(request,),
        expected=(),
        inverse=(inverse,),
        undo="the previous plan",
        reaches=Milestone("no plan is waiting", not_phases=(Phase.WAITING,)),
    )


def plan_approve(stepping: Stepping, rollout: Rollout, ask: Ask, weigh: Weigh) -> Plan | Refused:
    """Take the next step of the plan."""
    why, plan = why_not_approve(stepping), stepping.active
    return refused(rollout, ask.act, why) if plan is None else _take(stepping, plan, rollout, ask, plan.taken, weigh)


def plan_jump(stepping: Stepping, rollout: Rollout, ask: Ask, weigh: Weigh) -> Plan | Refused:
    """Go to the step with number `ask.step`, forward or back."""
    why, plan = why_not_approve(stepping), stepping.active
    if plan is None:
        return refused(rollout, ask.act, why)
    if ask.step is None or not 1 <= ask.step <= len(plan.shares):
        return refused(rollout, ask.act, f"say which step: 1 to {len(plan.shares)}")
    return _take(stepping, plan, rollout, ask, ask.step - 1, weigh)


def _take(stepping: Stepping, plan: StepPlan, rollout: Rollout, ask: Ask, place: int, weigh: Weigh) -> Plan | Refused:
    share, written = plan.shares[place], _written(rollout, plan.version)
    after = replace(plan, taken=place + 1)
    weighed: Plan | Refused = (
        _only_position(stepping, after, rollout, ask, share)
        if written is not None and abs(written - share) < CLOSE
        else weigh(share)
    )
    if isinstance(weighed, Refused):
        return replace(weighed, act=ask.act)
    everyone = share > 1 - CLOSE
    taken = carried(weighed, stepping, after)
    before = "-" if written is None else percent(written)
    return replace(
        taken,
        act=ask.act,
        title=f"step {place + 1} of {len(plan.shares)}: {plan.version} {before} -> {percent(share)}"
        + (f", {gives_everyone(plan.version)}" if everyone else ""),
        final=taken.final or everyone,
        undo=f"{plan.version} back to {before}, step {plan.taken} of {len(plan.shares)}",
    )


def _only_position(stepping: Stepping, after: StepPlan, rollout: Rollout, ask: Ask, share: float) -> Plan:
    """A step whose share is already written: records only that it was taken, if the object is still as it was read."""
    version = stepping.metadata.resource_version
    guard = [op("test", pointer("metadata", "resourceVersion"), version)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title="",
        changes=(),
        requests=(json_patch(stepping.ref, guard, f"resourceVersion {version}"),),
        expected=(Expected(DEFAULT_LANE, after.version, share),),
        inverse=(json_patch(stepping.ref, [], "the plan as this act left it"),),
        final=share == 1,
    )


def carried(plan: Plan, stepping: Stepping, after: StepPlan | None) -> Plan:
    """`plan` with the annotation's change in its request on the same object; None ends the step plan.

    Returns `plan` itself if the object carries no step plan, or the plan does not touch the object.
    """
    before, text = stepping.text, after.text if after else ""
    if not before or before == text or all(r.ref != stepping.ref or r.verb is not Verb.PATCH for r in plan.requests):
        return plan
    was, then = stepping.plan, after.taken if after else None
    place = f"step {was.taken} of {len(was.shares)}" if was else "unreadable"
    becomes = f"step {then} of {len(after.shares)}" if after else "ended"
    return replace(
        plan,
        changes=(*plan.changes, Change("plan", place, becomes)),
        requests=_joined(plan.requests, stepping, before, text),
        inverse=_joined(plan.inverse, stepping, text, before),
    )


def _joined(requests: tuple[Request, ...], stepping: Stepping, before: str, after: str) -> tuple[Request, ...]:
    """The requests; the first patch of the object that holds the step plan also changes the annotation."""
    place = next((n for n, r in enumerate(requests) if r.ref == stepping.ref and r.verb is Verb.PATCH), None)
    if place is None:
        return requests
    return (*requests[:place], _with_value(requests[place], before, after), *requests[place + 1 :])


def _with_value(request: Request, before: str, after: str) -> Request:
    if request.patch is PatchType.MERGE:
        # It is guarded by the resourceVersion, which covers the annotation's value.
        metadata: dict[str, Any] = request.body.get("metadata") or {}
        annotations = {**(metadata.get("annotations") or {}), STEPS: after}
        return replace(request, body={**request.body, "metadata": {**metadata, "annotations": annotations}})
    tests = [_with_annotation(o, before) for o in request.body if o["op"] == "test"]
    writes = [o for o in request.body if o["op"] != "test"]
    body = [*tests, op("test", _WHERE, before), *writes, op("replace", _WHERE, after)]
    return replace(request, body=body, guard=f"{request.guard}, and the step plan")


def _with_annotation(operation: Operation, value: str) -> Operation:
    """A test of all annotations together, with the step plan as it will be by then."""
    if operation["path"] != pointer("metadata", "annotations"):
        return operation
    return {**operation, "value": {**operation["value"], STEPS: value}}


def _write(stepping: Stepping, text: str) -> tuple[Request, Request]:
    """The request that sets the annotation, and the one that undoes it."""
    ref, before = stepping.ref, stepping.text
    if before is None:
        request = merge_patch(ref, stepping.metadata, {"metadata": {"annotations": {STEPS: text}}})
        return request, json_patch(ref, [op("test", _WHERE, text), op("remove", _WHERE)], "the step plan")

    def patch(old: str, new: str) -> Request:
        return json_patch(ref, [op("test", _WHERE, old), op("replace", _WHERE, new)], "the step plan")

    return patch(before, text), patch(text, before)


def removal(stepping: Stepping) -> list[Operation]:
    """Operations that remove the annotation, for a clean-up; none if there is no annotation."""
    if stepping.text is None:
        return []
    return [op("test", _WHERE, stepping.text), op("remove", _WHERE)]


def _why_not(shares: tuple[float, ...], written: float | None, finest: float) -> str:
    if len(shares) > MOST_STEPS:
        return f"a plan has at most {MOST_STEPS} steps"
    if any(not math.isfinite(share) or not 0 < share <= 1 for share in shares):
        return "a step must be above 0% and at most 100%"
    if any(after <= before for before, after in itertools.pairwise(shares)):
        return f"each step must be higher than the one before, not {', '.join(map(percent, shares))}"
    odd = next((share for share in shares if abs(share / finest - round(share / finest)) > CLOSE), None)
    if odd is not None:
        return f"{percent(odd)} cannot be written here: use multiples of {percent(finest)}"
    if written is not None and shares[0] < written - CLOSE:
        return f"{percent(written)} is already written: start the plan there or higher"
    return ""


def _written(rollout: Rollout, version: str) -> float | None:
    """The version's written share in the default lane."""
    lane = rollout.default_lane
    return next((share.written for share in lane.shares if share.version == version), None) if lane else None
