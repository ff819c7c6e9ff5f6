"""Deployments: from one pod template to the next, a few pods at a time."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers import deployment_sets as sets_of
from cockpit.demo.controllers import deployment_status as status_of
from cockpit.demo.controllers import owners, replicas
from cockpit.demo.controllers.deployment_sets import Sets
from cockpit.demo.controllers.deployment_status import Progress
from cockpit.demo.controllers.podstate import condition, is_finished
from cockpit.demo.controllers.replicaset import owners_of_pod, wanted
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import DEPLOYMENTS, PODS, REPLICASETS
from cockpit.demo.schemas.labelselectors import matches
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of


def touches(world: World, event: Event) -> Iterator[Key]:
    """The Deployment itself, the owner of a changed ReplicaSet, and Deployments that wait for a pod to be gone."""
    if event.kind is DEPLOYMENTS:
        yield key_of(DEPLOYMENTS, event.obj)
    elif event.kind is REPLICASETS:
        yield from owners_of_pod(world, event, DEPLOYMENTS.kind)
        if event.type != "DELETED" and not owners.controller_of(event.obj):
            for deployment in world.storage.scan(DEPLOYMENTS, event.obj["metadata"]["namespace"]):
                if matches(deployment["spec"].get("selector"), event.obj["metadata"].get("labels") or {}):
                    yield key_of(DEPLOYMENTS, deployment)
    elif event.kind is PODS and event.type == "DELETED":
        for namespace, name in owners_of_pod(world, event, REPLICASETS.kind):
            owner = owners.controller_of(world.storage.peek(REPLICASETS, namespace, name) or {"metadata": {}})
            if owner:
                yield (namespace, owner["name"])


def reconcile(world: World, key: Key) -> float | None:
    """One step of the way; what it writes calls it again."""
    deployment = world.storage.peek(DEPLOYMENTS, *key)
    if deployment is None:
        return None
    sets = sets_of.find(world, deployment)
    if deployment["metadata"].get("deletionTimestamp"):
        return status_of.tell(world, deployment, sets, rolling=False)
    if mark := status_of.paused_condition(deployment):
        deployment = _mark_progress(world, deployment, mark)
    if deployment["spec"].get("paused") or _was_scaled(deployment, sets):
        _number(world, deployment, sets)
        _spread(world, deployment, sets_of.find(world, deployment))
        return status_of.tell(world, deployment, sets_of.find(world, deployment), rolling=False)
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        return _recreate(world, deployment, sets)
    return _roll(world, deployment, sets)


def _roll(world: World, deployment: Object, sets: Sets) -> float | None:
    deployment, sets = _with_new(world, deployment, sets)
    if sets.new is None:
        return 0.0
    everywhere = sum(wanted(rs) for rs in sets.all)
    surge = sets_of.bounds_of(deployment).surge
    size = replicas.new_replicas(wanted(sets.new), wanted(deployment), everywhere, surge)
    moved = size != wanted(sets.new) and sets_of.scale(world, deployment, sets.new, size)
    moved = moved or _shrink_old(world, deployment, sets)
    if not moved and status_of.is_complete(deployment, deployment.get("status") or {}):
        sets_of.clean_up(world, deployment, sets.old)
    return status_of.tell(world, deployment, sets_of.find(world, deployment), rolling=True)


def _shrink_old(world: World, deployment: Object, sets: Sets) -> bool:
    """Scale old ReplicaSets down as far as availability allows, those with unready pods first."""
    least = wanted(deployment) - sets_of.bounds_of(deployment).unavailable
    if not sets.new or not any(wanted(rs) for rs in sets.old):
        return False
    room = sum(wanted(rs) for rs in sets.all) - least - (wanted(sets.new) - available(sets.new))
    if room <= 0:
        return False
    sizes = {rs["metadata"]["name"]: wanted(rs) for rs in sets.old}
    left = room
    for rs in sets.old:
        sick = min(left, wanted(rs) - available(rs)) if wanted(rs) else 0
        sizes[rs["metadata"]["name"]] -= max(0, sick)
        left -= max(0, sick)
    spare = sum(available(rs) for rs in sets.all) - least
    for rs in sets.old:
        less = max(0, min(spare, sizes[rs["metadata"]["name"]]))
        sizes[rs["metadata"]["name"]] -= less
        spare -= less
    changed = [rs for rs in sets.old if sizes[rs["metadata"]["name"]] != wanted(rs)]
    for rs in changed:
        sets_of.scale(world, deployment, rs, sizes[rs["metadata"]["name"]])
    return bool(changed)


def available(rs: Object) -> int:
    """The available pods of a ReplicaSet."""
    count = (rs.get("status") or {}).get("availableReplicas")
    return count if isinstance(count, int) else 0


def _recreate(world: World, deployment: Object, sets: Sets) -> float | None:
    """All old pods go before the first new one comes."""
    running = [rs for rs in sets.old if wanted(rs)]
    for rs in running:
        sets_of.scale(world, deployment, rs, 0)
    lingering = any(
        not is_finished(pod) for rs in sets.old for pod in world.pods.under(("owner", rs["metadata"]["uid"]))
    )
    if not running and not lingering:
        deployment, sets = _with_new(world, deployment, sets)
        if sets.new is None:
            return 0.0
        if wanted(sets.new) != wanted(deployment):
            sets_of.scale(world, deployment, sets.new, wanted(deployment))
        elif status_of.is_complete(deployment, deployment.get("status") or {}):
            sets_of.clean_up(world, deployment, sets.old)
    return status_of.tell(world, deployment, sets_of.find(world, deployment), rolling=True)


def _with_new(world: World, deployment: Object, sets: Sets) -> tuple[Object, Sets]:
    """Make sure that the current template has its ReplicaSet and that both carry the revision."""
    if sets.new is None:
        made = sets_of.make_new(world, deployment, sets.old)
        if made is None:
            return deployment, sets
        name = made["metadata"]["name"]
        mark = Progress("True", status_of.NEW_CREATED, f'Created new replica set "{name}"')
        deployment = _mark_progress(world, deployment, mark)
    elif condition(deployment, "Progressing") is None:
        name = sets.new["metadata"]["name"]
        mark = Progress("True", status_of.NEW_FOUND, f'Found new replica set "{name}"')
        deployment = _mark_progress(world, deployment, mark)
    sets = sets_of.find(world, deployment)
    return _number(world, deployment, sets), sets_of.find(world, deployment)


def _number(world: World, deployment: Object, sets: Sets) -> Object:
    """Keep the revision on the current ReplicaSet and on the Deployment."""
    numbered = sets_of.keep_numbered(world, deployment, sets)
    if numbered is None:
        return deployment
    revision = str(sets_of.revision_of(numbered))
    stored = world.storage.get(DEPLOYMENTS, *key_of(DEPLOYMENTS, deployment))
    annotations = stored["metadata"].setdefault("annotations", {})
    if annotations.get(sets_of.REVISION) == revision:
        return stored
    annotations[sets_of.REVISION] = revision
    return world.storage.update(DEPLOYMENTS, stored, subresource="status")


def _mark_progress(world: World, deployment: Object, mark: Progress) -> Object:
    if status_of.deadline(deployment) is None:
        return deployment
    status = copied(deployment.get("status") or {})
    status_of.set_condition(status.setdefault("conditions", []), "Progressing", mark, world.clock.timestamp())
    return world.write_status(DEPLOYMENTS, deployment, status)


def _was_scaled(deployment: Object, sets: Sets) -> bool:
    """Whether a ReplicaSet was last sized for another number of replicas."""
    size = str(wanted(deployment))
    noted = [(rs["metadata"].get("annotations") or {}).get(sets_of.DESIRED, size) for rs in sets.all if wanted(rs)]
    return any(text != size for text in noted)


def _spread(world: World, deployment: Object, sets: Sets) -> None:
    """Deal a changed number of replicas out to the ReplicaSets there are."""
    size, running = wanted(deployment), [rs for rs in sets.all if wanted(rs)]
    if len(running) <= 1:
        only = running[0] if running else sets.new or (sets.old[-1] if sets.old else None)
        if only is not None:
            sets_of.scale(world, deployment, only, size)
        return
    if sets.new and wanted(sets.new) == size == available(sets.new):
        for rs in running:
            if rs is not sets.new:
                sets_of.scale(world, deployment, rs, 0)
        return
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        return
    grown = size + sets_of.bounds_of(deployment).surge if size else 0
    ordered = sorted(running, key=lambda rs: (-wanted(rs), rs is not sets.new))
    before = [int(_noted(rs, sets_of.MAXIMUM) or wanted(rs)) for rs in ordered]
    sizes = replicas.proportional([wanted(rs) for rs in ordered], grown, before)
    for rs, new_size in zip(ordered, sizes, strict=True):
        sets_of.scale(world, deployment, rs, new_size)


def _noted(rs: Object, annotation: str) -> str:
    text: str = (rs["metadata"].get("annotations") or {}).get(annotation, "")
    return text if text.isdecimal() and len(text) < 10 else ""


CONTROLLER = Controller("deployment", touches, reconcile)
