"""A TrafficRouting that a Rollout refers to instead of its own routing.

Sources: openkruise/rollouts, api/v1alpha1/trafficrouting_types.go and pkg/controller/trafficrouting/. No Service is
created for the new version, and the weight is set in the TrafficRouting, the same for every step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cockpit.model.fields import mapping
from cockpit.model.lookup import Objects
from cockpit.model.objects import TrafficRouting
from cockpit.model.refs import TRAFFICROUTINGS, Ref
from cockpit.model.rollout import Finding, Severity
from cockpit.systems.kruise.fields import share
from cockpit.systems.kruise.spec import KruisePlan, KruiseRouting, routing_of
from cockpit.workloads.findings import finding, percent


def with_shared_routing(plan: KruisePlan, namespace: str, objects: Objects) -> KruisePlan:
    """The spec with the routing of its TrafficRouting, if it has no routing itself."""
    if not plan.shared_routing or plan.routing is not None:
        return plan
    found = objects.get(TRAFFICROUTINGS, namespace, plan.shared_routing)
    routing = shared_routing_of(found) if isinstance(found, TrafficRouting) else None
    known = objects.known(TRAFFICROUTINGS)
    return replace(plan, routing=routing, routing_unknown=routing is None and not known)


def shared_routing_of(shared: TrafficRouting) -> KruiseRouting | None:
    routing = routing_of(
        {"trafficRoutings": mapping(shared.spec).get("objectRef"), "disableGenerateCanaryService": True}
    )
    asked = share(mapping(mapping(shared.spec).get("strategy")).get("weight"))
    return replace(routing, shared=True, weight=asked) if routing else None


def shared_routing_findings(plan: KruisePlan, what: str, namespace: str, objects: Objects) -> Iterator[Finding]:
    """Reports which part of the split is not in the Rollout's steps, and what is unknown."""
    name = plan.shared_routing
    if not name:
        return
    ref = Ref(TRAFFICROUTINGS, namespace, name)
    if plan.routing_unknown:
        words = f"{what} routes through {ref}, which cannot be read: the written split is unknown"
    elif plan.routing is None:
        words = f"{what} routes through {ref}, which does not exist or names no Service: nothing splits the traffic"
    elif plan.routing.shared:
        part = "no weight" if plan.routing.weight is None else f"the weight {percent(plan.routing.weight)}"
        words = f"{what} routes through {ref}, which has {part} in every step: steps change pods only"
    else:
        words = f"{what} has its own routing and also refers to {ref}: its own routing is shown"
    lost = plan.routing is None and not plan.routing_unknown
    yield finding("shared-routing", Severity.WARNING if lost else Severity.INFO, words)
    if plan.shared_by_field:
        words = f"{what} refers to {ref} only by trafficRoutingRef; controllers up to 0.6 read only the annotation"
        words += " rollouts.kruise.io/trafficrouting and route nothing without it; set the annotation too"
        yield finding("routing-ref-unread", Severity.WARNING, words)
