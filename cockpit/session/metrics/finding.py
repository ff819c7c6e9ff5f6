"""Finds the Prometheus of a cluster: a Service with the usual label or name, and whether this user may reach it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import msgspec

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import KubeError
from cockpit.kube.service_proxy import services_proxy
from cockpit.metrics.answers import MetricsError
from cockpit.model.objects import Service, ServicePort
from cockpit.model.probe_target import ProbeTarget, ProxiedService, proxied_target
from cockpit.model.refs import SERVICES
from cockpit.model.text import safe_text

# Labels of a Prometheus server's Service, the surest first: the operator's own Service, the recommended label as the
# community's chart and Istio's addon set it, the label of older charts (prometheus-operator, pkg/prometheus;
# prometheus-community/helm-charts; istio, samples/addons/prometheus.yaml).
_LABELS = ("operated-prometheus=true", "app.kubernetes.io/name=prometheus", "app=prometheus")
_NAMES = ("prometheus", "prometheus-server", "prometheus-k8s", "prometheus-operated")
# Where those who run a cluster put it: kube-prometheus, the community's charts, the addons of Istio and Linkerd,
# OpenShift and Rancher. A label alone proves nothing: whoever may create a Service anywhere could feed in figures.
USUAL_NAMESPACES = frozenset(
    {
        *("monitoring", "prometheus", "prometheus-operator", "kube-prometheus-stack", "observability", "kube-system"),
        *("istio-system", "linkerd-viz", "openshift-monitoring", "cattle-monitoring-system"),
    }
)
_MOST_NAMED = 3
_PORTS = ("web", "http-web", "http", "prometheus", "https-web", "https")
_USUAL_PORT = 9090


class _Services(msgspec.Struct):
    items: list[Service] = msgspec.field(default_factory=list)


async def find_prometheus(api: KubeApi, trusted: Collection[str] = ()) -> ProbeTarget:
    """The target through the API server, in a usual namespace or one that is `trusted`.

    Raises MetricsError that says what is missing.
    """
    problem, elsewhere = "", dict[str, str]()
    for selector in _selectors():
        try:
            body = await api.get_path(SERVICES.path(), {**selector, "limit": "500"}, what="Services of a Prometheus")
            services = msgspec.json.decode(body, type=_Services).items
            found = chosen(each for each in services if each.metadata.namespace in USUAL_NAMESPACES.union(trusted))
        except (KubeError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problem = safe_text(str(error), 200)
            break
        if found is not None:
            return await _allowed(api, found)
        elsewhere |= {f"{each.metadata.namespace}/{each.metadata.name}": each.metadata.namespace for each in services}
    if elsewhere and not problem:
        named = safe_text(", ".join(list(elsewhere)[:_MOST_NAMED]), 200)
        raise MetricsError(
            f"no Prometheus is in a usual namespace of {api.context}; {named} is named like one, and anybody who may"
            f" create Services there can have made it: if you trust it, set `prometheus.namespaces`"
        )
    why = f": {problem}" if problem else ""
    raise MetricsError(f"no Prometheus was found in {api.context}{why}; set `prometheus.url` to where it is")


def chosen(services: Iterable[Service]) -> Service | None:
    """The server's own Service: with a port, and by name before others; None if there is none."""
    # Charts label the Services of their exporters and of Alertmanager with other names.
    usable = [service for service in services if _port(service) is not None]

    def order(service: Service) -> tuple[bool, bool, str, str]:
        own, labels = service.metadata, service.metadata.labels or {}
        server = labels.get("app.kubernetes.io/component", "server") in ("server", "prometheus")
        return not server, own.name not in _NAMES, own.namespace, own.name

    return min(usable, key=order, default=None)


def _selectors() -> Iterable[dict[str, str]]:
    yield from ({"labelSelector": label} for label in _LABELS)
    yield from ({"fieldSelector": f"metadata.name={name}"} for name in _NAMES)


def _port(service: Service) -> ServicePort | None:
    ports = service.spec.ports or ()
    named = [port for name in _PORTS for port in ports if port.name == name]
    usual = [port for port in ports if port.port == _USUAL_PORT]
    return next(iter((*usual, *named, *ports)), None)


async def _allowed(api: KubeApi, service: Service) -> ProbeTarget:
    own, port = service.metadata, _port(service)
    if port is None:
        raise MetricsError(f"Service {own.namespace}/{own.name} has no port")
    tls = port.port == 443 or (port.name or "").startswith("https")
    through = ProxiedService(api.context, own.namespace, own.name, str(port.port))
    try:
        why = await api.allowed("get", services_proxy(through, tls=tls), "proxy")
    except KubeError as error:
        why = f"whether you may use it is not known: {error}"
    if why:
        raise MetricsError(safe_text(f"Service {own.namespace}/{own.name} is a Prometheus, but {why}", 300))
    return replace(proxied_target(through, port.port, tls=tls), path="/")
