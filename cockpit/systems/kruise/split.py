"""Which version gets which share of which requests: what the step declares, what router and Services really do.

The router object splits between the stable Service and the Service of the new version. Each sends requests to the pods
that it selects: a stable Service without a hash in its selector mixes versions by number of pods, regardless of the
router.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.refs import INGRESSES, SERVICES, Ref
from cockpit.model.rollout import Finding, Lane, Role, Share
from cockpit.model.values import dataclass
from cockpit.routers.degraded import before_pods
from cockpit.routers.gateway_api.written import httproute_split
from cockpit.routers.ingress.written import ingress_split
from cockpit.routers.istio.written import DestinationPattern, virtualservice_split
from cockpit.routers.written import HeaderLane, WrittenSplit
from cockpit.systems.kruise import status
from cockpit.systems.kruise.editions import REVISION_HASH, TEMPLATE_HASH, KruiseEdition
from cockpit.systems.kruise.spec import KruisePlan, KruiseRouting, KruiseStep, KruiseStyle
from cockpit.systems.kruise.status import KruiseProgress
from cockpit.systems.kruise.workload import KruiseWorkload
from cockpit.workloads.endpoints import portless_pods, reached
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import find_ingress, find_service, services_selecting
from cockpit.workloads.meant import meant_service
from cockpit.workloads.others import NO_OTHERS, Others, outside, together
from cockpit.workloads.owners import home_of

DEFAULT = "default"
Mix = Mapping[str, float]
# Ingress classes of gateways that select pods by label behind one Service.
_BY_LABELS = frozenset({"mse", "higress"})


@dataclass(frozen=True, slots=True)
class KruiseSplit:
    """The lanes, and what they were read from. `service` is the one that users reach.

    `others` are further backends behind the Services and in the route; `unserved_shares` are those of `problems` that
    prevent a declared share.
    """

    lanes: tuple[Lane, ...]
    service: Service | None
    canary: Service | None = None
    refs: tuple[Ref, ...] = ()
    problems: tuple[Finding, ...] = ()
    derived: bool = False
    others: Others = NO_OTHERS
    unserved_shares: tuple[Finding, ...] = ()

    @property
    def pinned(self) -> bool:
        """Whether the stable Service selects pods of one hash only."""
        return self.service is not None and any(
            key in (TEMPLATE_HASH, REVISION_HASH) for key in self.service.spec.selector or {}
        )


def traffic_of(
    namespace: str, plan: KruisePlan, progress: KruiseProgress, subject: KruiseWorkload, objects: Objects
) -> KruiseSplit:
    declared = _declared(plan, progress, subject)
    if plan.routing is None:
        by_pods = _by_pods(namespace, subject, declared, objects)
        return replace(by_pods, lanes=tuple(map(_unknown, by_pods.lanes))) if plan.routing_unknown else by_pods
    routing = plan.routing
    service = find_service(objects, namespace, routing.service)
    canary = find_service(objects, namespace, routing.canary_service) if routing.own_canary_service else None
    split = _split(objects, namespace, routing)
    behind, beside = (_outside(found, subject, objects) for found in (service, canary))
    stable_mix = mix(service, subject, objects, behind.ready)
    canary_mix = mix(canary, subject, objects, beside.ready) or (
        stable_mix if _one_service(routing) else _whole(subject.of_role(Role.CANARY))
    )
    step = plan.step(progress.index) if progress.stepping else None
    # If the number of pods decides the split, the router has no effect.
    plain = canary is None and not split.share
    lanes = [
        _lane(subject, DEFAULT, "", (), declared, _combined(split.share, split.others, stable_mix, canary_mix), plain)
    ]
    for found in split.lanes or _asked_lanes(step):
        wanted = _only(subject, Role.CANARY) if step is not None and step.matches else None
        written = _combined(found.share if split.lanes else 0.0, found.others, stable_mix, canary_mix)
        name = found.match.removeprefix("header ")
        lanes.append(_lane(subject, name, found.match, found.headers, wanted, written, False))
    refs = (
        Ref(SERVICES, namespace, routing.service),
        *((Ref(SERVICES, namespace, routing.canary_service),) if canary else ()),
        *split.refs,
    )
    # Nothing is served while the first pods start, or where none are wanted, and nobody loses what was there before.
    alarming = subject.missing or (subject.desired > 0 and not subject.starts)
    problems = split.problems if alarming else before_pods(split.problems, split.unserved_shares)
    route = Others(names=split.strangers, through=listed(list(map(str, split.refs[:1]))))
    return KruiseSplit(
        tuple(lanes),
        service,
        canary,
        tuple(dict.fromkeys(refs)),
        problems,
        plain,
        together([route, behind, beside]),
        split.unserved_shares if alarming else (),
    )


def _one_service(routing: KruiseRouting) -> bool:
    """Whether main and canary Ingress use the same Service, so its pods decide; Higress (MSE) goes by pod labels."""
    return bool(routing.ingress) and not routing.own_canary_service and routing.class_type not in _BY_LABELS


def _unknown(lane: Lane) -> Lane:
    """A lane whose written split is unknown."""
    return replace(lane, shares=tuple(replace(share, written=None) for share in lane.shares))


def _outside(service: Service | None, subject: KruiseWorkload, objects: Objects) -> Others:
    """Other ready pods behind a Service than those of the workload and of the extra Deployment."""
    if service is None or subject.workload is None:
        return NO_OTHERS
    homes = {home_of(pod, objects) for edition in subject.editions for pod in edition.candidate.pods}
    return outside(service, objects, homes | {subject.workload.metadata.uid})


def mix(service: Service | None, subject: KruiseWorkload, objects: Objects, others: int = 0) -> Mix:
    """How requests to a Service spread over the editions by uid; empty if it has no ready pods.

    `others` is the number of ready pods behind it that belong to none of the editions.
    """
    selector = (service.spec.selector or {}).items() if service else ()
    if service is None or not selector:
        return {}
    counts: dict[str, int] = {}
    portless = portless_pods(service, objects)
    for edition in subject.editions:
        candidate = edition.candidate
        if candidate.pods:
            picked = [p for p in candidate.pods if p.ready and selector <= (p.metadata.labels or {}).items()]
            counts[candidate.uid] = reached(picked, len(picked), portless)
        elif selector <= candidate.labels.items():
            counts[candidate.uid] = candidate.ready
    total = sum(counts.values()) + others
    return {uid: count / total for uid, count in counts.items() if count} if total else {}


def _split(objects: Objects, namespace: str, routing: KruiseRouting) -> WrittenSplit:
    """The split in the router objects; of several the first decides, and problems of the others are reported too."""
    stable, canary = routing.service, routing.canary_service
    found: list[WrittenSplit] = []
    if routing.ingress:
        found.append(_ingress(objects, namespace, routing))
    if routing.route:
        read = httproute_split(objects, namespace, routing.route, stable, canary)
        # Two weights for one Service do not tell which version is meant.
        unknown = WrittenSplit(None, refs=read.refs, problems=read.problems, unserved_shares=read.unserved_shares)
        found.append(read if routing.own_canary_service else unknown)
    for api_version, kind, name in routing.custom:
        if kind == "VirtualService" and api_version.startswith("networking.istio.io/"):
            side = DestinationPattern(canary) if routing.own_canary_service else DestinationPattern(stable, "canary")
            found.append(virtualservice_split(objects, namespace, name, DestinationPattern(stable), side))
    if not found:
        return WrittenSplit(None if routing.custom else 0.0)
    first = found[0]
    return replace(
        first,
        refs=tuple(dict.fromkeys(ref for one in found for ref in one.refs)),
        problems=tuple(dict.fromkeys(problem for one in found for problem in one.problems)),
        unserved_shares=tuple(dict.fromkeys(lost for one in found for lost in one.unserved_shares)),
    )


def _ingress(objects: Objects, namespace: str, routing: KruiseRouting) -> WrittenSplit:
    """The split in the canary Ingress, which belongs to the Rollout even while it is not attached."""
    behind = ingress_split(objects, namespace, routing.ingress, routing.service, routing.canary_service)
    own = f"{routing.ingress}-canary"
    if find_ingress(objects, namespace, own) is None:
        return behind
    refs = tuple(dict.fromkeys((*behind.refs, Ref(INGRESSES, namespace, own))))
    return replace(behind, refs=refs)


def _asked_lanes(step: KruiseStep | None) -> tuple[HeaderLane, ...]:
    """Lanes that a step asks for and that no router object has yet."""
    found = []
    for match in step.matches if step else ():
        words = " and ".join(header.words for header in match)
        if words:
            exact = all(header.kind == "Exact" for header in match)
            headers = tuple((header.name, header.value) for header in match) if exact else None
            found.append(HeaderLane(f"header {words}", headers, 1.0))
    return tuple(found)


def _declared(plan: KruisePlan, progress: KruiseProgress, subject: KruiseWorkload) -> Mix | None:
    """The declared split of requests that match no rule, by uid; None if traffic follows the pods."""
    if not progress.releasing or progress.cancelling:
        return _only(subject, Role.STABLE)
    if progress.reason == "Finalising":
        return _only(subject, Role.CANARY)
    # Paused by hand, the step gets no pods and no traffic: that of the step before it stays.
    held = plan.paused and progress.state in (status.BEFORE_UPGRADE, status.UPGRADE)
    step = plan.step((progress.index or 0) - held) if progress.stepping else None
    if step is None:
        return _only(subject, Role.STABLE)
    shared = plan.routing.weight if plan.routing and plan.routing.shared else None
    if plan.routing is None or (not step.routed and shared is None):
        return None
    share = step.share or 0.0 if shared is None else shared
    stable, new = subject.of_role(Role.STABLE), subject.of_role(Role.CANARY)
    if stable is None or new is None:
        return None
    if subject.of_role(Role.NEW) and plan.style is not KruiseStyle.BLUE_GREEN:
        return None  # the controller takes its routes back and begins again with the newer template
    return {stable.candidate.uid: 1.0 - share, new.candidate.uid: share}


def _only(subject: KruiseWorkload, role: Role) -> Mix | None:
    edition = subject.of_role(role)
    return _whole(edition) if edition else None


def _whole(edition: KruiseEdition | None) -> Mix:
    return {edition.candidate.uid: 1.0} if edition else {}


def _combined(share: float | None, others: float, stable: Mix, canary: Mix) -> Mix | None:
    """The router's split over what each Service sends to; None if the router does not define one."""
    if share is None:
        return None
    parts = [(max(1.0 - share - others, 0.0), stable), (share, canary)]
    return {
        uid: sum(weight * behind.get(uid, 0.0) for weight, behind in parts) for uid in dict.fromkeys((*stable, *canary))
    }


def _lane(
    subject: KruiseWorkload,
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


def _in_front(namespace: str, subject: KruiseWorkload, objects: Objects) -> Service | None:
    """The Service that selects the pods, else the one that is evidently meant to and selects nothing."""
    if subject.workload is None:
        return None
    selecting = services_selecting(objects, namespace, subject.workload.template_labels)
    labels = [edition.candidate.labels for edition in reversed(subject.editions)]
    meant = None if selecting else meant_service(subject.workload, (), labels, objects)
    if meant is not None and meant.empty and (meant.certain or meant.reached):
        return meant.service
    return next(iter(selecting), None)


def _by_pods(namespace: str, subject: KruiseWorkload, declared: Mix | None, objects: Objects) -> KruiseSplit:
    """Without routing: ready pods behind the Service that selects them; without a Service, all ready pods."""
    service = _in_front(namespace, subject, objects)
    others = _outside(service, subject, objects)
    if service is not None:
        written: Mix = mix(service, subject, objects, others.ready)
    else:
        total = sum(e.candidate.ready for e in subject.editions)
        written = {e.candidate.uid: e.candidate.ready / total for e in subject.editions} if total else {}
    lanes = (_lane(subject, DEFAULT, "", (), declared, written, True),) if subject.editions else ()
    refs = (Ref(SERVICES, namespace, service.metadata.name),) if service else ()
    return KruiseSplit(lanes, service, refs=refs, derived=True, others=others)
