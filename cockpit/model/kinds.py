"""One row per kind that the cockpit reads: its struct, and whether and how it decides where traffic goes.

Everything about kinds is derived from here: which struct each is decoded into, which kinds decide where requests go,
and by which index key those reference the Services that they send requests to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cockpit.model import objects as o
from cockpit.model import refs as r
from cockpit.model.objects.istio import full_host
from cockpit.model.refs import Resource
from cockpit.model.values import dataclass

ServiceKey = Callable[[str, str], str]


def _by_name(namespace: str, service: str) -> str:
    """For kinds that reference a Service in their own namespace."""
    return f"service={service}"


def _by_name_from_away(namespace: str, service: str) -> str:
    """For kinds that can reference a Service in another namespace."""
    return f"service={namespace}/{service}"


def _of_host(namespace: str, service: str) -> str:
    """For kinds that configure a Service's full host name and send no requests to it."""
    return f"host={full_host(service, namespace)}"


def _by_host(namespace: str, service: str) -> str:
    """For kinds that reference a Service by its full host name."""
    return f"to={full_host(service, namespace)}"


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind. `service_key` gives the index key of objects that send requests to a given Service.

    `away_key` is the key for objects of any namespace, `policy_key` that of objects that configure calls to a Service.
    `routes` is true if objects of the kind decide where traffic goes: those with a `service_key`, and kinds that
    decide without referencing a Service (a selector, the subsets of a host).
    """

    resource: Resource
    struct: type[o.Obj]
    service_key: ServiceKey | None = None
    away_key: ServiceKey | None = None
    policy_key: ServiceKey | None = None
    decides_split: bool = False

    @property
    def routes(self) -> bool:
        return self.decides_split or self.service_key is not None


# Versions of one kind are adjacent, the preferred one first.
KINDS: tuple[KindRow, ...] = (
    KindRow(r.PODS, o.Pod),
    KindRow(r.SERVICES, o.Service, decides_split=True),
    KindRow(r.REPLICASETS, o.ReplicaSet),
    KindRow(r.DEPLOYMENTS, o.Deployment),
    KindRow(r.STATEFULSETS, o.StatefulSet),
    KindRow(r.DAEMONSETS, o.DaemonSet),
    KindRow(r.CONTROLLERREVISIONS, o.ControllerRevision),
    KindRow(r.HORIZONTALPODAUTOSCALERS, o.HorizontalPodAutoscaler),
    KindRow(r.ENDPOINTSLICES, o.EndpointSlice),
    KindRow(r.INGRESSES, o.Ingress, _by_name),
    KindRow(r.INGRESSCLASSES, o.IngressClass),
    KindRow(r.LEASES, o.Lease),
    KindRow(r.ARGO_ROLLOUTS, o.ArgoRollout),
    KindRow(r.ANALYSISRUNS, o.AnalysisRun),
    KindRow(r.EXPERIMENTS, o.Experiment),
    KindRow(r.KRUISE_ROLLOUTS, o.KruiseRollout),
    KindRow(r.KRUISE_ROLLOUTS_V1ALPHA1, o.KruiseRollout),
    KindRow(r.BATCHRELEASES, o.BatchRelease),
    KindRow(r.BATCHRELEASES_V1ALPHA1, o.BatchRelease),
    KindRow(r.TRAFFICROUTINGS, o.TrafficRouting),
    KindRow(r.CLONESETS, o.CloneSet),
    KindRow(r.ADVANCED_STATEFULSETS, o.AdvancedStatefulSet),
    KindRow(r.VIRTUALSERVICES, o.VirtualService, _by_host, _by_host),
    KindRow(r.VIRTUALSERVICES_V1BETA1, o.VirtualService, _by_host, _by_host),
    KindRow(r.VIRTUALSERVICES_V1ALPHA3, o.VirtualService, _by_host, _by_host),
    KindRow(r.DESTINATIONRULES, o.DestinationRule, policy_key=_of_host, decides_split=True),
    KindRow(r.DESTINATIONRULES_V1BETA1, o.DestinationRule, policy_key=_of_host, decides_split=True),
    KindRow(r.DESTINATIONRULES_V1ALPHA3, o.DestinationRule, policy_key=_of_host, decides_split=True),
    KindRow(r.ISTIO_GATEWAYS, o.IstioGateway),
    KindRow(r.ISTIO_GATEWAYS_V1BETA1, o.IstioGateway),
    KindRow(r.ISTIO_GATEWAYS_V1ALPHA3, o.IstioGateway),
    KindRow(r.HTTPROUTES, o.HttpRoute, _by_name, _by_name_from_away),
    KindRow(r.HTTPROUTES_V1BETA1, o.HttpRoute, _by_name, _by_name_from_away),
    KindRow(r.GRPCROUTES, o.GrpcRoute, _by_name, _by_name_from_away),
    KindRow(r.GATEWAYS, o.Gateway),
    KindRow(r.GATEWAYS_V1BETA1, o.Gateway),
    KindRow(r.FLAGGER_CANARIES, o.FlaggerCanary),
    KindRow(r.TRAEFIKSERVICES, o.TraefikService, _by_name, _by_name_from_away),
    KindRow(r.TRAEFIKSERVICES_V2, o.TraefikService, _by_name, _by_name_from_away),
    KindRow(r.INGRESSROUTES, o.IngressRoute, _by_name, _by_name_from_away),
    KindRow(r.APISIXROUTES, o.ApisixRoute, _by_name),
    KindRow(r.TRAFFICSPLITS, o.TrafficSplit, _by_name),
    KindRow(r.TRAFFICSPLITS_V1ALPHA2, o.TrafficSplit, _by_name),
    KindRow(r.TRAFFICSPLITS_V1ALPHA1, o.TrafficSplit, _by_name),
)
STRUCTS: Mapping[Resource, type[o.Obj]] = {row.resource: row.struct for row in KINDS}
# Kinds of which there are by far the most objects, and without which rollouts can be shown: workloads count their pods.
LATE: frozenset[Resource] = frozenset({r.PODS})
ROUTING: frozenset[Resource] = frozenset(row.resource for row in KINDS if row.routes)


def families(resources: list[Resource]) -> tuple[tuple[Resource, ...], ...]:
    """`resources` with the versions of each kind adjacent, the preferred one first."""
    order = {row.resource: place for place, row in enumerate(KINDS)}
    found: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources:
        found.setdefault((resource.group, resource.plural), []).append(resource)
    return tuple(tuple(sorted(versions, key=lambda r: order.get(r, len(order)))) for versions in found.values())
