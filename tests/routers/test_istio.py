"""Reading VirtualServices: shares, phases, delegates, what is too much to read, versions of the kind."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import (
    DESTINATIONRULES,
    DESTINATIONRULES_V1BETA1,
    VIRTUALSERVICES,
    VIRTUALSERVICES_V1BETA1,
)
from cockpit.model.rollout import Phase, Role
from tests.objects import Cluster, decode
from tests.routers.istio_objects import (
    destination_rule,
    reviews,
    route,
    service,
    split,
    to,
    virtual_service,
)
from tests.routers.istio_reading import ROUTER, findings, planned, read, refusal, written


def test_weights_by_subset() -> None:
    rollout = read(reviews(virtual_service(split())))
    assert written(rollout) == {"v1": 0.8, "v2": 0.2}
    assert [(v.name, v.role, v.ready) for v in rollout.versions] == [("v1", Role.STABLE, 2), ("v2", Role.CANARY, 2)]
    assert (rollout.phase, rollout.message, rollout.router) == (Phase.CANARY, "v1 80%, v2 20%", "istio")
    assert [str(r) for r in rollout.objects] == [
        "VirtualService default/reviews",
        "DestinationRule default/reviews",
        "Service default/reviews",
        "Deployment default/reviews-v1",
        "Deployment default/reviews-v2",
    ]


def test_a_single_destination_takes_all_whatever_its_weight() -> None:
    assert written(read(reviews(virtual_service(route(to("v2", 0)))))) == {"v1": 0.0, "v2": 1.0}


def test_a_missing_weight_is_none() -> None:
    assert written(read(reviews(virtual_service(split(None, 100))))) == {"v1": 0.0, "v2": 1.0}


def test_weights_that_do_not_sum_to_100_are_relative_and_told() -> None:
    cluster = reviews(virtual_service(split(60, 20)))
    assert written(read(cluster)) == {"v1": 0.75, "v2": 0.25}
    assert "add up to 80" in findings(cluster)["weights-sum"]


def test_no_weight_at_all_is_unknown() -> None:
    cluster = reviews(virtual_service(split(0, 0)))
    assert written(read(cluster)) == {"v1": None, "v2": None}
    assert read(cluster).phase is Phase.DEGRADED
    assert "no-weight" in findings(cluster)


def test_by_host() -> None:
    cluster = reviews(
        service("reviews-v1", {"app": "reviews", "version": "v1"}),
        service("reviews-v2", {"app": "reviews", "version": "v2"}),
        virtual_service(route(to(host="reviews-v1", weight=90), to(host="reviews-v2", weight=10))),
        rule=False,
    ).balance()
    assert written(read(cluster)) == {"v1": 0.9, "v2": 0.1}


def test_tcp_routes_are_shown_and_not_edited() -> None:
    tcp = [{"match": [{"port": 9080}], "route": [to("v1", 90), to("v2", 10)]}]
    cluster = reviews({**virtual_service(), "spec": {"hosts": ["reviews"], "tcp": tcp}})
    rollout = read(cluster)
    assert written(rollout) == {"v1": 0.9, "v2": 0.1}
    assert rollout.probe_target is None
    assert rollout.incomplete_target is None
    assert "only shown" in refusal(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    both = reviews({**virtual_service(), "spec": {"hosts": ["reviews"], "http": [split()], "tcp": tcp}})
    found = ROUTER.read(decode(both.doc("VirtualService", "reviews")), both)
    assert [r.key.name for r in found] == ["reviews", "reviews.tcp"]


def test_a_delegate_is_read_under_its_own_name_and_tells_its_parent() -> None:
    parent = virtual_service(
        {"match": [{"uri": {"prefix": "/reviews"}}], "delegate": {"name": "inner"}}, name="root", hosts=("shop.test",)
    )
    inner = virtual_service(split(), name="inner", hosts=())
    cluster = reviews(parent, inner)
    assert written(read(cluster, "inner")) == {"v1": 0.8, "v2": 0.2}
    assert "from VirtualService default/root: uri /reviews*" in findings(cluster, "inner")["delegated"]
    assert ROUTER.read(decode(cluster.doc("VirtualService", "root")), cluster) == ()


def test_a_delegate_inside_the_mesh_says_how_to_come_in() -> None:
    parent = virtual_service({"delegate": {"name": "inner"}}, name="root")
    rollout = read(reviews(parent, virtual_service(split(), name="inner", hosts=())), "inner")
    assert "inside the mesh" in rollout.probe_target_missing
    assert rollout.incomplete_target is not None


@pytest.mark.parametrize("wide", ["conditions", "destinations"])
def test_a_route_of_very_many_parts_is_not_read(wide: str) -> None:
    headers = {f"x{n}": {"exact": "1"} for n in range(5000)}
    endless = route(*(to(f"s{n}", 1) for n in range(5000))) if wide == "destinations" else route(to(), headers=headers)
    cluster = reviews(virtual_service(split(), endless, endless))
    assert "only its first 1 routes" in findings(cluster)["too-many-routes"]
    assert len(read(cluster).lanes) == 1


def test_of_very_many_routes_the_first_are_read() -> None:
    many = [route(to("v2"), headers={"x": {"exact": str(n)}}) for n in range(200)]
    cluster = reviews(virtual_service(*many, split()))
    assert "too-many-routes" in findings(cluster)
    assert len(read(cluster).lanes) < 200


def test_an_older_version_of_the_kind_is_followed_where_it_is_what_there_is() -> None:
    old = [
        {**doc, "apiVersion": "networking.istio.io/v1alpha3"}
        for doc in (virtual_service(split()), destination_rule("v1", "v2"))
    ]
    base = reviews(*old, rule=False)
    newer = [VIRTUALSERVICES, VIRTUALSERVICES_V1BETA1, DESTINATIONRULES, DESTINATIONRULES_V1BETA1]
    cluster = Cluster(base.docs.values(), unknown=newer)
    rollout = read(cluster)
    assert written(rollout) == {"v1": 0.8, "v2": 0.2}
    assert {r.resource.version for r in rollout.objects[:2]} == {"v1alpha3"}
    plan = planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert plan.requests[0].ref.resource.version == "v1alpha3"
