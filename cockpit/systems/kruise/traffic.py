"""Which version gets which share of which requests: what the step declares, what router and Services really say.

The router object splits between the stable Service and the new version's own. Each of the two leads to the pods
that its selector picks: a stable Service that is not pinned to one hash mixes versions by number of pods, whatever
the router says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.refs import INGRESSES, SERVICES, Ref
from cockpit.model.rollout import Finding, Lane, Role, Share
from cockpit.routers.behind import Behind, HeaderLane
from cockpit.routers.gateway_api.behind import httproute_behind
from cockpit.routers.ingress.behind import ingress_behind
from cockpit.routers.istio.behind import Side, virtualservice_behind
from cockpit.systems.kruise.editions import REVISION_HASH, TEMPLATE_HASH, Edition
from cockpit.systems.kruise.spec import Plan, PlanStep, Routing
from cockpit.systems.kruise.status import Progress
from cockpit.systems.kruise.workload import Subject
from cockpit.workloads.lookups import find_ingress, find_service, services_selecting

DEFAULT = "default"
Mix = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Traffic:
    """The lanes, and what they were read from. `service` is the one that users reach."""

    lanes: tuple[Lane, ...]
    service: Service | None
    canary: Service | None = None
    refs: tuple[Ref, ...] = ()
    problems: tuple[Finding, ...] = ()
    derived: bool = False

    @property
    def pinned(self) -> bool:
        """Whether the stable Service picks pods of one hash only."""
        return self.service is not None and any(
            key in (TEMPLATE_HASH, REVISION_HASH) for key in self.service.spec.selector or {}
        )


def traffic_of(namespace: str, plan: Plan, progress: Progress, subject: Subject, objects: Objects) -> Traffic:
    declared = _declared(plan, progress, subject)
    if plan.routing is None:
        return _by_pods(namespace, subject, declared, objects)
    routing = plan.routing
    service = find_service(objects, namespace, routing.service)
    canary = find_service(objects, namespace, routing.canary_service) if routing.own_canary_service else None
    split = _split(objects, namespace, routing)
    stable_mix = mix(service, subject)
    canary_mix = mix(canary, subject) or _whole(subject.of_role(Role.CANARY))
    step = plan.step(progress.index) if progress.stepping else None
    # Where the split is by number of pods, the router has no part in it.
    plain = canary is None and not split.share
    lanes = [_lane(subject, DEFAULT, "", (), declared, _combined(split.share, stable_mix, canary_mix), plain)]
    for found in split.lanes or _asked_lanes(step):
        wanted = _only(subject, Role.CANARY) if step is not None and step.matches else None
        written = _combined(found.share if split.lanes else 0.0, stable_mix, canary_mix)
        name = found.match.removeprefix("header ")
        lanes.append(_lane(subject, name, found.match, found.headers, wanted, written, False))
    refs = (
        Ref(SERVICES, namespace, routing.service),
        *((Ref(SERVICES, namespace, routing.canary_service),) if canary else ()),
        *split.refs,
    )
    return Traffic(tuple(lanes), service, canary, tuple(dict.fromkeys(refs)), split.problems, plain)


def mix(service: Service | None, subject: Subject) -> Mix:
    """How one request to a Service spreads over the editions by uid; empty when nothing that is ready is behind it."""
    selector = (service.spec.selector or {}).items() if service else ()
    if service is None or not selector:
        return {}
    counts: dict[str, int] = {}
    for edition in subject.editions:
        candidate = edition.candidate
        if candidate.pods:
            counts[candidate.uid] = sum(
                p.ready and selector <= (p.metadata.labels or {}).items() for p in candidate.pods
            )
        elif selector <= candidate.labels.items():
            counts[candidate.uid] = candidate.ready
    total = sum(counts.values())
    return {uid: count / total for uid, count in counts.items() if count} if total else {}


def _split(objects: Objects, namespace: str, routing: Routing) -> Behind:
    """What the router objects say; of several the first decides, and the others' problems are told too."""
    stable, canary = routing.service, routing.canary_service
    found: list[Behind] = []
    if routing.ingress:
        found.append(_ingress(objects, namespace, routing))
    if routing.route:
        found.append(httproute_behind(objects, namespace, routing.route, stable, canary))
    for api_version, kind, name in routing.custom:
        if kind == "VirtualService" and api_version.startswith("networking.istio.io/"):
            side = Side(canary) if routing.own_canary_service else Side(stable, "canary")
            found.append(virtualservice_behind(objects, namespace, name, Side(stable), side))
    if not found:
        return Behind(None if routing.custom else 0.0)
    first = found[0]
    return Behind(
        first.share,
        first.lanes,
        tuple(dict.fromkeys(ref for one in found for ref in one.refs)),
        tuple(dict.fromkeys(problem for one in found for problem in one.problems)),
    )


def _ingress(objects: Objects, namespace: str, routing: Routing) -> Behind:
    """Its canary Ingress belongs to the Rollout even while it is not attached."""
    behind = ingress_behind(objects, namespace, routing.ingress, routing.service, routing.canary_service)
    own = f"{routing.ingress}-canary"
    if find_ingress(objects, namespace, own) is None:
        return behind
    refs = tuple(dict.fromkeys((*behind.refs, Ref(INGRESSES, namespace, own))))
    return Behind(behind.share, behind.lanes, refs, behind.problems)


def _asked_lanes(step: PlanStep | None) -> tuple[HeaderLane, ...]:
    """Lanes that a step asks for and no router object has yet."""
    found = []
    for match in step.matches if step else ():
        words = " and ".join(header.words for header in match)
        if words:
            exact = all(header.kind == "Exact" for header in match)
            headers = tuple((header.name, header.value) for header in match) if exact else None
            found.append(HeaderLane(f"header {words}", headers, 1.0))
    return tuple(found)


def _declared(plan: Plan, progress: Progress, subject: Subject) -> Mix | None:
    """What is asked for requests that no rule singles out, by uid; None where traffic just follows pods."""
    if not progress.releasing or progress.cancelling:
        return _only(subject, Role.STABLE)
    if progress.reason == "Finalising":
        return _only(subject, Role.CANARY)
    step = plan.step(progress.index) if progress.stepping else None
    if step is None:
        return _only(subject, Role.STABLE)
    if plan.routing is None or not step.routed:
        return None
    share = step.share or 0.0
    stable, new = subject.of_role(Role.STABLE), subject.of_role(Role.CANARY)
    if stable is None or new is None:
        return None
    return {stable.candidate.uid: 1.0 - share, new.candidate.uid: share}


def _only(subject: Subject, role: Role) -> Mix | None:
    edition = subject.of_role(role)
    return _whole(edition) if edition else None


def _whole(edition: Edition | None) -> Mix:
    return {edition.candidate.uid: 1.0} if edition else {}


def _combined(share: float | None, stable: Mix, canary: Mix) -> Mix | None:
    """The split of the router over what stands behind each Service; None where the router does not say."""
    if share is None:
        return None
    parts = [(1.0 - share, stable), (share, canary)]
    return {
        uid: sum(weight * behind.get(uid, 0.0) for weight, behind in parts) for uid in dict.fromkeys((*stable, *canary))
    }


def _lane(
    subject: Subject,
    name: str,
    match: str,
    headers: tuple[tuple[str, str], ...] | None,
    declared: Mix | None,
    written: Mix | None,
    derived: bool,
) -> Lane:
    shares = tuple(
        Share(
            version.name,
            None if declared is None else declared.get(edition.candidate.uid, 0.0),
            None if written is None else min(written.get(edition.candidate.uid, 0.0), 1.0),
        )
        for edition, version in zip(subject.editions, subject.versions, strict=True)
    )
    return Lane(name, match, shares, headers, derived)


def _by_pods(namespace: str, subject: Subject, declared: Mix | None, objects: Objects) -> Traffic:
    """No routing at all: ready pods behind the Service that picks them; without one, all ready pods."""
    service = None
    if subject.workload is not None:
        service = next(iter(services_selecting(objects, namespace, subject.workload.template_labels)), None)
    if service is not None:
        written: Mix = mix(service, subject)
    else:
        total = sum(e.candidate.ready for e in subject.editions)
        written = {e.candidate.uid: e.candidate.ready / total for e in subject.editions} if total else {}
    lanes = (_lane(subject, DEFAULT, "", (), declared, written, True),) if subject.editions else ()
    refs = (Ref(SERVICES, namespace, service.metadata.name),) if service else ()
    return Traffic(lanes, service, refs=refs, derived=True)
