"""Steps after which the stable Service has no pods, at gateways that then answer every request with an error.

With `dynamicStableScale` the stable version keeps as many pods as its weight asks for (utils/replicaset/canary.go):
none once the canary has 100%. ingress-nginx answers 503 if the main Service has no endpoints, whatever the canary's
weight.
"""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import ArgoRollout
from cockpit.routers.ingress.dialect_choice import dialect_of
from cockpit.systems.argo.strategy import ArgoStrategy, is_dynamic
from cockpit.workloads.lookups import find_ingress


def emptied_ingress(rollout: ArgoRollout, strategy: ArgoStrategy, objects: Objects) -> str:
    """The Ingress that answers 503 to every request once the canary has 100%; "" if none does."""
    if not is_dynamic(rollout):
        return ""
    for router in strategy.routers:
        ingress = find_ingress(objects, router.namespace, router.name) if router.word == "nginx" else None
        if ingress is not None and dialect_of(ingress, objects).main_guards:
            return router.name
    return ""


def emptied_warnings(ingress: str, strategy: ArgoStrategy, first: int, stop: int | None) -> tuple[str, ...]:
    """What happens to users between step `first` (counted from 0) and the point where the controller stops.

    `stop` is None for the end, -1 if it cannot be known in advance.
    """
    if not ingress:
        return ()
    last = len(strategy.steps) - 1 if stop is None else max(stop, first)
    full = any(step.weight == strategy.top for step in strategy.steps[first : last + 1])
    if not full and stop is not None:
        return ()
    how_long = "until the new version becomes stable" if full else "until the Service selects the new version"
    why = f"at 100% the stable version keeps no pods (dynamicStableScale): main Service {strategy.stable} of Ingress"
    return (f"{why} {ingress} has no endpoints, and ingress-nginx answers 503 to every request {how_long}",)
