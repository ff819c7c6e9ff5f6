"""Whether requests reach the routes of a VirtualService, and by which DestinationRules its subsets are known.

Each situation was played on Istio's control plane with Envoy; what users got is in the name or the assertion.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Rollout, Severity
from tests.objects import Cluster, decode
from tests.routers.istio_objects import API, Doc, destination_rule, reviews, route, split, to, virtual_service
from tests.routers.istio_reading import ROUTER, findings, planned, read, written

FULL = "reviews.default.svc.cluster.local"


def gate(*hosts: str, namespace: str = "default", proxies: str = "istio-system") -> list[Doc]:
    """A Gateway for these hosts, and the pod of its proxies."""
    labels = {"istio": "ingressgateway"}
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": list(hosts) or ["*"]}
    meta = {"name": "gate", "namespace": namespace}
    pod = {"name": "gate-0", "namespace": proxies, "labels": labels}
    return [
        {"apiVersion": API, "kind": "Gateway", "metadata": meta, "spec": {"selector": labels, "servers": [server]}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": {"containers": []}},
    ]


def outside(*routes: Doc, **more: Any) -> Doc:
    """A VirtualService for users outside, at the Gateway of its namespace."""
    return virtual_service(*(routes or (split(),)), hosts=("shop.test",), gateways=more.pop("at", ["gate"]), **more)


def moved(doc: Doc, namespace: str, **spec: Any) -> Doc:
    """The object in another namespace, with more in its spec."""
    return {**doc, "metadata": {**doc["metadata"], "namespace": namespace}, "spec": {**doc["spec"], **spec}}


def severities(cluster: Cluster, name: str = "reviews") -> dict[str, Severity]:
    return {f.id: f.severity for f in read(cluster, name).findings}


@pytest.mark.parametrize("host", ["*.default.svc.cluster.local", "*.local", "*"])
def test_a_rule_for_all_hosts_of_a_domain_defines_subsets(host: str) -> None:
    cluster = reviews(destination_rule("v1", "v2", host=host), outside(), *gate(), rule=False)
    rollout = read(cluster)
    assert (rollout.phase, written(rollout)) == (Phase.CANARY, {"v1": 0.8, "v2": 0.2})
    assert "dangling-destination" not in findings(cluster)


def test_a_rule_for_the_host_itself_hides_one_for_its_domain() -> None:
    wide = destination_rule("v1", "v2", host="*.default.svc.cluster.local", name="wide")
    cluster = reviews(destination_rule("v1"), wide, outside(), *gate(), rule=False)
    assert "subset v2" in findings(cluster)["dangling-destination"]


def test_subsets_of_a_rule_for_many_hosts_are_not_edited_for_one() -> None:
    wide = destination_rule("v1", host="*.default.svc.cluster.local")
    waiting = reviews(wide, outside(route(to("v1"))), *gate(), rule=False)
    assert not next(a for a in read(waiting).acts if a.act is Act.SET_WEIGHT).enabled
    both = destination_rule("v1", "v2", host="*.default.svc.cluster.local")
    cluster = reviews(both, outside(split(0, 100)), *gate(), rule=False)
    plan = planned(cluster, Ask(Act.FINISH))
    assert all(request.ref.resource.kind != "DestinationRule" for request in plan.requests)
    assert any("is for more hosts" in warning for warning in plan.warnings)


def test_a_rule_beside_the_virtual_service_is_unknown_to_proxies_elsewhere() -> None:
    """Users got 503: the proxies go by rules of their own, the Service's, and the root namespace."""
    home = {"at": ["edge/gate"], "name": "far"}
    far = moved(outside(route(to("v1", 80, host=FULL), to("v2", 20, host=FULL)), **home), "edge")
    beside = moved(destination_rule("v1", "v2", host=FULL), "edge")
    cluster = reviews(far, beside, *gate(namespace="edge"), rule=False)
    why = {f.id: f.text for f in _far(cluster).findings}["dangling-destination"]
    assert "proxies of namespace istio-system do not go by the DestinationRule with subset v2" in why
    assert _far(reviews(far, beside, *gate(namespace="edge", proxies="edge"), rule=False)).phase is Phase.CANARY
    assert _far(reviews(far, destination_rule("v1", "v2"), *gate(namespace="edge"), rule=False)).phase is Phase.CANARY


def _far(cluster: Cluster) -> Rollout:
    (rollout,) = ROUTER.read(decode(cluster.doc("VirtualService", "far", "edge")), cluster)
    return rollout


def test_a_rule_that_is_not_exported_to_the_proxies_does_not_count() -> None:
    own = destination_rule("v1", "v2")
    hidden = reviews(moved(own, "default", exportTo=["."]), outside(), *gate(), rule=False)
    assert "do not go by the DestinationRule" in findings(hidden)["dangling-destination"]
    named = reviews(moved(own, "default", exportTo=["istio-system"]), outside(), *gate(), rule=False)
    assert written(read(named)) == {"v1": 0.8, "v2": 0.2}
    mesh = reviews(moved(own, "default", exportTo=["."]), virtual_service(split()), rule=False)
    assert read(mesh).phase is Phase.CANARY


def test_a_rule_of_the_root_namespace_hides_none_of_the_service() -> None:
    """The proxies stand in the root namespace, whose public rules come last."""
    general = moved({**destination_rule(host=FULL, name="general")}, "istio-system")
    assert read(reviews(general, outside(), *gate())).phase is Phase.CANARY


@pytest.mark.parametrize(
    ("docs", "why"),
    [
        ([outside(at=["gone"])], "it does not exist"),
        ([outside(), *gate("other.test")], "take no requests for shop.test from namespace default"),
        ([outside(at=["edge/gate"]), *gate("./shop.test", namespace="edge")], "from namespace default"),
        ([outside(exportTo=["."]), *gate()], "leaves out namespace istio-system"),
    ],
)
def test_a_gateway_that_takes_no_requests_for_it_is_told(docs: list[Doc], why: str) -> None:
    """Users got 404 in each case, whatever the weights."""
    cluster = reviews(*docs)
    assert why in findings(cluster)["not-at-gateway"]
    assert severities(cluster)["not-at-gateway"] is Severity.CRITICAL
    rollout = read(cluster)
    assert (rollout.phase, rollout.message) == (Phase.DEGRADED, "none of its Gateways sends it requests")


@pytest.mark.parametrize("hosts", [["*"], ["shop.test"], ["*.test"], ["*/shop.test"], ["default/*"], ["./shop.test"]])
def test_a_gateway_that_takes_them_is_calm(hosts: list[str]) -> None:
    cluster = reviews(outside(), *gate(*hosts))
    assert "not-at-gateway" not in findings(cluster)
    assert read(cluster).phase is Phase.CANARY


def test_one_gateway_of_two_that_is_missing_is_a_warning() -> None:
    cluster = reviews(outside(at=["gate", "gone"]), *gate())
    assert severities(cluster)["not-at-gateway"] is Severity.WARNING
    assert read(cluster).phase is Phase.CANARY


@pytest.mark.parametrize("name", ["./gate", "gate.edge.svc.cluster.local", "gate.edge"])
def test_older_ways_to_name_a_gateway_are_known(name: str) -> None:
    cluster = reviews(outside(at=[name]), *gate(namespace="default" if name[0] == "." else "edge"))
    assert "not-at-gateway" not in findings(cluster)
    assert read(cluster).phase is Phase.CANARY


def test_a_gateway_that_istio_makes_of_another_kind_is_no_object() -> None:
    assert "not-at-gateway" not in findings(reviews(outside(at=["edge/front-istio-autogenerated-k8s-gateway-http"])))


def test_proxies_of_the_same_gateway_in_the_namespace_that_it_is_exported_to_are_enough() -> None:
    cluster = reviews(outside(exportTo=["team"]), *gate(), *gate(proxies="team")[1:])
    assert "not-at-gateway" not in findings(cluster)
    # Whether they are there is not known to a session of one namespace.
    one = reviews(outside(exportTo=["team"], at=["gate"]), *gate(proxies="default")).kept_to("default")
    assert "not-at-gateway" not in findings(one)


@pytest.mark.parametrize("proxies", ["ingress", "istio-system"])
def test_a_rule_that_is_exported_to_proxies_that_are_not_known_counts(proxies: str) -> None:
    """They stand where nobody looks for them, or in a namespace that is not read."""
    named = moved(destination_rule("v1", "v2"), "default", exportTo=[proxies])
    cluster = reviews(named, outside(), *gate(proxies=proxies), rule=False)
    cluster = cluster.kept_to("default") if proxies == "istio-system" else cluster
    assert "dangling-destination" not in findings(cluster)
    assert read(cluster).phase is Phase.CANARY


def test_gateways_that_are_not_read_are_no_reason() -> None:
    elsewhere = reviews(outside(at=["edge/gone"]))
    assert "not-at-gateway" in findings(elsewhere)
    assert "not-at-gateway" not in findings(elsewhere.kept_to("default"))


def test_an_older_catch_all_at_the_same_gateway_takes_every_request() -> None:
    older = outside(route(to("v1")), name="older")
    cluster = reviews(older, *gate()).add(outside(), created="2026-01-01T05:00:00Z")
    assert "route 1 of VirtualService older" in findings(cluster)["two-virtual-services"]
    assert list(set(findings(cluster, "older")) & {"two-virtual-services", "merged-at-gateway"}) == [
        "merged-at-gateway"
    ]


@pytest.mark.parametrize("created", ["2025-12-31T00:00:00Z", "2026-01-01T05:00:00Z"])
def test_a_path_of_its_own_beside_a_catch_all_is_calm_whatever_the_age(created: str) -> None:
    api = outside(route(to("v1"), uri={"prefix": "/api"}), name="api")
    cluster = reviews(outside(), *gate()).add(api, created=created)
    for name in ("reviews", "api"):
        assert "two-virtual-services" not in findings(cluster, name)
        assert "merged-at-gateway" in findings(cluster, name)


def test_a_rival_in_the_mesh_may_be_in_another_namespace() -> None:
    other = moved(virtual_service(route(to("v2", host=FULL)), hosts=(FULL,)), "late")
    cluster = reviews(virtual_service(split())).add(other, created="2026-01-01T05:00:00Z")
    assert "VirtualService late/reviews" in findings(cluster)["two-virtual-services"]
    # The mesh's own default of exportTo may keep them apart.
    assert severities(cluster)["two-virtual-services"] is Severity.WARNING
    public = reviews(virtual_service(split(), exportTo=["*"])).add(moved(other, "late", exportTo=["*"]))
    assert severities(public)["two-virtual-services"] is Severity.CRITICAL
    private = reviews(virtual_service(split())).add(moved(other, "late", exportTo=["."]))
    assert "two-virtual-services" not in findings(private)


def test_a_delegates_route_outside_of_its_roots_match_is_dropped() -> None:
    """/a got 404, /a/x the second route's split."""
    hands_on = {"match": [{"uri": {"prefix": "/a"}}], "delegate": {"name": "reviews"}}
    root = virtual_service(hands_on, name="root", hosts=("shop.test",), gateways=["gate"])
    away, within = route(to("v1"), uri={"prefix": "/b"}), {**split(20, 80), "match": [{"uri": {"prefix": "/a/x"}}]}
    cluster = reviews(root, virtual_service(away, within, hosts=()), *gate())
    assert "route 1 is dropped" in findings(cluster)["shadowed-route"]
    rollout = read(cluster)
    assert [(lane.name, written(rollout, n)) for n, lane in enumerate(rollout.lanes)] == [
        ("default", {"v1": 0.2, "v2": 0.8})
    ]
    assert rollout.incomplete_target
    assert rollout.incomplete_target.path == "/a/x"
    nothing = reviews(root, virtual_service({**split(), "match": [{"uri": {"prefix": "/"}}]}, hosts=()), *gate())
    assert (read(nothing).phase, read(nothing).lanes) == (Phase.DEGRADED, ())
    assert read(nothing).message.startswith("Istio drops its routes")
    assert "no-default-route" not in findings(nothing)


def test_a_delegate_without_conditions_keeps_all_its_routes() -> None:
    hands_on = {"match": [{"uri": {"prefix": "/a"}}], "delegate": {"name": "reviews"}}
    root = virtual_service(hands_on, name="root", hosts=("shop.test",), gateways=["gate"])
    cluster = reviews(root, virtual_service(route(to("v2"), headers={"x": {"exact": "1"}}), split(), hosts=()), *gate())
    assert "shadowed-route" not in findings(cluster)
    assert [lane.name for lane in read(cluster).lanes] == ["default", "x=1"]


@pytest.mark.parametrize(("exported", "told"), [(["."], "default only"), (["*"], ""), ([], ""), (["a", "."], "a and")])
def test_clients_of_other_namespaces_may_not_follow_it(exported: list[str], told: str) -> None:
    """With exportTo ".", a client of another namespace got 39 and 41 of 80 answers, where 0 and 100% are written."""
    text = findings(reviews(virtual_service(split(0, 100), exportTo=exported))).get("not-exported", "")
    assert told in text if told else not text
    outside = reviews(virtual_service(split(), hosts=("shop.test",), gateways=["gate"], exportTo=exported), *gate())
    assert "not-exported" not in findings(outside)


def test_a_route_that_fails_everything_on_purpose_is_critical() -> None:
    aborted = {**split(), "fault": {"abort": {"percentage": {"value": 100}, "httpStatus": 418}}}
    cluster = reviews(virtual_service(aborted))
    assert "100% of its requests are failed on purpose" in findings(cluster)["fault-injection"]
    assert severities(cluster)["fault-injection"] is Severity.CRITICAL
    assert read(cluster).phase is Phase.DEGRADED


def test_a_fault_without_a_percentage_fails_nobody() -> None:
    """Ten of ten requests were answered."""
    cluster = reviews(virtual_service({**split(), "fault": {"abort": {"httpStatus": 418}}}))
    assert "no request is failed" in findings(cluster)["fault-injection"]
    assert read(cluster).phase is Phase.CANARY


def test_a_fault_for_testers_is_a_warning() -> None:
    abort = {"abort": {"httpStatus": 500, "percentage": {"value": 100}}}
    chaos = {**route(to("v2"), headers={"x-chaos": {"exact": "1"}}), "fault": abort}
    cluster = reviews(virtual_service(chaos, split()))
    assert severities(cluster)["fault-injection"] is Severity.WARNING
    assert read(cluster).phase is Phase.CANARY


KEYS = [
    "host",
    "hosts",
    "servers",
    "selector",
    "exportTo",
    "subsets",
    "workloadSelector",
    "match",
    "uri",
    "prefix",
    "name",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.sampled_from(["*", ".", "/", "a/*", "*.", "shop.test", "v1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_any_gateway_rule_and_match_is_read(gateway: Any, rule: Any, export: Any, match: Any) -> None:
    meta = {"name": "gate", "namespace": "default"}
    hands_on = {"match": match, "delegate": {"name": "reviews"}, "fault": gateway}
    root = virtual_service(hands_on, name="root", hosts=("shop.test",), gateways=["gate"], exportTo=export)
    cluster = reviews(
        {"apiVersion": API, "kind": "Gateway", "metadata": meta, "spec": gateway},
        {**destination_rule("v1"), "spec": rule},
        root,
        virtual_service({**split(), "match": [{"uri": {"prefix": "/a"}}], "fault": rule}, hosts=()),
        rule=False,
    )
    assert read(cluster).versions
