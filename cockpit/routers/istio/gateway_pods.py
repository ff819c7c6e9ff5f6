"""Gateways of a VirtualService that no proxy seems to serve: their selector meets no pod.

Proxies can stand in any namespace, and outside the cluster too, so what is not found is no proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import islice

from cockpit.model.fields import mapping
from cockpit.model.lookup import Objects
from cockpit.model.objects import IstioGateway, Pod, VirtualService
from cockpit.model.refs import ISTIO_GATEWAY_VERSIONS, PODS
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.istio.delegates import root_of
from cockpit.routers.istio.proxies import proxy_namespaces, proxy_places
from cockpit.routers.istio.routes import MESH, MOST_GATEWAYS, gateways_of, hosts_of
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.lookups import of_kind, served

# What installers label the pods of ingress gateways with (istioctl, Helm chart istio/gateway).
_USUAL = ({"istio": "ingressgateway"}, {"istio": "ingress"}, {"app": "istio-ingressgateway"}, {"app": "istio-ingress"})
# From here on two words are a typo of each other.
_ALIKE = 0.85
_LONGEST = 63
_MOST_LABELS = 5


def gateway_findings(service: VirtualService, objects: Objects) -> Iterator[Finding]:
    """One finding for each of its Gateways whose selector meets no pod: a warning where it has almost met some."""
    entry = service if hosts_of(service) else root_of(service, objects)
    if entry is None or objects.unread(PODS) or not objects.covers(""):
        return
    resource = served(objects, ISTIO_GATEWAY_VERSIONS)
    for name in islice(dict.fromkeys(gateways_of(entry)), MOST_GATEWAYS):
        namespace, _, short = name.partition("/")
        gateway = objects.get(resource, namespace, short) if name != MESH else None
        if isinstance(gateway, IstioGateway):
            yield from _without_pods(gateway, name, objects)


def _without_pods(gateway: IstioGateway, name: str, objects: Objects) -> Iterator[Finding]:
    labels = {str(key): str(value) for key, value in mapping(gateway.spec, "selector").items()}
    if not labels or proxy_namespaces(gateway, objects):
        return
    places = proxy_places(gateway)
    asked = _labelled(labels)
    begin = f"Gateway {name} selects {asked}, which no pod of namespaces {listed(list(places))} has"
    meant = next((usual for usual in _USUAL if _almost(labels, usual) and _has_pods(usual, places, objects)), None)
    if meant:
        why = f"{begin}; the ingress gateway there has {_labelled(meant)}: requests for these hosts get no route"
    else:
        why = f"{begin}: if requests get 404, look whether its proxies run elsewhere"
    yield finding("gateway-without-pods", Severity.WARNING if meant else Severity.INFO, why)


def _has_pods(labels: Mapping[str, str], places: tuple[str, ...], objects: Objects) -> bool:
    return any(of_kind(Pod, objects.selected(PODS, place, labels)) for place in places)


def _almost(labels: Mapping[str, str], usual: Mapping[str, str]) -> bool:
    """Whether a selector asks for the same keys, with a typo in a value."""
    return any(
        key in usual and value != usual[key] and len(value) <= _LONGEST and _alike(value, usual[key])
        for key, value in labels.items()
    )


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def _labelled(labels: Mapping[str, str]) -> str:
    return listed([f"{key}={value}" for key, value in sorted(labels.items())][:_MOST_LABELS])
