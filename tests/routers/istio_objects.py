"""VirtualServices, DestinationRules and the versions behind them, for tests."""

from __future__ import annotations

from typing import Any

from tests.objects import Cluster

Doc = dict[str, Any]
API = "networking.istio.io/v1"
HOST = "reviews"


def to(subset: str = "", weight: int | None = None, host: str = HOST, **more: Any) -> Doc:
    """One destination of a route."""
    destination: Doc = {"host": host, **({"subset": subset} if subset else {})}
    return {"destination": destination, **({} if weight is None else {"weight": weight}), **more}


def route(*legs: Doc, headers: dict[str, Any] | None = None, uri: Doc | None = None, **more: Any) -> Doc:
    """One entry of `spec.http`; with conditions it has one match block."""
    block: Doc = {**({"headers": headers} if headers else {}), **({"uri": uri} if uri else {})}
    return {**({"match": [block]} if block else {}), "route": list(legs), **more}


def virtual_service(*routes: Doc, name: str = "reviews", hosts: tuple[str, ...] = (HOST,), **more: Any) -> Doc:
    meta = {"name": name, "namespace": "default", "annotations": more.pop("annotations", {})}
    spec = {"hosts": list(hosts), "http": list(routes), **more}
    return {"apiVersion": API, "kind": "VirtualService", "metadata": meta, "spec": spec}


def destination_rule(*versions: str, host: str = HOST, name: str = "reviews") -> Doc:
    subsets = [{"name": version, "labels": {"version": version}} for version in versions]
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": API, "kind": "DestinationRule", "metadata": meta, "spec": {"host": host, "subsets": subsets}}


def deployment(version: str, ready: int = 2, app: str = "reviews") -> Doc:
    labels = {"app": app, "version": version}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": app, "image": f"{app}:{version}"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{app}-{version}", "namespace": "default"},
        "spec": {"replicas": ready, "selector": {"matchLabels": labels}, "template": template},
    }


def service(name: str = "reviews", selector: dict[str, str] | None = None) -> Doc:
    ports = [{"name": "http", "port": 9080, "targetPort": 9080}]
    meta = {"name": name, "namespace": "default"}
    spec = {"selector": selector or {"app": "reviews"}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def reviews(*docs: Doc, v1: int = 2, v2: int = 2, rule: bool = True) -> Cluster:
    """Reviews v1 and, an hour younger, v2 behind one Service, with these objects (and a rule with both subsets)."""
    cluster = Cluster([service(), deployment("v1", v1)])
    cluster.add(deployment("v2", v2), created="2026-01-01T01:00:00Z")
    if rule:
        cluster.add(destination_rule("v1", "v2"))
    return cluster.run("reviews-v1").run("reviews-v2").add(*docs)


def split(v1: int | None = 80, v2: int | None = 20) -> dict[str, Any]:
    """A route that splits between two subsets."""
    return route(to("v1", v1), to("v2", v2))
