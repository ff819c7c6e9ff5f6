"""Restarts: pods older than `restartAt` are evicted, as many at a time as may be missing (rollout/restart.go)."""

from __future__ import annotations

from cockpit.demo.controllers.argo.context import Context
from cockpit.demo.controllers.podstate import available_in, parse_time
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.errors import NotFound
from cockpit.demo.schemas.kinds import PODS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.storage import key_of

AGAIN = 30.0


def restart_pods(context: Context) -> bool:
    """Evict pods that are due; whether any was."""
    asked = context.spec.get("restartAt")
    at = parse_time(asked)
    if not asked or at == parse_time(context.status.get("restartedAt")):
        return False
    if at > context.now:
        context.wakes.append(at - context.now)
        return False
    pods = _pods(context)
    old = [pod for pod in pods if parse_time(pod["metadata"].get("creationTimestamp")) < at]
    total = max(context.plan.replicas, sum(wanted(rs) for rs in context.all))
    ready = context.spec.get("minReadySeconds") or 0
    living = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    up = sum(available_in(pod, ready, context.now) == 0 for pod in living)
    may = up - (total - max(context.plan.unavailable, 1))
    evicted = 0
    for pod in old:
        if evicted < may and not pod["metadata"].get("deletionTimestamp") and _evict(context, pod):
            evicted += 1
    if len(old) == evicted:
        context.restarted_at = str(asked)
    else:
        context.wakes.append(AGAIN)
    return evicted > 0


def _pods(context: Context) -> list[Object]:
    """The pods, stable version's first, then the new one's, then the others'."""
    names = [rs["metadata"]["name"] for rs in (context.stable, context.new) if rs]
    ordered = sorted(
        context.all, key=lambda rs: names.index(rs["metadata"]["name"]) if rs["metadata"]["name"] in names else 2
    )
    return [pod for rs in ordered for pod in context.world.pods.under(("owner", rs["metadata"]["uid"]))]


def _evict(context: Context, pod: Object) -> bool:
    try:
        context.world.storage.delete(PODS, *key_of(PODS, pod))
    except NotFound:
        return False
    return True
