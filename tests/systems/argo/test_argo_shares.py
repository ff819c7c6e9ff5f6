"""The declared and the written share, router by router, and which version each Service means."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Role
from tests.objects import Cluster
from tests.systems.argo.releases import (
    ABORTED,
    HASH,
    NEW,
    NGINX,
    OLD,
    PROMOTED,
    RUNNING,
    basic,
    blue_green,
    canary,
    ids,
    ingress,
    previewed,
    read,
    replica_set,
    routed,
    said,
    service,
    shares,
    text_of,
)

PLUGIN = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "default"}}}


def pinned(cluster: Cluster, name: str, to: str) -> Cluster:
    cluster.doc("Service", name)["spec"]["selector"][HASH] = to
    return cluster


def annotated(cluster: Cluster, name: str, **annotations: str) -> Cluster:
    found = cluster.doc("Ingress", name)["metadata"]["annotations"]
    found.update({f"nginx.ingress.kubernetes.io/{k.replace('_', '-')}": v for k, v in annotations.items()})
    return cluster


@pytest.mark.parametrize(
    ("fields", "weight", "declared", "written"),
    [
        ({}, 20, 0.2, 0.2),
        ({**RUNNING, "currentStepIndex": 2}, 20, 0.6, 0.2),  # pods first, then the weight
        ({**RUNNING, "currentStepIndex": 4}, 60, 1.0, 0.6),  # the weight of the last step stays until all pods stand
        ({**RUNNING, "currentStepIndex": 4, "promoteFull": True}, 20, 1.0, 0.2),
        (ABORTED, 0, 0.0, 0.0),
        ({"abort": True}, 20, 0.0, 0.2),
    ],
)
def test_nginx_is_read_from_its_canary_ingress(fields: Any, weight: int, declared: float, written: float) -> None:
    cluster = routed(weight, **fields)
    assert shares(cluster)["v2"] == (declared, written)
    assert read(cluster).router == "ingress"
    assert not read(cluster).lanes[0].derived


def test_a_promoted_version_gets_everything_by_either_service() -> None:
    cluster = pinned(routed(0, **PROMOTED), "web-stable", NEW)
    assert shares(cluster) == {"v1": (0.0, 0.0), "v2": (1.0, 1.0)}


def test_while_the_canary_service_points_at_the_stable_pods_weights_change_nothing() -> None:
    cluster = pinned(routed(20, **ABORTED), "web-canary", OLD)
    assert shares(cluster)["v1"] == (1.0, 1.0)


def test_before_the_first_update_there_is_no_canary_ingress() -> None:
    cluster = routed(**PROMOTED)
    cluster.remove("Ingress", "web-web-canary")
    pinned(cluster, "web-stable", NEW)
    assert shares(cluster)["v2"] == (1.0, 1.0)
    assert ids(cluster) == set()


def test_a_weight_by_hand_is_told_from_the_controllers() -> None:
    cluster = annotated(routed(), "web-web-canary", canary_weight="50")
    assert shares(cluster)["v2"] == (0.2, 0.5)
    assert "gives the canary 50%, but the controller reports 20%" in text_of(cluster, "written-elsewhere")


def test_header_rules_of_the_canary_are_lanes() -> None:
    cluster = annotated(routed(), "web-web-canary", canary_by_header="X-Beta", canary_by_header_value="yes")
    lane = read(cluster).lanes[1]
    assert (lane.headers, shares(cluster, 1)["v2"]) == ((("X-Beta", "yes"),), (1.0, 1.0))


def test_weights_of_another_sum() -> None:
    steps = [{"setWeight": 250}, {"pause": {}}]
    cluster = routed(250, canary(steps, {**NGINX, "maxTrafficWeight": 1000}))
    annotated(cluster, "web-web-canary", canary_weight_total="1000")
    assert shares(cluster)["v2"] == (0.25, 0.25)
    assert ids(cluster) == set()


def http_route(stable: int, weight: int) -> dict[str, Any]:
    backends = [
        {"kind": "Service", "name": name, "port": 80, "weight": share}
        for name, share in (("web-stable", stable), ("web-canary", weight))
    ]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"hostnames": ["web.test"], "rules": [{"backendRefs": backends}]},
    }


def test_the_gateway_api_plug_in_by_its_route() -> None:
    cluster = routed(strategy=canary(routing=PLUGIN)).add(http_route(80, 20))
    assert read(cluster).router == "gateway-api"
    assert shares(cluster) == {"v1": (0.8, 0.8), "v2": (0.2, 0.2)}
    assert "HTTPRoute default/web" in map(str, read(cluster).objects)


def test_a_route_of_another_namespace_names_the_services_of_this_one() -> None:
    elsewhere = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "edge"}}}
    cluster = routed(strategy=canary(routing=elsewhere))
    route = http_route(80, 20)
    route["metadata"]["namespace"] = "edge"
    for backend in route["spec"]["rules"][0]["backendRefs"]:
        backend["namespace"] = "default"
    cluster.add(route)
    assert shares(cluster) == {"v1": (0.8, 0.8), "v2": (0.2, 0.2)}
    assert "no-weight" not in ids(cluster)
    for backend in cluster.docs["HTTPRoute", "edge", "web"]["spec"]["rules"][0]["backendRefs"]:
        del backend["namespace"]
    cluster.docs = copy.deepcopy(cluster.docs)
    assert shares(cluster)["v2"] == (0.2, None), "Services of the same names in another namespace"
    assert "no-weight" not in ids(cluster)


def test_a_route_that_is_not_there_is_told() -> None:
    cluster = routed(strategy=canary(routing=PLUGIN))
    assert shares(cluster)["v2"] == (0.2, None)
    assert "route-missing" in ids(cluster)


def virtual_service(*destinations: tuple[dict[str, str], int]) -> dict[str, Any]:
    routes = [{"destination": to, "weight": weight} for to, weight in destinations]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": {"hosts": ["web"], "http": [{"name": "primary", "route": routes}]},
    }


def test_istio_by_host() -> None:
    routing = {"istio": {"virtualService": {"name": "web", "routes": ["primary"]}}}
    cluster = routed(strategy=canary(routing=routing))
    cluster.add(virtual_service(({"host": "web-stable"}, 80), ({"host": "web-canary"}, 20)))
    assert (read(cluster).router, shares(cluster)["v2"]) == ("istio", (0.2, 0.2))


def test_istio_by_subset_needs_no_services() -> None:
    rule = {"name": "web", "stableSubsetName": "old", "canarySubsetName": "new"}
    routing = {"istio": {"virtualService": {"name": "web"}, "destinationRule": rule}}
    cluster = basic()
    cluster.doc("Rollout", "web")["spec"]["strategy"] = {
        "canary": {"steps": [{"setWeight": 20}, {"pause": {}}], "trafficRouting": routing}
    }
    to = [({"host": "web", "subset": name}, weight) for name, weight in (("old", 80), ("new", 20))]
    cluster.add(virtual_service(*to))
    assert shares(cluster) == {"v1": (0.8, 0.8), "v2": (0.2, 0.2)}


def test_alb_by_the_action_in_an_annotation() -> None:
    cluster = routed(strategy=canary(routing={"alb": {"ingress": "web", "servicePort": 80}}))
    groups = [
        {"ServiceName": name, "ServicePort": "80", "Weight": weight}
        for name, weight in (("web-stable", 80), ("web-canary", 20))
    ]
    action = json.dumps({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})
    found = cluster.doc("Ingress", "web")["metadata"].setdefault("annotations", {})
    found["alb.ingress.kubernetes.io/actions.web-stable"] = action
    assert shares(cluster)["v2"] == (0.2, 0.2)
    found["alb.ingress.kubernetes.io/actions.web-stable"] = "{"
    assert shares(cluster)["v2"] == (0.2, None)
    assert "route-elsewhere" in ids(cluster)


def test_routers_that_are_not_read_leave_the_written_share_open() -> None:
    cluster = routed(strategy=canary(routing={"ambassador": {"mappings": ["web"]}}))
    assert (read(cluster).router, shares(cluster)["v2"]) == ("ambassador", (0.2, None))
    assert "ambassador" in text_of(cluster, "router-not-read")


def test_several_routers_that_differ_are_told() -> None:
    cluster = routed(strategy=canary(routing={**NGINX, **PLUGIN})).add(http_route(50, 50))
    assert shares(cluster)["v2"] == (0.2, 0.2)
    assert "Ingress web 20%, HTTPRoute web 50%" in text_of(cluster, "routers-differ")


def test_without_a_router_pods_decide_and_rounding_is_told() -> None:
    cluster = basic(old=2, new=1)
    assert shares(cluster) == {"v1": (0.8, 0.667), "v2": (0.2, 0.333)}
    assert read(cluster).lanes[0].derived
    assert "20% is declared for v2, its ready pods give 33.33%" in text_of(cluster, "rounded")


def test_without_any_service_ready_pods_are_all_that_tells() -> None:
    cluster = basic()
    cluster.remove("Service", "web")
    assert shares(cluster)["v2"] == (0.2, 0.2)
    assert "no Service" in read(cluster).probe_target_missing


def test_a_stable_service_alone_leads_to_the_stable_version() -> None:
    cluster = basic()
    cluster.remove("Service", "web")
    cluster.doc("Rollout", "web")["spec"]["strategy"]["canary"]["stableService"] = "web-stable"
    cluster.add(service("web-stable", OLD))
    assert shares(cluster) == {"v1": (0.8, 1.0), "v2": (0.2, 0.0)}
    told = text_of(cluster, "canary-unreached")
    assert "Service default/web-stable sends everybody to v1: Argo Rollouts pins stableService" in told
    assert "rounded" not in ids(cluster)
    cluster.add(service("web"))
    assert "canary-unreached" not in ids(cluster.balance()), "users can come through the Service that selects both"


def test_the_canarys_own_service_is_not_where_users_come_in() -> None:
    cluster = basic()
    cluster.doc("Rollout", "web")["spec"]["strategy"]["canary"]["canaryService"] = "web-canary"
    cluster.add(service("web-canary", NEW))
    assert shares(cluster.balance())["v2"] == (0.2, 0.2)
    cluster.remove("Service", "web")
    assert shares(cluster.balance())["v2"] == (0.2, 0.2)
    assert "no Service" in read(cluster).probe_target_missing


def test_blue_green_by_the_active_services_selector() -> None:
    cluster = previewed()
    assert (read(cluster).router, shares(cluster)) == ("service", {"v1": (1.0, 1.0), "v2": (0.0, 0.0)})
    pinned(cluster, "web-stable", NEW)  # the switch is written, and not yet in the status
    assert shares(cluster) == {"v1": (1.0, 0.0), "v2": (0.0, 1.0)}
    cluster.doc("Service", "web-stable")["spec"]["selector"].pop(HASH)
    assert shares(cluster)["v2"] == (0.0, 0.5), "not adopted yet: it picks the pods of both"
    assert {v.name: v.role for v in read(cluster).versions} == {"v1": Role.ACTIVE, "v2": Role.PREVIEW}


def test_ping_and_pong_change_places() -> None:
    names = {"pingService": "web-stable", "pongService": "web-canary"}
    strategy = canary(routing={**NGINX})
    strategy["canary"] |= {"pingPong": names}
    del strategy["canary"]["stableService"], strategy["canary"]["canaryService"]
    cluster = routed(strategy=strategy)
    said(cluster)["canary"]["stablePingPong"] = "ping"
    assert shares(cluster)["v2"] == (0.2, 0.2)
    said(cluster)["canary"]["stablePingPong"] = "pong"
    cluster.doc("Ingress", "web")["spec"]["rules"] = ingress("web", "web-canary")["spec"]["rules"]
    cluster.doc("Ingress", "web-web-canary")["spec"]["rules"] = ingress("x", "web-stable")["spec"]["rules"]
    pinned(pinned(cluster, "web-canary", OLD), "web-stable", NEW)
    assert shares(cluster)["v2"] == (0.2, 0.2)


def test_three_live_versions() -> None:
    cluster = routed(currentPodHash="h3")
    replica_set(cluster, "h3", "v3", 3, 1)
    pinned(cluster, "web-canary", "h3")
    assert {v.name: v.role for v in read(cluster).versions} == {
        "v1": Role.STABLE,
        "v2": Role.OLD,
        "v3": Role.CANARY,
    }
    assert shares(cluster) == {"v1": (0.8, 0.8), "v2": (0.0, 0.0), "v3": (0.2, 0.2)}
    assert "v2 was replaced by a newer version" in text_of(cluster, "abandoned-version")


def test_versions_to_go_back_to_take_no_part_in_the_split() -> None:
    cluster = routed()
    replica_set(cluster, "h0", "v0", 3, 0)
    assert [v.name for v in read(cluster).versions] == ["v1", "v2", "v0"]
    assert set(shares(cluster)) == {"v1", "v2"}


def test_versions_are_known_by_label_not_by_name() -> None:
    cluster = routed()
    found = cluster.docs.pop(("ReplicaSet", "default", f"web-{NEW}"))
    found["metadata"]["name"] = "adopted"
    cluster.add(found)
    assert [(v.name, v.role) for v in read(cluster).versions] == [("v1", Role.STABLE), ("v2", Role.CANARY)]
    assert NEW in read(cluster).versions[1].marks


def test_another_owners_replica_sets_are_none_of_its() -> None:
    cluster = routed()
    found = cluster.doc("ReplicaSet", f"web-{NEW}")
    found["metadata"]["ownerReferences"][0] |= {"kind": "Experiment", "uid": "other"}
    assert [v.name for v in read(cluster).versions] == ["v1"]


def test_an_experiment_takes_its_part_of_the_stable_share() -> None:
    cluster = routed()
    said(cluster)["canary"]["weights"]["additional"] = [{"weight": 10, "podTemplateHash": "x"}]
    assert shares(cluster) == {"v1": (0.7, 0.8), "v2": (0.2, 0.2)}
    assert "10% of the requests" in text_of(cluster, "experiment")


def test_the_way_in_is_the_ingress_or_what_leads_to_the_active_service() -> None:
    cluster = routed()
    cluster.doc("Ingress", "web")["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    probe_target = read(cluster).probe_target
    assert probe_target
    assert (probe_target.address, probe_target.host) == ("192.0.2.1", "web.test")
    previewing = previewed(blue_green(autoPromotionEnabled=False)).add(ingress("web", "web-stable"))
    previewing.doc("Ingress", "web")["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}]}}
    assert read(previewing).probe_target


def test_the_way_in_by_a_route_is_its_gateway() -> None:
    cluster = routed(strategy=canary(routing=PLUGIN)).add(http_route(80, 20))
    route = cluster.doc("HTTPRoute", "web")["spec"]
    route["parentRefs"] = [{"name": "edge"}]
    route["rules"][0]["matches"] = [{"path": {"type": "PathPrefix", "value": "/shop"}}]
    assert "Gateway default/edge does not exist" in read(cluster).probe_target_missing
    cluster.add(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "edge"},
            "spec": {"listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]},
            "status": {"addresses": [{"value": "192.0.2.3"}]},
        }
    )
    probe_target = read(cluster).probe_target
    assert probe_target
    assert (probe_target.address, probe_target.url) == ("192.0.2.3", "http://web.test/shop")


def test_the_way_in_by_a_virtual_service_is_its_own() -> None:
    cluster = routed(strategy=canary(routing={"istio": {"virtualService": {"name": "web"}}}))
    cluster.add(virtual_service(({"host": "web-stable"}, 80), ({"host": "web-canary"}, 20)))
    assert read(cluster).incomplete_target == ProbeTarget("", 80, "web.default.svc.cluster.local")
    assert "VirtualService default/web is for clients inside the mesh" in read(cluster).probe_target_missing
