"""Reading VirtualServices: lanes, versions, roles, phases, findings, doors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import (
    DESTINATIONRULES,
    DESTINATIONRULES_V1BETA1,
    VIRTUALSERVICES,
    VIRTUALSERVICES_V1BETA1,
)
from cockpit.model.rollout import Phase, Role
from tests.objects import Cluster, decode
from tests.routers.istio_objects import deployment, destination_rule, reviews, route, service, to, virtual_service
from tests.routers.istio_reading import ROUTER, findings, planned, read, refusal, written


def split(v1: int | None = 80, v2: int | None = 20) -> dict[str, Any]:
    return route(to("v1", v1), to("v2", v2))


def test_weights_by_subset() -> None:
    rollout = read(reviews(virtual_service(split())))
    assert written(rollout) == {"v1": 0.8, "v2": 0.2}
    assert [(v.name, v.role, v.ready) for v in rollout.versions] == [("v1", Role.STABLE, 2), ("v2", Role.CANARY, 2)]
    assert (rollout.phase, rollout.message, rollout.router) == (Phase.CANARY, "v1 80%, v2 20%", "istio")
    assert [str(r) for r in rollout.objects] == [
        "VirtualService default/reviews",
        "DestinationRule default/reviews",
        "Service default/reviews",
        "Deployment default/reviews-v1",
        "Deployment default/reviews-v2",
    ]


def test_a_single_destination_takes_all_whatever_its_weight() -> None:
    assert written(read(reviews(virtual_service(route(to("v2", 0)))))) == {"v1": 0.0, "v2": 1.0}


def test_a_missing_weight_is_none() -> None:
    assert written(read(reviews(virtual_service(split(None, 100))))) == {"v1": 0.0, "v2": 1.0}


def test_weights_that_do_not_sum_to_100_are_relative_and_told() -> None:
    cluster = reviews(virtual_service(split(60, 20)))
    assert written(read(cluster)) == {"v1": 0.75, "v2": 0.25}
    assert "sum to 80" in findings(cluster)["weights-sum"]


def test_no_weight_at_all_is_unknown() -> None:
    cluster = reviews(virtual_service(split(0, 0)))
    assert written(read(cluster)) == {"v1": None, "v2": None}
    assert read(cluster).phase is Phase.DEGRADED
    assert "no-weight" in findings(cluster)


def test_by_host() -> None:
    cluster = reviews(
        service("reviews-v1", {"app": "reviews", "version": "v1"}),
        service("reviews-v2", {"app": "reviews", "version": "v2"}),
        virtual_service(route(to(host="reviews-v1", weight=90), to(host="reviews-v2", weight=10))),
        rule=False,
    ).balance()
    assert written(read(cluster)) == {"v1": 0.9, "v2": 0.1}


def test_a_header_route_is_a_lane() -> None:
    rollout = read(reviews(virtual_service(route(to("v2"), headers={"x-canary": {"exact": "1"}}), split(100, 0))))
    default, lane = rollout.lanes
    assert (default.name, lane.name, lane.match) == ("default", "x-canary=1", "header x-canary=1")
    assert lane.headers == (("x-canary", "1"),)
    assert written(rollout, 1) == {"v1": 0.0, "v2": 1.0}
    assert rollout.phase is Phase.CANARY
    assert rollout.message == "v1 100%; v2 100% with header x-canary=1"


def test_the_first_match_wins_so_what_comes_after_the_catch_all_is_never_reached() -> None:
    cluster = reviews(virtual_service(split(100, 0), route(to("v2"), headers={"x": {"exact": "1"}})))
    assert [lane.name for lane in read(cluster).lanes] == ["default"]
    assert "route 2 is never reached" in findings(cluster)["shadowed-route"]


@pytest.mark.parametrize(
    "wide", [{"uri": {"prefix": "/"}}, {"headers": {"x": {}}}, {"headers": {"x": {"prefix": "a"}}}]
)
def test_a_wider_condition_shadows_a_narrower_one(wide: dict[str, Any]) -> None:
    narrow = route(to("v2"), headers={"x": {"exact": "ab"}})
    cluster = reviews(virtual_service({"match": [wide], "route": [to("v1")]}, narrow, split()))
    assert "shadowed-route" in findings(cluster)


def test_a_pattern_before_a_rule_leaves_open_who_comes_through() -> None:
    first = route(to("v1"), headers={"x": {"regex": "a+b"}})
    cluster = reviews(virtual_service(first, route(to("v2"), headers={"x": {"exact": "ab"}}), split()))
    lanes = {lane.name: lane.headers for lane in read(cluster).lanes}
    assert lanes == {"default": (), "x~a+b": None, "x=ab": None}


@pytest.mark.parametrize(
    ("match", "headers"),
    [
        ({"headers": {"X-Up": {"exact": "1"}}}, (("x-up", "1"),)),
        ({"headers": {"x": {"prefix": "ab"}}}, (("x", "ab"),)),
        ({"headers": {"x": {"regex": "canary.*"}}}, (("x", "canary"),)),
        ({"headers": {"x": {"regex": "[0-9]+"}}}, None),
        ({"headers": {"x": {}}}, (("x", "1"),)),
        ({"headers": {"end-user": {"exact": "jason"}}, "sourceLabels": {"app": "web"}}, None),
        ({"queryParams": {"v": {"exact": "2"}}}, None),
        ({"headers": {"x": {"exact": "1"}}, "method": {"exact": "POST"}}, None),
        ({"headers": {"x": {"exact": "1"}}, "uri": {"prefix": "/other"}}, None),
        ({"headers": {"bad name": {"exact": "1"}}}, None),
        ({"headers": {"x": {"exact": "a\r\nb"}}}, None),
    ],
)
def test_examples_of_lanes(match: dict[str, Any], headers: tuple[tuple[str, str], ...] | None) -> None:
    rollout = read(reviews(virtual_service({"match": [match], "route": [to("v2")]}, split())))
    assert rollout.lanes[1].headers == headers
    assert rollout.lanes[1].match


def test_a_route_for_a_place_of_its_own_is_a_lane_and_the_catch_all_is_the_default() -> None:
    rollout = read(reviews(virtual_service(route(to("v2"), uri={"prefix": "/beta"}), split())))
    assert [(lane.name, lane.headers) for lane in rollout.lanes] == [("default", ()), ("uri /beta*", None)]


def test_without_a_catch_all_the_first_route_for_a_place_is_the_default() -> None:
    cluster = reviews(virtual_service(route(to("v1", 50), to("v2", 50), uri={"prefix": "/reviews"})))
    assert [lane.name for lane in read(cluster).lanes] == ["default"]
    entrance = read(cluster).entrance
    assert entrance
    assert entrance.path == "/reviews"


def test_routes_about_several_things_are_several_rollouts() -> None:
    cluster = reviews(
        service("ratings", {"app": "ratings"}),
        deployment("v1", app="ratings"),
        destination_rule("v1", host="ratings", name="ratings"),
        virtual_service(route(to("v1", host="ratings"), uri={"prefix": "/ratings"}), route(to("v1", 90), to("v2", 10))),
    )
    found = ROUTER.read(decode(cluster.doc("VirtualService", "reviews")), cluster)
    assert sorted(r.key.name for r in found) == ["reviews.ratings", "reviews.reviews"]


def test_a_plain_route_to_a_service_is_no_rollout() -> None:
    cluster = reviews(virtual_service(route(to())))
    assert ROUTER.read(decode(cluster.doc("VirtualService", "reviews")), cluster) == ()


def test_a_subset_without_pods_keeps_its_share_as_503() -> None:
    cluster = reviews(virtual_service(split()), v2=0)
    assert written(read(cluster)) == {"v1": 0.8, "v2": 0.2}
    assert "20% of all requests" in findings(cluster)["empty-destination"]
    assert read(cluster).phase is Phase.CANARY


def test_a_subset_without_rule_is_a_dangling_destination() -> None:
    cluster = reviews(destination_rule("v1"), virtual_service(split()), rule=False)
    assert written(read(cluster)) == {"v1": 0.8, "v2": 0.2, "reviews-v2": 0.0}
    assert "has a subset v2" in findings(cluster)["dangling-destination"]
    assert read(reviews(virtual_service(route(to("v9"))), v1=1)).phase is Phase.DEGRADED


def test_a_missing_service_is_told() -> None:
    cluster = reviews(virtual_service(route(to("v1", 50), to(host="nobody", weight=50))))
    assert "Service default/nobody does not exist" in findings(cluster)["dangling-destination"]


def test_a_name_with_a_dot_is_not_completed() -> None:
    assert "outside-host" in findings(reviews(virtual_service(route(to("v1", host="reviews.default")))))


def test_a_version_without_subset_is_told() -> None:
    cluster = reviews(destination_rule("v1"), virtual_service(route(to("v1"))), rule=False)
    rollout = read(cluster)
    assert [(v.name, v.role) for v in rollout.versions] == [("v1", Role.STABLE), ("v2", Role.NEW)]
    assert "no subset picks the pods of v2" in findings(cluster)["no-subset"]


def test_a_subset_that_mixes_versions_is_told_and_its_shares_are_derived() -> None:
    rule = destination_rule()
    rule["spec"]["subsets"] = [{"name": "all", "labels": {"app": "reviews"}}]
    cluster = reviews(rule, virtual_service(route(to("all"))), v1=3, v2=1, rule=False)
    assert written(read(cluster)) == {"v1": 0.75, "v2": 0.25}
    assert read(cluster).lanes[0].derived
    assert "not-pinned" in findings(cluster)


def test_two_virtual_services_for_one_host_in_the_mesh() -> None:
    other = virtual_service(route(to("v2")), name="other")
    assert "undefined" in findings(reviews(virtual_service(split()), other))["two-virtual-services"]
    elsewhere = virtual_service(route(to("v2")), name="other", gateways=["gate"])
    assert "two-virtual-services" not in findings(reviews(virtual_service(split()), elsewhere))


def test_after_full_promotion_the_old_version_is_old() -> None:
    rollout = read(reviews(virtual_service(split(0, 100))))
    assert {v.name: v.role for v in rollout.versions} == {"v1": Role.OLD, "v2": Role.STABLE}
    assert (rollout.phase, rollout.message) == (Phase.AT_REST, "v2 100%; v1 takes nothing")


def test_in_the_mesh_only_a_proxy_gets_in() -> None:
    rollout = read(reviews(virtual_service(split())))
    assert rollout.door is None
    assert rollout.entrance
    assert (rollout.entrance.host, rollout.entrance.port) == ("reviews.default.svc.cluster.local", 9080)
    assert "proxy" in rollout.door_missing


def gate(address: str | None = "203.0.113.7") -> list[dict[str, Any]]:
    labels = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
    status = {"loadBalancer": {"ingress": [{"ip": address}]}} if address else {}
    meta = {"name": "istio-ingressgateway", "namespace": "istio-system"}
    ports = [{"name": "status", "port": 15021}, {"name": "http2", "port": 80, "targetPort": 8080}]
    return [
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "gate", "namespace": "default"},
            "spec": {
                "selector": {"istio": "ingressgateway"},
                "servers": [{"port": {"number": 80, "protocol": "HTTP", "name": "http"}, "hosts": ["*.shop.test"]}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"type": "LoadBalancer", "selector": labels, "ports": ports},
            "status": status,
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "gate-1", "namespace": "istio-system", "labels": labels},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        },
    ]


def test_through_a_gateway_the_door_is_its_load_balancer() -> None:
    outside = virtual_service(split(), hosts=("*.shop.test",), gateways=["gate"])
    door = read(reviews(outside, *gate())).door
    assert door
    assert (door.address, door.port, door.host) == ("203.0.113.7", 80, "example.shop.test")
    both = virtual_service(split(), hosts=("reviews", "r.shop.test"), gateways=["mesh", "gate"])
    door = read(reviews(both, *gate())).door
    assert door
    assert door.host == "r.shop.test", "the host that the gateway takes"
    waiting = read(reviews(outside, *gate(None)))
    assert waiting.door is None
    assert waiting.entrance
    assert waiting.entrance.host == "example.shop.test"
    assert "istio-ingressgateway" in waiting.door_missing
    assert "Gateway default/gate does not exist" in read(reviews(outside)).door_missing


def test_what_leads_to_a_gateway_in_a_namespace_that_is_not_read_is_unknown_and_not_absent() -> None:
    def missing(gateway: str) -> str:
        cluster = reviews(virtual_service(split(), hosts=("r.shop.test",), gateways=[gateway]), *gate())
        cluster.kept_to("default")
        return read(cluster).door_missing

    own = missing("gate")
    assert "the Services of namespace istio-system" in own
    assert "were not read here: try -A" in own
    assert "no Service leads" not in own
    elsewhere = missing("istio-system/main")
    assert "Gateway istio-system/main is not known: the Gateways of namespace istio-system were not read" in elsewhere


def test_tcp_routes_are_shown_and_not_edited() -> None:
    tcp = [{"match": [{"port": 9080}], "route": [to("v1", 90), to("v2", 10)]}]
    cluster = reviews({**virtual_service(), "spec": {"hosts": ["reviews"], "tcp": tcp}})
    rollout = read(cluster)
    assert written(rollout) == {"v1": 0.9, "v2": 0.1}
    assert rollout.door is None
    assert rollout.entrance is None
    assert "only shown" in refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    both = reviews({**virtual_service(), "spec": {"hosts": ["reviews"], "http": [split()], "tcp": tcp}})
    found = ROUTER.read(decode(both.doc("VirtualService", "reviews")), both)
    assert [r.key.name for r in found] == ["reviews", "reviews.tcp"]


def test_a_delegate_is_read_under_its_own_name_and_tells_its_parent() -> None:
    parent = virtual_service(
        {"match": [{"uri": {"prefix": "/reviews"}}], "delegate": {"name": "inner"}}, name="root", hosts=("shop.test",)
    )
    inner = virtual_service(split(), name="inner", hosts=())
    cluster = reviews(parent, inner)
    assert written(read(cluster, "inner")) == {"v1": 0.8, "v2": 0.2}
    assert "from VirtualService root: uri /reviews*" in findings(cluster, "inner")["delegated"]
    assert ROUTER.read(decode(cluster.doc("VirtualService", "root")), cluster) == ()


def test_a_delegate_inside_the_mesh_says_how_to_come_in() -> None:
    parent = virtual_service({"delegate": {"name": "inner"}}, name="root")
    rollout = read(reviews(parent, virtual_service(split(), name="inner", hosts=())), "inner")
    assert "inside the mesh" in rollout.door_missing
    assert rollout.entrance is not None


@pytest.mark.parametrize("wide", ["conditions", "destinations"])
def test_a_route_of_very_many_parts_is_not_read(wide: str) -> None:
    headers = {f"x{n}": {"exact": "1"} for n in range(5000)}
    endless = route(*(to(f"s{n}", 1) for n in range(5000))) if wide == "destinations" else route(to(), headers=headers)
    cluster = reviews(virtual_service(split(), endless, endless))
    assert "only its first 1 routes" in findings(cluster)["too-many-routes"]
    assert len(read(cluster).lanes) == 1


def test_of_very_many_routes_the_first_are_read() -> None:
    many = [route(to("v2"), headers={"x": {"exact": str(n)}}) for n in range(200)]
    cluster = reviews(virtual_service(*many, split()))
    assert "too-many-routes" in findings(cluster)
    assert len(read(cluster).lanes) < 200


def test_an_older_version_of_the_kind_is_followed_where_it_is_what_there_is() -> None:
    old = [
        {**doc, "apiVersion": "networking.istio.io/v1alpha3"}
        for doc in (virtual_service(split()), destination_rule("v1", "v2"))
    ]
    base = reviews(*old, rule=False)
    newer = [VIRTUALSERVICES, VIRTUALSERVICES_V1BETA1, DESTINATIONRULES, DESTINATIONRULES_V1BETA1]
    cluster = Cluster(base.docs.values(), unknown=newer)
    rollout = read(cluster)
    assert written(rollout) == {"v1": 0.8, "v2": 0.2}
    assert {r.resource.version for r in rollout.objects[:2]} == {"v1alpha3"}
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert plan.requests[0].ref.resource.version == "v1alpha3"


WORDS = ["hosts", "gateways", "http", "match", "headers", "withoutHeaders", "uri", "exact", "regex", "route", "weight"]
WORDS += ["destination", "host", "subset", "port", "number", "labels", "name", "subsets", "delegate", "sourceLabels"]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["v1", "v2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=40,
)
destinations = st.fixed_dictionaries(
    {"destination": st.fixed_dictionaries({"host": st.just("reviews"), "subset": json_values | st.just("v1")})},
    optional={"weight": json_values},
)
some_http = st.lists(
    st.fixed_dictionaries({"route": st.lists(destinations | json_values, max_size=3)}, optional={"match": json_values}),
    max_size=4,
)


@settings(max_examples=30, deadline=None)
@given(json_values | st.fixed_dictionaries({"http": some_http}), json_values)
def test_any_json_is_read_and_planned_on(spec: Any, rule: Any) -> None:
    cluster: Cluster = reviews({**virtual_service(), "spec": spec}, v1=1, v2=1)
    cluster.add({**destination_rule("v1", "v2"), "spec": {"host": "reviews", "subsets": rule}})
    for rollout in ROUTER.read(decode(cluster.doc("VirtualService", "reviews")), cluster):
        for act in (Act.SET_WEIGHT, Act.HEADER, Act.STEPS, Act.PROMOTE, Act.ROLLBACK, Act.FINISH):
            ask = Ask(act, version="v2", header=("a", "b"), weights=(("v2", 0.3),), steps=(0.3, 1.0))
            ROUTER.plan(rollout, ask, cluster)
