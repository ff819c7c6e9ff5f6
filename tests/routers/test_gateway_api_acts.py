"""Acts on HTTPRoutes: each plan, sent, does what it promises; its inverse undoes it; twice is refused."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from tests.objects import ConflictError
from tests.routers.httproute_acts import HEADER, done, planned, refusal, spec, three, weights
from tests.routers.httproutes import backend, route, rule, shop, version
from tests.routers.test_gateway_api import SPLIT, read, read_all, shares


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.5, [50, 50]), (0.0, [100, 0]), (1.0, [0, 100]), (0.025, [975, 25]), (0.0001, [9999, 1])],
)
def test_weights_are_written_as_parts_of_a_hundred_or_finer(share: float, written: list[int]) -> None:
    cluster = shop(route(SPLIT))
    plan = done(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", share),)))
    assert weights(cluster) == written
    assert plan.raises == (share > 0.3)
    assert plan.final == (share == 1.0)


def test_weights_that_were_left_out_are_written() -> None:
    cluster = shop(route(rule(backend("shop-v1"), backend("shop-v2"))))
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.2),)))
    cluster.send_all(plan.requests)
    assert weights(cluster) == [80, 20]
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)
    cluster.send_all(plan.inverse)
    assert weights(cluster) == [1, 1]


def test_every_rule_for_plain_requests_follows_and_a_header_rule_stays() -> None:
    other = rule(backend("shop-v2", 1), backend("shop-v1", 1), path="/b")
    header = rule(backend("shop-v2", 1), headers={"a": "b"})
    cluster = shop(route(header, SPLIT, other))
    plan = done(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.0),)))
    assert [weights(cluster, at) for at in range(3)] == [[1], [100, 0], [0, 100]]
    assert "requests with header a=b still go to v2: a weight does not change that rule" in plan.warnings


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ((("v3", 0.2),), [72, 8, 20]),
        ((("v1", 0.5), ("v2", 0.3)), [50, 30, 20]),
        ((("v1", 0.8), ("v2", 0.2), ("v3", 0.0)), [80, 20, 0]),
    ],
)
def test_of_several_versions_those_not_named_share_the_rest(
    asked: tuple[tuple[str, float], ...], written: list[int]
) -> None:
    cluster = three(90, 10, 0)
    done(cluster, Ask(Act.SET_WEIGHT, weights=asked))
    assert weights(cluster) == written


def test_the_rest_comes_from_who_has_it() -> None:
    cluster = three(0, 100, 0)
    done(cluster, Ask(Act.SET_WEIGHT, weights=(("v3", 0.1),)))
    assert weights(cluster) == [0, 90, 10]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ((("v9", 0.2),), "v9 is not part of this split"),
        ((("v1", 0.5), ("v2", 0.6)), "add up to 110%"),
        ((("v2", 1.5),), "a share must be 0% to 100%"),
        ((("v2", float("nan")),), "a share must be 0% to 100%"),
        ((), "say which share"),
        ((("v2", 0.3),), "is already set"),
        ((("v2", 1 / 3),), "cannot be written"),
    ],
)
def test_shares_that_cannot_be_are_refused(asked: tuple[tuple[str, float], ...], why: str) -> None:
    assert why in refusal(shop(route(SPLIT)), Ask(Act.SET_WEIGHT, weights=asked))


def test_nobody_is_sent_to_a_version_without_ready_pods() -> None:
    cluster = shop(route(rule(backend("shop-v1", 100), backend("shop-v2", 0))), v2=0)
    assert "v2 has no ready pods" in refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.1),)))
    assert "v2 has no ready pods" in refusal(cluster, Ask(Act.HEADER, header=HEADER))
    assert "v2 has no ready pods" in refusal(cluster, Ask(Act.PROMOTE))


def test_nobody_is_sent_to_a_port_that_is_not_there() -> None:
    broken = {**backend("shop-v2", 0), "port": 99}
    cluster = shop(route(rule(backend("shop-v1", 100), broken)))
    why = "Service default/shop-v2 has no port 99"
    assert why in refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.1),)))
    assert "no backend of v2 works" in refusal(cluster, Ask(Act.HEADER, header=HEADER))
    back = shop(route(rule({**backend("shop-v1", 0), "port": 99}, backend("shop-v2", 100))))
    assert "every request would fail on v1, the version before: Service default/shop-v1 has no port 99" in refusal(
        back, Ask(Act.ROLLBACK)
    )


def test_of_two_backends_of_a_version_the_one_that_answers_gets_the_weight() -> None:
    broken = {**backend("shop-v2", 0), "port": 99}
    cluster = shop(route(rule(broken, backend("shop-v1", 100), backend("shop-v2", 0))))
    cluster.send_all(planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.1),))).requests)
    assert weights(cluster) == [0, 90, 10]


def test_a_share_that_rises_in_another_rule_only_raises_all_the_same() -> None:
    other = rule(backend("shop-v1", 100), backend("shop-v2", 0), path="/b")
    plan = done(shop(route(SPLIT, other)), Ask(Act.SET_WEIGHT, weights=(("v2", 0.3),)))
    assert plan.raises
    dead = shop(route(SPLIT, other), v2=0)
    assert "v2 has no ready pods" in refusal(dead, Ask(Act.SET_WEIGHT, weights=(("v2", 0.3),)))


def test_a_rule_that_leads_to_one_version_only_does_not_hide_the_split() -> None:
    cluster = shop(route(rule(backend("shop-v1", 1)), rule(backend("shop-v1", 70), backend("shop-v2", 30), path="/b")))
    assert shares(read(cluster)) == {"v1": 0.7, "v2": 0.3}
    done(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert weights(cluster, 1) == [50, 50]


def test_a_rule_that_no_weight_moves_is_told() -> None:
    alone = rule(backend("shop-v2", 1), path="/b")
    cluster = shop(route(SPLIT, alone))
    plan = done(cluster, Ask(Act.ROLLBACK))
    why = "requests for /b still go to v2: rule 2 has no other backend"
    load = "capacity: v1 carries 100% of the traffic on 2 ready pods; it needs 4 to keep the load per pod"
    assert plan.warnings == (why, load)
    assert why in refusal(cluster, Ask(Act.ROLLBACK))


def test_a_rule_that_got_a_backend_since_is_not_written_to() -> None:
    cluster = shop(route(SPLIT))
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    spec(cluster)["rules"][0]["backendRefs"].append(backend("shop-v3", 10))
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)


@pytest.mark.parametrize("odd", [3, "ab", [1], {"a": 1}])
def test_what_is_no_list_of_headers_is_not_copied(odd: Any) -> None:
    doc = route(SPLIT)
    doc["spec"]["rules"][0]["matches"][0]["headers"] = odd
    added = planned(shop(doc), Ask(Act.HEADER, header=HEADER)).requests[0].body[-1]["value"][0]
    assert added["matches"][0]["headers"] == [{"name": "X-User", "type": "Exact", "value": "bob"}]


def test_a_rule_that_moved_is_not_written_to() -> None:
    cluster = shop(route(SPLIT))
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    spec(cluster)["rules"].insert(0, rule(backend("shop-v1", 70), backend("shop-v2", 30), path="/other"))
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)


def test_a_header_rule_copies_the_rule_it_takes_requests_from() -> None:
    filters = [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}]}}]
    base = rule(backend("shop-v1", 100), backend("shop-v2", 0), path="/api", filters=filters, name="base")
    cluster = shop(route(base))
    plan = done(cluster, Ask(Act.HEADER, version="v2", header=HEADER))
    assert plan.raises
    added = spec(cluster)["rules"][0]
    assert added == {
        "matches": [
            {
                "path": {"type": "PathPrefix", "value": "/api"},
                "headers": [{"name": "X-User", "type": "Exact", "value": "bob"}],
            }
        ],
        "filters": filters,
        "backendRefs": [{"name": "shop-v2", "port": 80, "weight": 1}],
    }
    assert shares(read(cluster), "X-User=bob") == {"v1": 0.0, "v2": 1.0}
    assert "already" in refusal(cluster, Ask(Act.HEADER, header=HEADER))


def test_header_rules_are_taken_away() -> None:
    cluster = shop(route(SPLIT, rule(backend("shop-v2", 1), headers={"a": "b"})))
    plan = done(cluster, Ask(Act.HEADER))
    assert len(spec(cluster)["rules"]) == 1
    assert not plan.raises
    assert any("v2 keeps its share" in w for w in plan.warnings)
    assert "no header rule" in refusal(cluster, Ask(Act.HEADER))


@pytest.mark.parametrize("header", [("a b", "x"), ("", "x"), ("a", "x\n"), ("a", "")])
def test_headers_that_cannot_be_sent_are_refused(header: tuple[str, str]) -> None:
    assert "header" in refusal(shop(route(SPLIT)), Ask(Act.HEADER, header=header))


def test_promote_and_back() -> None:
    cluster = shop(route(rule(backend("shop-v2", 1), headers={"a": "b"}), SPLIT))
    plan = done(cluster, Ask(Act.PROMOTE))
    assert plan.final
    assert plan.raises
    assert weights(cluster, 1) == [0, 100]
    back = done(cluster, Ask(Act.ROLLBACK))
    assert not back.raises
    assert len(spec(cluster)["rules"]) == 1
    assert weights(cluster) == [100, 0]
    assert "v1 already takes all traffic" in refusal(cluster, Ask(Act.ROLLBACK))


@pytest.mark.parametrize(
    ("weights_now", "target"), [((0, 90, 10), "v2"), ((0, 100, 0), "v1"), ((0, 0, 100), "v2"), ((90, 0, 10), "v1")]
)
def test_back_is_to_the_version_before_not_to_one_kept_from_earlier(weights_now: tuple[int, ...], target: str) -> None:
    backends = [backend(f"shop-v{n}", weight) for n, weight in enumerate(weights_now, start=1)]
    cluster = shop(route(rule(*backends)))
    cluster.add(*version("v3"), created="2026-01-01T02:00:00Z").run("shop-v3")
    plan = done(cluster, Ask(Act.ROLLBACK))
    assert plan.title == f"all traffic back to {target}"
    assert not plan.raises


def test_a_rule_that_has_only_the_new_version_is_told_on_the_way_back() -> None:
    only = rule(backend("shop-v2"), path="/new")
    plan = planned(shop(route(SPLIT, only)), Ask(Act.ROLLBACK))
    assert "requests for /new still go to v2: rule 2 has no other backend" in plan.warnings
    assert not any("/new" in w for w in planned(shop(route(SPLIT, only)), Ask(Act.PROMOTE)).warnings)


def test_a_backend_that_came_in_meanwhile_refuses_the_weights() -> None:
    cluster = shop(route(SPLIT))
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    spec(cluster)["rules"][0]["backendRefs"].append(backend("shop-v3", 100))
    with pytest.raises(ConflictError):
        cluster.send_all(plan.requests)


def test_back_from_a_header_rule_alone() -> None:
    cluster = shop(route(rule(backend("shop-v1", 1)), rule(backend("shop-v2", 1), headers={"a": "b"})))
    assert "add the other Service" in refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    plan = planned(cluster, Ask(Act.ROLLBACK))
    cluster.send_all(plan.requests)
    assert len(spec(cluster)["rules"]) == 1


def test_nobody_goes_back_to_a_version_without_pods() -> None:
    cluster = shop(route(SPLIT), v1=0)
    assert "v1 has no ready pods" in refusal(cluster, Ask(Act.ROLLBACK, version="v1"))
    done(cluster, Ask(Act.ROLLBACK))
    assert weights(cluster) == [0, 100]


def test_finish_leaves_one_backend_and_deletes_the_rest() -> None:
    cluster = shop(route(rule(backend("shop-v2", 1), headers={"a": "b"}), SPLIT))
    assert "no single version takes all requests (v1 70%, v2 30%)" in refusal(cluster, Ask(Act.FINISH))
    cluster.send_all(planned(cluster, Ask(Act.PROMOTE)).requests)
    plan = planned(cluster, Ask(Act.FINISH))
    assert [str(ref) for ref in plan.gone] == ["Service default/shop-v1", "Deployment default/shop-v1"]
    cluster.send_all(plan.requests)
    assert [b["name"] for b in spec(cluster)["rules"][0]["backendRefs"]] == ["shop-v2"]
    assert len(spec(cluster)["rules"]) == 1
    assert ("Deployment", "default", "shop-v1") not in cluster.docs
    assert read_all(cluster) == ()


def test_what_others_use_stays() -> None:
    other = route(rule(backend("shop-v1")), name="other", uid="another")
    cluster = shop(route(rule(backend("shop-v1", 0), backend("shop-v2", 100))), other)
    plan = planned(cluster, Ask(Act.FINISH))
    assert plan.gone == ()
    assert any("Service shop-v1 stays: HTTPRoute other" in w for w in plan.warnings)


def test_what_a_mesh_uses_stays() -> None:
    to_v1 = {"http": [{"route": [{"destination": {"host": "shop-v1"}}]}], "hosts": ["shop-v1"]}
    mesh = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "m"}, "spec": to_v1}
    cluster = shop(route(rule(backend("shop-v1", 0), backend("shop-v2", 100)))).add(mesh)
    plan = planned(cluster, Ask(Act.FINISH))
    assert plan.gone == ()
    assert any("Service shop-v1 stays: VirtualService m routes to it" in w for w in plan.warnings)


ARGO = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {"name": "shop", "namespace": "default"},
    "spec": {
        "strategy": {
            "canary": {
                "canaryService": "shop-v2",
                "stableService": "shop-v1",
                "trafficRouting": {
                    "plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "shop", "namespace": "default"}}
                },
            }
        }
    },
}


@pytest.mark.parametrize("mark", ["owner", "annotation", "label"])
def test_a_route_that_a_controller_drives_is_not_edited_by_hand(mark: str) -> None:
    doc = route(SPLIT)
    if mark == "owner":
        doc["metadata"]["ownerReferences"] = [
            {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "shop", "uid": "u", "controller": True}
        ]
    elif mark == "annotation":
        doc["metadata"]["annotations"] = {"flagger.kubernetes.app/original-configuration": "{}"}
    else:
        doc["metadata"]["labels"] = {"rollouts.argoproj.io/gatewayapi-canary": "in-progress"}
    cluster = shop(doc)
    owner = "Argo Rollout" if mark == "label" else "Flagger Canary"
    for act in (Act.SET_WEIGHT, Act.ROLLBACK, Act.HEADER):
        why = refusal(cluster, Ask(act, weights=(("v2", 0.5),)))
        assert f"{owner} shop manages HTTPRoute default/shop and overwrites edits by hand: act on it there" in why
    assert any(o.kind == owner for o in read(cluster).owners)


def test_a_route_that_an_argo_rollout_names_is_not_edited_by_hand() -> None:
    cluster = shop(route(SPLIT)).add(ARGO)
    why = refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert "Argo Rollout shop manages HTTPRoute default/shop" in why
