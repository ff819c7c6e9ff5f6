"""One reconcile of a blue-green Rollout (rollout/bluegreen.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.argo import metadata, runs, services, sets, status
from cockpit.demo.controllers.argo.canary import AFTER, delayed_size, scale_new
from cockpit.demo.controllers.argo.context import Context, hash_of, revision_of
from cockpit.demo.controllers.argo.counts import available, created
from cockpit.demo.controllers.argo.pauses import BLUE_GREEN, INCONCLUSIVE_RUN, pauses_blue_green
from cockpit.demo.controllers.argo.promotion import is_rollback_in_window, promote, reason_to_promote
from cockpit.demo.controllers.argo.restart import restart_pods
from cockpit.demo.controllers.argo.revisions import sync_revision
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.kinds import SERVICES
from cockpit.demo.schemas.labelselectors import formatted
from cockpit.demo.schemas.objects import Object


def reconcile(context: Context) -> None:
    """Preview first, then pods, then the switch of the active Service."""
    preview, active = _services(context)
    if active is None or context.new is None:
        return
    sync_revision(context)
    if preview is not None and not context.halted:
        services.switch(context, preview, hash_of(context.new))
    if not status.is_changed(context):
        restart_pods(context)
        reconcile_sets(context)
        _reconcile_pause(context, active)
        _reconcile_active(context, active)
        runs.reconcile(context)
        metadata.reconcile(context)
    _sync_status(context)


def _services(context: Context) -> tuple[Object | None, Object | None]:
    """The Services of preview and active version, as they are stored."""
    rules, storage = context.plan.blue_green or {}, context.world.storage
    named = (rules.get("previewService"), rules.get("activeService"))
    preview, active = (storage.peek(SERVICES, context.namespace, name) if name else None for name in named)
    return preview, active


def reconcile_sets(context: Context) -> bool:
    """Stable and new version at their sizes, the others kept for a while; whether others were scaled."""
    sets.remove_deadlines(context)
    if context.stable is not None:
        sets.scale(context, context.stable, context.plan.replicas)
    if context.new is not None:
        scale_new(context, wanted_size(context))
    scaled = _scale_others(context)
    sets.clean_up(context)
    return scaled


def wanted_size(context: Context) -> int:
    """Pods of the new version: all, or `previewReplicaCount` of them until the preview was approved."""
    plan, before = context.plan, context.status
    preview = (plan.blue_green or {}).get("previewReplicaCount")
    switches = before.get("blueGreen") or {}
    active = status.with_hash(context, switches.get("activeSelector"))
    if preview is None or active is None or before.get("promoteFull"):
        return plan.replicas
    if hash_of(active) == hash_of(context.new):
        return plan.replicas
    held = bool(context.spec.get("paused")) or bool(before.get("pauseConditions"))
    same = hash_of(context.new) == before.get("currentPodHash")
    return plan.replicas if same and not held and switches.get("scaleUpPreviewCheckPoint") else int(preview)


def _scale_others(context: Context) -> bool:
    if context.pauses.since(INCONCLUSIVE_RUN) is not None:
        return False
    rules = context.plan.blue_green or {}
    judged = rules.get("postPromotionAnalysis") and rules.get("scaleDownDelaySeconds") is None
    if judged and not sets.has_deadline(context.new) and not runs.post_promotion_succeeded(context):
        return False
    kept, moved = 0, False
    for rs in sorted(context.others, key=revision_of, reverse=True):
        if wanted(rs) == 0 or status.is_referenced(context, rs):
            continue
        kept, size = delayed_size(context, rs, kept, context.plan.replicas)
        moved |= wanted(rs) != size and sets.scale(context, rs, size)
    return moved


def _is_ready(context: Context) -> bool:
    """Whether the new version has the pods that it should have for now (ReadyForPause)."""
    size = wanted_size(context)
    return context.new is not None and wanted(context.new) == size == available(context.new)


def _is_fast(context: Context, active: Object) -> bool:
    """Whether nothing has to be waited for: a way back to pods that are still up, or a full promotion."""
    digest = services.selected(active)
    return (
        sets.has_deadline(context.new)
        or bool(context.status.get("promoteFull"))
        or not digest
        or digest == hash_of(context.new)
    )


def _reconcile_pause(context: Context, active: Object) -> None:
    """Begin, keep or end the pause before the switch."""
    pauses, rules = context.pauses, context.plan.blue_green or {}
    if context.status.get("abort") or not _is_ready(context) or context.halted:
        return
    passed = (context.status.get("blueGreen") or {}).get("scaleUpPreviewCheckPoint")
    if _is_fast(context, active) or passed or not pauses_blue_green(context.plan):
        pauses.remove(BLUE_GREEN)
        return
    if not runs.pre_promotion_succeeded(context):
        return
    since = pauses.since(BLUE_GREEN)
    if since is None:
        if not context.status.get("controllerPause"):
            pauses.add(BLUE_GREEN)
    elif pauses.blue_green_is_over(context.plan, context.now):
        pauses.remove(BLUE_GREEN)
    elif seconds := int(rules.get("autoPromotionSeconds") or 0):
        context.wakes.append(max(0.0, since + seconds - context.now) + AFTER)


def _reconcile_active(context: Context, active: Object) -> None:
    """Switch the active Service once the new version is full and nothing holds it back."""
    if context.halted or not _is_ready(context):
        return
    if context.new is None or not status.is_saturated(context.plan, context.new):
        return
    digest = services.selected(active)
    over = context.pauses.blue_green_is_over(context.plan, context.now) and runs.pre_promotion_succeeded(context)
    if _is_fast(context, active) or over:
        digest = hash_of(context.new)
    if context.status.get("abort"):
        digest = str(context.status.get("stableRS", ""))
    services.switch(context, active, digest)


def _sync_status(context: Context) -> None:
    before, new = context.status, status.base(context)
    if status.is_changed(context):
        status.reset(context, new)
    if before.get("promoteFull") or is_rollback_in_window(context):
        context.pauses.clear()
        context.pauses.remove_abort()
    preview, active = _services(context)
    for field, service in (("previewSelector", preview), ("activeSelector", active)):
        if digest := services.selected(service):
            new["blueGreen"][field] = digest
    runs.tell(context, new)
    if reason := reason_to_promote(context, new, judged=runs.post_promotion_succeeded(context)):
        promote(context, new, reason)
    elif _passes_check_point(context):
        new["blueGreen"]["scaleUpPreviewCheckPoint"] = True
    count(context, new)
    status.judge(context, new)
    status.persist(context, new)


def _passes_check_point(context: Context) -> bool:
    """Whether the preview's pods were approved, so that the rest may come (calculateScaleUpPreviewCheckPoint)."""
    size = (context.plan.blue_green or {}).get("previewReplicaCount")
    if size is None or status.is_changed(context):
        return False
    if (context.status.get("blueGreen") or {}).get("scaleUpPreviewCheckPoint"):
        return True
    approved = runs.pre_promotion_succeeded(context)
    return approved and context.pauses.blue_green_is_over(context.plan, context.now) and available(context.new) == size


def count(context: Context, new: dict[str, Any]) -> None:
    """Pods as autoscalers see them: those of the active version."""
    active = status.with_hash(context, new["blueGreen"].get("activeSelector"))
    counted = context.all if active is None else [active]
    new["HPAReplicas"] = sum(created(rs) for rs in counted)
    new["availableReplicas"] = sum(available(rs) for rs in counted)
    new["readyReplicas"] = sum(int((rs.get("status") or {}).get("readyReplicas") or 0) for rs in counted)
    new["selector"] = formatted(((active or context.rollout)["spec"]).get("selector") or {})
