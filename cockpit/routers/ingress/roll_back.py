"""Roll back: turn the canary off, or after a promotion point main back to the previous version."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, Service
from cockpit.model.plan import Ask, Change, Expected, Plan, Refused
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.edits import Edit, annotations_edit, ref_to, selector_edit
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.way_back import way_back_warnings
from cockpit.planning.wording import sends_everyone, several_picked, takes_all
from cockpit.routers.backends import Upstream
from cockpit.routers.ingress.annotations import shares_sessions
from cockpit.routers.ingress.findings import ruled, sessions
from cockpit.routers.ingress.pairing import expected_with, off_values
from cockpit.routers.ingress.promote import backend_edit, shown
from cockpit.routers.ingress.split import DEFAULT, CanarySplit
from cockpit.workloads.endpoints import port_of
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.lookups import services_selecting
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate


def why_not_back(split: CanarySplit, objects: Objects) -> str:
    found = _goal(split, None, objects)
    return found if isinstance(found, str) else ""


def leads(split: CanarySplit, objects: Objects) -> str:
    """Where a roll back leads, in a few words."""
    found = _goal(split, None, objects)
    return "" if isinstance(found, str) else sends_everyone(found[0].name)


def plan_back(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    goal = _goal(split, ask.version, objects)
    if isinstance(goal, str):
        return refused(rollout, ask.act, goal)
    target, turn = goal
    offs = off_edits(split)
    edits = [*offs, turn] if turn else offs
    now = [v.name for v in split.behind(split.main)]
    lowered = [
        Change(f"{v.name} in default", percent(s), "0%")
        for v, s in _default_shares(split)
        if s and v.name != target.name
    ]
    rules = [m.text for b in split.effective for m in b.canary.rules.matches]
    changes = [*lowered, *(Change(f"rule {rule}", "set", "removed") for rule in rules)]
    if turn:
        changes.append(Change("main", listed(now), target.name))
    edited = _edited(split, offs, turn)
    before = {v.name: share for v, share in _default_shares(split)}
    capacity = capacity_warnings(split.versions, before, {target.name: 1.0})
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic back to {target.name}",
        changes=tuple(changes),
        requests=tuple(e.request for e in edits),
        expected=_expected(split, target, turned=turn is not None),
        inverse=tuple(e.inverse for e in reversed(edits) if e.inverse),
        undo="previous weights, rules and backend",
        warnings=(*way_back_warnings(target), *_left(split), *capacity, *revert_warnings(edited, objects)),
        # Only a named version can be one that took no traffic before.
        raises=target.role is Role.NEW,
    )


def _left(split: CanarySplit) -> tuple[str, ...]:
    """Clients that stay on the canary by a cookie, until their session or the canary Ingress ends."""
    found = tuple(sessions(split))
    shared = [b.canary.ingress.metadata.name for b in split.effective if shares_sessions(b.canary.ingress)]
    more = (f"to move those of the canary too, delete the canary Ingress {listed(shared)}: finish does it",)
    return (*found, *(more if found and shared else ()))


def _edited(split: CanarySplit, offs: list[Edit], turn: Edit | None) -> list[Ingress | Service]:
    """The objects that a roll back writes to."""
    subjects = [*(b.canary.ingress for b in split.effective), split.placement.main, split.main.service]
    written = {edit.request.ref for edit in (*offs, *([turn] if turn else []))}
    return [subject for subject in subjects if subject and ref_to(subject) in written]


def off_edits(split: CanarySplit) -> list[Edit]:
    """The edits that turn off every canary that counts; none if all are off."""
    found = [annotations_edit(b.canary.ingress, off_values(b, split)) for b in split.effective if _on(split)]
    return [edit for edit in found if edit]


def _on(split: CanarySplit) -> bool:
    return any(b.canary.rules.weight or b.canary.rules.matches for b in split.effective)


def _default_shares(split: CanarySplit) -> list[tuple[Version, float]]:
    shares = {e.version: e.share for e in expected_with(split, {}, lane=DEFAULT)}
    return [(v, shares.get(v.name, 0.0)) for v in split.versions]


def _expected(split: CanarySplit, target: Version, *, turned: bool) -> tuple[Expected, ...]:
    if turned:
        return tuple(Expected(DEFAULT, v.name, float(v.name == target.name)) for v in split.versions)
    off = {key: value for b in split.effective for key, value in off_values(b, split).items()}
    return expected_with(split, off, lane=DEFAULT)


def _goal(split: CanarySplit, name: str | None, objects: Objects) -> tuple[Version, Edit | None] | str:
    """The version to go back to and the edit of main (None: it is there already); as text, why it cannot be done."""
    if why := next(filter(None, map(ruled, split.effective)), ""):
        return f"{why}: roll that one back"
    served = split.behind(split.main)
    others = [v for b in split.effective for v in split.behind(b.side) if v not in served]
    if name is None and others and not _on(split):
        return takes_all(listed([v.name for v in served]))
    wanted = name or (served[0].name if others else None)
    if wanted in [v.name for v in served] and others:
        return _stay(split, served, wanted)
    return _turn(split, wanted, objects)


def _stay(split: CanarySplit, served: tuple[Version, ...], wanted: str | None) -> tuple[Version, Edit | None] | str:
    target = next(v for v in served if v.name == wanted)
    if len(served) > 1:
        names = listed([v.name for v in served])
        return several_picked(split.main.upstream.service, names)
    if why := split.why_failing(target):
        return why
    return (target, None) if _on(split) else takes_all(target.name)


def _turn(split: CanarySplit, wanted: str | None, objects: Objects) -> tuple[Version, Edit | None] | str:
    """Point main at an idle version: by backend if a Service selects only it, else by selector."""
    idle = [c for c in split.idle if split.version_of(c.uid).role is Role.OLD or wanted]
    named = [c for c in idle if wanted in (None, split.version_of(c.uid).name)]
    if not named:
        kept = listed([v.name for v in split.behind(split.main)])
        return (
            f"no idle version {wanted}"
            if wanted
            else f"{kept} takes all traffic and no older version is left: nothing to roll back to"
        )
    old = named[-1]
    target = split.version_of(old.uid)
    if why := split.why_failing(target):
        return why
    edit = _by_backend(split, old, objects) or _by_selector(split, old, objects)
    return (target, edit) if not isinstance(edit, str) else edit


def _by_backend(split: CanarySplit, old: Candidate, objects: Objects) -> Edit | None:
    upstream = split.placement.upstream
    for service in services_selecting(objects, split.placement.main.metadata.namespace, old.labels):
        if (
            service.metadata.name != upstream.service
            and port_of(service, upstream.port)
            and _alone(service, old, objects)
        ):
            after = Upstream(service.metadata.name, upstream.number, upstream.port_name)
            return backend_edit(split.placement.main, upstream, after)
    return None


def _alone(service: Service, old: Candidate, objects: Objects) -> bool:
    found = workloads_matching(service.spec.selector or {}, service.metadata.namespace, objects)
    return [w.metadata.uid for w in found] == [old.uid]


def _by_selector(split: CanarySplit, old: Candidate, objects: Objects) -> Edit | str:
    service = split.main.service
    before: Mapping[str, str] = (service.spec.selector if service else None) or {}
    after = {key: old.labels[key] for key in before if key in old.labels}
    if service is None or len(after) != len(before) or not before:
        return f"no Service selects {old.title} and its labels lack {shown(dict(before))}: create a Service for it"
    if why := why_managed([service], objects):
        return why
    matching = workloads_matching(after, service.metadata.namespace, objects)
    if [w.metadata.uid for w in matching] != [old.uid]:
        names = listed([w.metadata.name for w in matching])
        return f"selector {shown(after)} would match {names}, not one version: create a Service for {old.title}"
    return selector_edit(service, after)
