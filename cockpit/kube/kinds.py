"""Which struct each kind is decoded into, and the order of preference among versions of one kind."""

from __future__ import annotations

from cockpit.model import objects as o
from cockpit.model import refs as r
from cockpit.model.refs import Resource

# Versions of one kind stand together, the preferred one first.
KINDS: dict[Resource, type[o.Obj]] = {
    r.PODS: o.Pod,
    r.SERVICES: o.Service,
    r.REPLICASETS: o.ReplicaSet,
    r.DEPLOYMENTS: o.Deployment,
    r.STATEFULSETS: o.StatefulSet,
    r.DAEMONSETS: o.DaemonSet,
    r.CONTROLLERREVISIONS: o.ControllerRevision,
    r.HORIZONTALPODAUTOSCALERS: o.HorizontalPodAutoscaler,
    r.ENDPOINTSLICES: o.EndpointSlice,
    r.INGRESSES: o.Ingress,
    r.INGRESSCLASSES: o.IngressClass,
    r.ARGO_ROLLOUTS: o.ArgoRollout,
    r.ANALYSISRUNS: o.AnalysisRun,
    r.EXPERIMENTS: o.Experiment,
    r.KRUISE_ROLLOUTS: o.KruiseRollout,
    r.KRUISE_ROLLOUTS_V1ALPHA1: o.KruiseRollout,
    r.BATCHRELEASES: o.BatchRelease,
    r.BATCHRELEASES_V1ALPHA1: o.BatchRelease,
    r.CLONESETS: o.CloneSet,
    r.ADVANCED_STATEFULSETS: o.AdvancedStatefulSet,
    r.VIRTUALSERVICES: o.VirtualService,
    r.VIRTUALSERVICES_V1BETA1: o.VirtualService,
    r.VIRTUALSERVICES_V1ALPHA3: o.VirtualService,
    r.DESTINATIONRULES: o.DestinationRule,
    r.DESTINATIONRULES_V1BETA1: o.DestinationRule,
    r.DESTINATIONRULES_V1ALPHA3: o.DestinationRule,
    r.ISTIO_GATEWAYS: o.IstioGateway,
    r.ISTIO_GATEWAYS_V1BETA1: o.IstioGateway,
    r.ISTIO_GATEWAYS_V1ALPHA3: o.IstioGateway,
    r.HTTPROUTES: o.HttpRoute,
    r.HTTPROUTES_V1BETA1: o.HttpRoute,
    r.GRPCROUTES: o.GrpcRoute,
    r.GATEWAYS: o.Gateway,
    r.GATEWAYS_V1BETA1: o.Gateway,
    r.FLAGGER_CANARIES: o.FlaggerCanary,
}


def families(resources: list[Resource]) -> tuple[tuple[Resource, ...], ...]:
    """`resources` with the versions of each kind together, the preferred one first."""
    order = {resource: place for place, resource in enumerate(KINDS)}
    found: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources:
        found.setdefault((resource.group, resource.plural), []).append(resource)
    return tuple(tuple(sorted(versions, key=lambda r: order.get(r, len(order)))) for versions in found.values())
