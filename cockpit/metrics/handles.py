"""What gateways and meshes call the versions of a rollout: workloads, Services, names made of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

from cockpit.metrics.promql import one_of
from cockpit.model.fields import entries, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import GrpcRoute, HttpRoute, Service
from cockpit.model.refs import GRPCROUTES, HTTPROUTE_VERSIONS, INGRESSES, REPLICASETS, SERVICES, Ref
from cockpit.model.rollout import Rollout, Version
from cockpit.model.values import dataclass
from cockpit.routers.backends import Upstream, side_of
from cockpit.workloads.lookups import find_service

# Far above what one rollout has; what a query asks for stays bounded.
_MOST_SERVICES = 20
_MOST_RULES = 64
_ROUTES = (*HTTPROUTE_VERSIONS, GRPCROUTES)


@dataclass(frozen=True, slots=True)
class ServiceHandle:
    """A Service that a rollout's requests go through; `version` is the one that it leads to, "" for several or none."""

    namespace: str
    name: str
    ports: tuple[str, ...]
    version: str

    @property
    def upstreams(self) -> Iterator[str]:
        """NAMESPACE-NAME-PORT, as ingress-nginx and Traefik name it, for each number and name of its ports."""
        return (f"{self.namespace}-{self.name}-{port}" for port in self.ports)


@dataclass(frozen=True, slots=True)
class VersionHandle:
    """A version: the names of its workload, of the sets that own its pods, and texts that only this version has."""

    version: str
    workloads: frozenset[str]
    sets: frozenset[str]
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Handles:
    """Everything that a series of a rollout can be recognised by."""

    namespace: str
    versions: tuple[VersionHandle, ...]
    services: tuple[ServiceHandle, ...] = ()
    traefik_services: tuple[tuple[str, str], ...] = ()  # patterns of names without the provider, with their versions
    envoy_clusters: Mapping[str, str] = field(default_factory=dict)  # versions by cluster name

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(service.namespace for service in self.services))

    @property
    def traefik_pattern(self) -> str:
        """A regular expression for the names of Traefik's services, of every provider of Kubernetes objects."""
        patterns = [pattern for pattern, _ in self.traefik_services]
        return f"({'|'.join(patterns)})@kubernetes[a-z]*" if patterns else ""

    @property
    def envoy_pattern(self) -> str:
        """A regular expression for the names of Envoy Gateway's clusters."""
        rules = [name for name in self.envoy_clusters if "/backend/" not in name]
        return f"({one_of(rules)})(/backend/[0-9]+)?" if rules else ""

    @property
    def workloads(self) -> tuple[str, ...]:
        return tuple(sorted({name for version in self.versions for name in version.workloads}))

    def version_of_service(self, namespace: str, name: str) -> str:
        """The version that a Service leads to."""
        found = (one.version for one in self.services if (one.namespace, one.name) == (namespace, name))
        return next(found, "")

    def version_of_upstream(self, namespace: str, upstream: str) -> str:
        """The version behind NAMESPACE-NAME-PORT."""
        return next((s.version for s in self.services if s.namespace == namespace and upstream in s.upstreams), "")

    def version_of_traefik(self, service: str) -> str:
        """The version behind a service of Traefik, NAME@PROVIDER."""
        name = service.partition("@")[0]
        return next((version for pattern, version in self.traefik_services if re.fullmatch(pattern, name)), "")

    def version_of_workload(self, labels: Mapping[str, str]) -> str:
        """The version by Istio's labels: set, workload, version label or Service, whichever names exactly one."""
        own, workload = labels.get("cockpit_set", ""), labels.get("destination_workload", "")
        marks = {labels.get("destination_version", ""), labels.get("destination_canonical_revision", "")}
        ways: tuple[Callable[[VersionHandle], bool], ...] = (
            lambda one: own in one.sets,
            lambda one: workload in one.workloads,
            lambda one: bool(marks & one.marks),
        )
        for fits in ways:
            named = [one.version for one in self.versions if fits(one)]
            if len(named) == 1:
                return named[0]
        return self.version_of_service(self.namespace, labels.get("destination_service_name", ""))


def handles_of(rollout: Rollout, objects: Objects) -> Handles:
    """What the versions of a rollout are called."""
    services = tuple(_services(rollout, objects))
    return Handles(
        namespace=rollout.key.namespace,
        versions=tuple(_version(version) for version in rollout.own_versions),
        services=services,
        traefik_services=tuple(_traefik(services, rollout.objects)),
        envoy_clusters=dict(_envoy(rollout, services, objects)),
    )


def _version(version: Version) -> VersionHandle:
    # A pod's name is that of the set that made it, and one part more.
    sets = {pod.name.rpartition("-")[0] for pod in version.pods} - {""}
    names = set()
    if version.workload is not None:
        names.add(version.workload.name)
        if version.workload.resource == REPLICASETS:
            sets.add(version.workload.name)
            names.add(version.workload.name.rpartition("-")[0])
    return VersionHandle(version.name, frozenset(names - {""}), frozenset(sets), version.marks | {version.name})


def _services(rollout: Rollout, objects: Objects) -> Iterator[ServiceHandle]:
    refs = [ref for ref in rollout.objects if ref.resource == SERVICES]
    for ref in refs[:_MOST_SERVICES]:
        service = find_service(objects, ref.namespace, ref.name)
        if service is not None:
            yield ServiceHandle(ref.namespace, ref.name, _ports(service), _leads_to(ref, service, rollout, objects))


def _ports(service: Service) -> tuple[str, ...]:
    named = [name for port in service.spec.ports or () for name in (str(port.port), port.name or "")]
    return tuple(dict.fromkeys(filter(None, named)))


def _leads_to(ref: Ref, service: Service, rollout: Rollout, objects: Objects) -> str:
    """The one version behind a Service, whatever the port; "" for several or none."""
    first = next(iter(service.spec.ports or ()), None)
    side = side_of(Upstream(ref.name, first.port if first else None, None), ref.namespace, objects)
    names = [version.name for version in rollout.own_versions if set(version.identity) & set(side.uids)]
    taking = [
        version.name
        for version in rollout.own_versions
        if any(part for uid, part in side.fractions().items() if uid in version.identity)
    ]
    # A selector may match sets without pods, which get no requests.
    found = taking or names
    return found[0] if len(found) == 1 else ""


def _traefik(services: Sequence[ServiceHandle], refs: Sequence[Ref]) -> Iterator[tuple[str, str]]:
    """Patterns of the names of Traefik's services, with their versions.

    Source: traefik, pkg/provider/kubernetes/crd/kubernetes_http.go (fullServiceName), gateway/httproute.go
    (loadHTTPService), ingress-nginx/build.go; pkg/provider/configuration.go (Normalize: everything but letters and
    digits becomes a dash). What Traefik 3.7.9 shows: NAMESPACE-INGRESS-SERVICE-PORT and the same with `-canary` for an
    Ingress in nginx's dialect, `httproute-NAMESPACE-ROUTE-gw-...-svc-NAMESPACE-SERVICE-INDEX` for a route.
    """
    ingresses = [ref.name for ref in refs if ref.resource == INGRESSES]
    routes = [ref for ref in refs if ref.resource in _ROUTES]
    for service in services:
        if not service.ports:
            continue
        ports = "|".join(map(_dashed, service.ports))
        own = _dashed(f"{service.namespace}-{service.name}")
        # Older ones of the Gateway API have the kind of route before the port.
        yield f"{own}-((http|grpc)-)?({ports})", service.version
        others = {other.version for other in services if other.name != service.name}
        for ingress in ingresses:
            main = f"{_dashed(f'{service.namespace}-{ingress}-{service.name}')}-({ports})"
            yield main, service.version
            yield f"{main}-canary", next(iter(others)) if len(others) == 1 else ""
        for route in routes:
            kind = route.resource.kind.lower()
            yield f"{kind}-{_dashed(f'{route.namespace}-{route.name}')}-gw-.+-svc-{own}-[0-9]+", service.version


def _dashed(name: str) -> str:
    return "-".join(re.findall("[A-Za-z0-9]+", name))


def _envoy(rollout: Rollout, services: tuple[ServiceHandle, ...], objects: Objects) -> Iterator[tuple[str, str]]:
    """Names of Envoy Gateway's clusters: of each rule, and of each backend of a rule."""
    known = {(service.namespace, service.name): service.version for service in services}
    for ref in rollout.objects:
        route = objects.get(ref.resource, ref.namespace, ref.name)
        if not isinstance(route, HttpRoute | GrpcRoute):
            continue
        kind = "httproute" if isinstance(route, HttpRoute) else "grpcroute"
        for rule, entry in enumerate(entries(route.spec, "rules")[:_MOST_RULES]):
            base = f"{kind}/{ref.namespace}/{ref.name}/rule/{rule}"
            backends = entries(entry, "backendRefs")[:_MOST_RULES]
            versions = [known.get((text(b, "namespace") or ref.namespace, text(b, "name")), "") for b in backends]
            yield base, versions[0] if len(set(versions)) == 1 else ""
            yield from ((f"{base}/backend/{place}", version) for place, version in enumerate(versions))
