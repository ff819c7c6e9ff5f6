"""The ReplicaSets of a Rollout: found, made, numbered, scaled, kept for a while (rollout/{sync,replicaset}.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.clock import stamp
from cockpit.demo.controllers import owners
from cockpit.demo.controllers.argo import metadata
from cockpit.demo.controllers.argo.context import HASH, MANAGER, REVISION, Context, hash_of, revision_of
from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.controllers.template_hash import template_hash
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import AlreadyExists
from cockpit.demo.rules.poddefaults import set_template_defaults
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.kinds import REPLICASETS
from cockpit.demo.schemas.labelselectors import matches
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of

HISTORY = "rollout.argoproj.io/revision-history"
DESIRED = "rollout.argoproj.io/desired-replicas"
DEADLINE = "scale-down-deadline"
NOT_COPIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    "notified.notifications.argoproj.io",
)


def owned(world: World, rollout: Object) -> list[Object]:
    """The Rollout's ReplicaSets, oldest first, after adopting orphans that match its selector."""
    meta, selector = rollout["metadata"], (rollout.get("spec") or {}).get("selector")
    found = [
        rs
        for rs in world.replicasets.under(("owner", meta["uid"]))
        if matches(selector, rs["metadata"].get("labels") or {})
    ]
    for rs in world.replicasets.under(("orphan", meta["namespace"])):
        if not rs["metadata"].get("deletionTimestamp") and matches(selector, rs["metadata"].get("labels") or {}):
            references = [*(rs["metadata"].get("ownerReferences") or []), owners.reference_to(rollout, ARGO_ROLLOUTS)]
            found.append(_write(world, rs, {"ownerReferences": references}))
    return sorted(found, key=_age)


def _age(rs: Object) -> tuple[str, str]:
    return (rs["metadata"].get("creationTimestamp", ""), rs["metadata"]["name"])


def find_new(template: dict[str, Any], collisions: int | None, sets: list[Object]) -> Object | None:
    """The ReplicaSet of a template: by its hash, or by a template that says the same once defaults are filled in."""
    digest = template_hash(template, collisions)
    for rs in sets:
        if hash_of(rs) == digest:
            return rs
    plain = _plain(template)
    return next((rs for rs in sets if _plain(metadata.without_injected(rs)) == plain), None)


def find_stable(status: dict[str, Any], sets: list[Object]) -> Object | None:
    """The ReplicaSet that the status names as stable."""
    stable = status.get("stableRS")
    return next((rs for rs in sets if stable and hash_of(rs) == stable), None)


def _plain(template: dict[str, Any]) -> dict[str, Any]:
    """A template with all defaults and without the hash."""
    holder = {"template": copied(template)}
    set_template_defaults(holder)
    plain: dict[str, Any] = holder["template"]
    meta = plain.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    meta = {**meta, "labels": labels}
    plain["metadata"] = {key: value for key, value in meta.items() if value}
    return plain


def make_new(context: Context) -> Object | None:
    """Create the ReplicaSet of the template, without pods; None when its name was taken: the next try is renamed."""
    collisions = context.status.get("collisionCount")
    digest = template_hash(context.template, collisions)
    template = copied(context.template)
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    labels[HASH] = digest
    selector = copied(context.spec.get("selector") or {})
    selector.setdefault("matchLabels", {})[HASH] = digest
    revision = max((revision_of(rs) for rs in context.all), default=0) + 1
    wish: Object = {
        "metadata": {
            "name": f"{context.name}-{digest}",
            "namespace": context.namespace,
            "labels": dict(labels),
            "annotations": _annotations(context.rollout, {}, revision) | {DESIRED: str(context.plan.replicas)},
            "ownerReferences": [owners.reference_to(context.rollout, ARGO_ROLLOUTS)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": context.spec.get("minReadySeconds") or 0,
            "selector": selector,
            "template": template,
        },
    }
    metadata.inject(wish, metadata.of_new(context.plan, context.stable is not None))
    try:
        return context.world.storage.create(REPLICASETS, wish, manager=MANAGER)
    except AlreadyExists:
        status = {**context.status, "collisionCount": (collisions or 0) + 1}
        context.world.write_status(ARGO_ROLLOUTS, context.rollout, status)
        return None


def keep_numbered(context: Context) -> bool:
    """Give the new ReplicaSet the highest revision and the Rollout's annotations; whether that changed anything."""
    if context.new is None:
        return False
    highest = max((revision_of(rs) for rs in context.older), default=0) + 1
    current = context.new["metadata"].get("annotations") or {}
    annotations = _annotations(context.rollout, current, highest)
    ready = context.spec.get("minReadySeconds") or 0
    if annotations == current and (context.new["spec"].get("minReadySeconds") or 0) == ready:
        return False
    context.new = _write(context.world, context.new, {"annotations": annotations}, {"minReadySeconds": ready})
    return True


def _annotations(rollout: Object, current: dict[str, str], revision: int) -> dict[str, str]:
    result = dict(current)
    for key, value in (rollout["metadata"].get("annotations") or {}).items():
        if key not in NOT_COPIED:
            result[key] = value
    before = current.get(REVISION, "")
    number = int(before) if before.isdecimal() and len(before) < 10 else 0
    if number < revision:
        result[REVISION] = str(revision)
    if before and result != current:
        result[HISTORY] = ",".join(filter(None, [current.get(HISTORY, ""), before]))
    return result


def scale(context: Context, rs: Object, size: int) -> bool:
    """Set the size of a ReplicaSet and tell; whether it had another one."""
    rs = fresh(context, rs)
    before, desired = wanted(rs), str(context.plan.replicas)
    annotations = dict(rs["metadata"].get("annotations") or {})
    if before == size and annotations.get(DESIRED) == desired and not (desired == "0" and annotations.get(DEADLINE)):
        return False
    annotations[DESIRED] = desired
    if size == 0 and not delays_scale_down_on_abort(context):
        annotations.pop(DEADLINE, None)
    _write(context.world, rs, {"annotations": annotations}, {"replicas": size})
    if before == size:
        return False
    way = "up" if before < size else "down"
    named = f"{rs['metadata']['name']} (revision {revision_of(rs)})"
    context.tell("ScalingReplicaSet", f"Scaled {way} ReplicaSet {named} from {before} to {size}")
    return True


def delays_scale_down_on_abort(context: Context) -> bool:
    """Whether an aborted version keeps its pods for a while."""
    plan = context.plan
    if not context.pauses.aborted or context.stable is None or plan.abort_delay is None:
        return False
    if plan.canary is not None and plan.router is None:
        return False
    return not plan.dynamic or plan.abort_delay_set


def has_deadline(rs: Object | None) -> bool:
    """Whether a ReplicaSet is kept until some time."""
    return bool(rs and (rs["metadata"].get("annotations") or {}).get(DEADLINE))


def left(context: Context, rs: Object) -> float | None:
    """Seconds until a ReplicaSet's deadline; None when that has passed."""
    remaining = parse_time((rs["metadata"].get("annotations") or {}).get(DEADLINE)) - context.now
    return remaining if remaining > 0 else None


def fresh(context: Context, rs: Object) -> Object:
    """A ReplicaSet as it is stored."""
    return context.world.storage.peek(REPLICASETS, *key_of(REPLICASETS, rs)) or rs


def set_deadline(context: Context, rs: Object, delay: float) -> None:
    """Keep a ReplicaSet for `delay` seconds; 0 takes its deadline away."""
    annotations = dict(fresh(context, rs)["metadata"].get("annotations") or {})
    annotations.pop(DEADLINE, None)
    if delay > 0:
        annotations[DEADLINE] = stamp(context.now + delay)
    _write(context.world, rs, {"annotations": annotations})


def remove_deadlines(context: Context) -> None:
    """New and stable versions are kept for good."""
    kept = [context.stable]
    if context.new is not None and not delays_scale_down_on_abort(context):
        kept.append(context.new)
    for rs in kept:
        if rs is not None and has_deadline(rs):
            set_deadline(context, rs, 0)


def clean_up(context: Context) -> None:
    """Delete empty old ReplicaSets beyond `revisionHistoryLimit`, oldest first."""
    alive = [rs for rs in context.others if not rs["metadata"].get("deletionTimestamp")]
    for rs in alive[: max(0, len(alive) - context.plan.history)]:
        if wanted(rs) == 0 and not (rs.get("status") or {}).get("replicas"):
            context.world.storage.delete(REPLICASETS, *key_of(REPLICASETS, rs))


def _write(world: World, rs: Object, meta: dict[str, Any], spec: dict[str, Any] | None = None) -> Object:
    stored = world.storage.peek(REPLICASETS, *key_of(REPLICASETS, rs)) or rs
    changed = {**stored, "metadata": {**stored["metadata"], **meta}, "spec": {**stored["spec"], **(spec or {})}}
    return world.storage.update(REPLICASETS, changed, manager=MANAGER)
