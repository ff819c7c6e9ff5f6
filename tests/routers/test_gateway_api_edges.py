"""Routes beside each other, references that are not granted, kinds other than Services, sessions."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.finding_order import worst_first
from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.rollout import Finding, Phase, Rollout, Severity
from cockpit.routers.gateway_api.adapter import GatewayApiRouter
from cockpit.routers.gateway_api.routes import find_route
from tests.objects import Cluster
from tests.routers.httproutes import Doc, backend, route, rule, shop, version

ROUTER = GatewayApiRouter()
SPLIT = rule(backend("shop-v1", 70), backend("shop-v2", 30))


def read(cluster: Cluster) -> Rollout:
    found = find_route(cluster, "HTTPRoute", "default", "shop")
    assert found
    (rollout,) = ROUTER.read(found, cluster)
    return rollout


def severities(cluster: Cluster) -> dict[str, Severity]:
    return {found.id: found.severity for found in read(cluster).findings}


def texts(cluster: Cluster) -> dict[str, str]:
    return {found.id: found.text for found in read(cluster).findings}


def beside(doc: Doc, *parents: Doc, namespace: str = "default") -> Doc:
    """Another route for the same host and path, at these parents."""
    meta = {**doc["metadata"], "name": "beside", "namespace": namespace}
    return {**doc, "metadata": meta, "spec": {**doc["spec"], "parentRefs": list(parents)}}


def at(doc: Doc, parent: Doc) -> Doc:
    return {**doc, "spec": {**doc["spec"], "parentRefs": [parent]}}


REDIRECT = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]}


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({"name": "gate", "sectionName": "https"}, {"name": "gate", "sectionName": "http"}),
        ({"name": "gate", "port": 443}, {"name": "gate", "port": 80}),
    ],
)
def test_a_redirect_at_another_listener_is_no_rival(mine: Doc, other: Doc) -> None:
    older = beside(route(REDIRECT), other)
    cluster = shop(older).add(at(route(SPLIT), mine), created="2026-01-01T05:00:00Z")
    assert "two-routes" not in severities(cluster)


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({"name": "gate"}, {"name": "gate", "sectionName": "http"}),
        ({"name": "gate", "sectionName": "http"}, {"name": "gate", "sectionName": "http", "port": 80}),
    ],
)
def test_a_route_at_the_same_listener_is_a_rival(mine: Doc, other: Doc) -> None:
    older = beside(route(REDIRECT), other)
    cluster = shop(older).add(at(route(SPLIT), mine), created="2026-01-01T05:00:00Z")
    assert severities(cluster)["two-routes"] is Severity.CRITICAL


def test_a_rival_may_be_in_another_namespace() -> None:
    older = beside(route(SPLIT), {"name": "gate", "namespace": "default"}, namespace="aa")
    cluster = shop(older).add(route(SPLIT), created="2026-01-01T05:00:00Z")
    assert severities(cluster)["two-routes"] is Severity.CRITICAL
    assert "HTTPRoute aa/beside is older" in texts(cluster)["two-routes"]
    own_gate = beside(route(SPLIT), {"name": "gate"}, namespace="aa")
    assert "two-routes" not in severities(shop(own_gate).add(route(SPLIT), created="2026-01-01T05:00:00Z"))


def test_a_rival_that_the_gateway_refuses_gets_no_requests() -> None:
    """Its listener allows no routes of that namespace."""
    parent = {"name": "gate", "namespace": "default"}
    older = beside(route(SPLIT), parent, namespace="aa")
    refused = {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners"}
    older["status"] = {"parents": [{"parentRef": parent, "conditions": [refused]}]}
    assert "two-routes" not in severities(shop(older).add(route(SPLIT), created="2026-01-01T05:00:00Z"))


def test_a_route_for_the_clients_of_another_namespace_is_no_rival() -> None:
    parent = {"group": "", "kind": "Service", "name": "shop", "namespace": "default"}
    own = at(route(SPLIT), parent)
    theirs = beside(route(SPLIT), parent, namespace="aa")
    assert "two-routes" not in severities(shop(theirs).add(own, created="2026-01-01T05:00:00Z"))
    same = beside(route(SPLIT), parent)
    assert severities(shop(same).add(own, created="2026-01-01T05:00:00Z"))["two-routes"] is Severity.CRITICAL


def test_what_was_said_of_an_earlier_generation_may_be_mended() -> None:
    split = rule(backend("shop-v1", 80), backend("shop-v2", 20, namespace="far"))
    doc = unresolved(route(split), "RefNotPermitted")
    doc["metadata"] = {**doc["metadata"], "generation": 2}
    assert "invalid-backend" not in severities(shop(doc).add(*away(*version("v2"))))


def unresolved(doc: Doc, reason: str) -> Doc:
    conditions = [
        {"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 1},
        {"type": "ResolvedRefs", "status": "False", "reason": reason, "observedGeneration": 1},
    ]
    return {**doc, "status": {"parents": [{"parentRef": {"name": "gate"}, "conditions": conditions}]}}


def away(*docs: Doc, namespace: str = "far") -> list[Doc]:
    return [{**doc, "metadata": {**doc["metadata"], "namespace": namespace}} for doc in docs]


def test_a_backend_that_its_namespace_does_not_grant_fails_its_share() -> None:
    """Users got 500 for 20% of their requests."""
    split = rule(backend("shop-v1", 80), backend("shop-v2", 20, namespace="far"))
    cluster = shop(unresolved(route(split), "RefNotPermitted")).add(*away(*version("v2")))
    rollout = read(cluster)
    assert rollout.phase is Phase.DEGRADED
    assert severities(cluster)["invalid-backend"] is Severity.CRITICAL
    assert "namespace far has no ReferenceGrant for Service shop-v2" in texts(cluster)["invalid-backend"]
    granted = shop(route(split)).add(*away(*version("v2")))
    assert "invalid-backend" not in severities(granted)


def test_which_of_two_namespaces_does_not_grant_is_not_guessed() -> None:
    split = rule(backend("shop-v1", 80, namespace="near"), backend("shop-v2", 20, namespace="far"))
    docs = [*away(*version("v1"), namespace="near"), *away(*version("v2"))]
    cluster = shop(unresolved(route(split), "RefNotPermitted")).add(*docs)
    assert set(severities(cluster)) & {"invalid-backend", "unresolved-refs"} == {"unresolved-refs"}


def other_kind() -> Doc:
    return rule(backend("shop-v1", 70), {**backend("pool", 30), "group": "traefik.io", "kind": "TraefikService"})


def test_a_kind_that_the_gateway_serves_is_unknown_and_calm() -> None:
    cluster = shop(route(other_kind()))
    rollout = read(cluster)
    assert rollout.phase is Phase.CANARY
    assert severities(cluster) == {"spread-not-read": Severity.INFO}
    assert "TraefikService default/pool, which is no Service" in texts(cluster)["spread-not-read"]
    assert {s.version: s.written for s in rollout.lanes[0].shares} == {"shop-v1": 0.7, "pool": 0.3}


def test_a_kind_that_the_gateway_refuses_fails_its_share() -> None:
    """Users got 500 for 30% of their requests."""
    cluster = shop(unresolved(route(other_kind()), "InvalidKind"))
    assert read(cluster).phase is Phase.DEGRADED
    assert severities(cluster)["invalid-backend"] is Severity.CRITICAL


@pytest.mark.parametrize("ask", [Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)), Ask(Act.ROLLBACK)])
def test_a_plan_says_who_stays_because_of_a_session(ask: Ask) -> None:
    kept: dict[str, Any] = {**SPLIT, "sessionPersistence": {"type": "Cookie"}}
    for doc, told in ((kept, True), (SPLIT, False)):
        cluster = shop(route(doc))
        plan = ROUTER.plan(read(cluster), ask, cluster)
        assert isinstance(plan, Plan)
        assert any("known clients stay on their version" in warning for warning in plan.warnings) is told


def test_what_cannot_be_resolved_and_gets_no_requests_explains_nothing() -> None:
    """With all weight on a Service that answers 502, the route's word for the other one was told as the cause."""
    idle = shop(unresolved(route(rule(backend("shop-v1", 100), backend("gone", 0))), "BackendNotFound"))
    assert (severities(idle)["unresolved-refs"], severities(idle)["invalid-backend"]) == (Severity.INFO,) * 2
    assert texts(idle)["unresolved-refs"].endswith("its weight is 0, so it gets no requests")
    outage = Finding("nobody-answers", Severity.CRITICAL, "nobody answers")
    assert worst_first((*read(idle).findings, outage))[0] == outage
    taking = shop(unresolved(route(rule(backend("shop-v1", 90), backend("gone", 10))), "BackendNotFound"))
    assert severities(taking)["unresolved-refs"] is Severity.WARNING


def test_which_backend_cannot_be_resolved_is_not_guessed_where_another_one_may_be_it() -> None:
    """That of another namespace takes requests, and perhaps it is the one that is not granted."""
    split = rule(backend("shop-v1", 100, namespace="far"), backend("gone", 0), backend("shop-v2", 0, namespace="near"))
    cluster = shop(unresolved(route(split), "RefNotPermitted")).add(*away(*version("v1")))
    assert severities(cluster)["unresolved-refs"] is Severity.WARNING


def grpc(*matches: Doc, host: str = "shop.test") -> Doc:
    found = {**route(rule(backend("shop-v2")), name="calls", hosts=(host,)), "kind": "GRPCRoute"}
    found["spec"]["rules"][0]["matches"] = list(matches)
    return found


def by_traefik(made: Doc) -> Doc:
    made["status"]["parents"][0]["controllerName"] = "traefik.io/gateway-controller"
    return made


CALL = {"method": {"service": "shop.Cart", "method": "Add"}}


def test_a_grpcroute_for_the_same_host_takes_plain_requests_at_traefik() -> None:
    """On Traefik 3.7 every request got 500 while both routes were accepted."""
    cluster = shop(by_traefik(route(SPLIT)), grpc())
    assert severities(cluster)["http-and-grpc"] is Severity.WARNING
    assert "GRPCRoute default/calls have the same host" in texts(cluster)["http-and-grpc"]
    for calm in (grpc(CALL), grpc(host="calls.test")):
        assert "http-and-grpc" not in severities(shop(by_traefik(route(SPLIT)), calm))
    longer = route(rule(backend("shop-v1", 80), backend("shop-v2", 20), path="/a"))
    assert "http-and-grpc" not in severities(shop(by_traefik(longer), grpc()))


def test_other_gateways_must_accept_one_of_the_two() -> None:
    for calls in (grpc(), grpc(CALL)):
        assert "must accept only the older one" in texts(shop(route(SPLIT), calls))["http-and-grpc"]
    refused = grpc()
    refused["status"]["parents"][0]["conditions"] = [{"type": "Accepted", "status": "False", "reason": "Conflicted"}]
    assert "http-and-grpc" not in severities(shop(route(SPLIT), refused))
