"""Delegates: VirtualServices that another one, perhaps of another namespace, hands requests to."""

from __future__ import annotations

from typing import Any

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Rollout, Severity
from tests.objects import Cluster, decode
from tests.routers.istio_objects import API, Doc, reviews, route, to, virtual_service
from tests.routers.istio_reading import ROUTER, do, findings, planned, read, refusal, written

FULL = "reviews.default.svc.cluster.local"


def edge(*routes: Doc, name: str = "root", namespace: str = "edge") -> Doc:
    meta = {"name": name, "namespace": namespace}
    spec = {"hosts": ["shop.test"], "gateways": ["gate"], "http": list(routes)}
    return {"apiVersion": API, "kind": "VirtualService", "metadata": meta, "spec": spec}


def hands_on(path: str = "/shop", name: str = "reviews") -> Doc:
    return {"match": [{"uri": {"prefix": path}}], "delegate": {"name": name, "namespace": "default"}}


def gateway() -> list[Doc]:
    labels = {"istio": "ingressgateway"}
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["shop.test"]}
    meta = {"name": "gate", "namespace": "edge"}
    pod = {"name": "gate-0", "namespace": "istio-system", "labels": labels}
    entry = {"name": "gate", "namespace": "istio-system"}
    return [
        {"apiVersion": API, "kind": "Gateway", "metadata": meta, "spec": {"selector": labels, "servers": [server]}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": {"containers": []}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": entry,
            "spec": {"type": "LoadBalancer", "selector": labels, "ports": [{"port": 80}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}},
        },
    ]


BETA = {"x-beta": {"exact": "1"}}


def delegated(*more: Doc, v1: int = 75, v2: int = 25) -> Cluster:
    """75% and 25% at /shop, testers by header; all else goes from the root to v1."""
    rules = (route(to("v2"), headers=BETA), route(to("v1", v1), to("v2", v2)))
    root = edge(hands_on(), route(to("v1", host=FULL)))
    return reviews(virtual_service(*rules, hosts=()), root, *gateway(), *more)


def at_root(cluster: Cluster) -> tuple[Rollout, ...]:
    return ROUTER.read(decode(cluster.doc("VirtualService", "root", "edge")), cluster)


def test_root_and_delegate_of_two_namespaces_are_one_split_with_a_probe_target() -> None:
    rollout = read(delegated())
    assert at_root(delegated()) == ()
    assert written(rollout) == {"v1": 0.75, "v2": 0.25}
    assert [(lane.name, lane.headers) for lane in rollout.lanes] == [
        ("default", ()),
        ("x-beta=1", (("x-beta", "1"),)),
        ("root: all other requests", None),
    ]
    assert written(rollout, 2) == {"v1": 1.0, "v2": 0.0}
    assert rollout.message == "v1 75%, v2 25%; v2 100% with header x-beta=1; v1 100% for all other requests"
    target = rollout.probe_target
    assert target
    assert (target.address, target.host, target.path) == ("192.0.2.7", "shop.test", "/shop")
    assert "VirtualService edge/root" in {str(ref) for ref in rollout.objects}
    assert "VirtualService edge/root: uri /shop*" in findings(delegated())["delegated"]


def test_acts_are_on_the_delegate_alone() -> None:
    cluster = delegated()
    plan = do(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert [str(request.ref) for request in plan.requests] == ["VirtualService default/reviews"]
    assert {e.lane for e in planned(cluster, Ask(Act.HEADER)).expected} >= {"default", "root: all other requests"}


def test_what_the_root_leads_to_is_not_cleaned_up() -> None:
    cluster = delegated(v1=0, v2=100)
    assert "v1 takes nothing" not in read(cluster).message
    assert "VirtualService edge/root routes to it" in refusal(cluster, Ask(Act.FINISH))


def test_a_header_that_the_root_catches_first_cannot_be_tried() -> None:
    first = route(to("v1", host=FULL), headers=BETA)
    cluster = delegated(edge(first, hands_on(), route(to("v1", host=FULL))))
    assert {lane.name: lane.headers for lane in read(cluster).lanes}["x-beta=1"] is None


def test_a_root_that_splits_itself_stays_a_rollout_of_its_own() -> None:
    cluster = delegated(edge(hands_on(), route(to("v1", 90, FULL), to("v2", 10, FULL))))
    (root,) = at_root(cluster)
    assert {s.version: s.written for s in root.lanes[0].shares} == {"v1": 0.9, "v2": 0.1}


def only_in(namespace: str, cluster: Cluster) -> Cluster:
    return cluster.kept_to(namespace)


def test_where_one_of_them_is_not_read_its_namespace_is_named() -> None:
    alone = read(only_in("default", delegated()))
    assert "other namespaces were not read here: try -A" in alone.probe_target_missing
    assert len(alone.lanes) == 2
    (root,) = at_root(only_in("edge", delegated()))
    assert {f.id: f.text for f in root.findings}["delegate-unread"] == (
        "VirtualService edge/root delegates requests to VirtualService default/reviews, which was not read: namespace"
        " default is not read; try -A for all namespaces"
    )


def test_a_delegate_that_does_not_exist_is_told() -> None:
    cluster = delegated()
    cluster.remove("VirtualService", "reviews")
    (root,) = at_root(cluster)
    (found,) = [f for f in root.findings if f.id == "delegate-missing"]
    assert (found.severity, "get 404" in found.text) == (Severity.WARNING, True)


def odd(value: Any) -> Doc:
    return {"delegate": value}


def test_odd_delegates_are_nobodys() -> None:
    cluster = delegated(edge(odd("x"), odd({}), odd({"name": 5}), route(to("v1", host=FULL))))
    assert len(at_root(cluster)) == 1
    assert "no VirtualService delegates to it" in read(cluster).probe_target_missing
