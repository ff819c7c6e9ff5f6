"""Rollouts that take their pod template from another workload (rollout/{templateref,scale_utils}.go)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.argo.context import MANAGER, Context, revision_of
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.controllers.runtime import Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.kinds import DEPLOYMENTS, REPLICASETS
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of

GENERATION = "rollout.argoproj.io/workload-generation"
KINDS = {("apps/v1", kind.kind): kind for kind in (DEPLOYMENTS, REPLICASETS)}


class WorkloadError(Exception):
    """The workload cannot be taken; the text says why, as the controller does."""


def resolve(world: World, rollout: Object) -> str | None:
    """Put the workload's template and selector into a copy of a Rollout; the answer is the workload's generation.

    None for a Rollout with a template of its own; WorkloadError when there is no such workload.
    """
    spec = rollout.get("spec") or {}
    reference = spec.get("workloadRef")
    if reference is None:
        return None
    if (spec.get("template") or {}).get("spec"):
        raise WorkloadError("template must be empty for workload reference rollout")
    workload = find(world, rollout["metadata"]["namespace"], reference)
    spec["template"] = copied(workload["spec"].get("template") or {})
    if spec.get("selector") is None:
        spec["selector"] = copied(workload["spec"].get("selector") or {})
    generation = str(workload["metadata"].get("generation", 1))
    rollout["metadata"]["annotations"] = {**(rollout["metadata"].get("annotations") or {}), GENERATION: generation}
    return generation


def note_generation(world: World, stored: Object, generation: str | None) -> Object:
    """Write the workload's generation on the Rollout as soon as it is another one; the Rollout as it is then stored.

    The status follows with `workloadObservedGeneration`, once the Rollout has been looked at.
    """
    annotations = stored["metadata"].get("annotations") or {}
    if generation is None or annotations.get(GENERATION) == generation:
        return stored
    meta = {**stored["metadata"], "annotations": {**annotations, GENERATION: generation}}
    return world.storage.update(ARGO_ROLLOUTS, {**stored, "metadata": meta}, manager=MANAGER)


def find(world: World, namespace: str, reference: dict[str, Any]) -> Object:
    """The workload that a reference leads to."""
    api_version, kind, name = (str(reference.get(field) or "") for field in ("apiVersion", "kind", "name"))
    known = KINDS.get((api_version, kind))
    if known is None:
        raise WorkloadError(f"workload of type {api_version.partition('/')[0]}/{kind} is not supported")
    stored = world.storage.peek(known, namespace, name)
    if stored is None:
        raise WorkloadError(f'{known.resource} "{name}" not found')
    return stored


def users_of(world: World, workload: Object, kind: str) -> Iterator[Key]:
    """The Rollouts that take their template from a workload."""
    meta = workload["metadata"]
    for rollout in world.storage.scan(ARGO_ROLLOUTS, meta["namespace"]):
        reference = (rollout.get("spec") or {}).get("workloadRef") or {}
        if (reference.get("kind"), reference.get("name")) == (kind, meta["name"]):
            yield key_of(ARGO_ROLLOUTS, rollout)


def scale_down(context: Context, when: str) -> None:
    """Take the Deployment's own pods away once the first revision stands ("onsuccess"), or as it comes up."""
    reference = context.spec.get("workloadRef") or {}
    if reference.get("scaleDown") != when or reference.get("kind") != DEPLOYMENTS.kind:
        return
    if revision_of(context.rollout) != 1:
        return
    ready = int(context.status.get("readyReplicas") or 0)
    if when == "progressively" and not ready:
        return
    size = 0 if when == "onsuccess" else max(0, context.plan.replicas - ready)
    stored = find(context.world, context.namespace, reference)
    if wanted(stored) > size:
        changed = {**stored, "spec": {**stored["spec"], "replicas": size}}
        context.world.storage.update(DEPLOYMENTS, changed, manager=MANAGER)
