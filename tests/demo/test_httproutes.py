"""HTTPRoutes as the embedded gateway obeys them, and what their controller says about them."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.demo.controllers.attachment import CLASS, CONTROLLER_NAME
from cockpit.demo.errors import Invalid
from cockpit.demo.gateway.httproutes import compile_table
from cockpit.demo.gateway.match import Request
from cockpit.demo.schemas.customkinds import GATEWAYCLASSES, GATEWAYS, HTTPROUTES, REFERENCEGRANTS
from cockpit.demo.schemas.kinds import SERVICES
from tests.demo.conftest import Bench, chosen, service

Doc = dict[str, Any]
CLASSES = [{"metadata": {"name": CLASS}, "spec": {"controllerName": CONTROLLER_NAME}}]


def gate(name: str = "gate", **listener: Any) -> Doc:
    shown = {"name": "web", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "Same"}}}
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"gatewayClassName": CLASS, "listeners": [{**shown, **listener}]},
    }


def rule(*backends: Any, **match: Any) -> Doc:
    """Backends are names, or (name, weight); `path`, `headers`, `query`, `method` and `kind` of the path."""
    refs = []
    for backend in backends:
        name, weight = backend if isinstance(backend, tuple) else (backend, None)
        refs.append({"name": name, "port": 80} | ({} if weight is None else {"weight": weight}))
    found: Doc = {"path": {"type": match.get("kind", "PathPrefix"), "value": match.get("path", "/")}}
    if "headers" in match:
        found["headers"] = [{"name": n, "value": v} for n, v in match["headers"].items()]
    if "query" in match:
        found["queryParams"] = [{"name": n, "value": v} for n, v in match["query"].items()]
    if "method" in match:
        found["method"] = match["method"]
    return {"matches": [found], "backendRefs": refs}


def route(*rules: Doc, name: str = "route", hosts: tuple[str, ...] = ("shop.test",), created: str = "1") -> Doc:
    return {
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": created},
        "spec": {"parentRefs": [{"name": "gate"}], "hostnames": list(hosts), "rules": list(rules)},
    }


def answers(
    *routes: Doc,
    host: str = "shop.test",
    path: str = "/",
    missing: tuple[str, ...] = (),
    empty: tuple[str, ...] = (),
    draws: int = 120,
    **request: Any,
) -> Counter[str | int]:
    """How often each Service, or each status, is chosen."""
    table = compile_table(routes, [gate()], CLASSES, [], lambda _, name: None if name in missing else [80])
    rng, asked = random.Random(3), Request(host, path, **request)
    counted: Counter[str | int] = Counter()
    for _ in range(draws):
        found = chosen(table.decide(asked, rng, lambda upstream: upstream.service not in empty))
        counted[found if isinstance(found, int) else found.service] += 1
    return counted


def test_without_weights_backends_share_alike() -> None:
    counted = answers(route(rule("a", "b")), draws=2000)
    assert abs(counted["a"] - 1000) < 120
    assert counted["a"] + counted["b"] == 2000


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.data())
def test_every_backend_keeps_its_share_whatever_is_wrong_with_it(weights: list[int], data: st.DataObject) -> None:
    names = [f"s{number}" for number in range(len(weights))]
    missing = tuple(data.draw(st.lists(st.sampled_from(names), unique=True)))
    empty = tuple(data.draw(st.lists(st.sampled_from(names), unique=True)))
    table = compile_table(
        [route(rule(*zip(names, weights, strict=True)))],
        [gate()],
        CLASSES,
        [],
        lambda _, name: None if name in missing else [80],
    )

    class Turn(random.Random):
        turn = 0

        def randint(self, a: int, b: int) -> int:
            Turn.turn += 1
            return a + (Turn.turn - 1) % (b - a + 1)

    total = sum(weights)
    counted: Counter[str | int] = Counter()
    for _ in range(max(total, 1)):
        found = chosen(table.decide(Request("shop.test"), Turn(), lambda upstream: upstream.service not in empty))
        counted[found if isinstance(found, int) else found.service] += 1
    wish: Counter[str | int] = Counter()
    for name, weight in zip(names, weights, strict=True):
        wish[500 if name in missing else 503 if name in empty else name] += weight
    assert +counted == (+wish if total else Counter({500: 1}))


def test_weights_that_sum_to_zero_are_500_and_so_is_a_single_zero() -> None:
    assert answers(route(rule(("a", 0), ("b", 0)))) == {500: 120}
    assert answers(route(rule(("a", 0)))) == {500: 120}
    assert answers(route({"matches": [{}]})) == {500: 120}


def test_a_header_rule_wins_wherever_it_stands() -> None:
    plain, single = rule("a"), rule("b", headers={"X-User": "bob"})
    for routes in ([route(plain, single)], [route(single, plain)]):
        assert answers(*routes, headers={"x-user": "bob"}) == {"b": 120}
        assert answers(*routes, headers={"x-user": "Bob"}) == {"a": 120}
        assert answers(*routes) == {"a": 120}


@pytest.mark.parametrize(
    ("request_", "service_"),
    [
        ({"path": "/api/v1"}, "prefix"),
        ({"path": "/apis"}, "root"),
        ({"path": "/api"}, "exact"),
        ({"path": "/api/"}, "prefix"),
        ({"path": "/api/v1", "method": "POST"}, "post"),
        ({"path": "/api/v1", "query": "go=1&go=2"}, "query"),
        ({"path": "/api/v1", "query": "go=2&go=1"}, "prefix"),
        ({"path": "/v2/x"}, "pattern"),
        ({"host": "a.b.shop.test"}, "wild"),
        ({"host": "other.test"}, 404),
    ],
)
def test_precedence(request_: dict[str, Any], service_: str | int) -> None:
    routes = [
        route(
            rule("root"),
            rule("prefix", path="/api"),
            rule("exact", path="/api", kind="Exact"),
            rule("post", path="/api", method="POST"),
            rule("query", path="/api", query={"go": "1"}),
            rule("pattern", path="/v[0-9]/.*", kind="RegularExpression"),
        ),
        route(rule("wild"), name="wild", hosts=("*.shop.test",)),
    ]
    assert answers(*routes, **request_) == {service_: 120}


def test_of_equal_matches_the_older_route_wins_then_the_name() -> None:
    young, old = route(rule("young"), name="a", created="2"), route(rule("old"), name="b", created="1")
    assert answers(young, old) == {"old": 120}
    assert answers(route(rule("b"), name="b"), route(rule("a"), name="a")) == {"a": 120}


@pytest.mark.parametrize(
    ("gateway", "host", "answer"),
    [
        (gate(hostname="*.test"), "shop.test", "a"),
        (gate(hostname="other.test"), "shop.test", 404),
        (gate(protocol="TCP"), "shop.test", 404),
        (gate("another"), "shop.test", 404),
        ({**gate(), "spec": {**gate()["spec"], "gatewayClassName": "nobody"}}, "shop.test", 404),
    ],
)
def test_only_routes_that_hang_on_a_listener_are_served(gateway: Doc, host: str, answer: str | int) -> None:
    table = compile_table([route(rule("a"))], [gateway], CLASSES, [], lambda *_: [80])
    found = chosen(table.decide(Request(host), random.Random(1), lambda _: True))
    assert (found if isinstance(found, int) else found.service) == answer


def conditions(bench: Bench, name: str = "route") -> dict[str, tuple[str, str, int]]:
    (parent,) = bench.storage.get(HTTPROUTES, "default", name)["status"]["parents"]
    return {c["type"]: (c["status"], c["reason"], c["observedGeneration"]) for c in parent["conditions"]}


def test_the_controller_says_what_it_made_of_each_generation(bench: Bench) -> None:
    bench.storage.create(GATEWAYS, gate())
    bench.storage.create(HTTPROUTES, route(rule("a", "b")))
    bench.storage.create(SERVICES, service("a", {"app": "a"}))
    bench.settle()
    assert conditions(bench) == {
        "Accepted": ("True", "Accepted", 1),
        "ResolvedRefs": ("False", "BackendNotFound", 1),
    }
    bench.storage.create(SERVICES, service("b", {"app": "b"}))
    changed = bench.storage.get(HTTPROUTES, "default", "route")
    changed["spec"]["rules"][0]["backendRefs"][0]["weight"] = 9
    bench.storage.update(HTTPROUTES, changed)
    bench.settle()
    assert conditions(bench)["ResolvedRefs"] == ("True", "ResolvedRefs", 2)
    gateway = bench.storage.get(GATEWAYS, "default", "gate")["status"]
    assert [c["status"] for c in gateway["conditions"]] == ["True", "True"]
    assert [listener["attachedRoutes"] for listener in gateway["listeners"]] == [1]
    bench.storage.delete(HTTPROUTES, "default", "route")
    bench.settle()
    assert bench.storage.get(GATEWAYS, "default", "gate")["status"]["listeners"][0]["attachedRoutes"] == 0


def test_a_route_on_no_gateway_of_ours_gets_no_status(bench: Bench) -> None:
    bench.storage.create(GATEWAYS, {**gate(), "spec": {**gate()["spec"], "gatewayClassName": "nobody"}})
    bench.storage.create(HTTPROUTES, route(rule("a")))
    bench.settle()
    assert "parents" not in (bench.storage.get(HTTPROUTES, "default", "route").get("status") or {})
    waiting = bench.storage.get(GATEWAYS, "default", "gate")["status"]["conditions"]
    assert {c["reason"] for c in waiting} == {"Pending"}
    assert bench.storage.get(GATEWAYCLASSES, None, CLASS)["status"]["conditions"][0]["status"] == "True"


def test_a_backend_elsewhere_needs_a_grant(bench: Bench) -> None:
    far = route(rule("a"))
    far["spec"]["rules"][0]["backendRefs"][0]["namespace"] = "far"
    bench.storage.create(GATEWAYS, gate())
    bench.storage.create(HTTPROUTES, far)
    bench.settle()
    assert conditions(bench)["ResolvedRefs"][:2] == ("False", "RefNotPermitted")
    grant = {
        "metadata": {"name": "let", "namespace": "far"},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "default"}],
            "to": [{"group": "", "kind": "Service"}],
        },
    }
    table = compile_table([far], [gate()], CLASSES, [grant], lambda *_: [80])
    found = chosen(table.decide(Request("shop.test"), random.Random(1), lambda _: True))
    assert not isinstance(found, int)
    assert found.namespace == "far"
    assert REFERENCEGRANTS.namespaced


@pytest.mark.parametrize(("field", "value"), [("weight", -1), ("weight", 1_000_001), ("port", 0), ("port", 70_000)])
def test_weights_and_ports_out_of_range_are_refused(bench: Bench, field: str, value: int) -> None:
    broken = route(rule("a"))
    broken["spec"]["rules"][0]["backendRefs"][0][field] = value
    with pytest.raises(Invalid, match=f"spec.rules\\[0\\].backendRefs\\[0\\].{field} in body should be"):
        bench.storage.create(HTTPROUTES, broken)
