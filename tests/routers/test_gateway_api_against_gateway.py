"""What is read as written of an HTTPRoute is what a gateway that obeys it does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from cockpit.demo.controllers.attachment import CLASS, CONTROLLER_NAME
from cockpit.demo.gateway.httproutes import compile_table
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream
from cockpit.model.objects import HttpRoute
from cockpit.routers.gateway_api.split import splits_of
from tests.objects import Cluster, decode
from tests.routers.httproutes import backend, route, rule, shop, version
from tests.routers.test_gateway_api import ROUTER
from tests.routers.test_ingress_against_gateway import Draw

CLASSES = [{"metadata": {"name": CLASS}, "spec": {"controllerName": CONTROLLER_NAME}}]
SERVICES = {"shop-v1": "v1", "shop-v2": "v2", "shop-v3": "v3"}

backends = st.lists(
    st.builds(backend, st.sampled_from(sorted(SERVICES)), st.none() | st.integers(0, 7)),
    min_size=1,
    max_size=3,
    unique_by=lambda b: b["name"],
)
headers = st.sampled_from([None, None, {"a": "1"}, {"a": "2"}, {"a": "1", "b": "1"}, {"b": "1"}])


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    found = rule(*draw(backends), path=draw(st.sampled_from(["/", "/p", "/p/q"])), headers=draw(headers))
    match = found["matches"][0]
    match["path"]["type"] = draw(st.sampled_from(["PathPrefix", "PathPrefix", "Exact"]))
    if draw(st.integers(0, 4)) == 0:
        match["method"] = draw(st.sampled_from(["GET", "POST"]))
    if draw(st.integers(0, 4)) == 0:
        match["queryParams"] = [{"name": "go", "value": "1"}]
    return found


def obeyed(cluster: Cluster, path: str, sent: dict[str, str], empty: set[str]) -> dict[str, float]:
    """The share of each version in what the gateway does; errors count for the version whose share they are."""
    gateway = {
        **cluster.doc("Gateway", "gate"),
        "spec": {"gatewayClassName": CLASS, "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
    }
    table = compile_table([cluster.doc("HTTPRoute", "shop")], [gateway], CLASSES, [], lambda *_: [80])
    request = Request("shop.test", path, {name.lower(): value for name, value in sent.items()})
    asked: list[str] = []

    def has_endpoints(upstream: Upstream) -> bool:
        asked.append(upstream.service)
        return upstream.service not in empty

    first = Draw(1)
    table.decide(request, first, has_endpoints)
    found = dict.fromkeys(SERVICES.values(), 0.0)
    for value in range(1, first.most + 1):
        asked.clear()
        answer = table.decide(request, Draw(value), has_endpoints)
        for service in asked:
            assert (answer == 503) is (service in empty)
            found[SERVICES[service]] += 1 / first.most
    return found


@settings(max_examples=max(80, settings().max_examples), deadline=None, report_multiple_bugs=False)
@given(st.lists(rules(), min_size=1, max_size=4), st.sets(st.sampled_from(sorted(SERVICES))))
def test_written_is_what_the_gateway_does(wishes: list[dict[str, Any]], empty: set[str]) -> None:
    cluster = shop(v1=0 if "shop-v1" in empty else 1, v2=0 if "shop-v2" in empty else 1)
    cluster.add(*version("v3", 0 if "shop-v3" in empty else 1)).run("shop-v3").add(route(*wishes))
    note(wishes)
    found, compared = cluster.doc("HTTPRoute", "shop"), 0
    read = decode(found)
    assert isinstance(read, HttpRoute)
    for split, rollout in zip(splits_of(read, cluster), ROUTER.read(read, cluster), strict=True):
        for lane in rollout.lanes:
            if lane.headers is None:
                continue
            answered = obeyed(cluster, split.path, dict(lane.headers), empty)
            written = {s.version: s.written or 0.0 for s in lane.shares}
            assert written == pytest.approx({v: answered[v] for v in written}), lane.name
            compared += 1
    assume(compared)
