"""The metrics of each gateway and mesh: their names, the labels that tell versions apart, and the queries for them.

Sources. Istio: "Istio Standard Metrics" (istio.io, reference/config/metrics); which name a workload gets:
istio, pkg/kube/util.go, GetDeployMetaFromPod (a Rollout of Argo has one name for all of its ReplicaSets, which only the
pod's name tells apart). ingress-nginx: internal/ingress/metric/collectors/socket.go (requestTags) and
rootfs/etc/nginx/lua/monitor.lua: `service` is that of the main Ingress also for requests that the canary gets, which
`canary` names as NAMESPACE-SERVICE-PORT. Traefik: doc.traefik.io, "Metrics", service metrics. Envoy Gateway:
internal/gatewayapi/helpers.go (irRouteDestinationName, irDestinationSettingName) and Envoy's documentation of cluster
statistics: one cluster for each rule of a route, or one for each backend where the backends have filters of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from cockpit.metrics.handles import Handles
from cockpit.metrics.promql import matching, parts, quoted
from cockpit.model.values import dataclass

GatewayId = Literal["istio", "nginx", "traefik", "envoy-gateway"]
# Where a scraped target has labels of the same name, Prometheus renames the metric's own (`honor_labels: false`).
_RENAMED = "exported_"


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway's metrics. `requests` is the counter, `durations` the base name of the histogram.

    `labels` tell versions apart; `errors` matches failed requests; `unit_ms` is the histogram's unit in milliseconds.
    `renamed` is true for metrics whose labels Prometheus has renamed, `reporter` who counted them in a mesh.
    """

    id: GatewayId
    title: str
    requests: str
    durations: str
    unit_ms: float
    labels: tuple[str, ...]
    errors: str
    renamed: bool = False
    reporter: str = ""

    @property
    def key(self) -> str:
        """A word that distinguishes it from all others."""
        return "-".join(filter(None, (self.id, "renamed" if self.renamed else "", self.reporter.partition("|")[0])))

    def label(self, name: str) -> str:
        """The name that one of its labels has in Prometheus."""
        return f"{_RENAMED}{name}" if self.renamed else name

    def selector(self, handles: Handles) -> str:
        """The matchers for the requests of a rollout; "" if it has nothing that this gateway would name."""
        match self.id:
            case "istio":
                return _istio(handles, self.reporter)
            case "nginx":
                namespaces, services = handles.namespaces, [service.name for service in handles.services]
                if not services:
                    return ""
                own, name = self.label("namespace"), self.label("service")
                return f"{matching(own, namespaces)},{matching(name, dict.fromkeys(services))}"
            case "traefik":
                pattern = handles.traefik_pattern
                return f"{self.label('service')}=~{quoted(pattern)}" if pattern else ""
            case "envoy-gateway":
                pattern = handles.envoy_pattern
                return f"envoy_cluster_name=~{quoted(pattern)}" if pattern else ""

    def version(self, found: dict[str, str], handles: Handles) -> str:
        """The version that a series with these labels is about; "" if they do not tell."""
        match self.id:
            case "istio":
                return handles.version_of_workload(found)
            case "nginx":
                place, canary = found.get(self.label("namespace"), ""), found.get("canary", "")
                if canary and canary != "-":
                    return handles.version_of_upstream(place, canary)
                return handles.version_of_service(place, found.get(self.label("service"), ""))
            case "traefik":
                return handles.version_of_traefik(found.get(self.label("service"), ""))
            case "envoy-gateway":
                return handles.envoy_clusters.get(found.get("envoy_cluster_name", ""), "")

    def _grouped(self, function: str, metric: str, selector: str, window: str, *more: str) -> str:
        """A sum, or the like, of each version's series."""
        inner = f"{metric}{{{selector}}}{window}"
        if window:
            inner = f"increase({inner})"
        elif function == "max":
            inner = f"timestamp({inner})"
        if self.id == "istio":
            # The pod is a label of the target: a ReplicaSet's pods are named after it.
            inner = f'label_replace({inner}, "cockpit_set", "$1", "pod", "(.+)-[^-]+")'
        return f"{function} by ({', '.join((*map(self._named, self.labels), *more))}) ({inner})"

    def _named(self, label: str) -> str:
        return self.label(label) if self.renamed and label in ("namespace", "service") else label

    def newest(self, selector: str) -> str:
        """The time of the newest sample of each version's requests (UTC seconds)."""
        return self._grouped("max", self.requests, selector, "")

    def query(self, selector: str, seconds: int, *, times: bool = True) -> str:
        """Everything that is read of a rollout's requests in the last `seconds`, and the same time before that.

        Parts: `requests` and `errors` with `requests_before` and `errors_before`, `newest`, and with `times`
        `time_sum`, `time_count` and `buckets` (with the label `le`), in the histogram's unit.
        """
        window, failed = f"[{seconds}s]", f"{selector},{self.errors}"
        before = f"{window} offset {seconds}s"
        wanted = {
            "requests": self._grouped("sum", self.requests, selector, window),
            "errors": self._grouped("sum", self.requests, failed, window),
            "requests_before": self._grouped("sum", self.requests, selector, before),
            "errors_before": self._grouped("sum", self.requests, failed, before),
            "newest": self.newest(selector),
        }
        if times:
            wanted |= {
                "time_sum": self._grouped("sum", f"{self.durations}_sum", selector, window),
                "time_count": self._grouped("sum", f"{self.durations}_count", selector, window),
                "buckets": self._grouped("sum", f"{self.durations}_bucket", selector, window, "le"),
            }
        return parts(wanted)


def _istio(handles: Handles, reporter: str) -> str:
    if not handles.workloads:
        return ""
    place = f"reporter=~{quoted(reporter)},destination_workload_namespace={quoted(handles.namespace)}"
    return f"{place},{matching('destination_workload', handles.workloads)}"


# The servers' side counts requests of clients outside the mesh too; a waypoint reports for its pods. Where pods have no
# proxy, only the gateway and other clients report.
_SERVERS, _CLIENTS = "destination|waypoint", "source"
ISTIO = Gateway(
    "istio",
    "Istio",
    "istio_requests_total",
    "istio_request_duration_milliseconds",
    1.0,
    (
        *("destination_workload", "destination_version", "destination_canonical_revision"),
        *("destination_service_name", "cockpit_set"),
    ),
    'response_code=~"5.."',
    reporter=_SERVERS,
)
NGINX = Gateway(
    "nginx",
    "ingress-nginx",
    "nginx_ingress_controller_requests",
    "nginx_ingress_controller_request_duration_seconds",
    1000.0,
    ("namespace", "service", "canary"),
    'status=~"5.."',
)
TRAEFIK = Gateway(
    "traefik",
    "Traefik",
    "traefik_service_requests_total",
    "traefik_service_request_duration_seconds",
    1000.0,
    ("service",),
    'code=~"5.."',
)
ENVOY_GATEWAY = Gateway(
    "envoy-gateway",
    "Envoy Gateway",
    "envoy_cluster_upstream_rq_xx",
    "envoy_cluster_upstream_rq_time",
    1.0,
    ("envoy_cluster_name",),
    'envoy_response_code_class="5"',
)


def _both(gateway: Gateway) -> tuple[Gateway, Gateway]:
    """A gateway with its labels as they are, and as Prometheus may have renamed them."""
    return gateway, replace(gateway, renamed=True)


GATEWAYS: tuple[Gateway, ...] = (
    ISTIO,
    replace(ISTIO, reporter=_CLIENTS),
    *_both(NGINX),
    *_both(TRAEFIK),
    ENVOY_GATEWAY,
)
# Whose metrics are looked for, by what splits the traffic: what users meet first comes first.
_ORDER: dict[str, tuple[GatewayId, ...]] = {
    "istio": ("istio",),
    "ingress": ("nginx", "traefik", "istio"),
    "gateway-api": ("envoy-gateway", "traefik", "istio"),
    "traefik": ("traefik", "istio"),
}
_ANY: tuple[GatewayId, ...] = ("istio", "nginx", "traefik")


def gateways_for(router: str, only: str = "") -> Sequence[Gateway]:
    """The gateways whose metrics may tell of a rollout, the likeliest first; `only` is the one that the user chose."""
    order: tuple[str, ...] = (only,) if only else _ORDER.get(router, _ANY)
    return [gateway for name in order for gateway in GATEWAYS if gateway.id == name]


def finding_query(gateways: Sequence[Gateway], handles: Handles) -> str:
    """A short query that finds out which of these gateways knows a rollout; "" if none of them could.

    Each part is named after the gateway's key and gives the times of the newest samples.
    """
    selectors = {gateway: gateway.selector(handles) for gateway in gateways}
    return parts({gateway.key: gateway.newest(chosen) for gateway, chosen in selectors.items() if chosen})
