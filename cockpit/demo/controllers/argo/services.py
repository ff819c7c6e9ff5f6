"""The selectors of Services that lead to one version each (rollout/service.go)."""

from __future__ import annotations

from cockpit.demo.controllers.argo.context import HASH, MANAGER, Context, hash_of
from cockpit.demo.controllers.argo.counts import available
from cockpit.demo.controllers.argo.plan import is_promoted
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.kinds import SERVICES
from cockpit.demo.schemas.objects import Object

MANAGED_BY = "argo-rollouts.argoproj.io/managed-by-rollouts"


def selected(service: Object | None) -> str:
    """The hash that a Service selects; empty when it selects none."""
    return str(((service or {}).get("spec", {}).get("selector") or {}).get(HASH) or "")


def switch(context: Context, service: Object, digest: str) -> None:
    """Let a Service select one version, and mark whose it is."""
    meta, spec = service["metadata"], service["spec"]
    annotations = meta.get("annotations") or {}
    before = selected(service)
    if before == digest and MANAGED_BY in annotations:
        return
    changed = {
        **service,
        "metadata": {**meta, "annotations": {**annotations, MANAGED_BY: annotations.get(MANAGED_BY, context.name)}},
        "spec": {**spec, "selector": {**(spec.get("selector") or {}), HASH: digest}},
    }
    context.world.storage.update(SERVICES, changed, manager=MANAGER)
    told = f"Switched selector for service '{meta['name']}' from '{before}' to '{digest}'"
    context.tell("SwitchService", told)


def select(context: Context, name: str, rs: Object | None, *, careful: bool = True) -> None:
    """Aim a Service at a version (ensureSVCTargets).

    `careful` waits for the pods: all of them when the Service is taken over, any of them later.
    """
    service = context.world.storage.peek(SERVICES, context.namespace, name) if name else None
    if service is None or rs is None or selected(service) == hash_of(rs):
        return
    ours = MANAGED_BY in (service["metadata"].get("annotations") or {})
    full = wanted(rs) != 0 and wanted(rs) <= available(rs)
    if careful and (not available(rs) or not (ours or full)):
        return
    switch(context, service, hash_of(rs))


def ping_pong(context: Context) -> tuple[str, str] | None:
    """The Services of the stable version and of the canary where two Services change roles with each release.

    Until a version is stable the second one counts as its own (trafficrouting/service_helper.go).
    """
    rules = (context.plan.canary or {}).get("pingPong")
    if rules is None:
        return None
    ping, pong = str(rules.get("pingService") or ""), str(rules.get("pongService") or "")
    return (ping, pong) if is_stable_ping(context) else (pong, ping)


def is_stable_ping(context: Context) -> bool:
    """Whether the stable version has the Service called ping."""
    return bool((context.status.get("canary") or {}).get("stablePingPong") == "ping")


def routed(context: Context) -> tuple[str, str]:
    """The Services of stable version and canary that a route splits between; empty where it splits by subset."""
    plan = context.plan
    named = (plan.stable_service, plan.canary_service)
    return named if any(named) else ping_pong(context) or named


def reconcile(context: Context) -> None:
    """The Services of a canary (reconcilePingAndPongService, reconcileStableAndCanaryService)."""
    plan = context.plan
    turns = ping_pong(context)
    if turns is not None and not is_promoted(context.status):
        select(context, turns[1], context.new, careful=False)
    select(context, plan.stable_service, context.stable)
    if context.pauses.aborted and plan.router is None:
        select(context, plan.canary_service, context.stable)
        return
    if rolling_back_to(context):
        return
    select(context, plan.canary_service, context.new)


def rolling_back_to(context: Context) -> str:
    """The hash that still takes canary traffic while a stable version that had been scaled down comes back."""
    weights = (context.status.get("canary") or {}).get("weights")
    if not context.plan.dynamic or weights is None or context.new is None:
        return ""
    if context.status.get("stableRS", "") != context.status.get("currentPodHash", ""):
        return ""
    digest = str(weights["canary"].get("podTemplateHash", ""))
    return digest if digest != hash_of(context.new) and available(context.new) < context.plan.replicas else ""
