"""Routes of a VirtualService that single requests out: lanes, examples, what is never reached, several rollouts."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Phase
from tests.objects import decode
from tests.routers.istio_objects import (
    deployment,
    destination_rule,
    reviews,
    route,
    service,
    split,
    to,
    virtual_service,
)
from tests.routers.istio_reading import ROUTER, findings, read, written


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
    incomplete_target = read(cluster).incomplete_target
    assert incomplete_target
    assert incomplete_target.path == "/reviews"


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
