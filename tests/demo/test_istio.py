"""How the embedded gateway and mesh obey VirtualServices: each case as Envoy does it behind a real istiod."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.demo.gateway.decisions import Decision, Forward, Redirect
from cockpit.demo.gateway.istio import compile_table
from cockpit.demo.gateway.istio_match import Client
from cockpit.demo.gateway.istio_rules import Accepted
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream

HOST = "reviews.default.svc.cluster.local"
PODS = {"v1": 1, "v2": 1}
PORTS = {("default", "reviews"): [9080], ("default", "two"): [80, 81]}


def leg(subset: str = "", weight: int | None = None, host: str = "reviews", **more: Any) -> dict[str, Any]:
    destination = {"host": host, **({"subset": subset} if subset else {}), **more}
    return {"destination": destination, **({} if weight is None else {"weight": weight})}


def service(*http: Any, name: str = "reviews", created: int = 1, hosts: Any = ("reviews",), **spec: Any) -> Any:
    meta = {"name": name, "namespace": "default", "creationTimestamp": f"2026-01-01T00:00:0{created}Z"}
    return {"metadata": meta, "spec": {"hosts": list(hosts), "http": list(http), **spec}}


def rule(*subsets: str, name: str = "reviews", created: int = 1, **labels: str) -> Any:
    meta = {"name": name, "namespace": "default", "creationTimestamp": f"2026-01-01T00:00:0{created}Z"}
    wanted = [{"name": s, "labels": {"version": labels.get(s, s)}} for s in subsets]
    return {"metadata": meta, "spec": {"host": "reviews", "subsets": wanted}}


def gate(*hosts: str, name: str = "gate") -> Any:
    servers = [{"port": {"number": 80, "protocol": "HTTP"}, "hosts": list(hosts)}]
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"servers": servers}}


def has_endpoints(upstream: Upstream) -> bool:
    wanted = dict(upstream.labels).get("version")
    return wanted in PODS if wanted else True


def answer(found: Decision) -> str:
    if isinstance(found, int | Redirect):
        return str(found if isinstance(found, int) else found.status)
    found = found.upstream if isinstance(found, Forward) else found
    return dict(found.labels).get("version", found.service)


def inside(
    *http: Any,
    n: int = 20,
    path: str = "/",
    query: str = "",
    services: tuple[Any, ...] = (),
    rules: tuple[Any, ...] | None = None,
    client: Client | None = None,
    host: str = HOST,
    **headers: str,
) -> Counter[str]:
    """What n requests of a client in the mesh are answered by: version, Service, or status."""
    found = (service(*http), *services) if http else services
    rules = (rule("v1", "v2", "none"),) if rules is None else rules
    table = compile_table(found, rules, [], lambda ns, name: PORTS.get((ns, name)))
    rng, asking = random.Random(5), client or Client(labels={"app": "web"}, port=9080)
    sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = Request(host, path, sent, "GET", query)
    return Counter(answer(table.decide_inside(request, asking, rng, has_endpoints)) for _ in range(n))


def one(*http: Any, **how: Any) -> str:
    (found,) = inside(*http, **how)
    return found


def to_v2(*blocks: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"match": list(blocks), "route": [leg("v2")]}, {"route": [leg("v1")]}


def test_weights() -> None:
    found = inside({"route": [leg("v1", 80), leg("v2", 20)]}, n=4000)
    assert 650 < found["v2"] < 950
    assert one({"route": [leg("v1"), leg("v2", 100)]}) == "v2"
    assert one({"route": [leg("v2", 0)]}) == "v2"
    found = inside({"route": [leg("v1", 100), leg("v2", 200)]}, n=3000)
    assert 900 < found["v1"] < 1100


def test_what_leads_nowhere_keeps_its_share_as_503() -> None:
    assert one({"route": [leg("v7")]}) == "503"
    assert set(inside({"route": [leg("v1", 50), leg("none", 50)]})) == {"v1", "503"}
    assert set(inside({"route": [leg("v1", 50), leg(host="nobody", weight=50)]})) == {"v1", "503"}
    assert one({"route": [leg("v2", host="reviews.default")]}) == "503", "a name with a dot is not completed"


def test_without_a_virtual_service_the_service_answers() -> None:
    assert one() == "reviews"
    assert one(services=(service(),)) == "reviews", "one without routes is none"
    assert one(host="reviews") == "reviews"
    assert one(host="elsewhere.test") == "502"


@pytest.mark.parametrize(
    ("block", "request_", "met"),
    [
        ({"uri": {"prefix": "/re"}}, {"path": "/reviews"}, True),
        ({"uri": {"prefix": "/re"}}, {"path": "/RE"}, False),
        ({"uri": {"prefix": "/RE"}, "ignoreUriCase": True}, {"path": "/reviews"}, True),
        ({"uri": {"exact": "/a"}}, {"path": "/a", "query": "x=1"}, True),
        ({"uri": {"exact": "/a"}}, {"path": "/a/"}, False),
        ({"uri": {"regex": "/a"}}, {"path": "/ab"}, False),
        ({"uri": {}}, {}, True),
        ({"headers": {"x": {"regex": "a+"}}}, {"x": "aa"}, True),
        ({"headers": {"x": {"regex": "a+"}}}, {"x": "aab"}, False),
        ({"headers": {"X-Up": {"exact": "1"}}}, {"x_up": "1"}, True),
        ({"headers": {"x": {"exact": "1"}}}, {"x": "1, 2"}, False),
        ({"headers": {"x": {}}}, {"x": "1"}, True),
        ({"headers": {"x": {}}}, {}, False),
        ({"headers": {"x": {"exact": ""}}}, {"x": "1"}, False),
        ({"headers": {"x": {"exact": ""}}}, {"x": ""}, True),
        ({"headers": {"x": {"prefix": ""}}}, {}, True),
        ({"headers": {"x": {"regex": "a("}}}, {"x": "a"}, False),
        ({"withoutHeaders": {"x": {"exact": "1"}}}, {"x": "1"}, False),
        ({"withoutHeaders": {"x": {"exact": "1"}}}, {"x": "2"}, True),
        ({"withoutHeaders": {"x": {"exact": "1"}}}, {}, False),
        ({"withoutHeaders": {"x": {}}}, {}, True),
        ({"withoutHeaders": {"x": {}}}, {"x": "1"}, False),
        ({"queryParams": {"q": {"exact": "1"}}}, {"query": "q=1"}, True),
        ({"queryParams": {"q": {"exact": "1"}}}, {"query": "q=2"}, False),
        ({"queryParams": {"q": {}}}, {"query": "q"}, True),
        ({"method": {"exact": "POST"}}, {}, False),
        ({"authority": {"prefix": "reviews.default"}}, {}, True),
        ({"sourceLabels": {"app": "web"}}, {}, True),
        ({"sourceLabels": {"app": "other"}}, {}, False),
        ({"sourceNamespace": "default"}, {}, True),
        ({"sourceNamespace": "elsewhere"}, {}, False),
        ({"gateways": ["gate"]}, {}, False),
        ({"gateways": ["mesh"]}, {}, True),
        ({"port": 9080}, {}, True),
        ({"port": 80}, {}, False),
        ({}, {}, True),
        ({"name": "said"}, {}, True),
    ],
)
def test_conditions(block: dict[str, Any], request_: dict[str, str], met: bool) -> None:
    assert one(*to_v2(block), n=1, **request_) == ("v2" if met else "v1")


def test_blocks_are_alternatives_and_the_first_route_wins() -> None:
    either = to_v2({"headers": {"x": {"exact": "1"}}}, {"headers": {"y": {}}})
    assert one(*either, y="2") == "v2"
    assert one({"route": [leg("v1")]}, *either, x="1") == "v1"
    assert one(*to_v2({"headers": {"x": {}}})[:1]) == "404"


def test_a_proxy_answers_by_itself() -> None:
    assert one({"directResponse": {"status": 418}}) == "418"
    assert one({"redirect": {"uri": "/"}}) == "301"
    every = {"httpStatus": 500, "percentage": {"value": 100}}
    assert one({"fault": {"abort": every}, "route": [leg("v1")]}) == "500"
    # Envoy fails none without a percentage: ten of ten were answered.
    assert one({"fault": {"abort": {"httpStatus": 500}}, "route": [leg("v1")]}) == "v1"


def test_a_port_is_needed_where_a_service_has_several() -> None:
    with_port = leg(host="two", port={"number": 81})
    assert one({"route": [with_port]}) == "two"
    assert one({"route": [leg(host="two")]}) == "503"


def test_of_two_virtual_services_in_the_mesh_the_older_counts_alone() -> None:
    younger = service({"route": [leg("v2")]}, name="alpha", created=5)
    assert one({"route": [leg("v1")]}, services=(younger,)) == "v1"


def test_subsets_of_two_rules_are_joined_and_the_older_wins() -> None:
    rules = (rule("v1"), rule("extra", "v1", name="second", created=5, extra="v2", v1="v2"))
    assert one({"route": [leg("extra")]}, rules=rules) == "v2"
    assert one({"route": [leg("v1")]}, rules=rules) == "v1"


@pytest.mark.parametrize("wrong", [[leg("v1", 0), leg("v2", 0)], [leg("v1", -5), leg("v2", 50)], []])
def test_what_proxies_refuse_leaves_them_as_they_were(wrong: list[Any]) -> None:
    accepted = Accepted()
    before, after = service({"route": [leg("v1")]}), service({"route": wrong})
    assert accepted.of([after]) == []
    assert accepted.of([before]) == [before]
    assert accepted.of([after]) == [before]
    assert accepted.of([]) == []
    assert accepted.of([after]) == [], "what was deleted is not remembered"


def test_a_delegate_is_routed_under_the_conditions_of_both() -> None:
    root = service({"match": [{"uri": {"prefix": "/r"}}], "delegate": {"name": "inner"}}, {"route": [leg("v1")]})
    inner = service(*to_v2({"headers": {"x": {"exact": "1"}}})[:1], name="inner", hosts=())
    assert one(services=(root, inner), path="/r", x="1") == "v2"
    assert one(services=(root, inner), path="/r") == "v1"
    assert one(services=(root, inner), path="/q", x="1") == "v1"


def outside(host: str, *services: Any, gates: tuple[Any, ...] | None = None, **headers: str) -> str:
    gates = (gate("*.shop.test"),) if gates is None else gates
    table = compile_table(services, [rule("v1", "v2")], gates, lambda ns, name: PORTS.get((ns, name)))
    request = Request(host, "/", {"host": host, **headers})
    return answer(table.decide(request, random.Random(1), has_endpoints))


def test_a_gateway_takes_the_hosts_that_it_and_the_virtual_service_name() -> None:
    shop = service({"route": [leg("v1")]}, hosts=("a.shop.test",), gateways=["gate"])
    assert outside("a.shop.test", shop) == "v1"
    assert outside("b.shop.test", shop) == "404"
    assert outside("a.shop.test", shop, gates=(gate("other.test"),)) == "404"
    assert outside("a.shop.test", service({"route": [leg("v1")]}, hosts=("a.shop.test",))) == "404", "mesh only"


def test_virtual_services_of_a_host_are_merged_at_a_gateway_with_catch_alls_last() -> None:
    plain = service({"route": [leg("v1")]}, hosts=("a.shop.test",), gateways=["gate"])
    special = service(
        *to_v2({"headers": {"x": {"exact": "1"}}})[:1], hosts=("a.shop.test",), gateways=["gate"], name="z", created=5
    )
    assert outside("a.shop.test", plain, special, x="1") == "v2"
    assert outside("a.shop.test", plain, special) == "v1"


def test_an_exact_host_beats_every_host() -> None:
    wide = service({"route": [leg("v1")]}, hosts=("*",), gateways=["gate"], name="wide")
    exact = service(*to_v2({"headers": {"x": {}}})[:1], hosts=("a.shop.test",), gateways=["gate"])
    assert outside("b.shop.test", wide, exact) == "v1"
    assert outside("a.shop.test", wide, exact) == "404"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["http", "match", "route", "destination", "host", "headers", "uri", "hosts", "exact"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=100)
@given(json_values, json_values)
def test_any_json_is_obeyed_somehow(spec: Any, other: Any) -> None:
    services = [{**service(), "spec": spec}, {**service(name="b"), "spec": {"hosts": ["reviews"], "http": other}}]
    table = compile_table(services, [{**rule(), "spec": other}], [{**gate(), "spec": spec}], lambda ns, name: [80])
    request = Request(HOST, "/", {"host": HOST})
    for decision in (
        table.decide(request, random.Random(1), has_endpoints),
        table.decide_inside(request, Client(), random.Random(1), has_endpoints),
    ):
        assert isinstance(decision, int | Upstream)
