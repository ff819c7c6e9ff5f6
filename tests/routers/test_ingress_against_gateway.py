"""What is read as written is what a gateway that obeys the same objects does."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from cockpit.demo.gateway.dialects import compile_routes
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream
from cockpit.model.objects import Ingress
from cockpit.routers.ingress.adapter import IngressRouter
from cockpit.routers.ingress.placement import placements_of
from tests.objects import Cluster

ROUTER = IngressRouter()
SERVICES = ("a", "b", "c")
NGINX = "nginx.ingress.kubernetes.io/"
PREFIXES = {"nginx": [NGINX], "apig": [NGINX]}
PREFIXES |= {key: [NGINX, "higress.io/", "mse.ingress.kubernetes.io/"] for key in ("higress", "mse")}


class Draw(random.Random):
    """A draw that was decided before; it notes from how many."""

    def __init__(self, value: int) -> None:
        super().__init__()
        self.value, self.most = value, 1

    def randint(self, a: int, b: int) -> int:
        self.most = b
        return self.value


def version(name: str, ready: int) -> list[dict[str, Any]]:
    labels = {"app": name, "version": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": f"x:{name}"}]}}
    meta = {"name": name, "namespace": "default"}
    spec = {"replicas": ready, "selector": {"matchLabels": labels}, "template": template}
    ports = [{"port": 80, "targetPort": 8080}]
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": dict(meta), "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": {"app": name}, "ports": ports}},
    ]


def route(
    name: str, created: int, annotations: dict[str, str], rules: list[tuple[str, str, str, str]]
) -> dict[str, Any]:
    def rule(host: str, path: str, kind: str, service: str) -> dict[str, Any]:
        backend = {"service": {"name": service, "port": {"number": 80}}}
        return {"host": host, "http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}

    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": "default",
            "annotations": annotations,
            "creationTimestamp": f"2026-01-01T00:00:0{created}Z",
        },
        "spec": {"rules": [rule(*r) for r in rules]},
    }


def rules(*kinds: str) -> st.SearchStrategy[list[tuple[str, str, str, str]]]:
    rule = st.tuples(st.just("h1"), st.sampled_from(["/p", "/q"]), st.sampled_from(kinds), st.sampled_from(SERVICES))
    return st.lists(rule, min_size=1, max_size=2, unique_by=lambda r: r[1])


keys = st.fixed_dictionaries(
    {},
    optional={
        "weight": st.sampled_from(["0", "5", "30", "100", "150", "-1", "thirty"]),
        "weight-total": st.sampled_from(["10", "200", "many"]),
        "by-header": st.just("foo"),
        "by-header-value": st.sampled_from(["bar", "always"]),
        "by-header-pattern": st.sampled_from(["^bar$", "b["]),
        "by-cookie": st.just("go"),
        "by-query": st.just("go"),
    },
)
age = st.integers(0, 3)


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    cluster = Cluster()
    for name in SERVICES:
        cluster.add(*version(name, draw(st.integers(0, 2)))).run(name)
    for number in range(draw(st.integers(1, 2))):
        cluster.add(route(f"main{number}", draw(age), {}, draw(rules("Exact"))))
    name = draw(st.sampled_from(["nginx", "apig", "higress", "mse", "alb"]))
    prefix = "alb.ingress.kubernetes.io/" if name == "alb" else draw(st.sampled_from(PREFIXES[name]))
    for number in range(draw(st.integers(1, 3))):
        marks = {f"{prefix}canary": draw(st.sampled_from(["true", "true", "true", "false"]))}
        marks |= {f"{prefix}canary-{key}": value for key, value in draw(keys).items()}
        if draw(st.booleans()):
            marks[f"{prefix}order"] = draw(st.sampled_from(["1", "2", "0", "many"]))
        cluster.add(
            route(
                f"canary{number}",
                draw(age),
                marks,
                draw(rules("Exact", "Prefix") if marks[f"{prefix}canary"] == "true" else rules("Exact")),
            )
        )
    return cluster.use_class(name)


def obeyed(cluster: Cluster, host: str, path: str, headers: dict[str, str]) -> dict[str, float]:
    """The share of each Service in what the gateway answers; an error status counts as nobody."""
    routes = compile_routes([d for k, d in cluster.docs.items() if k[0] == "Ingress"], [])
    request = Request(host, path, {name.lower(): value for name, value in headers.items()})

    def has_endpoints(upstream: Upstream) -> bool:
        return bool(cluster.doc("Deployment", upstream.service)["spec"]["replicas"] > 0)

    first = Draw(1)
    routes.decide(request, first, has_endpoints)
    found = dict.fromkeys(SERVICES, 0.0)
    for value in range(1, first.most + 1):
        answer = routes.decide(request, Draw(value), has_endpoints)
        if isinstance(answer, Upstream):
            found[answer.service] += 1 / first.most
    return found


def places(cluster: Cluster, *, canary: bool) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """By Ingress and Service, the paths that lead there."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for (kind, _, name), doc in cluster.docs.items():
        marks = doc["metadata"].get("annotations") or {}
        if kind == "Ingress" and any(k.endswith("/canary") and v == "true" for k, v in marks.items()) is canary:
            for rule in doc["spec"]["rules"]:
                (path,) = rule["http"]["paths"]
                found.setdefault((name, path["backend"]["service"]["name"]), set()).add(
                    (path["path"], path["pathType"])
                )
    return found


def is_plain(cluster: Cluster) -> bool:
    """Each Ingress has Services of its own, but for a canary that names exactly its main's.

    Where Ingresses share Services across places, ingress-nginx makes mains of canaries; that is told as
    a finding, its shares are not foreseen.
    """
    mains, canaries = places(cluster, canary=False), places(cluster, canary=True)
    unique = all(len({s for _, s in group}) == len(group) for group in (mains, canaries))
    return unique and all(
        other == where for (_, service), where in canaries.items() for (_, s), other in mains.items() if s == service
    )


@settings(max_examples=max(150, settings().max_examples), deadline=None, report_multiple_bugs=False)
@given(clusters())
def test_written_is_what_the_gateway_does(cluster: Cluster) -> None:
    assume(is_plain(cluster))
    compared = 0
    note([(k[2], d["metadata"], d["spec"]) for k, d in cluster.docs.items() if k[0] == "Ingress"])
    for name in [k[2] for k in cluster.docs if k[0] == "Ingress"]:
        main = cluster.ingress(name)
        assert isinstance(main, Ingress)
        forks = {fork.name: fork for fork in placements_of(main, cluster)}
        for rollout in ROUTER.read(main, cluster):
            if rollout.key.name not in forks:
                continue
            lanes = [lane for lane in rollout.lanes if lane.headers is not None]
            for location, lane in itertools.product(forks[rollout.key.name].locations, lanes):
                compared += 1
                written = {s.version: s.written or 0.0 for s in lane.shares}
                answered = obeyed(cluster, location.host, location.path, dict(lane.headers or ()))
                assert written == pytest.approx({v: answered[v] for v in written})
                assert sum(answered.values()) == pytest.approx(sum(written.values()))
    assume(compared)
