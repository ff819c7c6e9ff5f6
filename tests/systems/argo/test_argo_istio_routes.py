"""Routes of a VirtualService that the controller does not edit, and those for which it refuses the Rollout."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Severity
from tests.objects import Cluster
from tests.systems.argo.releases import canary, ids, read, routed, shares, text_of

API = {"uri": {"prefix": "/api"}}
SPLIT = ({"host": "web-stable"}, 80), ({"host": "web-canary"}, 20)


def http(name: str, *legs: tuple[dict[str, str], int], match: dict[str, Any] | None = None) -> dict[str, Any]:
    routes = [{"destination": to, "weight": weight} for to, weight in legs]
    return {"name": name, "route": routes, **({"match": [match]} if match else {})}


def steered(*routes: dict[str, Any], listed: list[str], **more: Any) -> Cluster:
    named = {"virtualService": {"name": "web", "routes": listed}}
    meta = {"name": "web", "namespace": "default"}
    doc = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": meta}
    cluster = routed(strategy=canary(routing={"istio": named, **more}))
    return cluster.add({**doc, "spec": {"hosts": ["web.test"], "gateways": ["edge"], "http": list(routes)}})


def test_a_route_that_is_not_listed_is_a_lane_that_stays_at_the_stable_version() -> None:
    cluster = steered(
        http("api", ({"host": "web-stable"}, 100), match=API), http("primary", *SPLIT), listed=["primary"]
    )
    assert shares(cluster) == {"v1": (0.8, 0.8), "v2": (0.2, 0.2)}
    assert [lane.name for lane in read(cluster).lanes] == ["default", "route api (uri /api*)"]
    assert read(cluster).lanes[1].headers is None
    assert shares(cluster, 1) == {"v1": (1.0, 1.0), "v2": (0.0, 0.0)}
    text = text_of(cluster, "route-not-listed")
    assert "the controller does not edit route api (uri /api*), only primary" in text
    assert "stay on the stable version until the release ends" in text
    assert "invalid-routes" not in ids(cluster)


def test_a_probe_asks_for_the_path_of_a_listed_route() -> None:
    rest = http("rest", ({"host": "web-stable"}, 100))
    cluster = steered(http("primary", *SPLIT, match=API), rest, listed=["primary"])
    target = read(cluster).incomplete_target
    assert target
    assert target.path == "/api"


def test_routes_of_steps_are_no_lanes_of_their_own() -> None:
    mirror = http("mirrored", *SPLIT, match=API)
    cluster = steered(mirror, http("primary", *SPLIT), listed=["primary"], managedRoutes=[{"name": "mirrored"}])
    assert len(read(cluster).lanes) == 1


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (
            [],
            "has 2 http routes and the Rollout lists none: list the routes to edit in spec.strategy.canary",
        ),
        (["other"], "has no http route named other; it has api and primary"),
    ],
)
def test_a_rollout_that_the_controller_refuses_says_why(listed: list[str], why: str) -> None:
    cluster = steered(http("api", *SPLIT, match=API), http("primary", *SPLIT), listed=listed)
    assert why in text_of(cluster, "invalid-routes")
    assert "InvalidSpec" in text_of(cluster, "invalid-routes")
    (found,) = [f for f in read(cluster).findings if f.id == "invalid-routes"]
    assert found.severity is Severity.WARNING


def test_the_only_route_needs_no_name() -> None:
    assert "invalid-routes" not in ids(steered(http("", *SPLIT), listed=[]))
    managed = [{"name": "mirrored"}]
    assert "invalid-routes" not in ids(
        steered(http("mirrored", *SPLIT), http("", *SPLIT), listed=[], managedRoutes=managed)
    )


def _adding(kind: str, **more: Any) -> list[dict[str, Any]]:
    match = [{"headerName": "x-beta", "headerValue": {"exact": "1"}}]
    return [{kind: {"name": "extra", "match": match, **more}}, {"setWeight": 20}, {"pause": {}}]


@pytest.mark.parametrize("kind", ["setHeaderRoute", "setMirrorRoute"])
def test_weights_pass_by_a_route_that_is_not_listed_once_a_step_adds_another(kind: str) -> None:
    """Argo Rollouts 1.8.3: the status reports 50%, the VirtualService keeps 0%, nobody gets the canary."""
    cluster = steered(http("primary", *SPLIT), listed=[], managedRoutes=[{"name": "extra"}])
    steps = cluster.doc("Rollout", "web")["spec"]["strategy"]["canary"]
    assert "weights-pass-by" not in ids(cluster)
    steps["steps"] = _adding(kind)
    text = text_of(cluster, "weights-pass-by")
    assert "the weights are not written into the route that was there" in text
    assert "virtualService.routes (primary)" in text
    assert "invalid-routes" not in ids(cluster)
    steps["trafficRouting"]["istio"]["virtualService"]["routes"] = ["primary"]
    assert "weights-pass-by" not in ids(cluster)


@pytest.mark.parametrize(("kind", "told"), [("setHeaderRoute", False), ("setMirrorRoute", True)])
def test_a_route_without_a_name_is_found_unless_copies_are_taken(kind: str, told: bool) -> None:
    cluster = steered(http("", *SPLIT), listed=[], managedRoutes=[{"name": "extra"}])
    cluster.doc("Rollout", "web")["spec"]["strategy"]["canary"]["steps"] = _adding(kind)
    assert ("weights-pass-by" in ids(cluster)) is told


def test_taking_a_route_away_adds_none() -> None:
    cluster = steered(http("primary", *SPLIT), listed=[], managedRoutes=[{"name": "extra"}])
    steps = cluster.doc("Rollout", "web")["spec"]["strategy"]["canary"]
    steps["steps"] = [{"setHeaderRoute": {"name": "extra"}}, {"setWeight": 20}]
    assert "weights-pass-by" not in ids(cluster)


def test_requests_that_are_copied_are_split_like_all_others() -> None:
    copied = {**http("mirrored", *SPLIT, match={"method": {"exact": "GET"}}), "mirror": {"host": "web-canary"}}
    cluster = steered(copied, http("primary", *SPLIT), listed=["primary"], managedRoutes=[{"name": "mirrored"}])
    assert [lane.name for lane in read(cluster).lanes] == ["default", "method GET"]
    assert shares(cluster, 1) == {"v1": (0.8, 0.8), "v2": (0.2, 0.2)}
