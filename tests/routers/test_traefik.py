"""TraefikServices as rollouts: versions, shares, findings, probe targets, and what Traefik makes of hostile specs.

The shares and the codes of answers are those that Traefik 3.7.9 gave when it was asked with the same objects.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import INGRESSROUTES, TRAEFIKSERVICES
from cockpit.model.rollout import OTHERS, Phase, Role, Rollout, Severity
from cockpit.routers.traefik.adapter import TraefikRouter
from tests.objects import Cluster
from tests.planning.states import service
from tests.routers.httproutes import version
from tests.routers.traefik_services import ingress_route, nested, shop, to, traefik_service, weighted

ROUTER = TraefikRouter()
SPLIT = weighted(to("shop-v1", 3), to("shop-v2"))


def read_all(cluster: Cluster, name: str = "shop") -> tuple[Rollout, ...]:
    found = cluster.get(TRAEFIKSERVICES, "default", name)
    assert found
    return ROUTER.read(found, cluster)


def read(cluster: Cluster, name: str = "shop") -> Rollout:
    (rollout,) = read_all(cluster, name)
    return rollout


def shares(rollout: Rollout) -> dict[str, float | None]:
    (lane,) = rollout.lanes
    return {s.version: s.written for s in lane.shares}


def findings(rollout: Rollout) -> dict[str, Severity]:
    return {f.id: f.severity for f in rollout.findings}


def test_weights_are_parts_of_their_sum_and_one_that_is_not_written_is_1() -> None:
    rollout = read(shop(SPLIT))
    assert shares(rollout) == {"v1": 0.75, "v2": 0.25}
    assert (rollout.phase, rollout.message) == (Phase.CANARY, "v1 75%, v2 25%")
    assert [v.role for v in rollout.versions] == [Role.STABLE, Role.CANARY]
    assert findings(rollout) == {}


def test_the_objects_behind_it_are_part_of_it() -> None:
    assert [str(ref) for ref in read(shop(SPLIT)).objects] == [
        "TraefikService default/shop",
        "Service default/shop-v1",
        "Service default/shop-v2",
        "Deployment default/shop-v1",
        "Deployment default/shop-v2",
    ]


@pytest.mark.parametrize("weight", [0, -5])
def test_a_weight_of_0_or_less_gets_nothing(weight: int) -> None:
    rollout = read(shop(weighted(to("shop-v1", weight), to("shop-v2", 1))))
    assert shares(rollout) == {"v1": 0, "v2": 1}
    assert rollout.phase is Phase.AT_REST


def test_what_does_not_split_is_no_rollout() -> None:
    assert read_all(shop(weighted(to("shop-v1")))) == ()
    assert read_all(shop(weighted(to("shop-v1"), to("shop-v1", 3)))) == ()
    assert read_all(shop(traefik_service({"mirroring": to("shop-v1", mirrors=[to("shop-v2", percent=50)])}))) == ()
    assert read_all(shop(traefik_service({"highestRandomWeight": {"services": [to("shop-v1"), to("shop-v2")]}}))) == ()


def test_a_nested_one_divides_its_part() -> None:
    inner = weighted(to("shop-v1", 3), to("shop-v2", 1), name="inner")
    rollout = read(shop(inner, weighted(to("shop-v1", 1), nested("inner", 1))))
    assert shares(rollout) == pytest.approx({"v1": 0.875, "v2": 0.125})
    assert findings(rollout) == {}


def test_of_a_mirror_the_mirrored_service_answers() -> None:
    mirror = traefik_service({"mirroring": to("shop-v1", mirrors=[to("shop-v2", percent=50)])}, "mirror")
    assert shares(read(shop(mirror, weighted(nested("mirror", 9), to("shop-v2", 1))))) == {"v1": 0.9, "v2": 0.1}


def test_what_spreads_in_another_way_is_one_version_and_says_so() -> None:
    hrw = traefik_service({"highestRandomWeight": {"services": [to("shop-v2")]}}, "hrw")
    rollout = read(shop(hrw, weighted(to("shop-v1", 3), nested("hrw", 1))))
    assert shares(rollout) == {"shop-v1": 0.75, "hrw": 0.25}
    assert findings(rollout) == {"spread-not-read": Severity.INFO}
    assert shares(read(shop(weighted(to("shop-v1", 3), nested("api@file", 1))))) == {"shop-v1": 0.75, "api@file": 0.25}


def test_a_service_without_pods_keeps_its_share_and_it_is_degraded() -> None:
    rollout = read(shop(SPLIT, v2=0))
    assert shares(rollout) == {"v1": 0.75, "v2": 0.25}
    assert rollout.phase is Phase.DEGRADED
    assert "25% of the requests to Service default/shop-v2, which has no ready pods; they get 503" in rollout.message
    assert findings(rollout) == {"empty-backend": Severity.CRITICAL, "needs-traefik-setting": Severity.WARNING}


def test_a_service_without_pods_and_weight_hurts_only_without_a_setting() -> None:
    rollout = read(shop(weighted(to("shop-v1", 1), to("shop-v2", 0)), v2=0))
    assert rollout.phase is Phase.AT_REST
    assert findings(rollout) == {"needs-traefik-setting": Severity.WARNING}
    assert "allowEmptyServices" in rollout.findings[0].text


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (to("gone", 0), "names Service default/gone, which does not exist"),
        (to("shop-v2", 0, port=99), "names Service default/shop-v2, which has no port 99"),
        ({"name": "shop-v2", "weight": 0}, "names no port of Service default/shop-v2"),
        (nested("gone", 0), "names TraefikService default/gone, which does not exist"),
        (nested("shop", 0), "leads back to itself through TraefikService default/shop"),
    ],
)
def test_what_traefik_cannot_resolve_takes_all_of_it_along(broken: dict[str, Any], why: str) -> None:
    rollout = read(shop(weighted(to("shop-v1", 1), broken)))
    assert rollout.phase is Phase.DEGRADED
    assert findings(rollout) == {"invalid-backend": Severity.CRITICAL}
    assert f"{why}: Traefik drops the whole TraefikService" in rollout.findings[0].text
    assert [v.images for v in rollout.versions if v.role is Role.STABLE] == [("shop:v1",)]


def test_all_weights_0_answer_nobody() -> None:
    rollout = read(shop(weighted(to("shop-v1", 0), to("shop-v2", 0))))
    assert rollout.phase is Phase.DEGRADED
    assert "all requests get 503" in rollout.message
    inner = weighted(to("shop-v1", 0), to("shop-v2", 0), name="inner")
    assert "25% of the requests get 503" in read(shop(inner, weighted(to("shop-v1", 3), nested("inner", 1)))).message


def test_what_needs_a_setting_of_traefik_is_said() -> None:
    away = weighted(to("shop-v1", 1), to("shop-v2", 1, namespace="other"))
    cluster = shop(away).add({**service("shop-v2", "other"), "spec": {"ports": [{"port": 80}]}})
    assert "allowCrossNamespace" in next(f.text for f in read(cluster).findings if f.id == "needs-traefik-setting")
    alias = {**service("out"), "spec": {"type": "ExternalName", "externalName": "a.test", "ports": [{"port": 80}]}}
    told = read(shop(weighted(to("shop-v1", 1), to("out", 1))).add(alias)).findings
    assert "allowExternalNameServices" in next(f.text for f in told if f.id == "needs-traefik-setting")


def test_known_clients_stay_where_a_cookie_is_set() -> None:
    sticky = weighted(to("shop-v1", 3), to("shop-v2"), sticky={"cookie": {"name": "lvl1"}})
    assert findings(read(shop(sticky))) == {"sticky": Severity.INFO}


def test_what_no_version_owns_has_a_row() -> None:
    cluster = shop(SPLIT)
    cluster.doc("EndpointSlice", "shop-v2-slice")["endpoints"].append({"addresses": ["10.0.0.9"]})
    rollout = read(cluster)
    assert shares(rollout) == pytest.approx({"v1": 0.75, "v2": 0.25 * 2 / 3, OTHERS: 0.25 / 3})


def test_an_ingress_route_says_what_to_ask_for_and_no_address() -> None:
    rule = "Host(`shop.test`) && PathPrefix(`/buy`)"
    rollout = read(shop(SPLIT, ingress_route(rule, nested("shop"))))
    assert rollout.probe_target is None
    assert rollout.incomplete_target == ProbeTarget("", 80, "shop.test", "/buy", False)
    assert "IngressRoute default/front does not say at which address" in rollout.probe_target_missing
    secure = read(shop(SPLIT, ingress_route("Host(`shop.test`)", nested("shop"), tls={})))
    assert secure.incomplete_target == ProbeTarget("", 443, "shop.test", "/", True)
    assert "no IngressRoute" in read(shop(SPLIT)).probe_target_missing


def test_weights_are_shown_only_and_the_refusal_says_what_to_do() -> None:
    cluster = shop(SPLIT)
    answer = ROUTER.plan(read(cluster), Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)), cluster)
    assert isinstance(answer, Refused)
    assert "edit the weights under spec.weighted with kubectl" in answer.why


def test_its_workloads_can_be_scaled() -> None:
    cluster = shop(SPLIT)
    plan = ROUTER.plan(read(cluster), Ask(Act.SCALE, counts=(("v2", 5),)), cluster)
    assert isinstance(plan, Plan)
    cluster.send_all(plan.requests)
    assert cluster.doc("Deployment", "shop-v2")["spec"]["replicas"] == 5


def test_what_argo_drives_is_left_to_argo() -> None:
    routing = {"traefik": {"weightedTraefikServiceName": "shop"}}
    rollout = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "pilot", "namespace": "default"},
        "spec": {"strategy": {"canary": {"trafficRouting": routing}}},
    }
    cluster = shop(SPLIT, rollout)
    answer = ROUTER.plan(read(cluster), Ask(Act.SCALE, counts=(("v2", 5),)), cluster)
    assert isinstance(answer, Refused)
    assert "Argo Rollout pilot manages TraefikService default/shop" in answer.why


def test_what_is_gone_or_splits_no_more_is_refused() -> None:
    cluster = shop(SPLIT)
    rollout = read(cluster)
    cluster.add(weighted(to("shop-v1")))
    assert "one Service only" in getattr(ROUTER.plan(rollout, Ask(Act.SCALE), cluster), "why", "")
    cluster.remove("TraefikService", "shop")
    assert "was deleted" in getattr(ROUTER.plan(rollout, Ask(Act.SCALE), cluster), "why", "")


def test_a_chain_that_doubles_at_each_level_is_read_to_a_bound() -> None:
    chain = [weighted(*[nested(f"n{n + 1}")] * 100, to("shop-v1"), to("shop-v2"), name=f"n{n}") for n in range(12)]
    assert len(read(shop(*chain), "n0").versions) >= 2


KEYS = ["weighted", "services", "name", "weight", "kind", "port", "namespace", "mirroring", "mirrors", "failover"]
KEYS += ["routes", "match", "sticky", "highestRandomWeight", "tls", "service", "fallback"]
WORDS = ["shop", "shop-v1", "TraefikService", "Service", "Host(`a`)", "x@file"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.sampled_from(WORDS) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=40,
)
entries = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=5)


@settings(deadline=None)
@given(st.lists(entries | json_values, max_size=4), json_values, json_values)
def test_any_json_is_read_and_planned_on(services: list[Any], other: Any, routes: Any) -> None:
    spec = {"weighted": {"services": [to("shop-v1"), to("shop-v2"), *services]}}
    front = {**ingress_route("", nested("shop")), "spec": {"routes": routes}}
    cluster = shop(traefik_service(spec), traefik_service(other, "x"), front)
    assert cluster.keyed(INGRESSROUTES, "default", "nothing") == []
    for name in ("shop", "x"):
        for rollout in read_all(cluster, name):
            assert sum(share.written or 0 for share in rollout.lanes[0].shares) <= 1 + 1e-9
            for act in (Act.SET_WEIGHT, Act.SCALE):
                ROUTER.plan(rollout, Ask(act, weights=(("v2", 0.5),), counts=(("v2", 3),)), cluster)


def test_a_third_version_is_a_row() -> None:
    cluster = shop(weighted(to("shop-v1", 2), to("shop-v2", 1), to("shop-v3", 1)))
    cluster.add(*version("v3"), created="2026-01-01T02:00:00Z").run("shop-v3")
    assert shares(read(cluster)) == {"v1": 0.5, "v2": 0.25, "v3": 0.25}
