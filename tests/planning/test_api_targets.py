"""Where a Service can be probed through the API server, and where that would show another split than clients get."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.probe_target import ProbeTarget, ProxiedService
from cockpit.planning.api_targets import with_api_target
from cockpit.workloads.lookups import find_service
from cockpit.workloads.probe_targets import FoundTarget, service_target
from tests.objects import Cluster

Doc = dict[str, Any]
META = {"namespace": "shop", "name": "web"}
MISSING = "Service shop/web is of type ClusterIP and no Ingress with an address routes to it"


def service(**spec: Any) -> Doc:
    whole = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": META, "spec": whole}


def part(name: str, port: int, count: int = 1, ready: bool = True) -> Doc:
    """An EndpointSlice of the Service whose pods listen on `port`."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"namespace": "shop", "name": name, "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"name": "http", "port": port}],
        "endpoints": [{"addresses": [f"10.0.{port % 250}.{n}"], "conditions": {"ready": ready}} for n in range(count)],
    }


def virtual_service(*hosts: str) -> Doc:
    route = [{"destination": {"host": "web", "subset": "v1"}, "weight": 100}]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": META,
        "spec": {"hosts": list(hosts), "http": [{"route": route}]},
    }


def found(*docs: Doc, unknown: tuple[Any, ...] = ()) -> FoundTarget:
    cluster = Cluster(docs, unknown=unknown) if unknown else Cluster(docs)
    named = find_service(cluster, "shop", "web")
    assert named
    return with_api_target(service_target(named, cluster), named, cluster)


def target(context: str, **changes: Any) -> ProbeTarget:
    port = str(changes.pop("port", 80))
    return ProbeTarget(
        "web.shop.svc", int(port), "web.shop.svc", service=ProxiedService(context, "shop", "web", port), **changes
    )


def test_a_service_whose_pods_are_alike_has_a_target_and_still_says_what_is_missing() -> None:
    way = found(service(), part("a", 8080), part("b", 8080))
    assert (way.probe_target, way.missing) == (None, MISSING)
    assert way.api_target == target(Cluster([]).context)


@pytest.mark.parametrize(
    ("ports", "wanted"),
    [
        ([{"name": "metrics", "port": 9090}, {"name": "web", "port": 8000}], {"port": 8000}),
        ([{"name": "https", "port": 8443}], {"port": 8443, "tls": True}),
        ([{"port": 443}], {"port": 443, "tls": True}),
        ([{"name": "dns", "port": 53, "protocol": "UDP"}, {"port": 81}], {"port": 81}),
    ],
)
def test_the_port_for_http_is_taken_with_its_scheme(ports: list[Doc], wanted: dict[str, Any]) -> None:
    assert found(service(ports=ports)).api_target == target(Cluster([]).context, **wanted)


@pytest.mark.parametrize(
    ("docs", "why"),
    [
        ((part("a", 8080), part("b", 9090)), "its pods listen on different ports"),
        ((part("a", 8080, count=1001),), "more than 1000 endpoints"),
        ((virtual_service("web"),), "VirtualService shop/web decides the split"),
        ((virtual_service("web.shop.svc.cluster.local"),), "VirtualService shop/web decides the split"),
    ],
)
def test_where_clients_get_another_split_there_is_no_target_and_the_reason(docs: tuple[Doc, ...], why: str) -> None:
    way = found(service(), *docs)
    assert way.api_target is None
    assert way.missing.startswith(f"{MISSING}; not through the API server either: ")
    assert why in way.missing


def test_pods_that_are_not_ready_do_not_matter() -> None:
    assert found(service(), part("a", 8080), part("b", 9090, ready=False)).api_target


@pytest.mark.parametrize("spec", [{"selector": {}}, {"ports": []}, {"type": "ExternalName", "selector": None}])
def test_a_service_that_selects_nothing_cannot_be_asked(spec: Doc) -> None:
    assert found(service(**spec)).api_target is None
