"""The Service that a workload is evidently meant to be reached by, where no selector says so (any more). Pure.

A selector with a typo, or a template that lost a label, cuts the link between a Service and its pods. What remains are
names, earlier templates, and labels that match in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from cockpit.model.kinds import KINDS
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, ReplicaSet, Service, StatefulSet, Workload
from cockpit.model.objects.istio import service_of
from cockpit.model.refs import DEPLOYMENTS, PODS, REPLICASETS, SERVICES
from cockpit.model.values import dataclass
from cockpit.workloads.endpoints import is_alias, member_pods
from cockpit.workloads.lookups import NAMING_SERVICES, find_service, leading_to, of_kind, served, services_selecting
from cockpit.workloads.owners import SETS, controller_of, ref_of, workloads_matching, workloads_owning
from cockpit.workloads.probe_targets import is_canary

_ENDINGS = ("-svc", "-service")
# A pair that more Services ask for is a release's or a tier's, and says nothing of a single workload.
_MOST_ALIKE = 20
# By which a template tells of what application it is, in the words of Kubernetes' guide and in older ones.
_APPLICATION = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app", "k8s-app", "name")


@dataclass(frozen=True, slots=True)
class Meant:
    """A Service by name, None where it does not exist and `routes` lead to it, as in `leading_to`.

    `certain` is false where only labels or similar names speak for it. `takers` are the workloads that it selects,
    `pods` the number of pods, which can also be nobody's.
    """

    name: str
    service: Service | None
    routes: tuple[str, ...]
    certain: bool
    takers: tuple[Workload, ...] = ()
    pods: int = 0

    @property
    def empty(self) -> bool:
        """Whether it selects nothing at all."""
        return not self.pods and not self.takers

    @property
    def reached(self) -> bool:
        """Whether somebody sends requests to it for users."""
        return bool(self.routes) or (self.service is not None and _is_outside(self.service))


def is_reached(service: Service, objects: Objects) -> bool:
    """Whether users reach a Service: it has an address outside, or a route that is no canary Ingress leads to it."""
    return _is_outside(service) or bool(_routes(service.metadata.namespace, service.metadata.name, objects))


def is_inside_only(service: Service, objects: Objects) -> bool:
    """Whether certainly nothing leads to a Service from outside: all kinds that could are read."""
    return not is_reached(service, objects) and not any(
        objects.unread(served(objects, family)) for family in NAMING_SERVICES
    )


def _is_outside(service: Service) -> bool:
    return service.spec.type in ("LoadBalancer", "NodePort")


def meant_service(
    workload: Workload, selecting: Sequence[Service], earlier: Sequence[Mapping[str, str]], objects: Objects
) -> Meant | None:
    """The Service that should select the pods of a workload and does not; None if nothing speaks for one.

    `selecting` are those that select its template, `earlier` the labels of its other templates, newest first. Beside a
    Service that selects them, only one counts that users are sent to and that leads nowhere.
    """
    if not workload.desired or objects.unread(SERVICES):
        return None
    namespace = workload.metadata.namespace
    for labels in () if selecting else earlier:
        for service in services_selecting(objects, namespace, labels):
            return _meant(service, objects, certain=True)
    named = (_named(name, workload, objects, certain=certain) for name, certain in _names(workload, objects))
    known = (one for one in chain(named, _by_labels(workload, objects)) if one is not None)
    if selecting:
        names = {service.metadata.name for service in selecting}
        return next((m for m in known if m.routes and m.empty and m.name not in names), None)
    return next(known, None)


def _names(workload: Workload, objects: Objects) -> Iterator[tuple[str, bool]]:
    """The names that its Service can have, and whether the name alone is certain enough."""
    own = workload.metadata.name
    if isinstance(workload, StatefulSet) and workload.spec.service_name:
        yield workload.spec.service_name, True
    yield own, True
    yield from ((name, False) for name in _of_route(workload, objects))
    yield from ((own + ending, False) for ending in _ENDINGS)
    for key in _APPLICATION:
        value = workload.template_labels.get(key)
        if value and value != own and _only_its(workload, {key: value}, objects):
            yield value, False


def _of_route(workload: Workload, objects: Objects) -> Iterator[str]:
    """The Services of its namespace that routes with its name lead to."""
    own = workload.metadata
    for resource in dict.fromkeys(row.resource for row in KINDS if row.service_key):
        route = objects.get(resource, own.namespace, own.name)
        if route is None or (isinstance(route, Ingress) and is_canary(route)):
            continue
        for key in route.index_keys():
            what, _, value = key.partition("=")
            place = service_of(value) if what == "to" else (own.namespace, value)
            if what in ("service", "to") and place and place[0] == own.namespace and "/" not in place[1]:
                yield place[1]


def _named(name: str, workload: Workload, objects: Objects, *, certain: bool) -> Meant | None:
    """The Service of this name, unless it selects the template, leads elsewhere on purpose, or is somebody else's."""
    namespace = workload.metadata.namespace
    service = find_service(objects, namespace, name)
    if service is None:
        routes = _routes(namespace, name, objects)
        return Meant(name, None, routes, certain) if routes else None
    selector = service.spec.selector or {}
    if is_alias(service) or not selector or selector.items() <= workload.template_labels.items():
        return None
    meant = _meant(service, objects, certain=certain)
    return meant if certain or _is_empty(meant, objects) else None


def _by_labels(workload: Workload, objects: Objects) -> Iterator[Meant]:
    """Services without pods that ask for some of its labels, which nothing else has, and for others besides."""
    labels = workload.template_labels
    # Many Services of a release ask for the same few labels of it.
    alone: dict[frozenset[tuple[str, str]], bool] = {}
    for key, value in labels.items():
        for service in _asking_for(f"{key}={value}", workload.metadata.namespace, objects):
            selector = service.spec.selector or {}
            shared = frozenset((k, v) for k, v in selector.items() if labels.get(k) == v)
            if len(shared) == len(selector):
                continue
            if shared not in alone:
                alone[shared] = _only_its(workload, dict(shared), objects)
            if alone[shared]:
                meant = _meant(service, objects, certain=False)
                if _is_empty(meant, objects):
                    yield meant


def _asking_for(pair: str, namespace: str, objects: Objects) -> Iterator[Service]:
    """Services with this pair in their selector; as a further one, only if it tells few Services apart from others."""
    yield from of_kind(Service, objects.keyed(SERVICES, namespace, pair))
    further = objects.keyed(SERVICES, namespace, f"also {pair}")
    if len(further) <= _MOST_ALIKE:
        yield from of_kind(Service, further)


def _is_empty(meant: Meant, objects: Objects) -> bool:
    """Whether nothing can be behind it; what only labels speak for says nothing before pods are read."""
    if not meant.empty or objects.unread(PODS):
        return False
    service = meant.service
    selector = service.spec.selector or {} if service else {}
    return service is None or not _kept_by_others(selector, service.metadata.namespace, objects)


def _only_its(workload: Workload, labels: Mapping[str, str], objects: Objects) -> bool:
    """Whether no other workload has these labels; asked so that its state, and theirs, may change unheard."""
    namespace, uid = workload.metadata.namespace, workload.metadata.uid
    for resource in (DEPLOYMENTS, *SETS):
        if any(each.metadata.uid != uid for each in objects.members(resource, namespace, labels)):
            return False
    return not _kept_by_others(labels, namespace, objects)


def _kept_by_others(labels: Mapping[str, str], namespace: str, objects: Objects) -> bool:
    """Whether ReplicaSets have these labels that are no Deployment's, such as those of an Argo Rollout without pods."""
    found = of_kind(ReplicaSet, objects.members(REPLICASETS, namespace, labels))
    owners = (controller_of(each.metadata) for each in found)
    return any(owner is None or owner.kind != "Deployment" for owner in owners)


def _meant(service: Service, objects: Objects, *, certain: bool) -> Meant:
    namespace, name = service.metadata.namespace, service.metadata.name
    chosen = workloads_matching(service.spec.selector or {}, namespace, objects)
    pods = member_pods(service, objects)
    takers = {str(ref_of(each)): each for each in (*chosen, *workloads_owning(pods, objects))}
    return Meant(name, service, _routes(namespace, name, objects), certain, tuple(takers.values()), len(pods))


def _routes(namespace: str, name: str, objects: Objects) -> tuple[str, ...]:
    """What leads to a Service of this name, whether it exists or not; without canary Ingresses."""
    found = leading_to(objects, namespace, name)
    return tuple(title for title, route in found.items() if not (isinstance(route, Ingress) and is_canary(route)))


def mismatch(service: Service, labels: Mapping[str, str]) -> tuple[str, str]:
    """What a selector asks for that these labels do not have, and what they have instead, in words."""
    lacking = [(k, v) for k, v in sorted((service.spec.selector or {}).items()) if labels.get(k) != v][:2]
    asked = " and ".join(f"{key}={value}" for key, value in lacking)
    have = " and ".join(f"{key}={labels[key]}" if key in labels else f"no label {key}" for key, _ in lacking)
    return asked, have
