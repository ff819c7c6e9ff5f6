"""The written split of one router object between the two Services of a controller."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.routers.gateway_api.written import httproute_split
from cockpit.routers.ingress.written import ingress_split
from tests.objects import Cluster
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.ingresses import CANARY


def of_route(*rules: dict[str, Any]) -> Any:
    return httproute_split(shop(route(*rules)), "default", "shop", "shop-v1", "shop-v2")


def test_weights_of_a_route_are_relative_and_absent_ones_are_one() -> None:
    assert of_route(rule(backend("shop-v1", 70), backend("shop-v2", 30))).share == 0.3
    assert of_route(rule(backend("shop-v1"), backend("shop-v2"))).share == 0.5
    assert of_route(rule(backend("shop-v1"))).share == 0.0


def test_every_backend_of_a_rule_counts() -> None:
    found = of_route(rule(backend("shop-v1", 3), backend("shop-v2", 1), backend("other", 96)))
    assert (found.share, found.stable, found.others) == (0.01, pytest.approx(0.03), 0.96)
    assert found.strangers == ("Service default/other",)
    alone = of_route(rule(backend("shop-v1", 0), backend("shop-v2", 0), backend("other")))
    assert (alone.share, alone.stable, alone.others) == (0.0, 0.0, 1.0)


def test_a_header_rule_is_a_lane_wherever_it_stands() -> None:
    found = of_route(
        rule(backend("shop-v1", 90), backend("shop-v2", 10)), rule(backend("shop-v2"), headers={"user": "bob"})
    )
    assert found.share == 0.1
    assert [(lane.match, lane.headers, lane.share) for lane in found.lanes] == [
        ("header user=bob", (("user", "bob"),), 1.0)
    ]
    assert [str(r) for r in found.refs] == ["HTTPRoute default/shop"]


def test_a_route_that_says_nothing_about_them_is_a_problem_not_a_zero() -> None:
    assert of_route(rule(backend("other"))).share is None
    assert next(p.id for p in of_route(rule(backend("shop-v1", 0), backend("shop-v2", 0))).problems) == "no-weight"
    missing = httproute_split(Cluster(), "default", "shop", "a", "b")
    assert missing.share is None
    assert [p.id for p in missing.problems] == ["route-missing"]


def test_a_gateway_that_nobody_took_up_is_a_problem_of_its_route() -> None:
    cluster = shop(route(rule(backend("shop-v1", 70), backend("shop-v2", 30))))
    del cluster.doc("Gateway", "gate")["status"]
    found = httproute_split(cluster, "default", "shop", "shop-v1", "shop-v2")
    assert found.share == 0.3
    [problem] = found.problems
    assert problem.id == "route-not-taken"
    assert "HTTPRoute default/shop: Gateway default/gate has class demo, which no controller" in problem.text


def test_rules_with_different_shares_are_told() -> None:
    found = of_route(
        rule(backend("shop-v1", 90), backend("shop-v2", 10), path="/a"),
        rule(backend("shop-v1", 50), backend("shop-v2", 50), path="/b"),
    )
    assert found.share == 0.1
    assert [p.id for p in found.problems] == ["rules-differ"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["rules", "matches", "backendRefs", "name", "weight", "headers", "path", "value", "type", "parentRefs"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@settings(deadline=None)
@given(json_values)
def test_any_json_is_read(spec: Any) -> None:
    cluster = shop({**route(), "spec": spec})
    httproute_split(cluster, "default", "shop", "shop-v1", "shop-v2")


def test_the_canary_ingress_of_a_controller(weight_story: Cluster) -> None:
    found = ingress_split(weight_story, "default", "route1", "http-server-v1", "http-server-v2")
    assert found.share == pytest.approx(0.3)
    assert [r.name for r in found.refs] == ["route1", "route2"]
    weight_story.remove("Ingress", "route2")
    assert ingress_split(weight_story, "default", "route1", "http-server-v1", "http-server-v2").share == 0.0
    assert ingress_split(weight_story, "default", "route1", "nobody", "http-server-v2").share is None


def test_the_header_rule_of_a_canary_ingress(header_story: Cluster) -> None:
    found = ingress_split(header_story, "default", "route1", "http-server-v1", "http-server-v2")
    assert [(lane.match, lane.headers) for lane in found.lanes] == [("header foo=bar", (("foo", "bar"),))]


def test_an_empty_canary_is_still_written(weight_story: Cluster) -> None:
    """What is written is not what is served: pods are not looked at."""
    weight_story.run("http-server-v2", ready=0)
    assert ingress_split(weight_story, "default", "route1", "http-server-v1", "http-server-v2").share == 0.3
    weight_story.doc("Ingress", "route2")["metadata"]["annotations"][f"{CANARY}-weight"] = "0"
    assert ingress_split(weight_story, "default", "route1", "http-server-v1", "http-server-v2").share == 0.0
