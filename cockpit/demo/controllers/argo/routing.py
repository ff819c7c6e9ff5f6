"""The weights of a canary, and the routers that they are written to (rollout/trafficrouting.go)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.demo.controllers.argo import experiments, gatewayapi, istio, nginx, services, weighted
from cockpit.demo.controllers.argo.context import Context, hash_of, revision_of
from cockpit.demo.controllers.argo.counts import available, set_weight, settled
from cockpit.demo.controllers.argo.plan import current_step, is_promoted
from cockpit.demo.controllers.argo.router import Router, RoutingError

_WEIGHTED: dict[str, Callable[[Context], Router]] = {
    "smi": weighted.Smi,
    "traefik": weighted.Traefik,
    "apisix": weighted.Apisix,
}


def routers(context: Context) -> list[Router]:
    """The routers that a Rollout names, in the order in which the controller asks them."""
    rules = context.plan.router or {}
    found: list[Router] = []
    if rules.get("istio") is not None:
        found.append(istio.Istio(context))
    if rules.get("nginx") is not None:
        found.append(nginx.Nginx(context))
    found += [made(context) for word, made in _WEIGHTED.items() if rules.get(word) is not None]
    for name in rules.get("plugins") or {}:
        if name != gatewayapi.NAME:
            raise RoutingError(f"plugin {name} not configured in configmap")
        found.append(gatewayapi.GatewayApi(context))
    return found


def reconcile(context: Context) -> None:
    """Write the weight that the step and the pods allow, router by router."""
    found = routers(context)
    if not found:
        context.weights = None
    for router in found:
        if not _route(context, router):
            return


def _route(context: Context, router: Router) -> bool:
    plan = context.plan
    canary, stable = hash_of(context.new), hash_of(context.stable)
    others: list[dict[str, Any]] = []
    if previous := services.rolling_back_to(context):
        weight, canary = _on_the_way_back(context), previous
    else:
        weight, others = _desired(context, router)
    if context.stable is None or available(context.stable) < (plan.max_weight - weight) * plan.replicas // 100:
        return False
    step, _ = current_step(plan, context.status)
    if step is not None and revision_of(context.rollout) > 1:
        if step.get("setHeaderRoute") is not None:
            router.set_header_route(step["setHeaderRoute"])
        if step.get("setMirrorRoute") is not None:
            router.set_mirror_route(step["setMirrorRoute"])
    router.update_hashes(canary, stable, others)
    try:
        router.set_weight(weight, others)
    except RoutingError as error:
        context.tell("TrafficRoutingError", str(error), "Warning")
        raise
    _note(context, weight, canary, stable, others, router.verified)
    return True


def _desired(context: Context, router: Router) -> tuple[int, list[dict[str, Any]]]:
    """The canary's weight, and those of experiments."""
    plan, status = context.plan, context.status
    if is_promoted(status):
        router.remove_managed_routes()
        return 0, []
    if context.pauses.aborted:
        weight = _on_the_way_back(context)
        if weight == 0 or not plan.dynamic:
            services.select(context, plan.canary_service, context.stable, careful=False)
        router.remove_managed_routes()
        return weight, []
    if not available(context.new):
        router.remove_managed_routes()
        return 0, experiments.weights(context)
    if status.get("promoteFull"):
        router.remove_managed_routes()
        if plan.dynamic:
            return plan.max_weight * available(context.new) // max(plan.replicas, 1), []
        weights = (status.get("canary") or {}).get("weights")
        return (weights["canary"]["weight"] if weights else 0), []
    _, index = current_step(plan, status)
    if index is None:
        return 0, []
    if not settled(plan, status, context.new, context.stable, context.others, None):
        earlier = (step["setWeight"] for step in reversed(plan.steps[:index]) if step.get("setWeight") is not None)
        return next(earlier, 0), experiments.weights(context)
    if index != len(plan.steps):
        return set_weight(plan, status), experiments.weights(context)
    return plan.max_weight, []


def _on_the_way_back(context: Context) -> int:
    """The weight of a version that is being left; as low as the stable one's pods can carry."""
    plan = context.plan
    if not plan.dynamic:
        return 0
    weight = max(0, plan.max_weight - plan.max_weight * available(context.stable) // max(plan.replicas, 1))
    weights = (context.status.get("canary") or {}).get("weights")
    return min(weight, int(weights["canary"]["weight"])) if weights else weight


def _note(
    context: Context, weight: int, canary: str, stable: str, others: list[dict[str, Any]], verified: bool | None
) -> None:
    """Put the weights into the status to be written, and tell when they are others."""
    plan = context.plan
    rest = plan.max_weight - weight - sum(other["weight"] for other in others)
    wish: dict[str, Any] = {
        "canary": _destination(weight, plan.canary_service, canary),
        "stable": _destination(rest, plan.stable_service, stable),
    }
    if others:
        wish["additional"] = others
    before = (context.status.get("canary") or {}).get("weights")
    plain = {key: value for key, value in (before or {}).items() if key != "verified"}
    if before is None or plain != wish:
        parts = []
        if before is None:
            parts.append(f"to {weight}")
        elif before["canary"]["weight"] != weight:
            parts.append(f"from {before['canary']['weight']} to {weight}")
        context.tell("TrafficWeightUpdated", f"Traffic weight updated {', '.join(parts)}")
    context.weights = wish if verified is None else {**wish, "verified": verified}


def _destination(weight: int, service: str, digest: str) -> dict[str, Any]:
    found = {"weight": weight, "serviceName": service, "podTemplateHash": digest}
    return {key: value for key, value in found.items() if value != ""}
