"""Kinds of Argo Rollouts (argoproj.io/v1alpha1)."""

from collections.abc import Iterator
from typing import Any

from cockpit.model.fields import entries, mapping, text
from cockpit.model.objects.meta import Meta, Obj

GATEWAY_API_PLUGIN = "argoproj-labs/gatewayAPI"
# The plug-in's settings by route kind, single or as a list.
GATEWAY_API_ROUTES = {
    "HTTPRoute": ("httpRoute", "httpRoutes"),
    "GRPCRoute": ("grpcRoute", "grpcRoutes"),
    "TCPRoute": ("tcpRoute", "tcpRoutes"),
    "TLSRoute": ("tlsRoute", "tlsRoutes"),
}
_CANARY_SUFFIX = "-canary"
_LONGEST_NAME = 253


class ArgoRollout(Obj, frozen=True):
    """`spec` and `status` as raw, unchecked JSON: their fields are read where they are used."""

    metadata: Meta
    spec: Any = None
    status: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "steers=Kind/name" for each object that it controls: Services, Ingresses, routes, its workload.

        "steers=Kind/namespace/name" for a route in another namespace.
        """
        own = self.metadata.namespace
        for kind, namespace, name in dict.fromkeys(self.driven()):
            yield f"steers={kind}/{name}" if namespace == own else f"steers={kind}/{namespace}/{name}"

    def driven(self) -> Iterator[tuple[str, str, str]]:
        """Kind, namespace and name of every object that the controller manages for this spec."""
        own = self.metadata.namespace
        canary, blue_green = mapping(self.spec, "strategy", "canary"), mapping(self.spec, "strategy", "blueGreen")
        routing = mapping(canary, "trafficRouting")
        named = (
            *(("Service", text(canary, key)) for key in ("stableService", "canaryService")),
            *(("Service", text(canary, "pingPong", key)) for key in ("pingService", "pongService")),
            *(("Service", text(blue_green, key)) for key in ("activeService", "previewService")),
            *(("Service", text(routing, key, "rootService")) for key in ("alb", "smi")),
            *(("Ingress", name) for name in stable_ingresses(self)),
            *(("Ingress", canary_ingress(self.metadata.name, name)) for name in stable_ingresses(self)),
            *(("Ingress", name) for name in _listed(mapping(routing, "alb"), "ingress", "ingresses")),
            ("DestinationRule", text(routing, "istio", "destinationRule", "name")),
            ("TrafficSplit", self._traffic_split()),
            ("TraefikService", text(routing, "traefik", "weightedTraefikServiceName")),
            ("ApisixRoute", text(routing, "apisix", "route", "name")),
            *(("Mapping", name) for name in _listed(mapping(routing, "ambassador"), "", "mappings")),
            (text(self.spec, "workloadRef", "kind"), text(self.spec, "workloadRef", "name")),
        )
        yield from ((kind, own, name) for kind, name in named if kind and name)
        yield from (("VirtualService", namespace, name) for namespace, name in virtual_services(self))
        yield from gateway_api_routes(self)

    def _traffic_split(self) -> str:
        """The TrafficSplit of SMI, by default of the same name; "" without SMI (rollout/trafficrouting/smi/smi.go)."""
        routing = mapping(self.spec, "strategy", "canary", "trafficRouting")
        named = text(routing, "smi", "trafficSplitName")
        return named or (self.metadata.name if isinstance(routing.get("smi"), dict) else "")


class AnalysisRun(Obj, frozen=True):
    metadata: Meta
    spec: Any = None
    status: Any = None


class Experiment(Obj, frozen=True):
    metadata: Meta
    spec: Any = None
    status: Any = None


def stable_ingresses(rollout: ArgoRollout) -> tuple[str, ...]:
    """The stable Ingresses for which the nginx router maintains a canary Ingress."""
    nginx = mapping(rollout.spec, "strategy", "canary", "trafficRouting", "nginx")
    return tuple(_listed(nginx, "stableIngress", "stableIngresses"))


def canary_ingress(rollout: str, stable: str) -> str:
    """The canary Ingress that the controller creates for a stable one (utils/ingress/ingress.go)."""
    return f"{rollout}-{stable}"[: _LONGEST_NAME - len(_CANARY_SUFFIX)] + _CANARY_SUFFIX


def virtual_services(rollout: ArgoRollout) -> Iterator[tuple[str, str]]:
    """Namespace and name of each VirtualService; "name.namespace" is one in another namespace."""
    istio = mapping(rollout.spec, "strategy", "canary", "trafficRouting", "istio")
    for entry in (istio.get("virtualService"), *entries(istio, "virtualServices")):
        name, _, namespace = text(entry, "name").partition(".")
        if name:
            yield namespace or rollout.metadata.namespace, name


def gateway_api_routes(rollout: ArgoRollout) -> Iterator[tuple[str, str, str]]:
    """Kind, namespace and name of each route that the Gateway API plug-in edits."""
    plugins = mapping(rollout.spec, "strategy", "canary", "trafficRouting", "plugins")
    settings = mapping(plugins, GATEWAY_API_PLUGIN)
    namespace = text(settings, "namespace") or rollout.metadata.namespace
    for kind, (one, several) in GATEWAY_API_ROUTES.items():
        yield from ((kind, namespace, name) for name in _listed(settings, one, several))


def _listed(settings: dict[str, Any], one: str, several: str) -> Iterator[str]:
    """The name under one key, and the names (or named objects) in the list under another."""
    names = (text(settings, one), *(text(e) or text(e, "name") for e in entries(settings, several)))
    yield from (name for name in dict.fromkeys(names) if name)
