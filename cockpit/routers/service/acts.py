"""Acts on a blue-green Service: flip, promote, roll back, scale, and delete the old version."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.counts import counted
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Expected, Plan, Refused
from cockpit.model.refs import SERVICES
from cockpit.model.rights import rights
from cockpit.model.rollout import Role, Rollout
from cockpit.model.text import safe_text
from cockpit.planning.act_table import ActEntry, ActTable, applies
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.earlier_version import failing
from cockpit.planning.edits import annotation_removal, deletion, ref_to, selector_edit
from cockpit.planning.finish import CleanUp, Leftovers, removable_versions
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.readiness import without_pods, without_port
from cockpit.planning.refusals import refused
from cockpit.planning.scale import plan_scale
from cockpit.planning.way_back import way_back_warnings
from cockpit.planning.wording import UNDO_DELETION, no_version, sends_everyone, takes_all, took_before
from cockpit.planning.writes import CLEANING_WORKLOADS, SCALING
from cockpit.routers.service.flip_record import PREVIOUS, FlipRecord, Pick
from cockpit.routers.service.split import BlueGreen, SelectorVersion
from cockpit.workloads.endpoints import alias_words
from cockpit.workloads.findings import listed
from cockpit.workloads.versions import came_before

_NO_WEIGHTS = telling(
    "a Service selector is all or nothing: flip it, or split with an Ingress, a route or a mesh", Act.FLIP
)
_ALONE = "no other version to flip to: deploy one first"


def _flip_target(state: BlueGreen, name: str | None) -> SelectorVersion | str:
    """The version to flip to: the named one or the only other one; as text, why neither is clear."""
    if name is not None:
        found = state.choice(name)
        return found or no_version(name, [c.name for c in state.choices])
    others = _others(state)
    if len(others) == 1:
        return others[0]
    return f"say which version: {listed([c.name for c in others])}" if others else _ALONE


def _others(state: BlueGreen) -> tuple[SelectorVersion, ...]:
    """The versions to choose from: those that do not serve; if all do, the newest."""
    others = tuple(c for c in state.choices if not c.serving)
    return state.serving[-1:] if state.mixed and not others else others


def _others_named(state: BlueGreen, objects: Objects) -> tuple[str, ...]:
    return tuple(c.name for c in _others(state))


def _notes(state: BlueGreen, objects: Objects) -> tuple[tuple[str, str], ...]:
    """Which version took the traffic before, and what speaks against the others."""
    before = state.last
    return tuple(
        (c.name, words)
        for c in _others(state)
        if (words := took_before(c is before, failing(c.version.pods, c.version.ready)))
    )


def _why_not_flip(state: BlueGreen, objects: Objects) -> str:
    """Why no version can be flipped to; "" if at least one can."""
    reasons = [_why_not_to(state, other) for other in _others(state)]
    return "" if "" in reasons else next(iter(reasons), _ALONE)


def _why_alias(state: BlueGreen) -> str:
    """Why no selector sends anybody anywhere: the Service is a DNS name."""
    words = alias_words(state.service)
    return f"{words}; give it the type ClusterIP again first" if words else ""


def _why_not_promote(state: BlueGreen, objects: Objects) -> str:
    if alias := _why_alias(state):
        return alias
    newest = state.newest
    if state.active is newest:
        return f"{newest.name} is the newest version: {takes_all('it')}"
    return _why_not_to(state, newest)


def _why_not_back(state: BlueGreen, objects: Objects) -> str:
    return _why_not_to(state, state.before) if state.before else _nothing_before(state)


def _leads_back(state: BlueGreen, objects: Objects) -> str:
    return sends_everyone(state.before.name) if state.before else ""


def _why_not_finish(state: BlueGreen, objects: Objects) -> str:
    old = _removable(state, None, objects)
    return old if isinstance(old, str) else ""


def _closed(state: BlueGreen, objects: Objects) -> str:
    return why_managed([state.service], objects)


def _nothing_before(state: BlueGreen) -> str:
    if alias := _why_alias(state):
        return alias
    if state.active is None:
        return telling("no single version takes the traffic: flip to the one that should", Act.FLIP)
    others = [c for c in state.choices if c is not state.active]
    if not others:
        return f"{state.active.name} is the only version here: nothing to go back to"
    able = [c for c in others if not _why_not_to(state, c)]
    if not able:
        return _why_not_to(state, others[-1])
    names = " or ".join(f"--to {c.name}" for c in able)
    if state.way.settled:
        why = f"{state.active.name} is the version rolled back to"
        return f"{why}; to move all traffic elsewhere, name the version: {names}"
    if all(came_before(state.active.candidate, c.candidate) for c in others):
        why = f"{state.active.name} is the oldest version here: no sign that another took traffic before"
    else:
        why = f"no record of which version took traffic before {state.active.name}"
    return f"{why}; name the version: {names}"


def _why_not_to(state: BlueGreen, target: SelectorVersion) -> str:
    if alias := _why_alias(state):
        return alias
    if target is state.active:
        return takes_all(target.name)
    if target.candidate.ready == 0:
        place = f"{state.service.metadata.namespace}/{state.service.metadata.name}"
        return without_pods(target.version, [c.version for c in state.choices], place)
    if why := without_port(target.name, state.service, target.candidate.workload):
        return why
    if state.selector_for(target) is None:
        return f"no label distinguishes {target.name} from the other versions: label its pods with a version first"
    return ""


def _plan_flip(state: BlueGreen, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    return _planned_to(state, rollout, ask, _flip_target(state, ask.version), objects)


def _plan_promote(state: BlueGreen, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    return _planned_to(state, rollout, ask, _flip_target(state, ask.version or state.newest.name), objects)


def _plan_back(state: BlueGreen, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused | str:
    target = _flip_target(state, ask.version) if ask.version else state.before or _nothing_before(state)
    return _planned_to(state, rollout, ask, target, objects)


def _planned_to(
    state: BlueGreen, rollout: Rollout, ask: Ask, target: SelectorVersion | str, objects: Objects
) -> Plan | Refused | str:
    if isinstance(target, str):
        return target
    return _why_not_to(state, target) or _plan_switch(state, rollout, ask, target, objects)


def _plan_scale(state: BlueGreen, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    carrying = {c.name for c in state.serving}
    return plan_scale(rollout, ask, {c.name: c.candidate.workload for c in state.choices}, carrying, objects)


def _plan_switch(
    state: BlueGreen, rollout: Rollout, ask: Ask, target: SelectorVersion, objects: Objects
) -> Plan | Refused:
    selector = state.selector_for(target)
    if selector is None:
        return refused(rollout, ask.act, f"no label distinguishes {target.name} from the other versions")
    edit = selector_edit(state.service, selector, (PREVIOUS, _record(state, target, selector, ask.act)))
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
        undo=f"set the selector back to {now}",
        warnings=(*_told_back(state, target, ask), *_flip_warnings(state, target, objects)),
        raises=target.version.role in (Role.PREVIEW, Role.CANARY, Role.NEW),
        final=ask.act is Act.PROMOTE,
    )


def _record(state: BlueGreen, target: SelectorVersion, selector: dict[str, str], act: Act) -> str | None:
    """What the flip records on the Service; None for a roll back from younger versions, because their ages tell."""
    after = Pick(selector, tuple(sorted(target.candidate.images)))
    if act is Act.ROLLBACK:
        younger = all(came_before(target.candidate, c.candidate) for c in state.serving if c is not target)
        return None if younger else FlipRecord(None, after).text
    before, images = state.service.spec.selector or {}, state.active.candidate.images if state.active else ()
    return FlipRecord(Pick(before, tuple(sorted(images))), after).text if before else None


def _told_back(state: BlueGreen, target: SelectorVersion, ask: Ask) -> tuple[str, ...]:
    """What a roll back says about the version that it goes back to."""
    if ask.act is not Act.ROLLBACK:
        return ()
    guess = f"no record of which version took traffic before; {target.name} is the only other version with ready pods"
    guessed = state.way.guessed and ask.version is None
    return (*((guess,) if guessed else ()), *way_back_warnings(target.version))


def _flip_warnings(state: BlueGreen, target: SelectorVersion, objects: Objects) -> tuple[str, ...]:
    before = {c.name: state.backing.fraction(c.candidate.uid) for c in state.choices}
    found = [*capacity_warnings([c.version for c in state.choices], before, {target.name: 1.0})]
    if target.version.ready < target.version.desired:
        found.append(f"{target.name} has {target.version.ready} of {counted(target.version.desired, 'pod')} ready")
    if state.service.spec.session_affinity == "ClientIP":
        found.append("sessionAffinity ClientIP: known clients stay on their pod until it times out")
    found.append("open connections stay on their pods until they close: keep the other pods running")
    return (*found, *revert_warnings([state.service], objects))


def _removable(state: BlueGreen, name: str | None, objects: Objects) -> Leftovers | str:
    """The workloads of old versions, or of the named one, that nothing needs; as text, why all must stay."""
    if alias := _why_alias(state):
        return alias
    if state.active is None:
        return telling("the Service does not select exactly one version with pods: flip first, then clean up", Act.FLIP)
    if state.backing.total == 0:
        return f"{state.active.name} has no ready pods: keep every version that could take over"
    pairs = [(c.version, c.candidate) for c in state.choices]
    versions = removable_versions(pairs, state.active.name, name, state.way.older)
    if isinstance(versions, str):
        return versions
    if why := versions.why_none:
        return why
    unowned = next((c.title for c in versions.candidates if c.workload is None), "")
    if unowned:
        return f"{unowned} has no Deployment to delete"
    found = [c.workload for c in versions.candidates if c.workload]
    left = CleanUp(state.service.metadata.namespace, workloads=found, kept=versions.kept).leftovers(objects)
    return left if left.gone else f"nothing can be deleted: {listed(list(left.kept))}"


def _plan_finish(state: BlueGreen, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    found = _removable(state, ask.version, objects)
    if isinstance(found, str):
        return refused(rollout, ask.act, found)
    ends = [annotation_removal(state.service, PREVIOUS)] if _ends_record(state, found) else []
    active = state.active.name if state.active else ""
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"delete {listed([str(ref_to(w)) for w in found.workloads])}; {active} stays",
        changes=tuple(Change(str(ref_to(w)), counted(w.desired, "pod"), "deleted") for w in found.workloads),
        requests=(*(e.request for e in ends), *(deletion(w).request for w in found.workloads)),
        expected=(),
        gone=tuple(ref_to(w) for w in found.workloads),
        inverse=tuple(e.inverse for e in ends if e.inverse),
        undo=UNDO_DELETION,
        warnings=(*found.warnings, "after this you cannot flip back", *revert_warnings(found.workloads, objects)),
        final=True,
    )


def _ends_record(state: BlueGreen, found: Leftovers) -> bool:
    """Whether the version that the Service's record points back to is deleted."""
    recorded = PREVIOUS in (state.service.metadata.annotations or {})
    return recorded and state.way.uid in {w.metadata.uid for w in found.workloads}


_SELECTOR = rights("patch", (SERVICES,))
TABLE: ActTable[BlueGreen] = ActTable(
    {
        Act.FLIP: ActEntry(_plan_flip, _why_not_flip, named=applies, versions=_others_named, notes=_notes),
        Act.PROMOTE: ActEntry(_plan_promote, _why_not_promote, named=applies),
        Act.ROLLBACK: ActEntry(_plan_back, _why_not_back, named=applies, leads=_leads_back),
        Act.SCALE: ActEntry(_plan_scale),
        Act.FINISH: ActEntry(_plan_finish, _why_not_finish, named=applies),
    },
    otherwise=telling(
        "no controller releases this Service step by step: flip it, or roll back", Act.FLIP, Act.ROLLBACK
    ),
    absent={Act.SET_WEIGHT: _NO_WEIGHTS, Act.HEADER: _NO_WEIGHTS},
    closed=_closed,
    services=lambda state, objects: (state.service,),
    writes=_SELECTOR,
    own={Act.SCALE: SCALING, Act.FINISH: (*_SELECTOR, *CLEANING_WORKLOADS)},
)
