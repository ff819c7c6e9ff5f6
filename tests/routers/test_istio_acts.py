"""Acts on VirtualServices: exact requests, guards, inverses, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.rollout import Phase
from cockpit.planning.steps import STEPS
from tests.objects import Cluster, ConflictError, decode
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
from tests.routers.istio_reading import ROUTER, declared, do, findings, legs, planned, read, refusal, undo, written


def canary(v1: int | None = 80, v2: int | None = 20) -> Cluster:
    return reviews(virtual_service(split(v1, v2)))


def by_header() -> Cluster:
    return reviews(virtual_service(route(to("v2"), headers={"x": {"exact": "1"}}), split(80, 20)))


def weight(**shares: float) -> Ask:
    return Ask(Act.SET_WEIGHT, weights=tuple(shares.items()))


def test_set_weight_writes_both_and_they_sum_to_100() -> None:
    cluster = canary()
    before = cluster.plain()
    plan = do(cluster, weight(v2=0.5))
    assert legs(cluster) == [("v1", 50), ("v2", 50)]
    assert (plan.raises, plan.final, plan.title) == (True, False, "v2 20% -> 50%")
    assert [o["op"] for o in plan.requests[0].body] == ["test", "replace"]
    undo(cluster, plan)
    assert cluster.plain() == before


def test_set_weight_can_be_said_by_what_the_stable_version_keeps() -> None:
    cluster = canary()
    plan = do(cluster, weight(v1=0.9))
    assert legs(cluster) == [("v1", 90), ("v2", 10)]
    assert not plan.raises


def test_set_weight_adds_the_destination_of_a_subset_that_no_route_has_yet() -> None:
    cluster = reviews(virtual_service(route(to("v1", headers={"request": {"set": {"a": "b"}}}))))
    do(cluster, weight(v2=0.2))
    assert legs(cluster) == [("v1", 80), ("v2", 20)]
    assert "headers" in cluster.doc("VirtualService", "reviews")["spec"]["http"][0]["route"][0]


def test_set_weight_makes_the_subset_first_where_there_is_none() -> None:
    cluster = reviews(destination_rule("v1"), virtual_service(route(to("v1"))), rule=False)
    before = cluster.plain()
    plan = do(cluster, weight(v2=0.2))
    assert [r.ref.resource.kind for r in plan.requests] == ["DestinationRule", "VirtualService"]
    assert legs(cluster) == [("v1", 80), ("v2", 20)]
    assert findings(cluster).keys() == set()
    undo(cluster, plan)
    assert cluster.plain() == before


def test_of_three_versions_those_not_named_share_the_rest_as_they_do_now() -> None:
    cluster = reviews(destination_rule("v1", "v2", "v3"), virtual_service(split()), rule=False)
    cluster.add(deployment("v3"), created="2026-01-01T02:00:00Z").run("reviews-v3")
    plan = do(cluster, weight(v3=0.1))
    assert legs(cluster) == [("v1", 72), ("v2", 18), ("v3", 10)]
    assert "v1 and v2 split the other 90% in their current proportion: v1 72%, v2 18%" in plan.warnings
    do(cluster, weight(v1=0.5, v2=0.25, v3=0.25))
    assert legs(cluster) == [("v1", 50), ("v2", 25), ("v3", 25)]


def test_all_to_one_of_three_takes_everything_from_the_others() -> None:
    cluster = reviews(
        destination_rule("v1", "v2", "v3"), virtual_service(route(to("v1", 80), to("v2", 10), to("v3", 10))), rule=False
    )
    cluster.add(deployment("v3"), created="2026-01-01T02:00:00Z").run("reviews-v3")
    do(cluster, weight(v2=1.0))
    assert legs(cluster) == [("v1", 0), ("v2", 100), ("v3", 0)]


def test_two_versions_without_a_subset_do_not_get_shares_at_once() -> None:
    cluster = reviews(destination_rule("v1"), virtual_service(route(to("v1"))), rule=False)
    cluster.add(deployment("v3"), created="2026-01-01T02:00:00Z").run("reviews-v3")
    assert "leads to v3 alone" in refusal(cluster, weight(v2=0.1, v3=0.1))


def test_who_shares_a_destination_keeps_no_share_that_nothing_can_write() -> None:
    rule = destination_rule("v3", "v4")
    rule["spec"]["subsets"].insert(0, {"name": "old", "labels": {"tier": "old"}})
    old = [deployment(version) for version in ("v1", "v2")]
    for doc in old:
        doc["spec"]["template"]["metadata"]["labels"]["tier"] = "old"
    cluster = reviews(rule, virtual_service(route(to("old", 90), to("v3", 10))), rule=False).add(*old)
    cluster.add(deployment("v3"), deployment("v4"), created="2026-01-01T02:00:00Z")
    for name in ("v1", "v2", "v3", "v4"):
        cluster.run(f"reviews-{name}")
    assert "leads to v1 and v2 alone" in refusal(cluster, weight(v4=0.1))


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        ({"v9": 0.1}, "v9 is not part of this split"),
        ({}, "say which share: v2=PERCENT"),
        ({"v2": 1.5}, "a share must be 0% to 100%"),
        ({"v2": float("nan")}, "a share must be 0% to 100%"),
        ({"v2": 0.025}, "whole percents"),
        ({"v1": 0.5, "v2": 0.4}, "add up to 90%"),
        ({"v1": 0.7, "v2": 0.4}, "add up to 110%"),
        ({"v2": 0.2}, "is already set"),
    ],
)
def test_shares_that_cannot_be(shares: dict[str, float], word: str) -> None:
    assert word in refusal(canary(), weight(**shares))


def test_a_version_without_ready_pods_gets_no_share() -> None:
    cluster = reviews(virtual_service(split(100, 0)), v2=0)
    for ask in (weight(v2=0.2), Ask(Act.PROMOTE, version="v2"), Ask(Act.HEADER, version="v2", header=("x", "1"))):
        assert "no ready pods" in refusal(cluster, ask)


def test_a_write_is_refused_where_the_routes_changed_meanwhile() -> None:
    cluster = canary()
    plan = planned(cluster, weight(v2=0.5))
    cluster.add(virtual_service(route(to("v2"), headers={"x": {"exact": "1"}}), split()))
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)


def test_a_header_rule_comes_before_the_catch_all_and_goes_again() -> None:
    cluster = canary(100, 0)
    before = cluster.plain()
    plan = do(cluster, Ask(Act.HEADER, version="v2", header=("X-Canary", "1")))
    rule = cluster.doc("VirtualService", "reviews")["spec"]["http"][0]
    assert rule["match"] == [{"headers": {"x-canary": {"exact": "1"}}}]
    assert rule["route"] == [{"destination": {"host": "reviews", "subset": "v2"}}]
    assert [lane.name for lane in read(cluster).lanes] == ["default", "x-canary=1"]
    undo(cluster, plan)
    assert cluster.plain() == before
    do(cluster, Ask(Act.HEADER, version="v2", header=("x-canary", "1")))
    do(cluster, Ask(Act.HEADER))
    assert cluster.plain() == before


def test_a_header_rule_keeps_the_place_and_the_rewrites_of_its_base() -> None:
    base = route(to("v1"), uri={"prefix": "/reviews"}, rewrite={"uri": "/"}, timeout="2s", name="base")
    cluster = reviews(virtual_service(route(to("v1"), uri={"exact": "/admin"}), base))
    do(cluster, Ask(Act.HEADER, version="v2", header=("x", "1")))
    rule = cluster.doc("VirtualService", "reviews")["spec"]["http"][0]
    assert rule["match"] == [{"uri": {"exact": "/admin"}, "headers": {"x": {"exact": "1"}}}]
    assert "name" not in rule


def test_the_same_header_leads_elsewhere_by_changing_its_rule() -> None:
    cluster = by_header()
    do(cluster, Ask(Act.HEADER, version="v1", header=("x", "1")))
    assert legs(cluster, 0) == [("v1", None)]
    assert len(cluster.doc("VirtualService", "reviews")["spec"]["http"]) == 2
    assert "already" in refusal(cluster, Ask(Act.HEADER, version="v1", header=("x", "1")))


def test_a_rule_for_one_place_is_not_the_rule_for_all_others() -> None:
    admin = route(to("v1"), headers={"x": {"exact": "1"}}, uri={"prefix": "/admin"})
    cluster = reviews(virtual_service(admin, split(100, 0)))
    do(cluster, Ask(Act.HEADER, version="v2", header=("x", "1")))
    rules = cluster.doc("VirtualService", "reviews")["spec"]["http"]
    assert rules[0]["match"] == [{"headers": {"x": {"exact": "1"}}}]
    assert rules[1] == admin


def test_headers_that_are_none_do_not_break_a_rule() -> None:
    base = {"match": [{"uri": {"prefix": "/"}, "headers": [1]}], "route": [to("v1")]}
    cluster = reviews(virtual_service(base))
    do(cluster, Ask(Act.HEADER, version="v2", header=("x", "1")))
    rule = cluster.doc("VirtualService", "reviews")["spec"]["http"][0]
    assert rule["match"] == [{"uri": {"prefix": "/"}, "headers": {"x": {"exact": "1"}}}]


@pytest.mark.parametrize("header", [("a b", "1"), ("a", "x\r\nb: c"), ("", "1")])
def test_a_header_that_cannot_be_sent_is_refused(header: tuple[str, str]) -> None:
    assert "not a valid header" in refusal(canary(), Ask(Act.HEADER, version="v2", header=header))


def test_promote_gives_everything_to_the_new_version_and_is_undone() -> None:
    cluster = canary()
    before = cluster.plain()
    plan = do(cluster, Ask(Act.PROMOTE))
    assert legs(cluster) == [("v1", 0), ("v2", 100)]
    assert plan.final
    assert plan.raises
    undo(cluster, plan)
    assert cluster.plain() == before


def test_promote_needs_something_newer() -> None:
    assert "no version is newer" in refusal(canary(0, 100), Ask(Act.PROMOTE))


def test_roll_back_takes_weights_and_rules_and_ends_the_plan() -> None:
    cluster = by_header()
    do(cluster, Ask(Act.STEPS, steps=(0.5, 1.0)))
    before = cluster.plain()
    plan = do(cluster, Ask(Act.ROLLBACK))
    assert legs(cluster) == [("v1", 100), ("v2", 0)]
    assert len(plan.requests) == 1
    assert not plan.raises
    assert (read(cluster).phase, read(cluster).step) == (Phase.AT_REST, None)
    undo(cluster, plan)
    assert cluster.plain() == before
    assert read(cluster).phase is Phase.WAITING


def test_roll_back_after_a_promotion_goes_to_the_version_before() -> None:
    cluster = canary(0, 100)
    do(cluster, Ask(Act.ROLLBACK))
    assert legs(cluster) == [("v1", 100), ("v2", 0)]
    assert "no older version" in refusal(cluster, Ask(Act.ROLLBACK))


def test_roll_back_to_a_version_without_pods_is_refused() -> None:
    cluster = canary(0, 100)
    cluster.doc("Deployment", "reviews-v1")["spec"]["replicas"] = 0
    cluster.run("reviews-v1")
    assert "no ready pods" in refusal(cluster, Ask(Act.ROLLBACK))


def test_finish_removes_route_subset_and_deployment_in_this_order() -> None:
    cluster = canary(0, 100)
    plan = do(cluster, Ask(Act.FINISH))
    kinds = [(r.verb.value, r.ref.resource.kind) for r in plan.requests]
    assert kinds == [("patch", "VirtualService"), ("patch", "DestinationRule"), ("delete", "Deployment")]
    assert not any("other namespaces" in warning for warning in plan.warnings)
    assert legs(cluster) == [("v2", 100)]
    assert [s["name"] for s in cluster.doc("DestinationRule", "reviews")["spec"]["subsets"]] == ["v2"]
    assert ("Deployment", "default", "reviews-v1") not in cluster.docs
    assert written(read(cluster)) == {"v2": 1.0}
    assert findings(cluster) == {}


def test_finish_waits_until_one_version_takes_all() -> None:
    assert "several versions" in refusal(canary(), Ask(Act.FINISH))
    assert "several versions" in refusal(by_header(), Ask(Act.FINISH))
    assert "nothing to clean up" in refusal(reviews(virtual_service(route(to("v1"))), v2=1), Ask(Act.FINISH))


def test_finish_keeps_what_another_virtual_service_uses() -> None:
    cluster = canary(0, 100)
    cluster.add(virtual_service(route(to("v1")), name="legacy", hosts=("legacy",)))
    assert "VirtualService legacy routes to it" in refusal(cluster, Ask(Act.FINISH))


@pytest.mark.parametrize("name", ["reviews", "legacy"])
def test_finish_keeps_what_a_tcp_route_uses(name: str) -> None:
    tcp = [{"route": [{"destination": {"host": "reviews", "subset": "v1"}}]}]
    cluster = canary(0, 100).add(virtual_service(name="legacy"))
    cluster.doc("VirtualService", name)["spec"]["tcp"] = tcp
    first, *_ = ROUTER.read(decode(cluster.doc("VirtualService", "reviews")), cluster)
    answer = ROUTER.plan(first, Ask(Act.FINISH), cluster)
    assert isinstance(answer, Refused)
    assert f"VirtualService {name} routes to it" in answer.why


def test_finish_waits_where_not_every_route_was_read() -> None:
    many = [route(to("v2"), headers={"x": {"exact": str(n)}}) for n in range(200)]
    cluster = reviews(virtual_service(split(0, 100), *many, route(to("v1"), uri={"prefix": "/old"})))
    assert "too many routes to read all" in refusal(cluster, Ask(Act.FINISH))


def test_finish_by_host_removes_the_old_service_too() -> None:
    cluster = reviews(
        service("reviews-v1", {"app": "reviews", "version": "v1"}),
        service("reviews-v2", {"app": "reviews", "version": "v2"}),
        virtual_service(route(to(host="reviews-v1", weight=0), to(host="reviews-v2", weight=100))),
        rule=False,
    ).balance()
    plan = planned(cluster, Ask(Act.FINISH))
    kinds = [(r.verb.value, str(r.ref)) for r in plan.requests]
    assert kinds == [
        ("patch", "VirtualService default/reviews"),
        ("delete", "Service default/reviews-v1"),
        ("delete", "Deployment default/reviews-v1"),
    ]


def test_scale() -> None:
    cluster = canary(100, 0)
    do(cluster, Ask(Act.SCALE, counts=(("v2", 5),)))
    assert cluster.doc("Deployment", "reviews-v2")["spec"]["replicas"] == 5
    assert "takes traffic" in refusal(cluster, Ask(Act.SCALE, counts=(("v1", 0),)))


def test_nobody_loses_the_last_pod_while_nothing_says_who_takes_requests() -> None:
    cluster = reviews(virtual_service(split(0, 0)))
    assert "takes traffic" in refusal(cluster, Ask(Act.SCALE, counts=(("v1", 0),)))


def test_a_plan_of_steps_is_taken_step_by_step() -> None:
    cluster = canary(100, 0)
    do(cluster, Ask(Act.STEPS, version="v2", steps=(0.2, 0.5, 1.0)))
    rollout = read(cluster)
    assert rollout.phase is Phase.WAITING
    assert rollout.step
    assert (rollout.step.index, rollout.step.count, rollout.step.asks) == (0, 3, True)
    assert [s.title for s in rollout.steps] == ["20%", "50%", "100%"]
    for number, share in ((1, 20), (2, 50)):
        plan = do(cluster, Ask(Act.APPROVE))
        assert len(plan.requests) == 1
        assert legs(cluster) == [("v1", 100 - share), ("v2", share)]
        step = read(cluster).step
        assert step
        assert (step.index, step.weight) == (number, share / 100)
        assert declared(read(cluster)) == {"v1": 1 - share / 100, "v2": share / 100}
        with pytest.raises(ConflictError):
            cluster.send_all(plan.requests)
    last = do(cluster, Ask(Act.APPROVE))
    assert last.final
    assert (read(cluster).phase, read(cluster).step) == (Phase.AT_REST, None)
    assert "is done: set new steps" in refusal(cluster, Ask(Act.APPROVE))
    do(cluster, Ask(Act.FINISH))
    assert STEPS not in cluster.doc("VirtualService", "reviews")["metadata"].get("annotations", {})


def test_a_weight_set_by_hand_during_a_plan_is_told_and_approve_goes_on() -> None:
    cluster = canary(100, 0)
    do(cluster, Ask(Act.STEPS, version="v2", steps=(0.2, 0.5)))
    do(cluster, Ask(Act.APPROVE))
    do(cluster, weight(v2=0.35))
    assert "35% is written" in findings(cluster)["off-plan"]
    assert declared(read(cluster)) == {"v1": 0.8, "v2": 0.2}
    plan = do(cluster, Ask(Act.APPROVE))
    assert legs(cluster) == [("v1", 50), ("v2", 50)]
    undo(cluster, plan)
    assert legs(cluster) == [("v1", 65), ("v2", 35)]


def test_promote_and_jump_during_a_plan() -> None:
    cluster = canary(100, 0)
    do(cluster, Ask(Act.STEPS, version="v2", steps=(0.2, 0.5, 1.0)))
    do(cluster, Ask(Act.JUMP, step=2))
    assert legs(cluster) == [("v1", 50), ("v2", 50)]
    do(cluster, Ask(Act.PROMOTE))
    assert (legs(cluster), read(cluster).step) == ([("v1", 0), ("v2", 100)], None)


def test_a_plan_in_nonsense_is_a_finding_and_can_be_ended() -> None:
    cluster = reviews(virtual_service(split(), annotations={STEPS: "}{"}))
    assert "not JSON" in findings(cluster)["step-plan-unreadable"]
    do(cluster, Ask(Act.STEPS))
    assert "step-plan-unreadable" not in findings(cluster)


@pytest.mark.parametrize(
    "owner",
    [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Rollout",
            "metadata": {"name": "shop"},
            "spec": {"strategy": {"canary": {"trafficRouting": {"istio": {"virtualService": {"name": "reviews"}}}}}},
        },
        {
            "apiVersion": "flagger.app/v1beta1",
            "kind": "Canary",
            "metadata": {"name": "reviews"},
            "spec": {"provider": "istio", "service": {"name": "reviews"}, "targetRef": {"kind": "Deployment"}},
        },
    ],
)
def test_what_a_controller_steers_is_not_edited_by_hand(owner: dict[str, Any]) -> None:
    cluster = canary()
    cluster.add(owner)
    assert "owned-by-controller" in findings(cluster)
    for act in (weight(v2=0.5), Ask(Act.APPROVE), Ask(Act.ROLLBACK), Ask(Act.FINISH)):
        assert "act on it there" in refusal(cluster, act)
    assert not any(state.enabled for state in read(cluster).acts)


def test_a_rule_that_a_controller_keeps_gets_no_subset_by_hand() -> None:
    rule = destination_rule("v1")
    rule["metadata"]["annotations"] = {"argo-rollouts.argoproj.io/managed-by-rollouts": "reviews"}
    cluster = reviews(rule, virtual_service(route(to("v1"))), rule=False)
    for ask in (weight(v2=0.2), Ask(Act.HEADER, version="v2", header=("x", "1"))):
        assert "Argo Rollout reviews manages DestinationRule" in refusal(cluster, ask)
