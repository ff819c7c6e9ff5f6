"""Destinations of a VirtualService: Services and subsets that are missing, empty or mixed, and roles of versions."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Role, Severity
from tests.routers.istio_objects import (
    destination_rule,
    reviews,
    route,
    split,
    to,
    virtual_service,
)
from tests.routers.istio_reading import do, findings, planned, read, refusal, written


def test_a_subset_without_pods_keeps_its_share_as_503() -> None:
    cluster = reviews(virtual_service(split()), v2=0)
    assert written(read(cluster)) == {"v1": 0.8, "v2": 0.2}
    assert "20% of all requests" in findings(cluster)["empty-destination"]
    assert read(cluster).phase is Phase.DEGRADED
    assert read(cluster).message.startswith("20% of all requests of VirtualService default/reviews route 1 get 503")


def test_a_subset_without_rule_is_a_dangling_destination() -> None:
    cluster = reviews(destination_rule("v1"), virtual_service(split()), rule=False)
    assert written(read(cluster)) == {"v1": 0.8, "v2": 0.2, "reviews-v2": 0.0}
    assert "has a subset v2" in findings(cluster)["dangling-destination"]
    assert read(reviews(virtual_service(route(to("v9"))), v1=1)).phase is Phase.DEGRADED


def test_a_version_that_cannot_answer_is_not_the_stable_one() -> None:
    cluster = reviews(destination_rule("v1"), virtual_service(split()), rule=False)
    rollout = read(cluster)
    assert {v.name: v.role for v in rollout.versions if v.name != "reviews-v2"} == {
        "v1": Role.STABLE,
        "v2": Role.CANARY,
    }
    assert next(f.severity for f in rollout.findings if f.id == "dangling-destination") is Severity.CRITICAL
    planned(cluster, Ask(Act.ROLLBACK))
    do(cluster, Ask(Act.ROLLBACK))
    assert written(read(cluster))["v1"] == 1.0
    assert {v.name: v.role for v in read(reviews(virtual_service(split()), v1=0)).versions} == {
        "v1": Role.CANARY,
        "v2": Role.STABLE,
    }


def test_a_subset_that_is_missing_and_takes_nothing_is_no_version_to_go_back_to() -> None:
    cluster = reviews(destination_rule("v2"), virtual_service(split(0, 100)), rule=False)
    assert {v.name: v.role for v in read(cluster).versions}["v1"] is Role.NEW
    assert "no destination leads to reviews-v1 alone" in refusal(cluster, Ask(Act.ROLLBACK))


def test_a_missing_service_is_told() -> None:
    cluster = reviews(virtual_service(route(to("v1", 50), to(host="nobody", weight=50))))
    assert "Service default/nobody does not exist" in findings(cluster)["dangling-destination"]


def test_a_name_with_a_dot_is_not_completed() -> None:
    assert "outside-host" in findings(reviews(virtual_service(route(to("v1", host="reviews.default")))))


def test_a_version_without_subset_is_told() -> None:
    cluster = reviews(destination_rule("v1"), virtual_service(route(to("v1"))), rule=False)
    rollout = read(cluster)
    assert [(v.name, v.role) for v in rollout.versions] == [("v1", Role.STABLE), ("v2", Role.NEW)]
    assert "no subset selects the pods of v2" in findings(cluster)["no-subset"]


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


@pytest.mark.parametrize(("outside", "stable"), [(20, "v1"), (80, "legacy.example.com")])
def test_a_host_outside_is_old_only_while_it_gets_most_requests(outside: int, stable: str) -> None:
    """Nobody knows when it came, and a way back to a new backend would move everybody there."""
    made = reviews(virtual_service(route(to("v1", 100 - outside), to("", outside, host="legacy.example.com"))))
    [found] = [version.name for version in read(made).versions if version.role is Role.STABLE]
    assert found == stable
