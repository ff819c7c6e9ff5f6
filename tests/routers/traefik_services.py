"""TraefikServices, IngressRoutes and the versions behind them, for tests."""

from __future__ import annotations

from typing import Any

from tests.objects import Cluster
from tests.routers.httproutes import version

Doc = dict[str, Any]
API = "traefik.io/v1alpha1"


def to(service: str, weight: int | None = None, **more: Any) -> Doc:
    found: Doc = {"name": service, "port": 80, **more}
    return found if weight is None else {**found, "weight": weight}


def nested(name: str, weight: int | None = None, **more: Any) -> Doc:
    found = to(name, weight, kind="TraefikService", **more)
    del found["port"]
    return found


def traefik_service(spec: Any, name: str = "shop", **metadata: Any) -> Doc:
    meta = {"name": name, "namespace": "default", **metadata}
    return {"apiVersion": API, "kind": "TraefikService", "metadata": meta, "spec": spec}


def weighted(*services: Doc, name: str = "shop", **more: Any) -> Doc:
    return traefik_service({"weighted": {"services": list(services), **more}}, name)


def ingress_route(match: str, *services: Doc, name: str = "front", **spec: Any) -> Doc:
    rule = {"kind": "Rule", "match": match, "services": list(services)}
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": API, "kind": "IngressRoute", "metadata": meta, "spec": {"routes": [rule], **spec}}


def shop(*docs: Doc, v1: int = 2, v2: int = 2) -> Cluster:
    """Two versions of a shop, v2 an hour younger, behind these objects."""
    cluster = Cluster([*version("v1", v1)])
    cluster.add(*version("v2", v2), created="2026-01-01T01:00:00Z")
    return cluster.run("shop-v1").run("shop-v2").add(*docs)
