"""The number of the revision that a Rollout and its ReplicaSet carry (rollout/sync.go)."""

from __future__ import annotations

from cockpit.demo.controllers.argo import conditions, sets
from cockpit.demo.controllers.argo.context import MANAGER, REVISION, Context
from cockpit.demo.controllers.argo.workload import GENERATION
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.objects import copied


def sync_revision(context: Context) -> None:
    """Number the ReplicaSet, or once that is done the Rollout (syncReplicaSetRevision)."""
    if context.new is None or sets.keep_numbered(context):
        return
    set_revision(context, (context.new["metadata"].get("annotations") or {}).get(REVISION, ""))
    if conditions.find(context.status, "Progressing") is None:
        name = context.new["metadata"]["name"]
        note_progress(context, conditions.FOUND, f'Found new replica set "{name}"')


def set_revision(context: Context, revision: str) -> None:
    """Write the number on the Rollout and tell."""
    annotations = context.rollout["metadata"].get("annotations") or {}
    if annotations.get(REVISION) == revision:
        return
    stored = context.world.storage.get(ARGO_ROLLOUTS, context.namespace, context.name)
    kept = {GENERATION: context.workload_generation} if context.workload_generation is not None else {}
    stored["metadata"]["annotations"] = {**(stored["metadata"].get("annotations") or {}), **kept, REVISION: revision}
    written = context.world.storage.update(ARGO_ROLLOUTS, stored, manager=MANAGER)
    context.rollout["metadata"] = written["metadata"]
    context.tell("RolloutUpdated", f"Rollout updated to revision {revision}")


def note_progress(context: Context, reason: str, message: str) -> None:
    """Write the condition Progressing at once, into what the reconcile goes on with as well."""
    status = copied(context.status)
    conditions.put(status, "Progressing", "True", reason, message, context.world.clock.timestamp())
    stored = context.world.storage.get(ARGO_ROLLOUTS, context.namespace, context.name)
    written = context.world.write_status(ARGO_ROLLOUTS, stored, status)
    context.rollout["status"], context.rollout["metadata"] = copied(written["status"]), written["metadata"]
