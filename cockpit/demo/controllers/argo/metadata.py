"""Labels and annotations that pods carry while their version is canary, stable, preview or active."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.controllers.argo.context import MANAGER, Context, hash_of
from cockpit.demo.controllers.argo.plan import Plan
from cockpit.demo.schemas.kinds import PODS, REPLICASETS
from cockpit.demo.schemas.objects import Object, copied

INJECTED = "rollout.argoproj.io/ephemeral-metadata"
FIELDS = ("labels", "annotations")
Injected = dict[str, dict[str, str]]


def of_new(plan: Plan, beside_stable: bool) -> Injected | None:
    """What the new version's pods carry: as canary or preview beside a stable version, else as stable or active."""
    names = ("canaryMetadata", "stableMetadata") if plan.canary is not None else ("previewMetadata", "activeMetadata")
    return plan.strategy.get(names[0] if beside_stable else names[1])


def reconcile(context: Context) -> None:
    """Bring ReplicaSets and their pods in line with the roles they have (rollout/ephemeralmetadata.go)."""
    stable = context.status.get("stableRS")
    beside = bool(stable) and stable != hash_of(context.new)
    _sync(context, context.new, of_new(context.plan, beside))
    if beside:
        _sync(context, context.stable, of_new(context.plan, False))
    for rs in context.others:
        _sync(context, rs, None)


def _sync(context: Context, rs: Object | None, wish: Injected | None) -> None:
    if rs is None:
        return
    before = _injected(rs)
    storage = context.world.storage
    changed: Object = copied(storage.peek(REPLICASETS, context.namespace, rs["metadata"]["name"]) or rs)
    if not inject(changed, wish):
        return
    storage.update(REPLICASETS, changed, manager=MANAGER)
    for pod in context.world.pods.under(("owner", rs["metadata"]["uid"])):
        other: Object = copied(pod)
        if _apply(other["metadata"], before, wish):
            storage.update(PODS, other, manager=MANAGER)


def inject(rs: Object, wish: Injected | None) -> bool:
    """Change a ReplicaSet's template so that it carries exactly `wish` besides its own; whether anything changed."""
    changed = _apply(rs["spec"]["template"].setdefault("metadata", {}), _injected(rs), wish)
    if changed:
        annotations = rs["metadata"].setdefault("annotations", {})
        annotations.pop(INJECTED, None)
        if wish is not None:
            annotations[INJECTED] = json.dumps(wish, separators=(",", ":"))
    return changed


def _apply(meta: dict[str, Any], before: Injected, wish: Injected | None) -> bool:
    """Put `wish` into metadata and take out what was injected before and is wished no more."""
    changed = False
    for kind in FIELDS:
        wanted = (wish or {}).get(kind) or {}
        for key in (before.get(kind) or {}).keys() - wanted.keys():
            changed |= (meta.get(kind) or {}).pop(key, None) is not None
        for key, value in wanted.items():
            values = meta.setdefault(kind, {})
            changed |= values.get(key) != value
            values[key] = value
    return changed


def without_injected(rs: Object) -> dict[str, Any]:
    """A ReplicaSet's template without what was injected."""
    plain: Object = copied(rs)
    inject(plain, None)
    template: dict[str, Any] = plain["spec"]["template"]
    return template


def _injected(rs: Object) -> Injected:
    try:
        found = json.loads((rs["metadata"].get("annotations") or {}).get(INJECTED) or "{}")
    except ValueError:
        return {}
    return {kind: found[kind] for kind in FIELDS if isinstance(found, dict) and isinstance(found.get(kind), dict)}
