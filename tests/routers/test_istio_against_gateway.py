"""What is read as written is what a gateway and a mesh that obey the same VirtualServices do."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from cockpit.demo.gateway.istio import IstioTable, compile_table
from cockpit.demo.gateway.istio_match import Client
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream
from tests.demo.conftest import chosen
from tests.objects import Cluster, decode
from tests.routers.istio_objects import deployment, destination_rule, service, virtual_service
from tests.routers.istio_reading import ROUTER

VERSIONS = ("v1", "v2", "v3")
HOST = "reviews.default.svc.cluster.local"


class Draw(random.Random):
    """A draw that was decided before; it notes from how many."""

    def __init__(self, value: int) -> None:
        super().__init__()
        self.value, self.most = value, 1

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        self.most = start
        return self.value


matching: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.fixed_dictionaries({"exact": st.sampled_from(["a", "ab", "always"])}),
    st.fixed_dictionaries({"prefix": st.sampled_from(["a", "al"])}),
    st.fixed_dictionaries({"regex": st.sampled_from(["a", "a.*", "[ab]+", ".*"])}),
    st.just({}),
)
headers = st.dictionaries(st.sampled_from(["x", "y"]), matching, min_size=1, max_size=2)
blocks = st.fixed_dictionaries(
    {},
    optional={
        "headers": headers,
        "withoutHeaders": st.dictionaries(st.just("z"), matching, min_size=1),
        "uri": st.sampled_from([{"prefix": "/"}, {"prefix": "/r"}, {"exact": "/r"}, {"regex": "/r.*"}]),
        "method": st.sampled_from([{"exact": "GET"}, {"exact": "POST"}]),
        "queryParams": st.just({"q": {"exact": "1"}}),
        "sourceLabels": st.just({"app": "web"}),
        "ignoreUriCase": st.just(True),
    },
)
subset_leg = st.fixed_dictionaries(
    {
        "destination": st.fixed_dictionaries(
            {"host": st.just("reviews")}, optional={"subset": st.sampled_from([*VERSIONS, "none"])}
        )
    },
    optional={"weight": st.integers(0, 4)},
)
host_leg = st.fixed_dictionaries(
    {"destination": st.fixed_dictionaries({"host": st.sampled_from(["reviews-v1", "reviews-v2", "nobody"])})},
    optional={"weight": st.integers(0, 4)},
)
legs = st.lists(subset_leg, min_size=1, max_size=3) | st.lists(host_leg, min_size=1, max_size=2)
entries = st.fixed_dictionaries({"route": legs}, optional={"match": st.lists(blocks, min_size=1, max_size=2)})


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    cluster = Cluster([service()])
    for number, version in enumerate(VERSIONS):
        cluster.add(deployment(version, draw(st.integers(0, 2))), created=f"2026-01-01T0{number}:00:00Z")
        cluster.run(f"reviews-{version}")
    for version in ("v1", "v2"):
        cluster.add(service(f"reviews-{version}", {"app": "reviews", "version": version}))
    cluster.add(destination_rule(*draw(st.lists(st.sampled_from(VERSIONS), unique=True))))
    return cluster.balance().add(virtual_service(*draw(st.lists(entries, min_size=1, max_size=3))))


def table_of(cluster: Cluster) -> IstioTable:
    def docs(kind: str) -> list[dict[str, Any]]:
        return [d for k, d in cluster.docs.items() if k[0] == kind]

    def ports(namespace: str, name: str) -> list[int] | None:
        return [9080] if ("Service", namespace, name) in cluster.docs else None

    return compile_table(docs("VirtualService"), docs("DestinationRule"), [], ports)


def pods_behind(cluster: Cluster, upstream: Upstream) -> list[str]:
    """The versions of the ready pods that a Service and a subset's labels pick, one entry a pod."""
    selector = cluster.doc("Service", upstream.service)["spec"]["selector"]
    wanted = {**selector, **dict(upstream.labels)}.items()
    pods = [d for k, d in cluster.docs.items() if k[0] == "Pod"]
    return [p["metadata"]["labels"]["version"] for p in pods if wanted <= p["metadata"]["labels"].items()]


def obeyed(cluster: Cluster, path: str, sent: dict[str, str]) -> tuple[dict[str, float], float]:
    """The share of each version in what the mesh answers, and that of errors."""
    table, request = table_of(cluster), Request(HOST, path, {"host": HOST, **sent})
    client = Client(namespace="default", labels={}, port=9080)

    def decide(draw: Draw) -> Upstream | int:
        return chosen(table.decide_inside(request, client, draw, lambda up: bool(pods_behind(cluster, up))))

    first = Draw(0)
    decide(first)
    found, lost = dict.fromkeys(VERSIONS, 0.0), 0.0
    for value in range(first.most):
        answer = decide(Draw(value))
        pods = pods_behind(cluster, answer) if isinstance(answer, Upstream) else []
        for version in pods:
            found[version] += 1 / first.most / len(pods)
        lost += 0.0 if pods else 1 / first.most
    return found, lost


@settings(max_examples=120, deadline=None, report_multiple_bugs=False)
@given(clusters())
def test_written_is_what_the_mesh_does(cluster: Cluster) -> None:
    compared = 0
    note(cluster.doc("VirtualService", "reviews")["spec"])
    for rollout in ROUTER.read(decode(cluster.doc("VirtualService", "reviews")), cluster):
        path = rollout.incomplete_target.path if rollout.incomplete_target else "/"
        for lane in rollout.lanes:
            if lane.headers is None or any(share.written is None for share in lane.shares):
                continue
            compared += 1
            found, lost = obeyed(cluster, path, dict(lane.headers))
            ready = {v.name: v.ready for v in rollout.versions}
            answered = {s.version: s.written or 0.0 for s in lane.shares if ready[s.version]}
            label = {v.name: next(iter(v.images), "").rpartition(":")[2] for v in rollout.versions}
            note(f"{lane}: mesh answers {found}, {lost} lost")
            assert sum(found.values()) + lost == pytest.approx(1)
            for version, share in answered.items():
                if label[version]:
                    assert found[label[version]] == pytest.approx(share)
            empty = sum(s.written or 0.0 for s in lane.shares if not ready[s.version])
            assert lost == pytest.approx(empty)
    assume(compared)
