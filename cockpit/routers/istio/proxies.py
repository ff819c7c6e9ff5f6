"""The proxies that an Istio Gateway configures: its pods are where its selector says, in whichever namespace."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.fields import mapping
from cockpit.model.lookup import Objects
from cockpit.model.objects import IstioGateway, Pod, Service
from cockpit.model.refs import PODS
from cockpit.routers.istio.routes import ROOT_NAMESPACE
from cockpit.workloads.lookups import of_kind, services_selecting

# Namespaces where installers put the pods of ingress gateways (istioctl, Helm chart istio/gateway).
_GATEWAY_NAMESPACES = (ROOT_NAMESPACE, "istio-ingress")


def proxy_places(gateway: IstioGateway) -> tuple[str, ...]:
    """Namespaces in which to look for the pods of a Gateway."""
    return tuple(dict.fromkeys((gateway.metadata.namespace, *_GATEWAY_NAMESPACES)))


def proxy_namespaces(gateway: IstioGateway, objects: Objects, *more: str) -> tuple[str, ...]:
    """Those of them, and of `more`, that have such pods."""
    return tuple(pod.metadata.namespace for pod in _pods(gateway, objects, *more))


def proxy_services(gateway: IstioGateway, objects: Objects) -> Iterator[Service]:
    """Services of the proxies: those whose selector picks pods that the Gateway selects."""
    for pod in _pods(gateway, objects):
        yield from services_selecting(objects, pod.metadata.namespace, pod.metadata.labels or {})


def _pods(gateway: IstioGateway, objects: Objects, *more: str) -> Iterator[Pod]:
    """One pod for each namespace that has any."""
    labels = {str(k): str(v) for k, v in mapping(gateway.spec, "selector").items()}
    for namespace in dict.fromkeys((*proxy_places(gateway), *more)):
        yield from of_kind(Pod, objects.selected(PODS, namespace, labels))[:1]
