"""Services whose host a VirtualService takes over inside the mesh."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.objects import Service
from cockpit.planning.mesh_hosts import mesh_findings, mesh_warnings
from tests.objects import Cluster, decode
from tests.routers.istio_objects import deployment, route, service, to, virtual_service

FRONT = "front.default.svc.cluster.local"


def told(*docs: dict[str, Any]) -> list[str]:
    cluster = Cluster([service("front"), deployment("v1"), *docs])
    front = decode(cluster.doc("Service", "front"))
    assert isinstance(front, Service)
    assert len(mesh_warnings(front, cluster)) == len(mesh_findings(front, cluster))
    return [finding.text for finding in mesh_findings(front, cluster)]


def elsewhere(namespace: str, doc: dict[str, Any]) -> dict[str, Any]:
    doc["metadata"]["namespace"] = namespace
    return doc


def test_where_the_mesh_leads_its_clients_instead() -> None:
    taken = virtual_service(route(to("v1", 90), to("v2", 10)), hosts=("front",))
    (text,) = told(taken)
    assert text.startswith(
        "VirtualService default/reviews sends requests from mesh clients for Service default/front to reviews:"
    )
    (other,) = told(elsewhere("edge", virtual_service(route(to(host="a.shop.svc.cluster.local")), hosts=(FRONT,))))
    assert "VirtualService edge/reviews sends requests from mesh clients for Service default/front to shop/a" in other


@pytest.mark.parametrize(
    "doc",
    [
        virtual_service(route(to("v1", 90, host="front"), to("v2", 10)), hosts=("front",)),
        virtual_service(route(to(host=FRONT)), hosts=("front",)),
        virtual_service(route(to()), hosts=("front",), gateways=["edge"]),
        virtual_service(route(to()), hosts=("front.example.com",)),
        virtual_service({"delegate": {"name": "unknown"}}, hosts=("front",)),
    ],
)
def test_where_nobody_is_led_away_nothing_is_said(doc: dict[str, Any]) -> None:
    assert told(doc) == []


def test_a_delegate_leads_where_its_routes_lead() -> None:
    root = virtual_service({"delegate": {"name": "more", "namespace": "edge"}}, hosts=("front",))
    assert told(root, elsewhere("edge", virtual_service(route(to(host=FRONT)), name="more", hosts=()))) == []
    assert told(root, elsewhere("edge", virtual_service(route(to(host="b")), name="more", hosts=())))


def test_what_leads_to_no_service_is_told_too() -> None:
    assert "to no Service at all" in told(virtual_service({"redirect": {"uri": "/gone"}}, hosts=("front",)))[0]
