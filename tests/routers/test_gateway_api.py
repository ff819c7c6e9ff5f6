"""HTTPRoutes as rollouts: versions, lanes, shares, findings, probe targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from cockpit.model.objects import Obj
from cockpit.model.refs import GATEWAYS, HTTPROUTES, Resource
from cockpit.model.rollout import Phase, Role, Rollout, Severity
from cockpit.routers.gateway_api.adapter import GatewayApiRouter
from cockpit.routers.gateway_api.routes import find_route
from tests.objects import Cluster
from tests.routers.httproutes import API, backend, gateway, route, rule, shop, version

ROUTER = GatewayApiRouter()
SPLIT = rule(backend("shop-v1", 70), backend("shop-v2", 30))


def read_all(cluster: Cluster, name: str = "shop", kind: str = "HTTPRoute") -> tuple[Rollout, ...]:
    found = find_route(cluster, kind, "default", name)
    assert found
    return ROUTER.read(found, cluster)


def read(cluster: Cluster, name: str = "shop") -> Rollout:
    (rollout,) = read_all(cluster, name)
    return rollout


def shares(rollout: Rollout, lane: str = "default") -> dict[str, float | None]:
    (found,) = [entry for entry in rollout.lanes if entry.name == lane]
    return {s.version: s.written for s in found.shares}


def findings(rollout: Rollout) -> dict[str, Severity]:
    return {f.id: f.severity for f in rollout.findings}


def test_weights_are_parts_of_their_sum() -> None:
    rollout = read(shop(route(SPLIT)))
    assert shares(rollout) == {"v1": 0.7, "v2": 0.3}
    assert rollout.phase is Phase.CANARY
    assert rollout.message == "v1 70%, v2 30%"
    assert [v.role for v in rollout.versions] == [Role.STABLE, Role.CANARY]
    assert findings(rollout) == {}
    assert shares(read(shop(route(rule(backend("shop-v1"), backend("shop-v2", 3)))))) == {"v1": 0.25, "v2": 0.75}


def test_a_route_to_one_service_is_no_rollout() -> None:
    assert read_all(shop(route(rule(backend("shop-v1"))))) == ()
    assert read_all(shop(route(rule(backend("shop-v1"), path="/a"), rule(backend("shop-v2"), path="/b")))) == ()
    assert read_all(shop(route({"matches": [{}]}))) == ()


def test_the_objects_behind_it_are_part_of_it() -> None:
    rollout = read(shop(route(SPLIT)))
    assert [str(ref) for ref in rollout.objects] == [
        "HTTPRoute default/shop",
        "Service default/shop-v1",
        "Service default/shop-v2",
        "Deployment default/shop-v1",
        "Deployment default/shop-v2",
    ]


def test_the_door_is_the_gateways_address_and_listener() -> None:
    probe_target = read(shop(route(rule(backend("shop-v1"), backend("shop-v2"), path="/api")))).probe_target
    assert probe_target
    assert (probe_target.address, probe_target.port, probe_target.host, probe_target.path) == (
        "127.0.0.1",
        8080,
        "shop.test",
        "/api",
    )


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (lambda c: c.remove("Gateway", "gate"), "Gateway default/gate does not exist in test"),
        (lambda c: c.doc("Gateway", "gate").pop("status"), "Gateway default/gate has no address in its status"),
        (lambda c: c.doc("HTTPRoute", "shop")["spec"].pop("parentRefs"), "the route names no Gateway"),
    ],
)
def test_without_an_address_it_says_why(change: Any, missing: str) -> None:
    cluster = shop(route(SPLIT))
    change(cluster)
    rollout = read(cluster)
    assert rollout.probe_target is None
    assert missing in rollout.probe_target_missing


def test_a_gateway_in_a_namespace_that_is_not_read_is_unknown_and_not_absent() -> None:
    cluster = shop(route(SPLIT))
    cluster.doc("HTTPRoute", "shop")["spec"]["parentRefs"] = [{"name": "gate", "namespace": "infra"}]
    assert "Gateway infra/gate does not exist" in read(cluster).probe_target_missing
    missing = read(cluster.kept_to("default")).probe_target_missing
    assert "Gateway infra/gate is not known: the Gateways of namespace infra were not read here: try -A" in missing


@pytest.mark.parametrize(
    ("offered", "asked", "host"),
    [
        ("b.test", ("a.test", "b.test"), "b.test"),
        ("*.test", ("a.example", "a.test"), "a.test"),
        ("a.test", ("*.test",), "a.test"),
        ("B.test", ("b.test",), "b.test"),
        ("b.test", (), "b.test"),
    ],
)
def test_the_door_has_a_host_that_listener_and_route_share(offered: str, asked: tuple[str, ...], host: str) -> None:
    cluster = shop(route(SPLIT, hosts=asked))
    listeners = cluster.doc("Gateway", "gate")["spec"]["listeners"]
    listeners[0]["hostname"] = "other.example.com"
    listeners.append({"name": "second", "port": 8081, "protocol": "HTTP", "hostname": offered})
    if not asked:
        del listeners[0]
    probe_target = read(cluster).probe_target
    assert probe_target
    assert (probe_target.host, probe_target.port) == (host, 8081)


def test_a_gateway_without_a_listener_for_the_host_is_why_there_is_no_door() -> None:
    cluster = shop(route(SPLIT))
    cluster.doc("Gateway", "gate")["spec"]["listeners"][0]["hostname"] = "other.test"
    assert "no listener" in read(cluster).probe_target_missing


def test_a_gateway_without_a_listener_for_http_is_why_there_is_no_door() -> None:
    cluster = shop(route(SPLIT))
    cluster.doc("Gateway", "gate")["spec"]["listeners"][0]["protocol"] = "TCP"
    assert "no listener for HTTP" in read(cluster).probe_target_missing


def test_a_header_rule_is_a_lane_of_its_own_wherever_it_stands() -> None:
    header = rule(backend("shop-v2"), headers={"X-User": "bob"})
    for rules in ((SPLIT, header), (header, SPLIT)):
        rollout = read(shop(route(*rules)))
        assert [lane.name for lane in rollout.lanes] == ["default", "X-User=bob"]
        assert rollout.lanes[1].headers == (("X-User", "bob"),)
        assert shares(rollout, "X-User=bob") == {"v1": 0.0, "v2": 1.0}
        assert rollout.message == "v1 70%, v2 30%; v2 100% with header X-User=bob"


def test_the_version_behind_a_header_only_is_part_of_it() -> None:
    rollout = read(shop(route(rule(backend("shop-v1")), rule(backend("shop-v2"), headers={"user": "bob"}))))
    assert shares(rollout) == {"v1": 1.0, "v2": 0.0}


def test_a_header_rule_that_another_outdoes_cannot_be_tried() -> None:
    """More headers win, and a rule for another path does not get the requests of this one."""
    elsewhere = rule(backend("shop-v2"), backend("shop-v1"), path="/login", headers={"a": "b"})
    rollout = read(shop(route(SPLIT, elsewhere)))
    assert rollout.lanes[1].headers is None
    assert findings(rollout) == {"lane-not-probed": Severity.INFO}
    query = rule(backend("shop-v2"))
    query["matches"][0]["queryParams"] = [{"name": "go", "value": "1"}]
    assert read(shop(route(SPLIT, query))).lanes[1].match == "query go=1"


def test_rules_that_concern_different_things_are_different_rollouts() -> None:
    cluster = shop(
        route(
            rule(backend("shop-v1", 90), backend("shop-v2", 10), path="/shop"),
            rule(backend("cart-a"), backend("cart-b"), path="/cart"),
        )
    )
    assert [r.key.name for r in read_all(cluster)] == ["shop.shop-v1", "shop.cart-a"]


def test_a_rule_for_one_path_does_not_stand_for_all_others() -> None:
    """On the lab / got v2 and every other path v1; it was shown as v2 for everybody."""
    home = rule(backend("shop-v2"))
    home["matches"] = [{"path": {"type": "Exact", "value": "/"}}]
    rest = rule(backend("shop-v1", 100), backend("shop-v2", 0), path="/")
    for rules in ((home, rest), (rest, home)):
        rollout = read(shop(route(*rules)))
        assert shares(rollout) == {"v1": 1.0, "v2": 0.0}
        assert rollout.incomplete_target or rollout.probe_target
        assert (rollout.probe_target or rollout.incomplete_target).path == "/probe"  # type: ignore[union-attr]


def test_rules_of_one_thing_that_split_differently_are_told() -> None:
    rollout = read(shop(route(SPLIT, rule(backend("shop-v1"), backend("shop-v2"), path="/b"))))
    assert findings(rollout) == {"rules-differ": Severity.WARNING}
    assert shares(rollout) == {"v1": 0.7, "v2": 0.3}
    alike = rule(backend("shop-v1", 7), backend("shop-v2", 3), path="/c")
    (found,) = read(shop(route(SPLIT, rule(backend("shop-v1"), path="/b"), alike))).findings
    assert "(/ and /c: v1 70%, v2 30%; /b: v1 100%)" in found.text


def test_a_lane_that_splits_as_all_others_do_is_not_said_twice() -> None:
    same = rule(backend("shop-v1", 7), backend("shop-v2", 3), headers={"user": "bob"})
    assert read(shop(route(same, SPLIT))).message == "v1 70%, v2 30%"


def test_a_dead_backend_keeps_its_share() -> None:
    empty = read(shop(route(SPLIT), v2=0))
    assert shares(empty) == {"v1": 0.7, "v2": 0.3}
    assert findings(empty) == {"empty-backend": Severity.CRITICAL}
    assert "30% of the requests of rule 1" in next(f.text for f in empty.findings)
    missing = read(shop(route(rule(backend("shop-v1", 70), backend("gone", 30)))))
    assert shares(missing) == {"shop-v1": 0.7, "gone": 0.3}
    assert findings(missing) == {"invalid-backend": Severity.CRITICAL}


@pytest.mark.parametrize(("v1", "v2"), [(50, 50), (0, 100)])
def test_a_version_without_ready_pods_is_not_the_stable_one(v1: int, v2: int) -> None:
    rollout = read(shop(route(rule(backend("shop-v1", v1), backend("shop-v2", v2))), v1=0))
    assert {v.name: v.role for v in rollout.versions} == {"v1": Role.CANARY, "v2": Role.STABLE}


def test_no_weight_at_all_is_an_outage() -> None:
    rollout = read(shop(route(rule(backend("shop-v1", 0), backend("shop-v2", 0)))))
    assert rollout.phase is Phase.DEGRADED
    assert findings(rollout) == {"no-weight": Severity.CRITICAL}
    assert shares(rollout) == {"v1": 0.0, "v2": 0.0}


@pytest.mark.parametrize("ports", [(100, 0), (80, 20), (70, 30)])
def test_ports_that_were_meant_as_weights_are_told_and_not_read_as_a_split(ports: tuple[int, int]) -> None:
    refs = [backend("shop-v1", port=ports[0]), backend("shop-v2", port=ports[1])]
    rollout = read(shop(route(rule(*refs))))
    assert "port-looks-like-weight" in findings(rollout)
    assert shares(rollout) == {"v1": 0.5, "v2": 0.5}


def with_conditions(**conditions: tuple[str, int]) -> Cluster:
    """The route at generation 3, with conditions as (status, observed generation)."""
    doc = route(SPLIT, generation=3)
    told = [
        {"type": kind, "status": status, "reason": "Why", "message": "told", "observedGeneration": generation}
        for kind, (status, generation) in conditions.items()
    ]
    doc["status"]["parents"] = [{"parentRef": {"name": "gate"}, "conditions": told}] if told else []
    return shop(doc)


def test_a_change_is_pending_until_the_gateway_has_seen_its_generation() -> None:
    assert findings(read(with_conditions(Accepted=("True", 3), ResolvedRefs=("True", 3)))) == {}
    pending = read(with_conditions(Accepted=("True", 2), ResolvedRefs=("True", 2)))
    assert findings(pending) == {"pending": Severity.INFO}
    assert pending.message.endswith("the gateway has not accepted the last change yet")
    assert pending.epoch != read(with_conditions(Accepted=("True", 3))).epoch


def test_a_route_that_no_gateway_takes_is_told() -> None:
    assert findings(read(with_conditions())) == {"route-not-taken": Severity.WARNING}
    refused = read(with_conditions(Accepted=("False", 3)))
    assert refused.phase is Phase.DEGRADED
    assert findings(refused) == {"not-accepted": Severity.CRITICAL}
    assert findings(read(with_conditions(Accepted=("True", 3), ResolvedRefs=("False", 3)))) == {
        "unresolved-refs": Severity.WARNING
    }


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ([], "Gateway default/gate has class demo, which no controller here serves"),
        ([{"type": "Accepted", "status": "Unknown", "reason": "Pending"}], "has class demo, which no controller here"),
        (
            [{"type": "Programmed", "status": "False", "reason": "NoPort"}],
            "Gateway default/gate is not programmed: NoPort",
        ),
        ([{"type": ["odd"], "status": {}}, "odd"], "has class demo, which no controller here"),
        ([{"type": "Accepted", "status": "True"}], "check that its Gateway exists and a controller runs"),
    ],
)
def test_a_gateway_that_nobody_took_up_is_why_its_route_is_not_taken(conditions: list[Any], told: str) -> None:
    cluster = with_conditions()
    cluster.doc("Gateway", "gate")["status"] = {"conditions": conditions}
    [found] = read(cluster).findings
    assert found.id == "route-not-taken"
    assert told in found.text


def test_a_service_that_picks_both_versions_is_told() -> None:
    cluster = shop(route(SPLIT))
    cluster.doc("Service", "shop-v2")["spec"]["selector"] = {"app": "shop"}
    rollout = read(cluster.balance())
    assert findings(rollout) == {"not-pinned": Severity.WARNING}
    assert shares(rollout) == {"v1": pytest.approx(0.85), "v2": pytest.approx(0.15)}


def test_v1beta1_where_nothing_newer_is_served() -> None:
    cluster = Cluster(unknown=[HTTPROUTES, GATEWAYS])
    cluster.add(*version("v1"), *version("v2")).run("shop-v1").run("shop-v2")
    for doc in (gateway(), route(SPLIT)):
        cluster.add({**doc, "apiVersion": "gateway.networking.k8s.io/v1beta1"})
    rollout = read(cluster)
    assert rollout.objects[0].resource.version == "v1beta1"
    assert rollout.probe_target is not None


def test_a_grpc_route_is_shown_and_not_edited() -> None:
    doc = {**route(SPLIT), "kind": "GRPCRoute", "apiVersion": API}
    doc["spec"]["rules"][0]["matches"] = [{"method": {"service": "shop.Cart", "method": "Add"}}]
    (rollout,) = read_all(shop(doc), kind="GRPCRoute")
    assert shares(rollout) == {"v1": 0.7, "v2": 0.3}
    assert all(not state.enabled and "only shown" in state.why for state in rollout.acts)
    assert rollout.probe_target is None


def test_two_routes_for_one_place_are_told_and_the_older_wins() -> None:
    other = route(rule(backend("shop-v1")), name="older", creationTimestamp="2025-01-01T00:00:00Z")
    rollout = read(shop(route(SPLIT), other))
    assert findings(rollout) == {"two-routes": Severity.CRITICAL}
    assert "HTTPRoute default/older is older" in rollout.findings[0].text
    elsewhere = route(rule(backend("shop-v1"), path="/b"), name="older")
    assert findings(read(shop(route(SPLIT), elsewhere))) == {}
    assert findings(read(shop(route(SPLIT), route(rule(backend("shop-v1")), name="a", hosts=("b.test",))))) == {}


def test_splits_of_services_of_one_name_in_two_namespaces_have_names_of_their_own() -> None:
    there = rule(backend("shop-v1", namespace="b"), backend("shop-v3", namespace="b"), path="/b")
    assert [r.key.name for r in read_all(shop(route(SPLIT, there)))] == ["shop.shop-v1", "shop.b.shop-v1"]


def test_a_grpcroute_of_the_same_name_is_a_rollout_beside() -> None:
    grpc = {**route(rule(backend("shop-v1"), backend("shop-v2"))), "kind": "GRPCRoute"}
    alone = read_all(shop(grpc), kind="GRPCRoute")
    assert [r.key.name for r in alone] == ["shop"]
    cluster = shop(route(SPLIT), grpc)
    (beside,) = read_all(cluster, kind="GRPCRoute")
    assert (read(cluster).key.name, beside.key.name) == ("shop", "shop.grpc")


def test_routes_of_the_same_host_with_other_paths_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = shop(*(route(rule(backend("a"), path=f"/{n}"), name=f"other{n}") for n in range(5)), route(SPLIT))
    seen: list[str] = []
    anywhere = cluster.anywhere

    def noted(resource: Resource, key: str) -> Sequence[Obj]:
        found = anywhere(resource, key)
        seen.extend(o.metadata.name for o in found if resource == HTTPROUTES)
        return found

    monkeypatch.setattr(cluster, "anywhere", noted)
    read(cluster)
    assert seen == ["shop"]


@pytest.mark.parametrize("created", ["2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z"])
def test_at_traefik_it_is_not_certain_which_of_two_routes_wins(created: str) -> None:
    """It does not go by age, so neither side may be told that it gets all requests."""
    mine = route(SPLIT)
    mine["status"] = {"parents": [{"controllerName": "traefik.io/gateway-controller", "parentRef": {"name": "gate"}}]}
    rollout = read(shop(mine, route(rule(backend("shop-v1")), name="other", creationTimestamp=created)))
    found = next(each for each in rollout.findings if each.id == "two-routes")
    assert found.severity is Severity.WARNING
    assert "should get their requests, but Traefik may choose the other one" in found.text
