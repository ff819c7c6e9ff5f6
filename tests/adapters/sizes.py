"""Rollouts of every adapter that grow in one direction: rules, subsets, backends, pods, ReplicaSets, neighbours."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from cockpit.kube.store import Store
from cockpit.model.objects import Obj
from cockpit.model.refs import Resource
from cockpit.session.facts.adapters import ADAPTERS
from tests.objects import Cluster, decode, owner, pod, seed
from tests.routers import httproutes, istio_objects, test_red_black, traefik_services
from tests.routers.ingresses import CANARY
from tests.systems import test_deployment, test_flagger
from tests.systems.argo import releases as argo
from tests.systems.kruise import releases as kruise
from tests.systems.sets import Set

Doc = dict[str, Any]


def _path(service: str, path: str = "/") -> Doc:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    return {"path": path, "pathType": "Prefix", "backend": backend}


def _ingress(name: str, rules: list[Doc], canary: bool = False) -> Doc:
    annotations = {CANARY: "true", f"{CANARY}-weight": "20"} if canary else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": rules},
    }


def _rules(n: int, service: str, *, one_host: bool, services: bool = False) -> list[Doc]:
    def leads(k: int) -> str:
        return f"{service}-{k}" if services else service

    if one_host:
        return [{"host": "shop.test", "http": {"paths": [_path(leads(k), f"/{k}") for k in range(n)]}}]
    return [{"host": f"h{k}.test", "http": {"paths": [_path(leads(k))]}} for k in range(n)]


def _ingresses(n: int, **how: bool) -> Cluster:
    cluster = httproutes.shop()
    cluster.add(_ingress("main", _rules(n, "shop-v1", **how)))
    return cluster.add(_ingress("more", _rules(n, "shop-v2", **how), canary=True), created="2026-01-01T02:00:00Z")


def _unattached(n: int) -> Cluster:
    """A canary on the hosts of its main, and on none of its paths."""
    cluster = httproutes.shop()
    cluster.add(_ingress("main", _rules(n, "shop-v1", one_host=True)))
    rules = [{"host": "shop.test", "http": {"paths": [_path("shop-v2", f"/x{k}") for k in range(n)]}}]
    return cluster.add(_ingress("more", rules, canary=True), created="2026-01-01T02:00:00Z")


def _canaries(n: int) -> Cluster:
    cluster = httproutes.shop().add(_ingress("main", _rules(1, "shop-v1", one_host=True)))
    for k in range(n):
        cluster.add(_ingress(f"c{k}", _rules(1, "shop-v2", one_host=True), canary=True), created="2026-01-01T02:00:00Z")
    return cluster


def _mains(n: int) -> Cluster:
    """One main with a canary, on a host that it shares with many others."""
    cluster = _ingresses(1, one_host=True)
    for k in range(n):
        cluster.add(_ingress(f"m{k}", [{"host": "shop.test", "http": {"paths": [_path("shop-v1", f"/m{k}")]}}]))
    return cluster


def _services(n: int) -> Cluster:
    """One Service in front of many Deployments that it could send to."""
    cluster = Cluster([istio_objects.service("shop", {"app": "shop", "version": "v0"})])
    for k in range(n):
        cluster.add(istio_objects.deployment(f"v{k}", 1, "shop"))
    return cluster.balance()


def _pods(n: int) -> Cluster:
    cluster = httproutes.shop(v1=n, v2=n)
    return cluster.add(_ingress("main", _rules(1, "shop-v1", one_host=True)))


def _mesh(legs: int = 2, rules: int = 1, subsets: int = 2, hosts: int = 1) -> Cluster:
    routes = [
        istio_objects.route(*(istio_objects.to(f"v{1 + k % 2}", 1) for k in range(legs)), uri={"prefix": f"/{r}"})
        for r in range(rules)
    ]
    names = ("reviews", *(f"h{k}.test" for k in range(hosts - 1)))
    cluster = istio_objects.reviews(istio_objects.virtual_service(*routes, hosts=names), rule=False)
    return cluster.add(istio_objects.destination_rule("v1", "v2", *(f"s{k}" for k in range(subsets - 2))))


def _fronted(n: int) -> Cluster:
    """A Deployment whose Service is named by many paths, with a port that it does not have."""
    cluster = _deployment().add(_ingress("main", _rules(n, "demo-service", one_host=True)))
    for path in cluster.doc("Ingress", "main")["spec"]["rules"][0]["http"]["paths"]:
        path["backend"]["service"]["port"] = {"number": 81}
    return cluster


def _mesh_of_headers(n: int) -> Cluster:
    ruled = [istio_objects.route(istio_objects.to("v2"), headers={"x-user": {"exact": f"u{k}"}}) for k in range(n)]
    return istio_objects.reviews(istio_objects.virtual_service(*ruled, istio_objects.split()))


def _routes(rules: int = 1, backends: int = 2, hosts: int = 1, headers: bool = False) -> Cluster:
    made = [
        httproutes.rule(
            *(httproutes.backend(f"shop-v{1 + k % 2}", 1) for k in range(backends)),
            path="/" if headers else f"/{r}",
            headers={"x-user": f"u{r}"} if headers else None,
        )
        for r in range(rules)
    ]
    return httproutes.shop(httproutes.route(*made, hosts=tuple(f"h{k}.test" for k in range(hosts))))


def _traefik(n: int) -> Cluster:
    legs = (traefik_services.to(f"shop-v{1 + k % 2}", 1) for k in range(n))
    return traefik_services.shop(traefik_services.weighted(*legs))


def _red_black(n: int) -> Cluster:
    sets = [test_red_black.replica_set(k, enabled=k == 0, replicas=0) for k in range(n)]
    cluster = Cluster([test_red_black.service(), *sets])
    return cluster.balance()


def _old_sets(cluster: Cluster, kind: str, name: str, n: int) -> Cluster:
    """Many ReplicaSets of earlier revisions more."""
    keeper = cluster.doc(kind, name)
    known = [d for (k, _, _), d in cluster.docs.items() if k == "ReplicaSet"]
    for k in range(n):
        old: Doc = copy.deepcopy(known[0])
        old["metadata"] |= {"name": f"{name}-old{k}", "ownerReferences": [owner(keeper)]}
        del old["metadata"]["uid"]
        old["metadata"]["labels"] = {**(old["metadata"].get("labels") or {}), "pod-template-hash": f"old{k}"}
        old["spec"]["template"]["spec"]["containers"][0]["image"] = f"old:{k}"
        old["spec"]["replicas"] = 0
        old["status"] = {}
        cluster.add(old)
    return cluster


def _more_pods(cluster: Cluster, n: int) -> Cluster:
    """Many pods more of the first ReplicaSet."""
    keeper = next(d for (k, _, _), d in cluster.docs.items() if k == "ReplicaSet")
    for k in range(n):
        cluster.add(pod(keeper, 1000 + k))
    return cluster.balance()


def _deployment() -> Cluster:
    cluster = Cluster(seed("blue-green-v1") + seed("blue-green-service"))
    test_deployment.revise(cluster, 1, "bebullish/demo:v1")
    return test_deployment.revise(cluster, 2, "bebullish/demo:v2")


def _steps(n: int) -> list[Any]:
    return [{"setWeight": 1 + 98 * k // n} if k % 2 == 0 else {"pause": {}} for k in range(n)]


def _set(kind: str, n: int) -> Cluster:
    return Set(kind, ["v1"] * n + ["v2"], newest="v2", strategy={"type": "RollingUpdate", "rollingUpdate": {}}).cluster


def _revisions(kind: str, n: int) -> Cluster:
    made = Set(kind, ["v1", "v2"], newest="v2", strategy={"type": "RollingUpdate", "rollingUpdate": {}})
    for k in range(n):
        made.revision(f"old{k}", 100 + k)
    return made.cluster


def _flagger(n: int) -> Cluster:
    cluster = test_flagger.cluster()
    route = cluster.doc("HTTPRoute", "web")
    route["spec"]["rules"] = [copy.deepcopy(route["spec"]["rules"][0]) for _ in range(n)]
    return cluster


SIZES: dict[str, Callable[[int], Cluster]] = {
    "ingress: hosts": lambda n: _ingresses(n, one_host=False),
    "ingress: paths": lambda n: _ingresses(n, one_host=True),
    "ingress: services": lambda n: _ingresses(n, one_host=True, services=True),
    "ingress: hosts and services": lambda n: _ingresses(n, one_host=False, services=True),
    "ingress: unattached": _unattached,
    "ingress: canaries": _canaries,
    "ingress: mains": _mains,
    "service: deployments": _services,
    "service: pods": _pods,
    "mesh: rules": lambda n: _mesh(rules=n),
    "mesh: headers": _mesh_of_headers,
    "mesh: legs": lambda n: _mesh(legs=n),
    "mesh: subsets": lambda n: _mesh(subsets=n),
    "mesh: hosts": lambda n: _mesh(hosts=n),
    "route: rules": lambda n: _routes(rules=n),
    "route: headers": lambda n: _routes(rules=n, headers=True),
    "route: backends": lambda n: _routes(backends=n),
    "route: hosts": lambda n: _routes(hosts=n),
    "traefik: services": _traefik,
    "red-black: ReplicaSets": _red_black,
    "argo: steps": lambda n: argo.basic(_steps(n)),
    "argo: ReplicaSets": lambda n: _old_sets(argo.basic(), "Rollout", argo.NAME, n),
    "argo: pods": lambda n: _more_pods(argo.basic(), n),
    "argo: routed pods": lambda n: _more_pods(argo.routed(), n),
    "kruise: steps": lambda n: kruise.releasing(
        body=kruise.spec([{"traffic": f"{1 + 98 * k // n}%", "replicas": 1, "pause": {}} for k in range(n)])
    ),
    "kruise: pods": lambda n: _more_pods(kruise.releasing(), n),
    "kruise: ReplicaSets": lambda n: _old_sets(kruise.releasing(), "Deployment", "echoserver", n),
    "flagger: rules": _flagger,
    "deployment: ReplicaSets": lambda n: _old_sets(_deployment(), "Deployment", test_deployment.NAME, n),
    "deployment: paths": _fronted,
    "deployment: pods": lambda n: _more_pods(_deployment(), n),
    "statefulset: pods": lambda n: _set("StatefulSet", n),
    "statefulset: revisions": lambda n: _revisions("StatefulSet", n),
    "daemonset: pods": lambda n: _set("DaemonSet", n),
    "cloneset: pods": lambda n: _set("CloneSet", n),
}


def store_of(cluster: Cluster) -> Store:
    """The same objects in the store that a session reads from."""
    kinds: dict[Resource, list[Obj]] = defaultdict(list)
    for resource in {need for adapter in ADAPTERS for need in adapter.needs}:
        kinds[resource] = []
    words = {(resource.api_version, resource.kind): resource for resource in kinds}
    for doc in cluster.docs.values():
        if known := words.get((doc["apiVersion"], doc["kind"])):
            kinds[known].append(decode(doc))
    store = Store("test")
    for resource, objects in kinds.items():
        store.replace(resource, objects)
    return store
