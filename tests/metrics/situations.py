"""Rollouts behind each gateway, and the series that its metrics have of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cockpit.model.rollout import Rollout
from cockpit.routers.gateway_api.adapter import GatewayApiRouter
from cockpit.routers.ingress.adapter import IngressRouter
from cockpit.routers.istio.adapter import IstioRouter
from cockpit.routers.traefik.adapter import TraefikRouter
from tests.metrics.exporter import Labels, Series
from tests.objects import Cluster, Doc
from tests.routers import httproutes, istio_objects, traefik_services

GOOD, BAD = 27.0, 3.0  # requests of v2 with each scrape: one in ten fails
STABLE = 90.0  # those of v1
FINE_MS = (5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)


@dataclass(frozen=True)
class Situation:
    """A rollout with two versions of which v2 gets a quarter of the requests and fails one in ten."""

    gateway: str
    cluster: Cluster
    rollout: Rollout
    series: Callable[[], list[Series]]
    exact: bool = True  # whether the histogram tells quantiles


def counters(name: str, code: str, v1: Labels, v2: Labels, codes: tuple[str, str] = ("200", "503")) -> list[Series]:
    good, bad = codes
    return [
        Series(name, {**v1, code: good}, STABLE),
        Series(name, {**v2, code: good}, GOOD),
        Series(name, {**v2, code: bad}, BAD),
    ]


def histogram(name: str, labels: Labels, around: int, bounds: tuple[float, ...]) -> Series:
    """Half of its answers end in one bucket, nearly all in the next."""
    steps = [0.0] * (len(bounds) + 1)
    steps[around], steps[around + 1] = 6.0, 4.0
    return Series(name, labels, bounds=bounds, steps=tuple(steps))


def _ingress(name: str, service: str, **annotations: str) -> Doc:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "shop.test", "http": {"paths": paths}}]},
    }


def _canary() -> tuple[Cluster, Rollout]:
    mark = "nginx.ingress.kubernetes.io/canary"
    cluster = traefik_services.shop(_ingress("shop", "shop-v1"))
    cluster.add(_ingress("shop-next", "shop-v2", **{mark: "true", f"{mark}-weight": "25"}))
    cluster.add({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}})
    (rollout,) = IngressRouter().read(cluster.ingress("shop"), cluster)
    return cluster, rollout


def nginx() -> Situation:
    cluster, rollout = _canary()

    def series() -> list[Series]:
        seconds = tuple(bound / 1000 for bound in FINE_MS)
        base = {"namespace": "default", "ingress": "shop", "service": "shop-v1", "method": "GET"}
        v1, v2 = {**base, "canary": ""}, {**base, "canary": "default-shop-v2-80"}
        took = "nginx_ingress_controller_request_duration_seconds"
        return [
            *counters("nginx_ingress_controller_requests", "status", v1, v2),
            histogram(took, v1, 2, seconds),
            histogram(took, v2, 5, seconds),
            Series("nginx_ingress_controller_requests", {**v1, "ingress": "x", "service": "x"}, 1000.0),
        ]

    return Situation("ingress-nginx", cluster, rollout, series)


def traefik_in_front() -> Situation:
    """Traefik that serves Ingresses in nginx's dialect: the main one's name is in the name of its service."""
    cluster, rollout = _canary()

    def series() -> list[Series]:
        v1 = {"service": "default-shop-shop-v1-80@kubernetesingressnginx", "protocol": "http"}
        v2 = {"service": "default-shop-shop-v1-80-canary@kubernetesingressnginx", "protocol": "http"}
        took = "traefik_service_request_duration_seconds"
        return [
            *counters("traefik_service_requests_total", "code", v1, v2),
            histogram(took, v1, 0, (0.1, 0.3, 1.2, 5.0)),
            histogram(took, v2, 0, (0.1, 0.3, 1.2, 5.0)),
        ]

    return Situation("Traefik", cluster, rollout, series, exact=False)


def traefik() -> Situation:
    service = traefik_services.weighted(traefik_services.to("shop-v1", 75), traefik_services.to("shop-v2", 25))
    cluster = traefik_services.shop(service)
    (root,) = cluster.every(TraefikRouter.roots[0], "default")
    (rollout,) = TraefikRouter().read(root, cluster)

    def series() -> list[Series]:
        v1, v2 = ({"service": f"default-shop-{name}-80@kubernetescrd"} for name in ("v1", "v2"))
        took = "traefik_service_request_duration_seconds"
        return [
            *counters("traefik_service_requests_total", "code", v1, v2),
            histogram(took, v1, 0, (0.1, 0.3, 1.2, 5.0)),
            histogram(took, v2, 0, (0.1, 0.3, 1.2, 5.0)),
        ]

    return Situation("Traefik", cluster, rollout, series, exact=False)


def envoy(*, apart: bool = True) -> Situation:
    """Envoy Gateway with a cluster for each backend, or for the rule alone."""
    route = httproutes.route(httproutes.rule(httproutes.backend("shop-v1", 75), httproutes.backend("shop-v2", 25)))
    cluster = traefik_services.shop(route, httproutes.gateway())
    (root,) = cluster.every(GatewayApiRouter.roots[0], "default")
    (rollout,) = GatewayApiRouter().read(root, cluster)

    def series() -> list[Series]:
        base = "httproute/default/shop/rule/0"
        v1, v2 = ({"envoy_cluster_name": f"{base}/backend/{n}" if apart else base} for n in (0, 1))
        if not apart:
            v2 = {**v2, "pod": "envoy-2"}
        took = "envoy_cluster_upstream_rq_time"
        return [
            *counters("envoy_cluster_upstream_rq_xx", "envoy_response_code_class", v1, v2, ("2", "5")),
            histogram(took, v1, 2, FINE_MS),
            histogram(took, v2, 5, FINE_MS),
        ]

    return Situation("Envoy Gateway", cluster, rollout, series)


def istio() -> Situation:
    cluster = istio_objects.reviews(istio_objects.virtual_service(istio_objects.split(75, 25)))
    (root,) = cluster.every(IstioRouter.roots[0], "default")
    (rollout,) = IstioRouter().read(root, cluster)

    def series() -> list[Series]:
        base = {"reporter": "destination", "destination_workload_namespace": "default"}
        base |= {"destination_service_name": "reviews"}
        v1, v2 = (
            {**base, "destination_workload": f"reviews-{name}", "destination_version": name} for name in ("v1", "v2")
        )
        took = "istio_request_duration_milliseconds"
        clients = {**v2, "reporter": "source", "response_code": "503"}
        return [
            *counters("istio_requests_total", "response_code", v1, v2),
            # What the client's side counts is not counted again.
            Series("istio_requests_total", clients, 1000.0),
            histogram(took, v1, 2, FINE_MS),
            histogram(took, v2, 5, FINE_MS),
        ]

    return Situation("Istio", cluster, rollout, series)
