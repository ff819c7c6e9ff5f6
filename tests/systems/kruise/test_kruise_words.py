"""What a plan says of the routing is what the Rollout says."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.refs import TRAFFICROUTINGS
from cockpit.session.facts.adapters import ADAPTERS
from tests.adapters.situations import HERE
from tests.objects import Cluster
from tests.systems.kruise import releases

WITHOUT = "without traffic routing"


def warnings_of(cluster: Cluster) -> list[str]:
    """What the plans of rolling back warn of."""
    found: list[str] = []
    for adapter in (each for each in ADAPTERS if each.id == "kruise"):
        for root in (root for kind in adapter.roots for root in cluster.every(kind, HERE)):
            for rollout in adapter.read(root, cluster):
                plan = adapter.plan(rollout, Ask(Act.ROLLBACK), cluster)
                found += plan.warnings if isinstance(plan, Plan) else [plan.why]
    return found


@pytest.mark.parametrize("routed", [True, False])
@pytest.mark.parametrize("style", ["canary", "blueGreen"])
@pytest.mark.parametrize("steps", [None, [{"replicas": "50%"}, {"replicas": "100%"}]])
@pytest.mark.parametrize("service", [True, False])
def test_a_plan_says_without_traffic_routing_only_where_there_is_none(
    routed: bool, style: str, steps: list[dict[str, object]] | None, service: bool
) -> None:
    routing = releases.ROUTING if routed else None
    cluster = releases.releasing(body=releases.spec(steps, routing, style))
    if not service:
        for name in ("echoserver", "echoserver-canary"):
            if ("Service", HERE, name) in cluster.docs:
                cluster.remove("Service", name)
    said = " ".join(warnings_of(cluster))
    assert (WITHOUT in said) <= (not routed), said
    assert ("its trafficRoutings route nothing" in said) <= routed


def test_a_routing_that_may_not_be_read_is_not_told_as_missing() -> None:
    body = releases.spec(None, None)
    body["strategy"]["canary"]["trafficRoutingRef"] = "shared"
    known = releases.releasing(body=body)
    cluster = Cluster(context=known.context, unknown=[TRAFFICROUTINGS])
    cluster.docs = known.docs
    assert WITHOUT in " ".join(warnings_of(known))
    assert WITHOUT not in " ".join(warnings_of(cluster))
