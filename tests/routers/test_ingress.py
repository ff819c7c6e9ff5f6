"""Canary Ingress pairs: the walk-throughs by the cockpit's own acts, and the acts one by one."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask, Verb
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Phase, Role
from tests.objects import Cluster, seed
from tests.routers.clusters import restart
from tests.routers.httproutes import backend, route, rule
from tests.routers.ingresses import CANARY, ROUTER, findings, planned, read, refusal, send, written

EVERYTHING_V2 = {"v1": 0.0, "v2": 1.0}


def roles(cluster: Cluster) -> dict[str, Role]:
    return {v.name: v.role for v in read(cluster).versions}


def enabled(cluster: Cluster) -> set[Act]:
    return {a.act for a in read(cluster).acts if a.enabled}


def test_weight_is_read_set_and_undone(weight_story: Cluster) -> None:
    before = weight_story.plain()
    assert written(read(weight_story)) == {"v1": 0.7, "v2": 0.3}
    assert read(weight_story).phase is Phase.CANARY
    plan = send(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert plan.raises
    assert (
        "capacity: v2 carries 50% of the traffic on 1 ready pod; it needs 2 to keep the load per pod" in plan.warnings
    )
    weight_story.send_all(plan.inverse)
    assert weight_story.plain() == before


@pytest.mark.parametrize(
    ("share", "phase", "message"),
    [
        (0.0, Phase.AT_REST, "v1 100%; the canary Ingress route2 exists but takes no requests"),
        (0.5, Phase.CANARY, "v1 50%, v2 50%"),
        (
            1.0,
            Phase.CANARY,
            "v2 100%; the canary Ingress route2 takes everything: promote makes its version the main one",
        ),
    ],
)
def test_a_canary_that_still_stands_is_told(weight_story: Cluster, share: float, phase: Phase, message: str) -> None:
    send(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", share),)))
    assert (read(weight_story).phase, read(weight_story).message) == (phase, message)


def test_without_an_address_it_is_known_what_requests_ask_for(weight_story: Cluster) -> None:
    rollout = read(weight_story)
    assert rollout.probe_target is None
    assert rollout.incomplete_target == ProbeTarget("", 80, "www.example.com", "/version")
    weight_story.doc("Ingress", rollout.key.name)["status"] = {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}
    assert read(weight_story).probe_target == ProbeTarget("10.0.0.9", 80, "www.example.com", "/version")


def test_the_header_story_ends_with_the_old_service_on_the_new_pods(header_story: Cluster) -> None:
    rollout = read(header_story)
    assert written(rollout) == {"v1": 1.0, "v2": 0.0}
    assert written(rollout, 1) == EVERYTHING_V2
    assert rollout.lanes[1].headers == (("foo", "bar"),)
    assert roles(header_story) == {"v1": Role.STABLE, "v2": Role.CANARY}
    before = header_story.plain()

    plan = send(header_story, Ask(Act.PROMOTE, by="selector"))
    assert plan.final
    assert header_story.doc("Service", "http-server-v1")["spec"]["selector"] == {"app": "http-server-v2"}
    assert written(read(header_story)) == EVERYTHING_V2
    assert roles(header_story) == {"v1": Role.OLD, "v2": Role.STABLE}
    assert {Act.ROLLBACK, Act.FINISH} <= enabled(header_story)
    header_story.send_all(plan.inverse)
    assert header_story.plain() == before

    send(header_story, Ask(Act.PROMOTE, by="selector"))
    plan = planned(header_story, Ask(Act.FINISH))
    assert [(r.verb, r.ref.resource.kind, r.ref.name) for r in plan.requests] == [
        (Verb.DELETE, "Ingress", "route2"),
        (Verb.DELETE, "Service", "http-server-v2"),
        (Verb.DELETE, "Deployment", "http-server-v1"),
    ]
    assert plan.final
    header_story.send_all(plan.requests)
    assert ROUTER.read(header_story.ingress("route1"), header_story) == ()


def test_the_weight_story_ends_with_the_main_on_the_new_service(weight_story: Cluster) -> None:
    before = weight_story.plain()
    plan = send(weight_story, Ask(Act.PROMOTE))
    (request,) = plan.requests
    assert request.body[1] == {
        "op": "replace",
        "path": "/spec/rules/0/http/paths/0/backend/service/name",
        "value": "http-server-v2",
    }
    assert written(read(weight_story)) == EVERYTHING_V2
    assert roles(weight_story) == {"v1": Role.OLD, "v2": Role.STABLE}
    weight_story.send_all(plan.inverse)
    assert weight_story.plain() == before

    send(weight_story, Ask(Act.PROMOTE))
    plan = planned(weight_story, Ask(Act.FINISH))
    assert [str(ref) for ref in plan.gone] == [
        "Ingress default/route2",
        "Service default/http-server-v1",
        "Deployment default/http-server-v1",
    ]
    weight_story.send_all(plan.requests)
    assert weight_story.doc("Ingress", "route1")["spec"] == seed("weight-ingress1-v2")[0]["spec"]


@pytest.mark.parametrize("by", ["backend", "selector"])
def test_the_way_back_after_a_promotion(weight_story: Cluster, by: str) -> None:
    send(weight_story, Ask(Act.PROMOTE, by=by))
    promoted = weight_story.plain()
    plan = send(weight_story, Ask(Act.ROLLBACK))
    assert written(read(weight_story)) == {"v1": 1.0, "v2": 0.0}
    assert roles(weight_story) == {"v1": Role.STABLE, "v2": Role.CANARY}
    assert not plan.raises
    # The canary goes off before main turns, or it would keep its share of what main gives back.
    assert [r.ref.name for r in plan.requests] == ["route2", "route1" if by == "backend" else "http-server-v1"]
    weight_story.send_all(plan.inverse)
    assert weight_story.plain() == promoted


def test_the_seeds_own_steps_between_the_acts(header_story: Cluster) -> None:
    """kubectl in the order of the walk-through, where the canary Ingress is never deleted."""
    header_story.add(*seed("header-http-server-v1-to-v2")).balance()
    assert written(read(header_story)) == EVERYTHING_V2
    assert written(read(header_story), 1) == EVERYTHING_V2

    header_story.remove("Deployment", "http-server-v1").balance()
    rollout = read(header_story)
    assert [(v.name, v.role) for v in rollout.versions] == [("v2", Role.STABLE)]
    assert "no older version is left" in refusal(header_story, Ask(Act.ROLLBACK))

    header_story.remove("Service", "http-server-v2").balance()
    assert "dangling-canary" in findings(header_story)
    assert written(read(header_story)) == {"v2": 1.0}
    plan = planned(header_story, Ask(Act.FINISH))
    assert [str(ref) for ref in plan.gone] == ["Ingress default/route2"]


def test_roll_back_takes_weight_and_rules_away(header_story: Cluster) -> None:
    header_story.doc("Ingress", "route2")["metadata"]["annotations"][f"{CANARY}-weight"] = "20"
    before = header_story.plain()
    plan = send(header_story, Ask(Act.ROLLBACK))
    assert header_story.doc("Ingress", "route2")["metadata"]["annotations"] == {CANARY: "true", f"{CANARY}-weight": "0"}
    assert [lane.name for lane in read(header_story).lanes] == ["default"]
    assert "already takes all traffic" in refusal(header_story, Ask(Act.ROLLBACK))
    header_story.send_all(plan.inverse)
    assert header_story.plain() == before


def test_a_way_back_by_the_selector_warns_of_who_owns_the_service(weight_story: Cluster) -> None:
    send(weight_story, Ask(Act.PROMOTE, by="selector"))
    owned = weight_story.doc("Service", "http-server-v1")["metadata"]
    owned["annotations"] = {"argocd.argoproj.io/tracking-id": "shop:/Service:default/http-server-v1"}
    assert any("Argo CD" in w and "http-server-v1" in w for w in planned(weight_story, Ask(Act.ROLLBACK)).warnings)


def test_finish_after_a_roll_back_takes_the_canary_away_if_it_is_named(weight_story: Cluster) -> None:
    send(weight_story, Ask(Act.ROLLBACK))
    assert "v2 stays, because it is newer than v1: to remove it, name it" in refusal(weight_story, Ask(Act.FINISH))
    plan = planned(weight_story, Ask(Act.FINISH, version="v2"))
    assert [ref.name for ref in plan.gone] == ["route2", "http-server-v2", "http-server-v2"]


def test_finish_is_refused_while_the_canary_gets_traffic(weight_story: Cluster, header_story: Cluster) -> None:
    assert "v2 still gets 30%" in refusal(weight_story, Ask(Act.FINISH))
    assert "v2 still gets requests with foo=bar" in refusal(header_story, Ask(Act.FINISH))


def test_finish_leaves_what_others_use(weight_story: Cluster) -> None:
    (other,) = seed("weight-ingress1")
    other["metadata"]["name"] = "other"
    other["spec"]["rules"][0]["host"] = "other.example.com"
    weight_story.add(other)
    send(weight_story, Ask(Act.PROMOTE))
    plan = planned(weight_story, Ask(Act.FINISH))
    assert [str(ref) for ref in plan.gone] == ["Ingress default/route2"]
    assert any("Service http-server-v1 stays: Ingress other" in w for w in plan.warnings)


def test_finish_keeps_a_service_that_an_httproute_leads_to(weight_story: Cluster) -> None:
    send(weight_story, Ask(Act.PROMOTE))
    weight_story.add(route(rule(backend("http-server-v1")), name="other"))
    plan = planned(weight_story, Ask(Act.FINISH))
    assert [str(ref) for ref in plan.gone] == ["Ingress default/route2"]
    assert any("Service http-server-v1 stays: HTTPRoute other" in w for w in plan.warnings)
    assert any("http-server-v1 stays: Service http-server-v1" in w for w in plan.warnings)


def test_finish_spares_a_newer_version_that_nothing_leads_to_yet(weight_story: Cluster) -> None:
    send(weight_story, Ask(Act.PROMOTE))
    v3 = seed("weight-http-server-v2")[0]
    v3["metadata"]["name"] = "http-server-v3"
    v3["spec"]["template"]["metadata"]["labels"] = {"app": "http-server-v3", "version": "v3"}
    v3["spec"]["template"]["spec"]["containers"][0]["image"] = (
        "cr-apig-cn-beijing.cr.volces.com/apig-demo/http-server:v3"
    )
    weight_story.add(v3, created="2026-01-01T05:00:00Z").run("http-server-v3")
    plan = planned(weight_story, Ask(Act.FINISH))
    assert "http-server-v3" not in {ref.name for ref in plan.gone}


def test_a_restart_of_the_main_version_makes_no_unreleased_one_old(weight_story: Cluster) -> None:
    """v3 stands beside the promoted v2, with a Service of its own but behind no Ingress."""
    send(weight_story, Ask(Act.PROMOTE))
    send(weight_story, Ask(Act.FINISH))
    v3, service = seed("weight-http-server-v2")
    for doc in (v3, service):
        doc["metadata"]["name"] = "http-server-v3"
    v3["spec"]["template"]["metadata"]["labels"] = {"app": "http-server-v3", "version": "v3"}
    service["spec"]["selector"] = {"app": "http-server-v3"}
    container = v3["spec"]["template"]["spec"]["containers"][0]
    container["image"] = container["image"].replace("v2", "v3")
    weight_story.add(v3, service, created="2026-01-01T05:00:00Z").run("http-server-v3")
    weight_story.add(*seed("weight-ingress2"), created="2026-01-01T06:00:00Z")
    before = roles(weight_story)
    assert before["v3"] is Role.NEW
    restart(weight_story, "http-server-v2", "2026-01-02T00:00:00Z")
    assert roles(weight_story) == before
    assert "no older version is left" in refusal(weight_story, Ask(Act.ROLLBACK))
    assert planned(weight_story, Ask(Act.ROLLBACK, version="v3")).raises
    assert "http-server-v3" not in {ref.name for ref in planned(weight_story, Ask(Act.FINISH)).gone}


def test_promotion_chooses_the_way_that_keeps_the_main_alive(weight_story: Cluster) -> None:
    assert planned(weight_story, Ask(Act.PROMOTE)).requests[0].ref.name == "route1"
    canary = weight_story.doc("Ingress", "route2")
    canary["metadata"]["creationTimestamp"] = weight_story.doc("Ingress", "route1")["metadata"]["creationTimestamp"]
    assert planned(weight_story, Ask(Act.PROMOTE)).requests[0].ref.name == "http-server-v1"


def test_promotion_by_backend_of_an_older_canary_is_refused_where_it_would_give_404(weight_story: Cluster) -> None:
    weight_story.use_class("nginx")
    weight_story.doc("Ingress", "route2")["metadata"]["creationTimestamp"] = "2025-01-01T00:00:00Z"
    assert "promote by selector" in refusal(weight_story, Ask(Act.PROMOTE, by="backend"))
    assert "canary-not-younger" in findings(weight_story)


def test_promotion_by_selector_needs_the_same_target_port(weight_story: Cluster) -> None:
    weight_story.doc("Service", "http-server-v2")["spec"]["ports"][0]["targetPort"] = 9090
    assert "promote by backend" in refusal(weight_story, Ask(Act.PROMOTE, by="selector"))


def test_promotion_by_backend_writes_the_port_that_the_canary_names(weight_story: Cluster) -> None:
    weight_story.doc("Service", "http-server-v2")["spec"]["ports"][0]["port"] = 8080
    weight_story.backend("route2")["port"] = {"number": 8080}
    weight_story.balance()
    before = weight_story.plain()
    plan = send(weight_story, Ask(Act.PROMOTE, by="backend"))
    assert weight_story.backend("route1") == {"name": "http-server-v2", "port": {"number": 8080}}
    weight_story.send_all(plan.inverse)
    assert weight_story.plain() == before


def test_a_header_rule_is_set_and_taken_away(weight_story: Cluster) -> None:
    before = weight_story.plain()
    plan = send(weight_story, Ask(Act.HEADER, version="v2", header=("foo", "bar")))
    assert plan.raises
    assert [lane.name for lane in read(weight_story).lanes] == ["default", "foo=bar"]
    assert written(read(weight_story)) == {"v1": 0.7, "v2": 0.3}
    weight_story.send_all(plan.inverse)
    assert weight_story.plain() == before
    send(weight_story, Ask(Act.HEADER, version="v2", header=("foo", "bar")))
    plan = planned(weight_story, Ask(Act.HEADER))
    assert plan.title == "remove the header rule foo=bar to v2"
    assert [str(c) for c in plan.changes] == [
        "header rule foo=bar to v2 set -> removed",
        "requests with foo=bar v2 -> split like all others",
    ]
    assert any("v2 keeps its 30% of all requests" in w for w in plan.warnings)
    assert plan.undo == "header rule: foo=bar"
    assert not send(weight_story, Ask(Act.HEADER)).raises
    assert weight_story.plain() == before


def test_a_cookie_rule_beside_the_header_rule_that_is_removed_is_told(header_story: Cluster) -> None:
    header_story.use_class("nginx").doc("Ingress", "route2")["metadata"]["annotations"][f"{CANARY}-by-cookie"] = "try"
    plan = send(header_story, Ask(Act.HEADER))
    assert any("cookie try=always still go to v2" in w for w in plan.warnings)
    assert [lane.name for lane in read(header_story).lanes] == ["default", "cookie try=always"]


def test_a_header_rule_that_cannot_be_read_can_be_removed(header_story: Cluster) -> None:
    header_story.use_class("nginx")
    annotations = header_story.doc("Ingress", "route2")["metadata"]["annotations"]
    del annotations[f"{CANARY}-by-header-value"]
    annotations[f"{CANARY}-by-header-pattern"] = "("
    assert planned(header_story, Ask(Act.HEADER)).title == ("remove the header rule on foo that has no effect to v2")
    send(header_story, Ask(Act.HEADER))
    assert header_story.doc("Ingress", "route2")["metadata"]["annotations"] == {CANARY: "true"}


def test_one_missing_version_gets_the_rest(weight_story: Cluster) -> None:
    plan = planned(weight_story, Ask(Act.SET_WEIGHT, weights=(("v1", 0.9),)))
    assert plan.requests[0].body["metadata"]["annotations"] == {f"{CANARY}-weight": "10"}
    assert not plan.raises


def test_a_finer_share_is_written_with_a_finer_total(weight_story: Cluster) -> None:
    weight_story.use_class("nginx")
    send(weight_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.125),)))
    annotations = weight_story.doc("Ingress", "route2")["metadata"]["annotations"]
    assert (annotations[f"{CANARY}-weight"], annotations[f"{CANARY}-weight-total"]) == ("125", "1000")


def test_weight_zero_warns_of_the_rule_that_stays(header_story: Cluster) -> None:
    header_story.doc("Ingress", "route2")["metadata"]["annotations"][f"{CANARY}-weight"] = "20"
    plan = planned(header_story, Ask(Act.SET_WEIGHT, weights=(("v2", 0.0),)))
    assert any("foo=bar still go to v2" in w for w in plan.warnings)
