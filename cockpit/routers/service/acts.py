"""Acts on a blue-green Service: flip, the way back, scale, and taking the old version away."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Workload
from cockpit.model.plan import Act, Ask, Change, Expected, Plan, Refused
from cockpit.model.rollout import Role, Rollout
from cockpit.model.text import safe_text
from cockpit.routers.service.reading import BlueGreen, Choice
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import deletion, ref_to, selector_edit
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.scaling import plan_scale

_NO_WEIGHTS = "a Service selector picks all or nothing: flip it, or split with an Ingress, a route or a mesh"


def whys(state: BlueGreen, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owner = controller_ownership([state.service], objects)
    if owner:
        return dict.fromkeys(Act, owner.text)
    flip = flip_target(state, None)
    back = state.before
    old = _removable(state, None, objects)
    return {
        Act.FLIP: flip if isinstance(flip, str) else _why_not_flip(state, flip),
        Act.PROMOTE: _why_not_promote(state),
        Act.ROLLBACK: _why_not_flip(state, back) if back else _nothing_before(state),
        Act.FINISH: old if isinstance(old, str) else "",
        Act.SCALE: "",
        Act.SET_WEIGHT: _NO_WEIGHTS,
        Act.HEADER: _NO_WEIGHTS,
    }


def plan(state: BlueGreen, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    owner = controller_ownership([state.service], objects)
    if owner:
        return refused(rollout, ask.act, owner.text)
    match ask.act:
        case Act.FLIP:
            target = flip_target(state, ask.version)
        case Act.PROMOTE:
            target = flip_target(state, ask.version or _newest(state).name)
        case Act.ROLLBACK if ask.version:
            target = flip_target(state, ask.version)
        case Act.ROLLBACK:
            target = state.before or _nothing_before(state)
        case Act.FINISH:
            return _plan_finish(state, rollout, ask, objects)
        case Act.SCALE:
            carrying = {c.name for c in state.serving}
            return plan_scale(rollout, ask, {c.name: c.candidate.workload for c in state.choices}, carrying, objects)
        case Act.SET_WEIGHT | Act.HEADER:
            return refused(rollout, ask.act, _NO_WEIGHTS)
        case _:
            return refused(rollout, ask.act, "nothing drives this Service step by step; flip it or roll back")
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    why = _why_not_flip(state, target)
    return refused(rollout, ask.act, why) if why else _plan_flip(state, rollout, ask, target, objects)


def flip_target(state: BlueGreen, name: str | None) -> Choice | str:
    """The version to flip to: the named one, the only other one, or (as text) why neither is clear."""
    if name is not None:
        found = state.choice(name)
        names = listed([c.name for c in state.choices])
        return found or f"there is no version {name}; there are {names}"
    others = [c for c in state.choices if not c.serving]
    if state.mixed and not others:
        return state.serving[-1]
    if len(others) == 1:
        return others[0]
    return f"say which version: {listed([c.name for c in others])}"


def _newest(state: BlueGreen) -> Choice:
    return state.choices[-1]


def _why_not_promote(state: BlueGreen) -> str:
    newest = _newest(state)
    if state.active is newest:
        return f"{newest.name} is the newest version and takes all traffic already"
    return _why_not_flip(state, newest)


def _nothing_before(state: BlueGreen) -> str:
    if state.active is None:
        return "no version takes the traffic; flip to the one that should"
    return f"{state.active.name} is the oldest version here: there is none to go back to"


def _why_not_flip(state: BlueGreen, target: Choice) -> str:
    if target is state.active:
        return f"{target.name} takes all traffic already"
    if target.candidate.ready == 0:
        return f"{target.name} has no ready pods: every request would fail; scale it up or wait until it is ready"
    if state.selector_for(target) is None:
        return f"no label tells {target.name} from the other versions: label its pods with a version first"
    return ""


def _plan_flip(state: BlueGreen, rollout: Rollout, ask: Ask, target: Choice, objects: Objects) -> Plan | Refused:
    selector = state.selector_for(target)
    if selector is None:
        return refused(rollout, ask.act, f"no label tells {target.name} from the other versions")
    edit = selector_edit(state.service, selector)
    before = state.service.spec.selector or {}
    changes = [
        Change(f"selector {safe_text(key, 80)}", safe_text(before.get(key, "not set"), 80), safe_text(value, 80))
        for key, value in selector.items()
        if before.get(key) != value
    ]
    now = listed([c.name for c in state.serving])
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic of {state.service.metadata.name} to {target.name}",
        changes=(Change("traffic", now, target.name), *changes),
        requests=(edit.request,),
        expected=tuple(Expected("default", c.name, float(c is target)) for c in state.choices),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"the selector back to {now}",
        warnings=_flip_warnings(state, target, objects),
        raises=target.version.role in (Role.PREVIEW, Role.CANARY, Role.NEW),
        final=ask.act is Act.PROMOTE,
    )


def _flip_warnings(state: BlueGreen, target: Choice, objects: Objects) -> tuple[str, ...]:
    found = []
    needed = max((c.version.ready for c in state.serving), default=0)
    if state.mixed:
        needed = sum(c.version.ready for c in state.serving)
    if target.version.ready < needed:
        found.append(
            f"capacity: {target.name} would carry with {target.version.ready} ready pods what {needed} carry at present"
        )
    if target.version.ready < target.version.desired:
        found.append(f"{target.name} has {target.version.ready} of {target.version.desired} pods ready")
    if state.service.spec.session_affinity == "ClientIP":
        found.append("sessionAffinity ClientIP: known clients stay on their pod until it times out")
    found.append("connections that are open stay where they are until they close: keep the other pods running")
    return (*found, *revert_warnings([state.service], objects))


def _removable(state: BlueGreen, name: str | None, objects: Objects) -> tuple[Workload, ...] | str:
    """The old versions' workloads, or the named one; as text why they must stay."""
    if state.active is None:
        return "the Service is not pinned to one version with pods: flip first, then clean up"
    if state.backing.total == 0:
        return f"{state.active.name} has no ready pods: keep every version that may have to take over"
    chosen = [c for c in state.choices if (c.name == name if name else c.version.role is Role.OLD)]
    if not chosen:
        return f"there is no version {name}" if name else "no old version is left beside the active one"
    found = []
    for choice in chosen:
        if choice.serving or choice.candidate.workload is None:
            return f"{choice.name} takes traffic" if choice.serving else f"{choice.name} is not kept by a Deployment"
        others = services_selecting(objects, state.service.metadata.namespace, choice.candidate.labels)
        if others:
            names = listed([s.metadata.name for s in others])
            return f"{choice.name} still takes the traffic of Service {names}: clean up there first"
        found.append(choice.candidate.workload)
    return tuple(found)


def _plan_finish(state: BlueGreen, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    found = _removable(state, ask.version, objects)
    if isinstance(found, str):
        return refused(rollout, ask.act, found)
    active = state.active.name if state.active else ""
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"delete {listed([str(ref_to(w)) for w in found])}; {active} stays",
        changes=tuple(Change(str(ref_to(w)), f"{w.desired} pods", "deleted") for w in found),
        requests=tuple(deletion(w).request for w in found),
        expected=(),
        gone=tuple(ref_to(w) for w in found),
        undo="create what was deleted again; its pods need time to get ready",
        warnings=("the way back by a flip ends here", *revert_warnings(found, objects)),
        final=True,
    )
