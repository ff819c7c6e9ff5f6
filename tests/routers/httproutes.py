"""HTTPRoutes, Gateways and the versions behind them, for tests."""

from __future__ import annotations

from typing import Any

from tests.objects import Cluster

Doc = dict[str, Any]
API = "gateway.networking.k8s.io/v1"


def backend(service: str, weight: int | None = None, **more: Any) -> Doc:
    found: Doc = {"name": service, "port": 80, **more}
    return found if weight is None else {**found, "weight": weight}


def rule(*backends: Doc, path: str = "/", headers: dict[str, str] | None = None, **more: Any) -> Doc:
    match: Doc = {"path": {"type": "PathPrefix", "value": path}}
    if headers:
        match["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return {"matches": [match], "backendRefs": list(backends), **more}


def route(*rules: Doc, name: str = "shop", hosts: tuple[str, ...] = ("shop.test",), **metadata: Any) -> Doc:
    accepted = [
        {"type": kind, "status": "True", "reason": kind, "observedGeneration": 1}
        for kind in ("Accepted", "ResolvedRefs")
    ]
    parent = {"name": "gate"}
    return {
        "apiVersion": API,
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": "default", "generation": 1, **metadata},
        "spec": {"parentRefs": [parent], "hostnames": list(hosts), "rules": list(rules)},
        "status": {"parents": [{"parentRef": parent, "controllerName": "test/gate", "conditions": accepted}]},
    }


def gateway(name: str = "gate", address: str = "127.0.0.1", port: int = 8080) -> Doc:
    return {
        "apiVersion": API,
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "default", "generation": 1},
        "spec": {"gatewayClassName": "demo", "listeners": [{"name": "web", "port": port, "protocol": "HTTP"}]},
        "status": {"addresses": [{"type": "IPAddress", "value": address}]},
    }


def version(name: str, ready: int = 2) -> list[Doc]:
    labels = {"app": "shop", "version": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": f"shop:{name}"}]}}
    meta = {"name": f"shop-{name}", "namespace": "default"}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": dict(meta),
            "spec": {"replicas": ready, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]


def shop(*routes: Doc, v1: int = 2, v2: int = 2) -> Cluster:
    """Two versions of a shop, v2 an hour younger, behind these routes and one Gateway."""
    cluster = Cluster([*version("v1", v1)])
    cluster.add(*version("v2", v2), created="2026-01-01T01:00:00Z")
    return cluster.run("shop-v1").run("shop-v2").add(gateway(), *routes)
