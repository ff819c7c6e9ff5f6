"""Rollouts of every adapter, each at several moments: what contracts over all adapters are played on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from cockpit.model.adapter import Adapter
from cockpit.model.rollout import Rollout
from cockpit.session.facts.adapters import ADAPTERS
from tests.objects import Cluster, seed
from tests.routers import (
    conftest,
    httproute_acts,
    httproutes,
    istio_objects,
    test_istio_reach,
    test_red_black,
    traefik_services,
)
from tests.routers.clusters import roll
from tests.routers.ingresses import CANARY
from tests.systems import test_deployment, test_flagger
from tests.systems.argo import releases as argo
from tests.systems.kruise import releases as kruise
from tests.systems.sets import Set

HERE = "default"
STEPS = '{"version":"v2","from":"v1","shares":[0.2,0.5,1],"taken":1}'


def _steered(cluster: Cluster, kind: str, name: str) -> Cluster:
    """The same, with a mark of a controller that drives one of its objects."""
    cluster.doc(kind, name)["metadata"].setdefault("annotations", {})["rollouts.kruise.io/owner-marker"] = "x"
    return cluster.add(
        {
            "apiVersion": "flagger.app/v1beta1",
            "kind": "Canary",
            "metadata": {"name": "driver"},
            "spec": {
                "provider": "kubernetes",
                "targetRef": {"kind": kind, "name": name},
                "ingressRef": {"name": name},
                "analysis": {},
            },
        }
    )


def _blue_green(active: str = "v1", third: bool = False) -> Cluster:
    cluster = Cluster(seed("blue-green-v1") + seed("blue-green-service"))
    cluster.add(*seed("blue-green-v2"), created="2026-01-01T01:00:00Z").run("demo-dp-v1").run("demo-dp-v2")
    if third:
        more = seed("blue-green-v2")
        for doc in more:
            doc["metadata"]["name"] = "demo-dp-v3"
            doc["spec"]["selector"]["matchLabels"]["version"] = "v3"
            doc["spec"]["template"]["metadata"]["labels"]["version"] = "v3"
        cluster.add(*more, created="2026-01-01T02:00:00Z").run("demo-dp-v3")
    cluster.doc("Service", "demo-service")["spec"]["selector"]["version"] = active
    return cluster.balance()


def _unpinned() -> Cluster:
    cluster = _blue_green()
    del cluster.doc("Service", "demo-service")["spec"]["selector"]["version"]
    return cluster.balance()


def _alone() -> Cluster:
    return Cluster(seed("blue-green-v1") + seed("blue-green-service")).run("demo-dp-v1")


def _unselected() -> Cluster:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    return Cluster([{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "legacy"}, "spec": spec}])


def _unmatched() -> Cluster:
    """A label too many in the selector of the Service that users reach."""
    cluster = _alone()
    cluster.doc("Service", "demo-service")["spec"]["selector"]["track"] = "stable"
    return cluster.balance()


def _without_ingress(cluster: Cluster, name: str) -> Cluster:
    cluster.remove("Ingress", name)
    return cluster


def _orphan() -> Cluster:
    cluster = conftest.steps("weight")
    cluster.remove("Ingress", "route1")
    return cluster


def _canary_off() -> Cluster:
    cluster = conftest.steps("weight")
    cluster.doc("Ingress", "route2")["metadata"]["annotations"][f"{CANARY}-weight"] = "0"
    return cluster


def _stepped_ingress() -> Cluster:
    cluster = conftest.steps("weight")
    cluster.doc("Ingress", "route2")["metadata"]["annotations"]["rollouts.cockpit/steps"] = STEPS
    return cluster


def _route(first: int, second: int, **metadata: Any) -> Cluster:
    backends = (httproutes.backend("shop-v1", first), httproutes.backend("shop-v2", second))
    return httproutes.shop(httproutes.route(httproutes.rule(*backends), **metadata))


def _stepped_route() -> Cluster:
    return _route(80, 20, annotations={"rollouts.cockpit/steps": STEPS})


def _grpc() -> Cluster:
    cluster = _route(80, 20)
    route = cluster.doc("HTTPRoute", "shop")
    cluster.remove("HTTPRoute", "shop")
    return cluster.add({**route, "kind": "GRPCRoute", "spec": {**route["spec"], "rules": [_grpc_rule()]}})


def _grpc_rule() -> dict[str, object]:
    return {"backendRefs": [httproutes.backend("shop-v1", 80), httproutes.backend("shop-v2", 20)]}


def _mesh(first: int, second: int, **more: Any) -> Cluster:
    legs = (istio_objects.to("v1", first), istio_objects.to("v2", second))
    return istio_objects.reviews(istio_objects.virtual_service(istio_objects.route(*legs), **more))


def _mesh_at_a_gateway() -> Cluster:
    """Requests come from outside, and the rule of the subsets is exported to the namespace of the proxies alone."""
    legs = istio_objects.route(istio_objects.to("v1", 80), istio_objects.to("v2", 20))
    outside = istio_objects.virtual_service(legs, hosts=("shop.test",), gateways=["gate"])
    cluster = istio_objects.reviews(outside, *test_istio_reach.gate())
    cluster.doc("DestinationRule", "reviews")["spec"]["exportTo"] = ["istio-system"]
    return cluster


def _mesh_without_v2() -> Cluster:
    legs = istio_objects.route(istio_objects.to("v1"))
    return istio_objects.reviews(istio_objects.virtual_service(legs), v2=0)


def _mesh_by_header() -> Cluster:
    ruled = istio_objects.route(istio_objects.to("v2"), headers={"x-user": {"exact": "bob"}})
    plain = istio_objects.route(istio_objects.to("v1", 80), istio_objects.to("v2", 20))
    return istio_objects.reviews(istio_objects.virtual_service(ruled, plain))


def _traefik(first: int, second: int, v2: int = 2) -> Cluster:
    backends = (traefik_services.to("shop-v1", first), traefik_services.to("shop-v2", second))
    return traefik_services.shop(traefik_services.weighted(*backends), v2=v2)


def _red_black(*enabled: bool, ready: int = 2) -> Cluster:
    sets = [test_red_black.replica_set(n, enabled=on) for n, on in enumerate(enabled)]
    return test_red_black.cluster(*sets, ready=ready)


def _deployment(paused: bool = False, revisions: int = 2) -> Cluster:
    cluster = Cluster(seed("blue-green-v1") + seed("blue-green-service"))
    for revision in range(1, revisions + 1):
        test_deployment.revise(cluster, revision, f"bebullish/demo:v{revision}")
    cluster.doc("Deployment", test_deployment.NAME)["spec"]["paused"] = paused
    return cluster


def _rolling() -> Cluster:
    cluster = _deployment()
    return test_deployment.revise(cluster, 3, "bebullish/demo:v3", ready=1, old=2)


def _set(kind: str, pods: list[str], newest: str, **rolling: object) -> Cluster:
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return Set(kind, pods, newest=newest, strategy=strategy).cluster


def _own_set(kind: str, strategy: dict[str, Any]) -> Cluster:
    """A set of OpenKruise that no Kruise Rollout drives."""
    more = {} if kind == "CloneSet" else {"type": "RollingUpdate"}
    return Set(kind, ["v1", "v1", "v1", "v2", "v2"], newest="v2", strategy={**more, **strategy}).cluster


def _on_delete() -> Cluster:
    return Set("StatefulSet", ["v1", "v2"], newest="v2", strategy={"type": "OnDelete"}).cluster


def _restarted() -> Cluster:
    cluster = _blue_green("v2")
    roll(cluster, "demo-dp-v1", "2026-01-01T03:00:00Z")
    return cluster


def _kruise(**strategy: bool) -> Cluster:
    cluster = kruise.releasing()
    cluster.doc("KruiseRollout", kruise.NAME)["spec"]["strategy"] |= strategy
    return cluster


def _disabled() -> Cluster:
    cluster = kruise.resting()
    doc = cluster.doc("KruiseRollout", kruise.NAME)
    doc["spec"]["disabled"], doc["status"]["phase"] = True, "Disabled"
    return cluster


def _held() -> Cluster:
    cluster = argo.basic(**argo.RUNNING)
    cluster.doc("Rollout", argo.NAME)["spec"]["paused"] = True
    return cluster


SITUATIONS: dict[str, Callable[[], Cluster]] = {
    "service: v1 active": _blue_green,
    "service: v2 active": lambda: _blue_green("v2"),
    "service: three versions": lambda: _blue_green(third=True),
    "service: the middle one of three": lambda: _blue_green("v2", third=True),
    "service: nothing behind the selector": lambda: _blue_green("v9"),
    "service: not pinned": _unpinned,
    "service: one version": _alone,
    "service: no selector": _unselected,
    "service: selects nobody": _unmatched,
    "service: rolled anew": _restarted,
    "service: driven": lambda: _steered(_blue_green(), "Service", "demo-service"),
    "ingress: by weight": lambda: conftest.steps("weight"),
    "ingress: by header": lambda: conftest.steps("header"),
    "ingress: weight 0": _canary_off,
    "ingress: steps": _stepped_ingress,
    "ingress: no main": _orphan,
    "ingress: driven": lambda: _steered(conftest.steps("weight"), "Ingress", "route1"),
    "route: split": lambda: _route(80, 20),
    "route: at rest": lambda: _route(100, 0),
    "route: promoted": lambda: _route(0, 100),
    "route: steps": _stepped_route,
    "route: three versions": lambda: httproute_acts.three(60, 40, 0),
    "route: new version without pods": lambda: httproutes.shop(
        httproutes.route(httproutes.rule(httproutes.backend("shop-v1", 100), httproutes.backend("shop-v2", 0))), v2=0
    ),
    "route: grpc": _grpc,
    "mesh: split": lambda: _mesh(80, 20),
    "mesh: at rest": lambda: _mesh(100, 0),
    "mesh: promoted": lambda: _mesh(0, 100),
    "mesh: steps": lambda: _mesh(80, 20, annotations={"rollouts.cockpit/steps": STEPS}),
    "mesh: one version": _mesh_without_v2,
    "mesh: header rule": _mesh_by_header,
    "mesh: at a gateway": _mesh_at_a_gateway,
    "traefik: split": lambda: _traefik(3, 1),
    "traefik: at rest": lambda: _traefik(1, 0),
    "traefik: new version without pods": lambda: _traefik(3, 1, v2=0),
    "traefik: driven": lambda: _steered(_traefik(3, 1), "Service", "shop-v1"),
    "red-black: standby": lambda: _red_black(False, True),
    "red-black: both": lambda: _red_black(True, True),
    "red-black: the older one": lambda: _red_black(True, False),
    "red-black: three": lambda: _red_black(False, True, False),
    "red-black: nobody ready": lambda: _red_black(True, True, ready=0),
    "argo: paused at a step": argo.basic,
    "argo: routed": argo.routed,
    "argo: running": lambda: argo.basic(**argo.RUNNING),
    "argo: aborted": lambda: argo.basic(**argo.ABORTED),
    "argo: promoted": lambda: argo.basic(old=0, new=5, **argo.PROMOTED),
    "argo: paused by hand": _held,
    "argo: without steps": lambda: argo.basic([]),
    "argo: blue-green": argo.previewed,
    "argo: its ingress is gone": lambda: _without_ingress(argo.routed(), "web"),
    "argo: over its quota": lambda: argo.routed(
        readyReplicas=5, conditions=[{"type": "ReplicaFailure", "status": "True", "message": "quota"}]
    ),
    "kruise: at rest": kruise.resting,
    "kruise: paused at a step": kruise.releasing,
    "kruise: paused by hand": lambda: _kruise(paused=True),
    "kruise: disabled": _disabled,
    "kruise: upgrading": lambda: kruise.releasing(state="StepUpgrade", ready=0),
    "kruise: rolled back": kruise.rolled_back,
    "kruise: without routing": lambda: kruise.releasing(body=kruise.spec(routing=None)),
    "kruise: its ingress is gone": lambda: _without_ingress(kruise.releasing(), "echoserver"),
    "flagger: analysing": test_flagger.cluster,
    "flagger: waiting": lambda: test_flagger.cluster(test_flagger.canary("Waiting", 0), test_flagger.route(0)),
    "flagger: at rest": lambda: test_flagger.cluster(test_flagger.canary("Succeeded", 0), test_flagger.route(0)),
    "flagger: suspended": lambda: test_flagger.cluster(test_flagger.canary(suspend=True), test_flagger.route(20)),
    "deployment: at rest": _deployment,
    "deployment: first template": lambda: _deployment(revisions=1),
    "deployment: paused": lambda: _deployment(paused=True),
    "deployment: rolling": _rolling,
    "statefulset: at rest": lambda: _set("StatefulSet", ["v1", "v1", "v1"], "v1"),
    "statefulset: rolling": lambda: _set("StatefulSet", ["v1", "v1", "v2"], "v2"),
    "statefulset: held": lambda: _set("StatefulSet", ["v1", "v1", "v2"], "v2", partition=2),
    "statefulset: on delete": _on_delete,
    "cloneset: held": lambda: _own_set("CloneSet", {"partition": "60%"}),
    "cloneset: paused": lambda: _own_set("CloneSet", {"partition": 0, "paused": True}),
    "cloneset: rolling": lambda: _own_set("CloneSet", {"partition": 0}),
    "advanced-statefulset: held": lambda: _own_set("AdvancedStatefulSet", {"rollingUpdate": {"partition": 3}}),
    "advanced-statefulset: paused": lambda: _own_set("AdvancedStatefulSet", {"rollingUpdate": {"paused": True}}),
    "advanced-statefulset: rolling": lambda: _own_set("AdvancedStatefulSet", {"rollingUpdate": {"partition": 0}}),
    "daemonset: at rest": lambda: _set("DaemonSet", ["v1", "v1"], "v1"),
    "daemonset: rolling": lambda: _set("DaemonSet", ["v1", "v2"], "v2"),
}


@cache
def situation(name: str) -> tuple[Cluster, tuple[tuple[Adapter, Rollout], ...]]:
    """The objects, and every rollout that any adapter reads from them; for tests that change neither."""
    cluster = SITUATIONS[name]()
    roots = ((adapter, root) for adapter in ADAPTERS for kind in adapter.roots for root in cluster.every(kind, HERE))
    return cluster, tuple((adapter, found) for adapter, root in roots for found in adapter.read(root, cluster))
