"""One reconcile of a canary (rollout/canary.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.argo import (
    experiments,
    metadata,
    plugins,
    routing,
    runs,
    services,
    sets,
    status,
    workload,
)
from cockpit.demo.controllers.argo.context import Context, hash_of, revision_of
from cockpit.demo.controllers.argo.counts import available, basic, created, routed, settled
from cockpit.demo.controllers.argo.pauses import CANARY_STEP
from cockpit.demo.controllers.argo.plan import Step, current_step, is_promoted, pause_seconds, text_of
from cockpit.demo.controllers.argo.promotion import is_rollback_in_window, promote, reason_to_promote
from cockpit.demo.controllers.argo.restart import restart_pods
from cockpit.demo.controllers.argo.revisions import sync_revision
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.labelselectors import formatted

# A pause that ends at 10:00:00 has ended when it is later than that.
AFTER = 0.01


def reconcile(context: Context) -> None:
    """Services and weights first, then pods, then the step; each at most as far as the one before it allows."""
    if status.is_changed(context):
        sync_revision(context)
        _sync_status(context)
        return
    sync_revision(context)
    if restart_pods(context):
        return
    metadata.reconcile(context)
    sets.clean_up(context)
    services.reconcile(context)
    routing.reconcile(context)
    experiments.reconcile(context)
    runs.reconcile(context)
    if not context.pauses.added and not reconcile_sets(context) and not _reconcile_pause(context):
        plugins.reconcile(context)
    _sync_status(context)


def reconcile_sets(context: Context) -> bool:
    """Scale one kind of ReplicaSet a turn: stable, new, then the others; whether anything was scaled."""
    if context.halted:
        return False
    sets.remove_deadlines(context)
    return _scale_stable(context) or scale_new(context, _new_size(context)) or _scale_others(context)


def _scale_stable(context: Context) -> bool:
    plan = context.plan
    if context.stable is None or (context.new and hash_of(context.new) == hash_of(context.stable)):
        return False
    if plan.router is None:
        _, size = basic(plan, context.status, context.new, context.stable, context.others)
    else:
        # The weights that were read, not those just written: pods follow the traffic a turn later.
        _, size = routed(plan, context.status, (context.status.get("canary") or {}).get("weights"))
    return sets.scale(context, context.stable, size)


def _new_size(context: Context) -> int:
    if context.plan.router is None:
        return basic(context.plan, context.status, context.new, context.stable, context.others)[0]
    return routed(context.plan, context.status, context.weights)[0]


def scale_new(context: Context, size: int) -> bool:
    """Scale the new version; an aborted one keeps its pods for a while first."""
    if context.new is None:
        return False
    if sets.delays_scale_down_on_abort(context):
        if sets.has_deadline(context.new):
            left = sets.left(context, context.new)
            if left is not None:
                context.wakes.append(left + AFTER)
                return False
            size = 0
        else:
            if available(context.stable) == context.plan.replicas:
                sets.set_deadline(context, context.new, context.plan.abort_delay or 0)
                context.wakes.append((context.plan.abort_delay or 0) + AFTER)
            return False
    scaled = sets.scale(context, context.new, size)
    workload.scale_down(context, "progressively")
    return scaled


def _scale_others(context: Context) -> bool:
    """Drain what is neither new nor stable (scaleDownOldReplicaSetsForCanary)."""
    plan = context.plan
    others = [rs for rs in context.others if wanted(rs) > 0]
    if not others:
        return False
    moved = 0
    for rs in others:
        if wanted(rs) != available(rs) and sets.scale(context, rs, available(rs)):
            moved += 1
    spare = sum(available(rs) for rs in context.all) - (plan.replicas - plan.unavailable)
    kept = 0
    for rs in [sets.fresh(context, rs) for rs in sorted(others, key=revision_of, reverse=True)]:
        if spare <= 0:
            break
        if wanted(rs) == 0 or (plan.router is not None and status.is_referenced(context, rs)):
            continue
        size = max(0, wanted(rs) - spare) if plan.router is None else 0
        if plan.router is not None and (is_promoted(context.status) or sets.has_deadline(rs)) and not plan.dynamic:
            kept, size = delayed_size(context, rs, kept, wanted(rs))
        if sets.scale(context, rs, size):
            spare -= wanted(rs) - size
            moved += 1
    return moved > 0


def delayed_size(context: Context, rs: Any, kept: int, full: int) -> tuple[int, int]:
    """How many ReplicaSets are kept for a while, and the size of this one (scaleDownDelayHelper)."""
    limit = context.plan.revision_limit
    if not sets.has_deadline(rs):
        if limit is not None and kept >= limit:
            return kept, 0
        sets.set_deadline(context, rs, context.plan.scale_down_delay)
        context.wakes.append(context.plan.scale_down_delay + AFTER)
        return kept + 1, wanted(rs)
    kept += 1
    left = sets.left(context, rs)
    if left is None or (limit is not None and kept > limit):
        return kept, 0
    context.wakes.append(left + AFTER)
    return kept, full


def _reconcile_pause(context: Context) -> bool:
    """Begin a pause step, or wait for its end; whether the canary is at one."""
    step, _ = current_step(context.plan, context.status)
    if context.spec.get("paused") or context.status.get("promoteFull") or step is None or step.get("pause") is None:
        return False
    since = context.pauses.since(CANARY_STEP)
    if since is None:
        if not context.status.get("controllerPause"):
            context.pauses.add(CANARY_STEP)
        return True
    length = pause_seconds(step)
    if length is not None and since + length >= context.now:
        context.wakes.append(since + length - context.now + AFTER)
    return True


def _sync_status(context: Context) -> None:
    plan, before = context.plan, context.status
    new = status.base(context)
    new["availableReplicas"] = sum(available(rs) for rs in context.all)
    new["HPAReplicas"] = sum(created(rs) for rs in context.all)
    new["selector"] = formatted(context.spec.get("selector") or {})
    new["currentStepHash"] = status.steps_hash(plan)
    for field in ("stablePingPong", "stepPluginStatuses"):
        if field in (before.get("canary") or {}):
            new["canary"][field] = before["canary"][field]
    for part in (runs, experiments, plugins):
        part.tell(context, new)
    _move_on(context, new)
    status.judge(context, new)
    status.persist(context, new)


def _move_on(context: Context, new: dict[str, Any]) -> None:
    """The current step: back to the first, at the end, or one further."""
    plan = context.plan
    last = len(plan.steps) or None
    if status.is_changed(context):
        status.reset(context, new)
        new["currentStepIndex"] = _first_step(context)
        return
    step, index = current_step(plan, context.status)
    if context.status.get("promoteFull") or is_rollback_in_window(context):
        context.pauses.clear()
        context.pauses.remove_abort()
        index = last if last is not None else index
        step = None if last is not None else step
    if reason := reason_to_promote(context, new):
        promote(context, new, reason)
        new["currentStepIndex"] = last
    elif context.pauses.aborted:
        new["currentStepIndex"] = None if last is None else last if is_promoted(new) else 0
    else:
        original, _ = current_step(plan, context.status)
        if original is not None and _is_over(context, original):
            index = (index or 0) + 1
            told = f"Rollout step {index}/{len(plan.steps)} completed ({text_of(original)})"
            context.tell("RolloutStepCompleted", told)
            context.pauses.remove(CANARY_STEP)
            new["canary"].pop("currentStepAnalysisRunStatus", None)
        new["currentStepIndex"] = index


def _first_step(context: Context) -> int | None:
    """The step after the template or the steps changed: the first, or the last for a way back that needs none."""
    plan = context.plan
    if not plan.steps:
        return None
    if context.status.get("stableRS") and context.status["stableRS"] == hash_of(context.new):
        context.tell("SkipSteps", "Rollback to stable ReplicaSets")
        return len(plan.steps)
    if is_rollback_in_window(context) and context.new is not None and wanted(context.new) > 0:
        context.tell("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow")
        return len(plan.steps)
    return 0


def _is_over(context: Context, step: Step) -> bool:
    """Whether the current step has done what it asks for (completedCurrentCanaryStep)."""
    if context.spec.get("paused"):
        return False
    if step.get("pause") is not None:
        return context.pauses.step_is_over(step, context.now)
    if step.get("setWeight") is not None or step.get("setCanaryScale") is not None:
        plan, new, stable = context.plan, context.new, context.stable
        if not settled(plan, context.status, new, stable, context.others, context.weights):
            return False
        return step.get("setWeight") is None or (context.weights or {}).get("verified") is not False
    if step.get("setHeaderRoute") is not None or step.get("setMirrorRoute") is not None:
        return True
    if step.get("experiment") is not None:
        return experiments.is_over(context)
    return runs.succeeded(context, runs.STEP) if step.get("analysis") is not None else plugins.is_over(context)
