"""A rollout keeps its name while versions come and go, and other names for it are understood."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.kube.store import Store
from cockpit.model.kinds import KINDS
from cockpit.model.rollout import Rollout
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.rollouts import Rollouts
from tests.objects import Cluster, decode, seed

Doc = dict[str, Any]


def rollouts_of(cluster: Cluster) -> list[Rollout]:
    """What the cockpit makes of these objects with all its adapters."""
    store = Store("test")
    rollouts = Rollouts(store, ADAPTERS)
    for row in KINDS:
        found = [decode(doc) for (kind, _, _), doc in cluster.docs.items() if kind == row.resource.kind]
        rollouts.apply(store.replace(row.resource, [obj for obj in found if type(obj) is row.struct]).topics)
    return list(rollouts.current().values())


def only(cluster: Cluster) -> Rollout:
    (rollout,) = rollouts_of(cluster)
    return rollout


def service(name: str, app: str = "demo", **spec: Any) -> Doc:
    found = {"selector": {"app": app}, "ports": [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": found}


def deployment(name: str, app: str = "demo") -> Doc:
    (found,) = seed("blue-green-v1")
    found["metadata"]["name"] = name
    found["spec"]["selector"]["matchLabels"] = found["spec"]["template"]["metadata"]["labels"] = {"app": app}
    return found


def ingress(name: str, *services: str) -> Doc:
    def path(to: str) -> Doc:
        return {
            "path": f"/{to}",
            "pathType": "Prefix",
            "backend": {"service": {"name": to, "port": {"number": 80}}},
        }

    rules = [{"host": "demo.example", "http": {"paths": [path(to) for to in services]}}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {"ingressClassName": "nginx", "rules": rules},
    }


def route(name: str, *services: str) -> Doc:
    backends = [{"name": to, "port": 80} for to in services]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": "gate"}], "rules": [{"backendRefs": backends}]},
    }


def alone(*docs: Doc, name: str = "demo-v1") -> Cluster:
    return Cluster([deployment(name), *docs]).run(name)


def test_the_name_stays_while_versions_come_and_go() -> None:
    cluster = Cluster(seed("blue-green-v1") + seed("blue-green-service")).run("demo-dp-v1")
    first = only(cluster)
    assert (first.key.name, first.key.system) == ("demo-service", "deployment")
    assert first.is_called("demo-dp-v1")
    both = only(cluster.add(*seed("blue-green-v2")).run("demo-dp-v2"))
    assert (both.key.name, both.key.system) == ("demo-service", "service")
    assert both.is_called("demo-dp-v1")
    assert both.was(first.key)
    cluster.doc("Service", "demo-service")["spec"]["selector"]["version"] = "v2"
    last = only(cluster.remove("Deployment", "demo-dp-v1").balance())
    assert (last.key.name, last.key.system) == ("demo-service", "deployment")
    assert only(cluster.remove("Service", "demo-service")).key.name == "demo-dp-v2"


def test_a_canary_ingress_comes_and_goes() -> None:
    main, canary = ingress("front", "demo-old"), ingress("front-canary", "demo-new")
    canary["metadata"]["annotations"] = {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "20",
    }
    cluster = alone(service("demo-old"), main)
    assert only(cluster).key.name == "front"
    cluster.add(deployment("new", "new"), service("demo-new", "new"), canary).run("new")
    split = only(cluster)
    assert (split.key.name, split.key.system) == ("front", "ingress")
    for name in ("demo-v1", "demo-old", "new", "demo-new", "front-canary"):
        assert split.is_called(name)
    cluster.backend("front")["name"] = "demo-new"
    for kind, name in (("Ingress", "front-canary"), ("Service", "demo-old"), ("Deployment", "demo-v1")):
        cluster.remove(kind, name)
    assert only(cluster.balance()).key.name == "front"


@pytest.mark.parametrize(
    ("docs", "name"),
    [
        ([], "demo-v1"),
        ([service("web")], "web"),
        ([service("web"), service("web-headless", clusterIP="None")], "web"),
        ([service("web"), service("admin")], "demo-v1"),
        ([service("demo-v1"), service("admin")], "demo-v1"),
        ([service("web"), route("shop", "web")], "shop"),
        ([service("web"), ingress("in", "web"), route("shop", "web")], "web"),
        ([service("web"), ingress("in", "web", "cart")], "web"),
        ([service("web"), ingress("cart", "web"), service("cart", "cart")], "web"),
        ([service("web"), ingress("in", "web"), route("in", "cart")], "web"),
    ],
)
def test_it_is_named_after_what_leads_to_it_alone(docs: list[Doc], name: str) -> None:
    (rollout,) = [r for r in rollouts_of(alone(*docs)) if r.key.system == "deployment"]
    assert rollout.key.name == name
    assert rollout.is_called("demo-v1")
    assert all(
        rollout.is_called(doc["metadata"]["name"]) for doc in docs if doc["spec"].get("selector") == {"app": "demo"}
    )


def test_no_two_rollouts_get_one_name() -> None:
    """A Service named like another Deployment does not give its name away."""
    cluster = alone(service("web"), deployment("web", "other")).run("web")
    assert sorted(rollout.key.name for rollout in rollouts_of(cluster)) == ["demo-v1", "web"]
