"""The ReplicaSets of one Deployment: found, made, numbered, scaled and cleaned up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.replicas import Bounds, bounds, new_replicas
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.controllers.template_hash import template_hash
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import AlreadyExists
from cockpit.demo.schemas.kinds import DEPLOYMENTS, REPLICASETS
from cockpit.demo.schemas.labelselectors import matches
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of

COMPONENT = "deployment-controller"
MANAGER = "kube-controller-manager"
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = (REVISION, HISTORY, DESIRED, MAXIMUM, "kubectl.kubernetes.io/last-applied-configuration")


@dataclass(frozen=True)
class Sets:
    """The ReplicaSet whose template the Deployment asks for, if there is one, and the others, oldest first."""

    new: Object | None
    old: list[Object]

    @property
    def all(self) -> list[Object]:
        """Old and new."""
        return [*self.old, self.new] if self.new else list(self.old)


def find(world: World, deployment: Object) -> Sets:
    """The ReplicaSets the Deployment owns, after adopting matching orphans and releasing others."""
    owned = sorted(_claimed(world, deployment), key=_age)
    same = [rs for rs in owned if plain_template(rs) == plain_template(deployment)]
    new = same[0] if same else None
    return Sets(new, [rs for rs in owned if rs is not new])


def _claimed(world: World, deployment: Object) -> list[Object]:
    meta, selector, kept = deployment["metadata"], deployment["spec"].get("selector"), []
    for rs in world.replicasets.under(("owner", meta["uid"])):
        if matches(selector, rs["metadata"].get("labels") or {}):
            kept.append(rs)
        else:
            references = owners.without_reference(copied(rs["metadata"]["ownerReferences"]), meta["uid"])
            _write(world, rs, {"ownerReferences": references})
    if meta.get("deletionTimestamp"):
        return kept
    for rs in world.replicasets.under(("orphan", meta["namespace"])):
        if not rs["metadata"].get("deletionTimestamp") and matches(selector, rs["metadata"].get("labels") or {}):
            references = [
                *copied(rs["metadata"].get("ownerReferences") or []),
                owners.reference_to(deployment, DEPLOYMENTS),
            ]
            kept.append(_write(world, rs, {"ownerReferences": references}))
    return kept


def plain_template(workload: Object) -> dict[str, Any]:
    """The pod template without the hash that the controller added."""
    template: dict[str, Any] = dict(workload["spec"].get("template") or {})
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
    template["metadata"] = {key: value for key, value in meta.items() if value}
    return template


def new_set(deployment: Object, existing: list[Object], collisions: int | None = None) -> Object:
    """The ReplicaSet for the Deployment's template, sized as the strategy allows beside `existing`."""
    spec, meta = deployment["spec"], deployment["metadata"]
    template = copied(spec.get("template") or {})
    digest = template_hash(template, collisions)
    labels = template.setdefault("metadata", {}).setdefault("labels", {})
    labels[HASH] = digest
    selector = copied(spec.get("selector") or {})
    selector.setdefault("matchLabels", {})[HASH] = digest
    everywhere = sum(wanted(rs) for rs in existing)
    size = wanted(deployment)
    if not _recreates(deployment):
        size = new_replicas(0, size, everywhere, bounds_of(deployment).surge)
    new: Object = {
        "metadata": {
            "name": f"{meta['name']}-{digest}",
            "namespace": meta["namespace"],
            "labels": dict(labels),
            "annotations": _annotations(deployment, {}, _next_revision(existing)),
            "ownerReferences": [owners.reference_to(deployment, DEPLOYMENTS)],
        },
        "spec": {"replicas": size, "selector": selector, "template": template},
    }
    if spec.get("minReadySeconds"):
        new["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    return new


def make_new(world: World, deployment: Object, old: list[Object]) -> Object | None:
    """Create the ReplicaSet for the Deployment's template; None when its name was taken (asked again, it differs)."""
    collisions = (deployment.get("status") or {}).get("collisionCount")
    wish = new_set(deployment, old, collisions)
    try:
        made = world.storage.create(REPLICASETS, wish, manager=MANAGER)
    except AlreadyExists:
        status = {**(deployment.get("status") or {}), "collisionCount": (collisions or 0) + 1}
        world.write_status(DEPLOYMENTS, deployment, status)
        return None
    if made["spec"]["replicas"]:
        message = f"Scaled up replica set {made['metadata']['name']} from 0 to {made['spec']['replicas']}"
        world.tell(DEPLOYMENTS, deployment, "ScalingReplicaSet", message, COMPONENT, "Normal")
    return made


def keep_numbered(world: World, deployment: Object, sets: Sets) -> Object | None:
    """Give the current ReplicaSet the highest revision and the Deployment's annotations; the answer is its state."""
    if sets.new is None:
        return None
    revision = _next_revision(sets.old)
    current = sets.new["metadata"].get("annotations") or {}
    fields: dict[str, Any] = {"annotations": _annotations(deployment, current, revision)}
    return _write(world, sets.new, fields, {"minReadySeconds": deployment["spec"].get("minReadySeconds") or 0})


def _next_revision(others: list[Object]) -> int:
    return max((revision_of(rs) for rs in others), default=0) + 1


def revision_of(obj: Object) -> int:
    """The number of a revision; 0 when there is none."""
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _annotations(deployment: Object, current: dict[str, str], revision: int) -> dict[str, str]:
    result = dict(current)
    for key, value in (deployment["metadata"].get("annotations") or {}).items():
        if key not in NOT_COPIED:
            result[key] = value
    before = current.get(REVISION, "")
    number = int(before) if before.isdecimal() and len(before) < 19 else 0
    if number < revision:
        if before:
            result[HISTORY] = ",".join(filter(None, [current.get(HISTORY, ""), before]))
        result[REVISION] = str(revision)
    if not current:
        result |= _size_annotations(deployment)
    return result


def _size_annotations(deployment: Object) -> dict[str, str]:
    size = wanted(deployment)
    return {DESIRED: str(size), MAXIMUM: str(size + bounds_of(deployment).surge)}


def bounds_of(deployment: Object) -> Bounds:
    """Surge and unavailable of a rolling update; both 0 for Recreate."""
    if _recreates(deployment):
        return Bounds(0, 0)
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    return bounds(wanted(deployment), rolling.get("maxSurge"), rolling.get("maxUnavailable"))


def _recreates(deployment: Object) -> bool:
    return (deployment["spec"].get("strategy") or {}).get("type") == "Recreate"


def scale(world: World, deployment: Object, rs: Object, size: int) -> bool:
    """Set the size of a ReplicaSet and report it in an Event; False if it already has that size."""
    before = wanted(rs)
    annotations = {**(rs["metadata"].get("annotations") or {}), **_size_annotations(deployment)}
    _write(world, rs, {"annotations": annotations}, {"replicas": size})
    if before == size:
        return False
    way = "up" if size > before else "down"
    message = f"Scaled {way} replica set {rs['metadata']['name']} from {before} to {size}"
    world.tell(DEPLOYMENTS, deployment, "ScalingReplicaSet", message, COMPONENT, "Normal")
    return True


def clean_up(world: World, deployment: Object, old: list[Object]) -> None:
    """Delete empty old ReplicaSets beyond `revisionHistoryLimit`, lowest revision first."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    limit = 10 if limit is None else limit
    alive = [rs for rs in old if not rs["metadata"].get("deletionTimestamp")]
    for rs in sorted(alive, key=revision_of)[: max(0, len(alive) - limit)]:
        if wanted(rs) == 0 and not (rs.get("status") or {}).get("replicas"):
            world.storage.delete(REPLICASETS, *key_of(REPLICASETS, rs))


def _write(world: World, rs: Object, meta: dict[str, Any], spec: dict[str, Any] | None = None) -> Object:
    stored = world.storage.peek(REPLICASETS, *key_of(REPLICASETS, rs)) or rs
    changes = {key: value for key, value in (spec or {}).items() if stored["spec"].get(key, 0) != value}
    if not changes and all(stored["metadata"].get(key) == value for key, value in meta.items()):
        return stored
    changed = {**stored, "metadata": {**stored["metadata"], **meta}, "spec": {**stored["spec"], **changes}}
    return world.storage.update(REPLICASETS, changed, manager=MANAGER)


def _age(rs: Object) -> tuple[str, str]:
    return (rs["metadata"].get("creationTimestamp", ""), rs["metadata"]["name"])
