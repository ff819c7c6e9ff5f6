"""Finish: take the backends without a share out of a route, then delete the Services and workloads behind them."""

from __future__ import annotations

from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service, Workload
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.routers.gateway_api.patches import whole_edit
from cockpit.routers.gateway_api.routes import ref_to_route
from cockpit.routers.gateway_api.split import Split
from cockpit.routers.gateway_api.weights import default_shares, lane_texts, stray_rules
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import deletion, ref_to
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.lookups import leading_to, services_selecting
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.step_acts import removal
from cockpit.workloads.steps import Stepping
from cockpit.workloads.versions import Candidate

_CLOSE = 1e-9


def why_not_finish(split: Split) -> str:
    """Why nothing may be deleted yet."""
    keep = _kept(split)
    if isinstance(keep, str):
        return keep
    strays = [text for fan in stray_rules(split, keep) for text in lane_texts(fan)]
    if strays:
        return f"requests with {listed(strays)} still go to another version: promote it or roll back first"
    return ""


def _kept(split: Split) -> Version | str:
    """The version that takes every plain request in every rule; as text why there is none."""
    if not split.plain:
        return "no rule takes plain requests: nothing says which version stays"
    shares = default_shares(split)
    taking = [v for v in split.versions if shares[v.name] > _CLOSE]
    if len(taking) != 1:
        parts = ", ".join(f"{v.name} {percent(shares[v.name])}" for v in taking) or "nobody"
        return f"one version must take all requests before anything is deleted; it is {parts}"
    keep = taking[0]
    if not keep.ready:
        return f"{keep.name} has no ready pods: every request would fail; scale it up first"
    for fan in split.plain:
        if any(v != keep and leg.backend.weight for leg in fan.legs for v in split.behind(leg)):
            return f"rule {fan.rule.index + 1} still gives another version a share: promote {keep.name} first"
    return keep


def plan_finish(split: Split, rollout: Rollout, ask: Ask, stepping: Stepping, objects: Objects) -> Plan | Refused:
    keep = _kept(split)
    why = why_not_finish(split)
    if why or isinstance(keep, str):
        return refused(rollout, ask.act, why)
    services, kept = _services(split, keep, objects)
    workloads, busy = _workloads(split, keep, services, objects)
    gone: list[Service | Workload] = [*services, *workloads]
    owner = controller_ownership(gone, objects)
    if owner:
        return refused(rollout, ask.act, owner.text)
    ref = ref_to_route(split.route, objects)
    trimmed = whole_edit(ref, split.every, _trimmed(split, keep), removal(stepping)).request
    refs = [ref_to(subject) for subject in gone]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{keep.name} alone in {ref}; delete {listed([str(r) for r in refs])}",
        changes=(
            Change(f"backends of {ref}", listed([v.name for v in split.versions]), keep.name),
            *(Change(str(r), "unused", "deleted") for r in refs),
        ),
        requests=(trimmed, *(deletion(subject).request for subject in gone)),
        expected=(),
        gone=tuple(refs),
        undo="create what was deleted again; pods need time to get ready",
        warnings=(*kept, *busy, *revert_warnings([split.route, *gone], objects)),
        final=True,
    )


def _trimmed(split: Split, keep: Version) -> list[Any]:
    """All rules without those for single requests, and without the backends of other versions."""
    fans = {fan.rule.index: fan for fan in split.fans}
    found = []
    for rule in split.every:
        fan = fans.get(rule.index)
        if fan is None:
            found.append(rule.raw)
        elif fan.plain:
            stays = [leg.backend.raw for leg in fan.legs if split.behind(leg)[:1] == (keep,)]
            found.append({**rule.raw, "backendRefs": stays})
    return found


def _services(split: Split, keep: Version, objects: Objects) -> tuple[list[Service], list[str]]:
    """Services that only the versions that go need, and why others of them stay."""
    own = {leg.side.upstream.service for leg in split.legs if split.behind(leg)[:1] == (keep,)}
    gone, kept = [], []
    for side in split.sides:
        service = side.service
        if service is None or service.metadata.name in own:
            continue
        name, namespace = service.metadata.name, service.metadata.namespace
        users = [
            title
            for title, user in leading_to(objects, namespace, name).items()
            if user.metadata.uid != split.route.metadata.uid or _elsewhere(split, name)
        ]
        if users:
            kept.append(f"Service {name} stays: {listed(users)} leads to it")
        elif service.spec.type in {"LoadBalancer", "NodePort"}:
            kept.append(f"Service {name} stays: it is of type {service.spec.type} and can be reached from outside")
        elif namespace != split.route.metadata.namespace:
            kept.append(f"Service {namespace}/{name} stays: it belongs to another namespace")
        else:
            kept.append(f"Service {name} may be called by name inside the cluster: nothing here can tell")
            gone.append(service)
    return gone, kept


def _elsewhere(split: Split, service: str) -> bool:
    """Whether a rule of the route outside this split leads to a Service."""
    mine = {fan.rule.index for fan in split.fans}
    return any(b.service == service for rule in split.every if rule.index not in mine for b in rule.backends)


def _workloads(
    split: Split, keep: Version, leaving: list[Service], objects: Objects
) -> tuple[list[Workload], list[str]]:
    names = {service.metadata.name for service in leaving}
    gone, kept = [], []
    for version, candidate in zip(split.versions, split.candidates, strict=True):
        if version == keep or candidate.workload is None:
            continue
        still = [s for s in _selecting(candidate, objects) if s not in names]
        if still:
            kept.append(f"{candidate.title} stays: Service {listed(still)} leads to it")
        else:
            gone.append(candidate.workload)
    return gone, kept


def _selecting(candidate: Candidate, objects: Objects) -> list[str]:
    namespace = candidate.workload.metadata.namespace if candidate.workload else ""
    return [s.metadata.name for s in services_selecting(objects, namespace, candidate.labels)]
