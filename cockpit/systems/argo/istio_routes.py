"""Why Argo Rollouts refuses a VirtualService, or writes its weights past the route that users take.

Source: argo-rollouts, rollout/trafficrouting/istio/istio.go (ValidateHTTPRoutes, getHttpRouteIndexesToPatch).
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.rollout import Finding, Severity
from cockpit.systems.argo.state import ArgoState
from cockpit.systems.argo.steps import ArgoStepKind, StepSpec
from cockpit.systems.argo.written import istio_routes, managed_routes
from cockpit.workloads.findings import finding, listed

_FIELD = "spec.strategy.canary.trafficRouting.istio.virtualService.routes"


def refused_routes(state: ArgoState, what: str, objects: Objects) -> Iterator[Finding]:
    """InvalidSpec before the controller reports it, with what to do."""
    routers = [router for router in state.strategy.routers if router.word == "istio"]
    if not routers:
        return
    from cockpit.routers.istio.routes import find_virtual_service, routes_of

    managed = managed_routes(state)
    for router in routers:
        service = find_virtual_service(objects, router.namespace, router.name)
        if service is None:
            continue
        own = [route for route in routes_of(service) if route.name not in managed]
        names = list(dict.fromkeys(route.name for route in own if route.name))
        where = f"VirtualService {router.namespace}/{router.name}"
        asked = istio_routes(state, router)
        missing = [name for name in asked if name not in names]
        why = ""
        if missing:
            there = listed(names) if names else "no named route"
            why = f"{where} has no http route named {listed(missing)}; it has {there}"
        elif not asked and len(own) > 1:
            why = f"{where} has {len(own)} http routes and the Rollout lists none: list the routes to edit in {_FIELD}"
            why += f" ({listed(names)})" if names else ", and give them names"
        elif not asked and (step := _managed_step(state, named=bool(names))):
            yield _passed_by(where, names, step)
        if why:
            text = f"{what}: {why}; the controller refuses the Rollout (InvalidSpec) and moves no traffic"
            yield finding("invalid-routes", Severity.WARNING, text, "InvalidSpec")


def _managed_step(state: ArgoState, *, named: bool) -> StepSpec | None:
    """The first step that adds a route by which the one that was there gets out of the controller's sight.

    Of several it finds the first without a name, unless there is a mirror route, which it edits by its name alone.
    """
    adding = (step for step in state.strategy.steps if step.adds_route)
    return next((step for step in adding if named or step.kind is ArgoStepKind.MIRROR), None)


def _passed_by(where: str, names: list[str], step: StepSpec) -> Finding:
    """The check of the routes leaves those out that steps add, but the search for the ones to edit does not."""
    text = (
        f"step {step.title} adds a route to {where}, and the Rollout lists none to edit: from then on the weights are"
        f" not written into the route that was there, whatever the status says; list it by name in {_FIELD}"
    )
    text += f" ({listed(names)})" if names else ""
    return finding("weights-pass-by", Severity.WARNING, text, step.kind.value)
