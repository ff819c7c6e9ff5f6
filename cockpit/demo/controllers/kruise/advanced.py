"""The controller of Deployments that Kruise holds: two ReplicaSets, as many new pods as a batch asks for.

openkruise/rollouts pkg/controller/deployment.
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers import deployment_sets as sets_of
from cockpit.demo.controllers import deployment_status as status_of
from cockpit.demo.controllers.deployment_sets import Sets
from cockpit.demo.controllers.kruise import names
from cockpit.demo.controllers.kruise.batchplan import new_limit
from cockpit.demo.controllers.kruise.deployments import encoded, is_under_control, strategy_of
from cockpit.demo.controllers.kruise.workload import revision_of
from cockpit.demo.controllers.kruise.writes import annotate
from cockpit.demo.controllers.replicas import Bounds, bounds
from cockpit.demo.controllers.replicaset import owners_of_pod, wanted
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import DEPLOYMENTS, REPLICASETS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

PAUSE = 2.0


def touches(world: World, event: Event) -> Iterator[Key]:
    """The Deployment itself, and the owner of a changed ReplicaSet."""
    if event.kind is DEPLOYMENTS:
        yield key_of(DEPLOYMENTS, event.obj)
    elif event.kind is REPLICASETS:
        yield from owners_of_pod(world, event, DEPLOYMENTS.kind)


def reconcile(world: World, key: Key) -> float | None:
    """One step towards the partition; the native controller leaves such a Deployment alone."""
    deployment = world.storage.peek(DEPLOYMENTS, *key)
    if deployment is None or not is_under_control(deployment) or deployment["metadata"].get("deletionTimestamp"):
        return None
    strategy = strategy_of(deployment)
    if strategy.get("rollingStyle") != "Partition":
        return None
    sets = sets_of.find(world, deployment)
    if not strategy.get("paused"):
        if sets.new is None:
            sets = _with_new(world, deployment, sets)
        _move(world, deployment, sets)
    sets = sets_of.find(world, deployment)
    status_of.tell(world, deployment, sets, rolling=False)
    return _note_extra(world, key, sets)


def _with_new(world: World, deployment: Object, sets: Sets) -> Sets:
    """Make the ReplicaSet of the template, empty; its hash is the rollout controller's own."""
    plain = {**deployment, "spec": {**deployment["spec"], "strategy": {"type": "RollingUpdate"}}}
    wish = sets_of.new_set(plain, sets.old)
    digest = revision_of(deployment)
    wish["metadata"]["name"] = f"{deployment['metadata']['name']}-{digest}"
    for labels in (
        wish["metadata"]["labels"],
        wish["spec"]["selector"]["matchLabels"],
        wish["spec"]["template"]["metadata"]["labels"],
    ):
        labels[names.POD_TEMPLATE_HASH] = digest
    wish["spec"]["replicas"] = 0 if any(wanted(rs) for rs in sets.old) else wanted(deployment)
    world.storage.create(REPLICASETS, wish, manager=names.MANAGER)
    return sets_of.find(world, deployment)


def _move(world: World, deployment: Object, sets: Sets) -> None:
    """First more new pods, as far as surge and partition allow, then fewer old ones."""
    if sets.new is None:
        return
    sets_of.keep_numbered(world, deployment, sets)
    size = _new_size(deployment, sets)
    if size != wanted(sets.new):
        sets_of.scale(world, deployment, sets.new, size)
        return
    _shrink_old(world, deployment, sets)


def _limits(deployment: Object) -> tuple[int, Bounds]:
    strategy = strategy_of(deployment)
    rolling = strategy.get("rollingUpdate") or {}
    limit = new_limit(strategy.get("partition"), deployment)
    return limit, bounds(wanted(deployment), rolling.get("maxSurge"), rolling.get("maxUnavailable"))


def _new_size(deployment: Object, sets: Sets) -> int:
    assert sets.new is not None
    size, now = wanted(deployment), wanted(sets.new)
    if now >= size:
        return size
    everywhere = sum(wanted(rs) for rs in sets.all)
    if everywhere <= now:
        return size
    limit, allowed = _limits(deployment)
    room = size + allowed.surge - everywhere
    if now >= limit or room <= 0:
        return now
    return min(now + min(room, size - now), limit)


def _shrink_old(world: World, deployment: Object, sets: Sets) -> None:
    """As many old pods fewer as the partition and availability allow; more where the partition wants more."""
    assert sets.new is not None
    old = [rs for rs in sets.old if wanted(rs)]
    limit, allowed = _limits(deployment)
    size = wanted(deployment)
    spare = sum(wanted(rs) for rs in old) - (size - max(limit, wanted(sets.new)))
    if spare < 0 and old:
        biggest = max(old, key=wanted)
        sets_of.scale(world, deployment, biggest, wanted(biggest) - spare)
        return
    least = size - allowed.unavailable
    unready = wanted(sets.new) - _available(sets.new)
    room = min(sum(wanted(rs) for rs in sets.all) - least - unready, spare)
    for rs in old:
        sick = min(room, wanted(rs) - _available(rs))
        if sick > 0:
            sets_of.scale(world, deployment, rs, wanted(rs) - sick)
            return
    room = min(sum(_available(rs) for rs in sets.all) - least, room)
    for rs in sorted(old, key=sets_of.revision_of):
        less = max(0, min(room, wanted(rs)))
        room -= less
        if less:
            sets_of.scale(world, deployment, rs, wanted(rs) - less)


def _available(rs: Object) -> int:
    count = (rs.get("status") or {}).get("availableReplicas")
    return count if isinstance(count, int) else 0


def _note_extra(world: World, key: Key, sets: Sets) -> float | None:
    """Leave the counts that the batches look at; look again while there is something to do."""
    deployment = world.storage.peek(DEPLOYMENTS, *key)
    if deployment is None:
        return None
    limit, _ = _limits(deployment)
    ready = ((sets.new or {}).get("status") or {}).get("readyReplicas", 0)
    text = encoded({"updatedReadyReplicas": ready, "expectedUpdatedReplicas": limit})
    if (deployment["metadata"].get("annotations") or {}).get(names.EXTRA_STATUS) != text:
        annotate(world, DEPLOYMENTS, deployment, {names.EXTRA_STATUS: text})
    status = deployment.get("status") or {}
    done = status.get("replicas", 0) == wanted(deployment) and status.get("updatedReplicas", 0) >= limit
    return None if done else PAUSE


CONTROLLER = Controller("kruise-advanced-deployment", touches, reconcile)
