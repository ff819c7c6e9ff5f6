"""Dialects of canary Ingresses: which one is chosen, and what acts look like in each."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.objects import Ingress
from cockpit.model.plan import Act, Ask, Verb
from cockpit.model.rollout import Phase
from cockpit.routers.ingress.adapter import IngressRouter
from cockpit.routers.ingress.dialect_choice import DIALECT_ANNOTATION, choice_of
from tests.objects import Cluster, ConflictError
from tests.routers.conftest import steps
from tests.routers.ingresses import findings, planned, read, refusal, written

NGINX, ALB = "nginx.ingress.kubernetes.io/", "alb.ingress.kubernetes.io/"


def with_class(name: str, controller: str | None = None, **more: Any) -> Cluster:
    cluster = steps("weight").use_class(name)
    if controller is not None or more:
        spec = {"controller": controller or "somebody/else", **more}
        annotations = spec.pop("annotations", {})
        cluster.add({"kind": "IngressClass", "metadata": {"name": name, "annotations": annotations}, "spec": spec})
    return cluster


def chosen(cluster: Cluster, **overrides: str) -> str:
    main = cluster.ingress("route1")
    assert isinstance(main, Ingress)
    return choice_of(main, cluster, overrides).dialect.id


@pytest.mark.parametrize(
    ("controller", "dialect"),
    [
        ("k8s.io/ingress-nginx", "nginx"),
        ("traefik.io/ingress-controller", "nginx"),
        ("ingress.vke.volcengine.com/apig", "apig"),
        ("higress.io/higress-controller", "higress"),
        ("mse.alibabacloud.com/ingress", "higress"),
        ("apig.alibabacloud.com/controller", "higress"),
        ("ingress.k8s.alibabacloud/alb", "alb"),
    ],
)
def test_the_controller_of_the_class_decides(controller: str, dialect: str) -> None:
    assert chosen(with_class("mine", controller)) == dialect


@pytest.mark.parametrize(
    ("name", "dialect"),
    [("nginx", "nginx"), ("apig", "apig"), ("mse", "higress"), ("higress", "higress"), ("alb", "alb")],
)
def test_without_a_controller_the_name_of_the_class_decides(name: str, dialect: str) -> None:
    assert chosen(with_class(name)) == dialect
    assert chosen(with_class("mine"), mine=dialect) == dialect


def test_the_class_apig_is_two_vendors_and_says_so() -> None:
    cluster = with_class("apig")
    assert "two gateways have classes called apig" in findings(cluster)["dialect-guessed"]
    assert chosen(with_class("apig", parameters={"kind": "ApigConfig", "name": "x"})) == "higress"
    assert chosen(with_class("apig", parameters={"kind": "APIGInstance", "name": "x"})) == "apig"
    marked = with_class("apig")
    for name in ("route1", "route2"):
        marked.doc("Ingress", name)["metadata"].setdefault("annotations", {})[
            "ingress.vke.volcengine.com/apig-instance-name"
        ] = "a"
    assert "dialect-guessed" not in findings(marked)


def test_a_user_has_the_last_word() -> None:
    cluster = with_class("mine", "k8s.io/ingress-nginx")
    assert chosen(cluster, mine="alb") == "alb"
    assert chosen(with_class("mine", "k8s.io/ingress-nginx", annotations={DIALECT_ANNOTATION: "higress"})) == "higress"
    main = cluster.doc("Ingress", "route1")["metadata"]
    main["annotations"] = {DIALECT_ANNOTATION: "apig"}
    assert chosen(cluster, mine="alb") == "apig"
    main["annotations"] = {DIALECT_ANNOTATION: "nonsense"}
    assert chosen(cluster) == "nginx"


def test_settings_reach_the_adapter() -> None:
    cluster = alb(with_class("mine"))
    assert IngressRouter().read(cluster.ingress("route1"), cluster) == ()
    (rollout,) = IngressRouter({"mine": "alb"}).read(cluster.ingress("route1"), cluster)
    assert written(rollout) == {"v1": 0.7, "v2": 0.3}


def alb(cluster: Cluster) -> Cluster:
    """The canary's annotations as ALB writes them."""
    meta = cluster.doc("Ingress", "route2")["metadata"]
    meta["annotations"] = {key.replace(NGINX, ALB): value for key, value in meta["annotations"].items()}
    return cluster


def stories() -> list[tuple[str, Cluster]]:
    return [("higress", with_class("mse")), ("alb", alb(with_class("alb")))]


@pytest.mark.parametrize("number", [0, 1])
def test_a_header_rule_gets_an_ingress_of_its_own_and_the_weight_stays(number: int) -> None:
    dialect, cluster = stories()[number]
    prefix = ALB if dialect == "alb" else NGINX
    plan = planned(cluster, Ask(Act.HEADER, header=("user", "bob")))
    (request,) = plan.requests
    assert request.verb is Verb.CREATE
    assert plan.raises
    marks = request.body["metadata"]["annotations"]
    assert marks[f"{prefix}canary-by-header-value"] == "bob"
    assert f"{prefix}canary-weight" not in marks
    assert marks.get(f"{ALB}order") == ("1" if dialect == "alb" else None)
    assert request.body["spec"] == cluster.doc("Ingress", "route2")["spec"]
    cluster.send_all(plan.requests)
    rollout = read(cluster)
    found = {(lane.name, s.version): s.written for lane in rollout.lanes for s in lane.shares}
    assert found == {(e.lane, e.version): e.share for e in plan.expected}
    assert written(rollout) == {"v1": 0.7, "v2": 0.3}
    assert written(rollout, 1) == {"v1": 0.0, "v2": 1.0}

    weight = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert [r.ref.name for r in weight.requests] == ["route2"]
    cluster.send_all(weight.requests)
    assert written(read(cluster)) == {"v1": 0.5, "v2": 0.5}
    assert written(read(cluster), 1) == {"v1": 0.0, "v2": 1.0}

    away = planned(cluster, Ask(Act.HEADER))
    assert [str(ref) for ref in away.gone] == ["Ingress default/route2-header"]
    cluster.send_all(away.requests)
    assert len(read(cluster).lanes) == 1
    with pytest.raises(ConflictError):
        cluster.send_all(away.requests)


@pytest.mark.parametrize("number", [0, 1])
def test_rolling_back_turns_rule_and_weight_off(number: int) -> None:
    _, cluster = stories()[number]
    cluster.send_all(planned(cluster, Ask(Act.HEADER, header=("user", "bob"))).requests)
    before = cluster.plain()
    back = planned(cluster, Ask(Act.ROLLBACK))
    cluster.send_all(back.requests)
    assert written(read(cluster)) == {"v1": 1.0, "v2": 0.0}
    assert len(read(cluster).lanes) == 1
    cluster.send_all(back.inverse)
    assert cluster.plain() == before


@pytest.mark.parametrize("number", [0, 1])
def test_a_rule_and_a_weight_in_one_ingress_are_told(number: int) -> None:
    dialect, cluster = stories()[number]
    prefix = ALB if dialect == "alb" else NGINX
    cluster.doc("Ingress", "route2")["metadata"]["annotations"][f"{prefix}canary-by-header"] = "user"
    assert written(read(cluster)) == {"v1": 1.0, "v2": 0.0}
    assert "give the rule its own Ingress" in findings(cluster)["weight-ignored"]
    assert "remove the rule first" in refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))


def test_higress_takes_whole_percent() -> None:
    assert "whole parts of 100" in refusal(with_class("mse"), Ask(Act.SET_WEIGHT, weights=(("v2", 0.025),)))


def test_higress_adds_up_several_canaries() -> None:
    cluster = with_class("mse")
    third = {**cluster.doc("Ingress", "route2"), "metadata": dict(cluster.doc("Ingress", "route2")["metadata"])}
    third["metadata"] |= {"name": "route3", "annotations": {f"{NGINX}canary": "true", f"{NGINX}canary-weight": "20"}}
    third["metadata"].pop("uid")
    cluster.add(third)
    assert written(read(cluster)) == {"v1": pytest.approx(0.5), "v2": pytest.approx(0.5)}
    assert "weights of route3 and route2 add up" in refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.9),)))
    cluster.send_all(planned(cluster, Ask(Act.ROLLBACK)).requests)
    assert written(read(cluster)) == {"v1": 1.0, "v2": 0.0}


def test_higress_gets_another_total_where_the_present_one_is_too_coarse() -> None:
    cluster = with_class("mse")
    cluster.doc("Ingress", "route2")["metadata"]["annotations"][f"{NGINX}canary-weight-total"] = "7"
    cluster.send_all(planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),))).requests)
    assert written(read(cluster)) == {"v1": 0.5, "v2": 0.5}


def test_an_empty_main_fails_alone_in_higress() -> None:
    cluster = with_class("mse").run("http-server-v1", ready=0)
    rollout = read(cluster)
    assert written(rollout) == {"v1": 0.0, "v2": 0.3}
    assert rollout.phase is Phase.DEGRADED
    assert "its share of the requests gets 503" in findings(cluster)["main-empty"]


def test_rolling_back_takes_query_rules_away_too() -> None:
    cluster = with_class("mse")
    marks = cluster.doc("Ingress", "route2")["metadata"]["annotations"]
    marks |= {f"{NGINX}canary-by-query": "go", f"{NGINX}canary-by-query-value": "1"}
    back = planned(cluster, Ask(Act.ROLLBACK))
    assert "rule query go=1 set -> removed" in map(str, back.changes)
    cluster.send_all(back.requests)
    assert not [key for key in cluster.doc("Ingress", "route2")["metadata"]["annotations"] if "query" in key]
    assert read(cluster).phase is Phase.AT_REST


def test_where_main_does_not_guard_the_canary_takes_over_from_an_empty_main() -> None:
    cluster = with_class("mse").run("http-server-v1", ready=0)
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 1.0),)))
    assert not any("503" in warning for warning in plan.warnings)
    cluster.send_all(plan.requests)
    assert written(read(cluster)) == {"v1": 0.0, "v2": 1.0}


def test_a_header_value_that_the_gateway_could_not_read_is_refused() -> None:
    assert "is not a valid one" in refusal(with_class("mse"), Ask(Act.HEADER, header=("user", "bob(")))
    planned(alb(with_class("alb")), Ask(Act.HEADER, header=("user", "bob(")))


def test_a_canary_takes_steps() -> None:
    cluster = steps("weight")
    cluster.doc("Ingress", "route2")["metadata"]["annotations"][f"{NGINX}canary-weight"] = "0"
    cluster.send_all(planned(cluster, Ask(Act.STEPS, steps=(0.2, 0.5))).requests)
    assert read(cluster).phase is Phase.WAITING
    for share in (0.2, 0.5):
        plan = planned(cluster, Ask(Act.APPROVE))
        cluster.send_all(plan.requests)
        with pytest.raises(ConflictError):
            cluster.send_all(plan.requests)
        assert written(read(cluster)) == {"v1": pytest.approx(1 - share), "v2": share}
    assert read(cluster).phase is Phase.CANARY
    cluster.send_all(planned(cluster, Ask(Act.STEPS, steps=(0.6, 1.0))).requests)
    cluster.send_all(planned(cluster, Ask(Act.ROLLBACK)).requests)
    assert read(cluster).phase is Phase.AT_REST
    assert read(cluster).step is None
