"""The written split of a VirtualService between the two sides of a controller."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.routers.istio.written import DestinationPattern, virtualservice_split
from cockpit.routers.written import WrittenSplit
from tests.objects import Cluster
from tests.routers.istio_objects import route, to, virtual_service

BY_SUBSET = (DestinationPattern(subset="stable"), DestinationPattern(subset="canary"))
BY_HOST = (DestinationPattern("web-stable"), DestinationPattern("web-canary"))


def behind(
    *routes: dict[str, Any], sides: tuple[DestinationPattern, DestinationPattern] = BY_SUBSET, **more: Any
) -> WrittenSplit:
    return virtualservice_split(Cluster([virtual_service(*routes)]), "default", "reviews", *sides, **more)


def told(found: WrittenSplit) -> list[str]:
    return [p.id for p in found.problems if p not in found.unserved_shares]


def test_by_subset() -> None:
    assert behind(route(to("stable", 80), to("canary", 20))).share == 0.2
    found = behind(route(to("stable", 1), to("canary", 1), to("other", 98)))
    assert (found.share, found.others) == (0.01, 0.98)
    assert found.stable == pytest.approx(0.01)
    assert found.strangers == ("reviews subset other",)


def test_by_host_in_short_and_full() -> None:
    full = "web-canary.default.svc.cluster.local"
    assert behind(route(to(host="web-stable", weight=70), to(host=full, weight=30)), sides=BY_HOST).share == 0.3


def test_a_single_destination_takes_all_and_a_missing_weight_is_none() -> None:
    assert behind(route(to("canary", 0))).share == 1.0
    assert behind(route(to("stable", 100), to("canary"))).share == 0.0


def test_a_managed_header_route_is_a_lane() -> None:
    found = behind(
        route(to("canary"), headers={"x-canary": {"exact": "1"}}, name="managed"),
        route(to("stable", 90), to("canary", 10), name="primary"),
        routes=("primary",),
    )
    assert found.share == 0.1
    assert [(lane.match, lane.headers, lane.share) for lane in found.lanes] == [
        ("header x-canary=1", (("x-canary", "1"),), 1.0)
    ]
    assert [str(ref) for ref in found.refs] == ["VirtualService default/reviews"]


def test_only_named_routes_count() -> None:
    first, second = route(to("stable", 90), to("canary", 10), name="a"), route(to("stable", 50), to("canary", 50))
    assert behind(first, second, routes=("a",)).share == 0.1
    # Nothing stands behind the destinations here; what is told of that is told apart.
    assert set(behind(first, second, routes=("a",)).problems) == set(
        behind(first, second, routes=("a",)).unserved_shares
    )
    assert told(behind(first, second)) == ["rules-differ"]
    assert told(behind(first, routes=("b",))) == ["route-elsewhere"]


def test_what_says_nothing_is_no_zero() -> None:
    assert behind(route(to("other"))).share is None
    assert {p.id for p in behind(route(to("stable", 0), to("canary", 0))).problems} == {"no-weight", "route-elsewhere"}
    missing = virtualservice_split(Cluster(), "default", "reviews", *BY_SUBSET)
    assert [p.id for p in missing.problems] == ["route-missing"]


WORDS = [
    "http",
    "route",
    "destination",
    "host",
    "subset",
    "weight",
    "match",
    "headers",
    "uri",
    "exact",
    "regex",
    "name",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.text(max_size=5) | st.sampled_from(["stable", "canary"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=30,
)


@given(json_values)
def test_any_json_is_read(spec: Any) -> None:
    cluster = Cluster([{**virtual_service(), "spec": spec}])
    virtualservice_split(cluster, "default", "reviews", *BY_SUBSET)
