"""Argo Rollouts' controller: what it watches, and the frame of one reconcile (rollout/{controller,context}.go)."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.demo.controllers.argo import (
    bluegreen,
    canary,
    conditions,
    istio,
    services,
    sets,
    status,
    validation,
    workload,
)
from cockpit.demo.controllers.argo.context import REVISION, Context, revision_of
from cockpit.demo.controllers.argo.counts import available, created
from cockpit.demo.controllers.argo.pauses import Pauses
from cockpit.demo.controllers.argo.plan import is_promoted, plan_of
from cockpit.demo.controllers.argo.revisions import note_progress, set_revision, sync_revision
from cockpit.demo.controllers.argo.router import RoutingError
from cockpit.demo.controllers.replicaset import owners_of_pod, wanted
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import ANALYSISRUNS, ARGO_ROLLOUTS, EXPERIMENTS, VIRTUALSERVICES
from cockpit.demo.schemas.kinds import DEPLOYMENTS, INGRESSES, REPLICASETS, SERVICES
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

RETRY_INVALID, RETRY_ROUTING = 20.0, 1.0


def touches(world: World, event: Event) -> Iterator[Key]:
    """The Rollout itself, and the Rollouts that own or name what changed."""
    if event.kind is ARGO_ROLLOUTS:
        yield key_of(ARGO_ROLLOUTS, event.obj)
    elif event.kind in (REPLICASETS, INGRESSES, ANALYSISRUNS, EXPERIMENTS):
        yield from owners_of_pod(world, event, ARGO_ROLLOUTS.kind)
    elif event.kind is DEPLOYMENTS:
        yield from workload.users_of(world, event.obj, DEPLOYMENTS.kind)
    elif event.kind is SERVICES:
        yield from _rollout_of_service(world, event)
    elif event.kind is VIRTUALSERVICES:
        namespace, name = key_of(VIRTUALSERVICES, event.obj)
        for rollout in world.storage.scan(ARGO_ROLLOUTS):
            if (namespace, name) in istio.named_by(rollout):
                yield key_of(ARGO_ROLLOUTS, rollout)


def _rollout_of_service(world: World, event: Event) -> Iterator[Key]:
    """Whose Service it is, when it selects a version that is neither of the two.

    The real controller looks again whenever one of its Services changes, and while an aborted version has pods that
    never ends: it switches the Service to and fro as fast as it can.
    """
    meta = event.obj["metadata"]
    owner = (meta.get("annotations") or {}).get(services.MANAGED_BY)
    rollout = world.storage.peek(ARGO_ROLLOUTS, meta["namespace"], owner) if owner else None
    if rollout is not None and event.type != "DELETED":
        status = rollout.get("status") or {}
        if services.selected(event.obj) not in (status.get("stableRS"), status.get("currentPodHash")):
            yield (meta["namespace"], str(owner))


def reconcile(world: World, key: Key) -> float | None:
    """Look at one Rollout and do the next thing; what that writes calls it again."""
    stored = world.storage.peek(ARGO_ROLLOUTS, *key)
    if stored is None or stored["metadata"].get("deletionTimestamp"):
        return None
    rollout, wrong = copied(stored), ""
    try:
        generation = workload.resolve(world, rollout)
        stored = workload.note_generation(world, stored, generation)
        rollout["metadata"] = copied(stored["metadata"])
    except workload.WorkloadError as error:
        generation, wrong = None, str(error)
    context = _context(world, rollout, generation)
    if not context.status:
        context.tell("RolloutAddedToInformer", f"Rollout resource added to informer: {key[0]}/{key[1]}")
    if wrong := wrong or validation.problem(context):
        _note_invalid(context, wrong)
        return RETRY_INVALID
    if context.new is None and not _make_new(context):
        return 0.0
    if context.spec.get("replicas") is None:
        world.storage.update(ARGO_ROLLOUTS, {**stored, "spec": {**stored["spec"], "replicas": 1}})
        return None
    if is_promoted(context.status) and context.pauses.aborted:
        context.pauses.remove_abort()
    _note_pause(context)
    sync_revision(context)
    return _move(context)


def _move(context: Context) -> float | None:
    """The strategy's next move; the answer is when to look again, if nothing calls it before."""
    try:
        if _was_scaled(context):
            _scale_only(context)
        elif context.plan.canary is not None:
            canary.reconcile(context)
        else:
            bluegreen.reconcile(context)
    except RoutingError:
        return RETRY_ROUTING
    return min(context.wakes, default=None)


def _note_invalid(context: Context, wrong: str) -> None:
    """Say in a condition, and so in the phase, why nothing goes on."""
    message = f'The Rollout "{context.name}" is invalid: {wrong}'
    new = copied(context.status)
    known = conditions.find(new, conditions.INVALID)
    if known is not None and known.get("message") != message:
        conditions.drop(new, conditions.INVALID)
    now = context.world.clock.timestamp()
    conditions.put(new, conditions.INVALID, "True", conditions.INVALID, message, now)
    status.write(context, new)


def _context(world: World, rollout: Object, generation: str | None) -> Context:
    found, state = sets.owned(world, rollout), rollout.get("status") or {}
    template = (rollout.get("spec") or {}).get("template") or {}
    return Context(
        world=world,
        rollout=rollout,
        plan=plan_of(rollout),
        template=template,
        all=found,
        new=sets.find_new(template, state.get("collisionCount"), found),
        stable=sets.find_stable(state, found),
        pauses=Pauses(state),
        weights=(state.get("canary") or {}).get("weights"),
        restarted_at=state.get("restartedAt"),
        workload_generation=generation,
    )


def _make_new(context: Context) -> bool:
    """Create the ReplicaSet of a template that has none; whether that went well."""
    made = sets.make_new(context)
    if made is None:
        return False
    context.new, context.all = made, [*context.all, made]
    if context.stable is None:
        context.stable = sets.find_stable(context.status, context.all)
    set_revision(context, made["metadata"]["annotations"][REVISION])
    name = made["metadata"]["name"]
    context.tell(conditions.NEW_CREATED, f"Created ReplicaSet {name} (revision {revision_of(made)})")
    note_progress(context, conditions.NEW_CREATED, f'Created new replica set "{name}"')
    return True


def _note_pause(context: Context) -> None:
    """Conditions of pauses and retries, written before anything else (checkPausedConditions)."""
    known = conditions.find(context.status, "Progressing") or {}
    paused = bool(context.status.get("pauseConditions")) or bool(context.spec.get("paused"))
    aborted = known.get("reason") == conditions.ABORTED
    wishes = []
    marked = known.get("reason") == conditions.PAUSED
    if paused != marked and not aborted and not conditions.is_completed(context.status):
        reason, message = (
            (conditions.PAUSED, "Rollout is paused") if paused else (conditions.RESUMED, "Rollout is resumed")
        )
        wishes.append(("Progressing", "Unknown", reason, message))
    if aborted and not context.status.get("abort"):
        wishes.append(("Progressing", "Unknown", conditions.RETRY, "Retrying Rollout after abort"))
    told = (conditions.find(context.status, "Paused") or {}).get("status") == "True"
    if paused != told and not aborted:
        wishes.append(("Paused", "True" if paused else "False", conditions.PAUSED, "Rollout is paused"))
    if wishes:
        status.put_conditions(context, *wishes)


def _was_scaled(context: Context) -> bool:
    """Whether `spec.replicas` changed since the ReplicaSets were last sized."""
    for rs in (context.new, context.stable):
        desired = ((rs or {"metadata": {}})["metadata"].get("annotations") or {}).get(sets.DESIRED)
        if rs and wanted(rs) > 0 and desired is not None and desired != str(context.plan.replicas):
            return True
    return False


def _scale_only(context: Context) -> None:
    """Follow a change of `spec.replicas` and do nothing else (syncReplicasOnly)."""
    sync_revision(context)
    new = copied(context.status)
    if context.plan.canary is not None:
        canary.reconcile_sets(context)
        new["availableReplicas"] = sum(available(rs) for rs in context.all)
        new["HPAReplicas"] = sum(created(rs) for rs in context.all)
    else:
        bluegreen.reconcile_sets(context)
        bluegreen.count(context, new)
    status.persist(context, new)


CONTROLLER = Controller("argo-rollouts", touches, reconcile)
