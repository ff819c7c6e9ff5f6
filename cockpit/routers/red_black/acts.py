"""Acts on red/black versions: enable, disable, switch in the safe order, roll back, scale, clean up."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.advice import telling
from cockpit.model.counts import counted
from cockpit.model.lookup import Objects
from cockpit.model.objects import ReplicaSet, Service
from cockpit.model.plan import Act, Ask, Change, Expected, Milestone, Plan, Refused, Request
from cockpit.model.refs import PODS, REPLICASETS
from cockpit.model.rights import rights
from cockpit.model.rollout import Phase, Role, Rollout
from cockpit.planning.act_table import ActEntry, ActTable, applies, nowhere
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.edits import deletion, ref_to
from cockpit.planning.finish import CleanUp, Leftovers, removable_versions
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.scale import plan_scale
from cockpit.planning.way_back import way_back_warnings
from cockpit.planning.wording import UNDO_DELETION, sends_everyone
from cockpit.routers.red_black.split import LabelState, Member, RedBlack
from cockpit.routers.red_black.version_choice import named, to_choose, way_out, why_held, why_not_one
from cockpit.routers.red_black.write import disabling, enabling, undoing
from cockpit.workloads.findings import listed

_NO_WEIGHTS = telling(
    "labels turn a version on or off, with nothing in between: enable, disable or flip",
    Act.ENABLE,
    Act.DISABLE,
    Act.FLIP,
)
UNSEEN = "pods cannot be read here, and the labels of each pod have to change: get read access to pods"
_OVERLAP = "both versions answer for a moment: one is enabled before the other is disabled, so no request is lost"
_OPEN = "open connections stay on their pods until they close: disabled pods keep running"


def _carrying(state: RedBlack) -> set[str]:
    """Versions that must not lose their last pod. One that labels cannot disable can, while another has endpoints."""
    served = [m for m in state.enabled if m.endpoints]
    return {m.name for m in state.taking if not (m.held and any(other is not m for other in served))}


def _subjects(state: RedBlack) -> tuple[Service | ReplicaSet, ...]:
    return (state.service, *(m.replica_set for m in state.members))


def _closed(state: RedBlack, objects: Objects) -> str:
    if why := why_managed(_subjects(state), objects):
        return why
    return "" if objects.known(PODS) else UNSEEN


def _about(act: Act, make: Callable[[RedBlack, Rollout, Ask, Member, Objects], Plan]) -> ActEntry[RedBlack]:
    """The entry of an act about one version: the named one, or the one that the act itself finds."""

    def why_not(state: RedBlack, objects: Objects) -> str:
        return why_not_one(state, act)

    def planned(state: RedBlack, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | str:
        target = named(state, ask)
        return target if isinstance(target, str) else make(state, rollout, ask, target, objects)

    def names(state: RedBlack, objects: Objects) -> tuple[str, ...]:
        return tuple(m.name for m in to_choose(state, act))

    leads = _leads_back if act is Act.ROLLBACK else nowhere
    return ActEntry(planned, why_not, named=applies, versions=names, leads=leads)


def _leads_back(state: RedBlack, objects: Objects) -> str:
    target = state.before
    if target is None:
        return ""
    first = f"enables {target.name} beside the others, the first of two acts"
    return sends_everyone(target.name) if _whole(target) else first


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
        title=f"{target.name} no longer takes traffic of {service}; {listed([m.name for m in rest])} does",
        changes=(_change(target, "disabled"),),
        requests=disabling(target),
        expected=_expected(state, rest[0] if len(rest) == 1 else None, out=(target,)),
        undo=f"enable {target.name} again",
        warnings=(*_short(state, rest[0] if len(rest) == 1 else None, every=False), _OPEN),
        raises=target.version.role in (Role.STABLE, Role.ACTIVE, Role.OLD),
    )


def _whole(target: Member) -> bool:
    """Whether a switch can be one act: all pods of its target are ready, or take traffic already."""
    return target.label_state is LabelState.ENABLED or target.candidate.ready >= target.candidate.desired


def _plan_switch(state: RedBlack, rollout: Rollout, ask: Ask, target: Member, objects: Objects) -> Plan:
    """The target is enabled before the others are disabled.

    One controller reads labels in the order in which they were written, so ready pods of the target are behind the
    Service before any other pod leaves. A target with a pod that is not ready takes two acts: the others stay enabled
    until it has endpoints.
    """
    others = tuple(m for m in state.taking if m is not target)
    whole = _whole(target)
    service = state.service.metadata.name
    out = others if whole else ()
    inside = enabling(target)
    outside = tuple(request for other in out for request in disabling(other))
    stays = listed([m.name for m in others])
    first = f"first of two acts: {stays} stays enabled until {target.name} is ready; then {ask.act} again"
    return _plan(
        state,
        rollout,
        ask,
        objects,
        title=f"all traffic of {service} to {target.name}"
        if whole
        else f"enable {target.name} beside the others ({first})",
        changes=(
            *((_change(target, "enabled"),) if inside else ()),
            *(_change(other, "disabled") for other in out),
        ),
        requests=(*inside, *outside),
        inverse=(*undoing(outside), *undoing(inside)),
        expected=_expected(state, target, out=out) if whole else (),
        undo=f"enable {listed([m.name for m in others])} again, then set {target.name} back",
        warnings=(
            *(way_back_warnings(target.version) if ask.act is Act.ROLLBACK else ()),
            *_short(state, target, every=True),
            *(
                (f"{why_held(state, target)}; to move traffic off it again, {way_out(state, target)}",)
                if target.held
                else ()
            ),
            *((_OVERLAP, _OPEN) if whole else (first,)),
        ),
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
    return Change(f"{member.name} ({ref_to(member.replica_set)})", str(member.label_state), after)


def _expected(state: RedBlack, only: Member | None, out: tuple[Member, ...]) -> tuple[Expected, ...]:
    """One version takes everything if it is the only one left; otherwise the disabled ones get nothing."""
    if only is not None and not state.foreign:
        return tuple(Expected("default", m.name, float(m is only)) for m in state.members)
    return tuple(Expected("default", m.name, 0.0) for m in out)


def _both(state: RedBlack, target: Member) -> tuple[str, ...]:
    others = listed([m.name for m in state.taking if m is not target])
    return (f"{target.name} and {others} share the requests by number of ready pods until one is disabled",)


def _short(state: RedBlack, target: Member | None, *, every: bool) -> tuple[str, ...]:
    """Warnings that fewer pods would carry the traffic."""
    if target is None:
        return ()
    before = {m.name: state.backing.fraction(m.candidate.uid) for m in state.members}
    after = {target.name: 1.0} if every else {}
    found = [*capacity_warnings([m.version for m in state.members], before, after)]
    if target.candidate.ready < target.candidate.desired:
        found.append(f"{target.name} has {target.candidate.ready} of {counted(target.candidate.desired, 'pod')} ready")
    return tuple(found)


def _removable(state: RedBlack, name: str | None, objects: Objects) -> Leftovers | str:
    """Old versions, or the named one, that nothing needs; as text, why all must stay."""
    if state.foreign:
        names = listed([v.name for _, v in state.foreign])
        return f"{names} takes traffic of the Service but is no version of this rollout: take it out, then clean up"
    held = next((m for m in state.taking if m.held), None)
    if held and state.active is None:
        return f"{why_held(state, held)}; {way_out(state, held)}"
    if state.active is None or not state.backing.total:
        return telling("no single version with ready pods takes all traffic: flip first, then clean up", Act.FLIP)
    versions = removable_versions([(m.version, m.candidate) for m in state.members], state.active.name, name)
    if isinstance(versions, str):
        return versions
    if why := versions.why_none:
        return why
    chosen = [m for m in state.members if m.candidate.uid in versions.uids]
    # A version whose own selector holds the Service's label stays selected without pods, but gets no requests then.
    clean_up = CleanUp(
        state.service.metadata.namespace,
        workloads=[m.replica_set for m in chosen],
        shared=[state.service],
        released=lambda user, service, workload: True,
        kept=versions.kept,
    )
    left = clean_up.leftovers(objects)
    return left if left.gone else f"nothing can be deleted: {listed(list(left.kept))}"


def _why_not_finish(state: RedBlack, objects: Objects) -> str:
    found = _removable(state, None, objects)
    return found if isinstance(found, str) else ""


def _plan_finish(state: RedBlack, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    found = _removable(state, ask.version, objects)
    if isinstance(found, str):
        return refused(rollout, ask.act, found)
    sets = found.workloads
    active = state.active.name if state.active else ""
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"delete {listed([str(ref_to(r)) for r in sets])}; {active} stays",
        changes=tuple(Change(str(ref_to(r)), counted(r.desired, "pod"), "deleted") for r in sets),
        requests=tuple(deletion(r).request for r in sets),
        expected=(),
        gone=tuple(ref_to(r) for r in sets),
        undo=UNDO_DELETION,
        warnings=(*found.warnings, "after this you cannot switch back", *revert_warnings(sets, objects)),
        final=True,
    )


def _plan_scale(state: RedBlack, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    workloads = {m.name: m.replica_set for m in state.members}
    return plan_scale(rollout, ask, workloads, _carrying(state), objects)


TABLE: ActTable[RedBlack] = ActTable(
    {
        Act.ENABLE: _about(Act.ENABLE, _plan_enable),
        Act.DISABLE: _about(Act.DISABLE, _plan_disable),
        Act.FLIP: _about(Act.FLIP, _plan_switch),
        Act.PROMOTE: _about(Act.PROMOTE, _plan_switch),
        Act.ROLLBACK: _about(Act.ROLLBACK, _plan_switch),
        Act.SCALE: ActEntry(_plan_scale),
        Act.FINISH: ActEntry(_plan_finish, _why_not_finish, named=applies),
    },
    otherwise=_NO_WEIGHTS,
    closed=_closed,
    services=lambda state, objects: (state.service,),
    writes=rights("patch", (REPLICASETS, PODS)),
    own={Act.SCALE: rights("patch", (REPLICASETS,)), Act.FINISH: rights("delete", (REPLICASETS,))},
)
