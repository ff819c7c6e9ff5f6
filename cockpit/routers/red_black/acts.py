"""Acts on red/black versions: enable, disable, switch in the safe order, the way back, scale, clean up."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import ReplicaSet, Service
from cockpit.model.plan import Act, Ask, Change, Expected, Milestone, Plan, Refused, Request
from cockpit.model.refs import PODS
from cockpit.model.rollout import Phase, Role, Rollout
from cockpit.routers.red_black.choices import named, targets
from cockpit.routers.red_black.patches import disabling, enabling, undoing
from cockpit.routers.red_black.reading import Member, RedBlack, Stand
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import deletion, ref_to
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.scaling import plan_scale

NO_WEIGHTS = "labels let a version take traffic or not, with nothing in between: enable, disable or flip"
UNSEEN = "pods cannot be read here, and the labels of each of them have to change"
_OVERLAP = "both versions answer for a moment: one is let in before the other is taken out, so that no request is lost"
_OPEN = "connections that are open stay on their pod until they close: the pods that are taken out keep running"


def whys(state: RedBlack, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply; "" where it does."""
    owner = controller_ownership(_subjects(state), objects)
    if owner:
        return dict.fromkeys(Act, owner.text)
    if not objects.known(PODS):
        return dict.fromkeys(Act, UNSEEN)
    return {act: "" if isinstance(found, Member) else found for act, found in targets(state).items()} | {
        Act.FINISH: _text(_removable(state, None, objects)),
        Act.SCALE: "",
        Act.SET_WEIGHT: NO_WEIGHTS,
        Act.HEADER: NO_WEIGHTS,
    }


def plan(state: RedBlack, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    owner = controller_ownership(_subjects(state), objects)
    if owner:
        return refused(rollout, ask.act, owner.text)
    if not objects.known(PODS):
        return refused(rollout, ask.act, UNSEEN)
    match ask.act:
        case Act.ENABLE | Act.DISABLE | Act.FLIP | Act.PROMOTE | Act.ROLLBACK:
            target = named(state, ask)
            if isinstance(target, str):
                return refused(rollout, ask.act, target)
            if ask.act is Act.ENABLE:
                return _plan_enable(state, rollout, ask, target, objects)
            if ask.act is Act.DISABLE:
                return _plan_disable(state, rollout, ask, target, objects)
            return _plan_switch(state, rollout, ask, target, objects)
        case Act.SCALE:
            workloads = {m.name: m.replica_set for m in state.members}
            return plan_scale(rollout, ask, workloads, {m.name for m in state.taking}, objects)
        case Act.FINISH:
            return _plan_finish(state, rollout, ask, objects)
        case _:
            return refused(rollout, ask.act, whys(state, objects).get(ask.act, NO_WEIGHTS))


def _subjects(state: RedBlack) -> tuple[Service | ReplicaSet, ...]:
    return (state.service, *(m.replica_set for m in state.members))


def _plan_enable(state: RedBlack, rollout: Rollout, ask: Ask, target: Member, objects: Objects) -> Plan:
    return _plan(
        state,
        rollout,
        ask,
        objects,
        title=f"{target.name} takes traffic of {state.service.metadata.name} too",
        changes=(_change(target, "enabled"),),
        requests=enabling(target),
        undo=f"disable {target.name} again",
        warnings=(*_short(state, target, every=False), *(_both(state, target))),
        raises=target.version.role in (Role.PREVIEW, Role.CANARY, Role.NEW),
        reaches=Milestone(
            f"{target.name} takes traffic",
            (Phase.CANARY if [m for m in state.taking if m is not target] else Phase.AT_REST,),
        ),
    )


def _plan_disable(state: RedBlack, rollout: Rollout, ask: Ask, target: Member, objects: Objects) -> Plan:
    rest = [m for m in state.taking if m is not target]
    service = state.service.metadata.name
    return _plan(
        state,
        rollout,
        ask,
        objects,
        title=f"{target.name} takes no traffic of {service} any more; {listed([m.name for m in rest])} does",
        changes=(_change(target, "disabled"),),
        requests=disabling(target),
        expected=_expected(state, rest[0] if len(rest) == 1 else None, out=(target,)),
        undo=f"enable {target.name} again",
        warnings=(*_short(state, rest[0] if len(rest) == 1 else None, every=False), _OPEN),
        raises=target.version.role in (Role.STABLE, Role.ACTIVE, Role.OLD),
    )


def _plan_switch(state: RedBlack, rollout: Rollout, ask: Ask, target: Member, objects: Objects) -> Plan:
    """The target is let in before the others are taken out.

    Labels are read by one controller in the order in which they were written, so that ready pods of the target are
    behind the Service before any other pod leaves. A target of which some pod is not ready takes two acts: the others
    stay until it is seen to have endpoints.
    """
    others = tuple(m for m in state.taking if m is not target)
    whole = target.stand is Stand.ENABLED or target.candidate.ready >= target.candidate.desired
    service = state.service.metadata.name
    out = others if whole else ()
    inside = enabling(target)
    outside = tuple(request for other in out for request in disabling(other))
    stays = listed([m.name for m in others])
    first = f"first of two acts: {stays} stays in until {target.name} is ready; then {ask.act} again"
    return _plan(
        state,
        rollout,
        ask,
        objects,
        title=f"all traffic of {service} to {target.name}"
        if whole
        else f"let {target.name} in beside the others ({first})",
        changes=(
            *((_change(target, "enabled"),) if inside else ()),
            *(_change(other, "disabled") for other in out),
        ),
        requests=(*inside, *outside),
        inverse=(*undoing(outside), *undoing(inside)),
        expected=_expected(state, target, out=out) if whole else (),
        undo=f"{listed([m.name for m in others])} in again, then {target.name} as it was",
        warnings=(*_short(state, target, every=True), *((_OVERLAP, _OPEN) if whole else (first,))),
        raises=target.version.role in (Role.PREVIEW, Role.CANARY, Role.NEW),
        final=ask.act is Act.PROMOTE and whole,
        reaches=None if whole else Milestone(f"{target.name} takes traffic", (Phase.CANARY,)),
    )


def _plan(
    state: RedBlack,
    rollout: Rollout,
    ask: Ask,
    objects: Objects,
    *,
    title: str,
    changes: tuple[Change, ...],
    requests: tuple[Request, ...],
    undo: str,
    warnings: tuple[str, ...],
    raises: bool,
    inverse: tuple[Request, ...] | None = None,
    expected: tuple[Expected, ...] = (),
    final: bool = False,
    reaches: Milestone | None = None,
) -> Plan:
    pods = sum(request.fleeting for request in requests)
    how = f"{len(requests)} writes in this order, {pods} of them to pods: if one fails, those after it are not sent"
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=title,
        changes=changes,
        requests=requests,
        expected=expected,
        inverse=undoing(requests) if inverse is None else inverse,
        undo=undo,
        warnings=(*warnings, how, *revert_warnings(_subjects(state), objects)),
        raises=raises,
        final=final,
        reaches=reaches,
    )


def _change(member: Member, after: str) -> Change:
    return Change(f"{member.name} ({ref_to(member.replica_set)})", str(member.stand), after)


def _expected(state: RedBlack, only: Member | None, out: tuple[Member, ...]) -> tuple[Expected, ...]:
    """One version takes everything where it is the only one left; else those taken out get nothing."""
    if only is not None and not state.strays:
        return tuple(Expected("default", m.name, float(m is only)) for m in state.members)
    return tuple(Expected("default", m.name, 0.0) for m in out)


def _both(state: RedBlack, target: Member) -> tuple[str, ...]:
    others = listed([m.name for m in state.taking if m is not target])
    return (f"{target.name} and {others} share the traffic by number of ready pods until one is disabled",)


def _short(state: RedBlack, target: Member | None, *, every: bool) -> tuple[str, ...]:
    """Where fewer pods would carry what more carry at present."""
    if target is None:
        return ()
    found = []
    needed = sum(m.endpoints for m in state.taking if m is not target) if every else 0
    if target.candidate.ready < needed:
        ready = f"with {target.candidate.ready} ready pods what {needed} carry at present"
        found.append(f"capacity: {target.name} would carry {ready}")
    if target.candidate.ready < target.candidate.desired:
        found.append(f"{target.name} has {target.candidate.ready} of {target.candidate.desired} pods ready")
    return tuple(found)


def _removable(state: RedBlack, name: str | None, objects: Objects) -> tuple[Member, ...] | str:
    """Old versions that no Service picks; as text why they must stay."""
    if state.active is None or not state.backing.total:
        return "not one version alone takes the traffic with ready pods: flip first, then clean up"
    chosen = [m for m in state.members if (m.name == name if name else m.version.role is Role.OLD)]
    if not chosen:
        return f"there is no version {name}" if name else "no old version is left beside the active one"
    for member in chosen:
        if member.stand is not Stand.DISABLED:
            return f"{member.name} takes traffic"
        others = services_selecting(objects, state.service.metadata.namespace, member.candidate.labels)
        if others:
            return f"{member.name} takes the traffic of Service {listed([s.metadata.name for s in others])}"
    return tuple(chosen)


def _text(found: tuple[Member, ...] | str) -> str:
    return found if isinstance(found, str) else ""


def _plan_finish(state: RedBlack, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    found = _removable(state, ask.version, objects)
    if isinstance(found, str):
        return refused(rollout, ask.act, found)
    sets = [m.replica_set for m in found]
    active = state.active.name if state.active else ""
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"delete {listed([str(ref_to(r)) for r in sets])}; {active} stays",
        changes=tuple(Change(str(ref_to(r)), f"{r.desired} pods", "deleted") for r in sets),
        requests=tuple(deletion(r).request for r in sets),
        expected=(),
        gone=tuple(ref_to(r) for r in sets),
        undo="create what was deleted again; its pods need time to get ready",
        warnings=("the way back by a switch ends here", *revert_warnings(sets, objects)),
        final=True,
    )
