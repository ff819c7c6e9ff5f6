"""The AnalysisRuns that a Rollout starts, follows and ends (rollout/analysis.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.argo import sets
from cockpit.demo.controllers.argo.conditions import COMPLETED
from cockpit.demo.controllers.argo.context import HASH, MANAGER, REVISION, Context, hash_of, revision_of
from cockpit.demo.controllers.argo.counts import available
from cockpit.demo.controllers.argo.pauses import BLUE_GREEN, CANARY_STEP, INCONCLUSIVE_RUN
from cockpit.demo.controllers.argo.plan import current_step, is_promoted
from cockpit.demo.controllers.argo.promotion import is_rollback_in_window
from cockpit.demo.controllers.argo.templates import template_of
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.customkinds import ANALYSISRUNS, ARGO_ROLLOUTS
from cockpit.demo.schemas.objects import Object, copied

STEP_INDEX = "step-index"


@dataclass(frozen=True)
class Role:
    """One of a Rollout's runs: where the status names it, its label `rollout-type`, and the end of its name."""

    part: str
    field: str
    label: str
    suffix: str


STEP = Role("canary", "currentStepAnalysisRunStatus", "Step", "")
BACKGROUND = Role("canary", "currentBackgroundAnalysisRunStatus", "Background", "")
BEFORE = Role("blueGreen", "prePromotionAnalysisRunStatus", "PrePromotion", "pre")
AFTER = Role("blueGreen", "postPromotionAnalysisRunStatus", "PostPromotion", "post")
ROLES = (AFTER, BEFORE, STEP, BACKGROUND)


def reconcile(context: Context) -> None:
    """Start what is due, take over results, end what is no more wanted."""
    known = {role: run for role in ROLES if (run := _recorded(context, role)) is not None}
    skipped = (
        context.pauses.aborted
        or context.status.get("promoteFull")
        or sets.has_deadline(context.new)
        or not context.status.get("stableRS")
        or is_rollback_in_window(context)
    )
    if skipped:
        context.runs = {role.field: run for role, run in known.items()}
        _cancel(context, list(_owned(context)))
        return
    wanted_roles = (STEP, BACKGROUND) if context.plan.canary is not None else (BEFORE, AFTER)
    for role in wanted_roles:
        run = _followed(context, role, known.get(role))
        if run is not None:
            context.runs[role.field] = run
    kept = {run["metadata"]["name"] for run in context.runs.values()}
    _cancel(context, [run for run in _owned(context) if run["metadata"]["name"] not in kept])
    _tell_changes(context)


def _recorded(context: Context, role: Role) -> Object | None:
    """The run that the status names."""
    told = (context.status.get(role.part) or {}).get(role.field) or {}
    return context.world.storage.peek(ANALYSISRUNS, context.namespace, str(told.get("name") or ""))


def _owned(context: Context) -> list[Object]:
    uid = context.rollout["metadata"]["uid"]
    found = context.world.storage.scan(ANALYSISRUNS, context.namespace)
    return [run for run in found if (owners.controller_of(run) or {}).get("uid") == uid]


def _followed(context: Context, role: Role, run: Object | None) -> Object | None:
    """The run of a role as it goes on, a new one where one is due."""
    rules = _asked(context, role)
    if role is STEP and (context.status.get("pauseConditions") or context.status.get("abort")):
        return run
    index = str(current_step(context.plan, context.status)[1])
    if role is STEP and run is not None and rules is not None:
        run = run if (run["metadata"].get("labels") or {}).get(STEP_INDEX) == index else None
    if rules is None:
        return run if role in (BEFORE, AFTER) and _has(context, role) else None
    if context.pauses.since(INCONCLUSIVE_RUN) is not None:
        return run
    if run is None or _is_due_again(context, run):
        return _start(context, role, rules)
    phase = (run.get("status") or {}).get("phase")
    if phase == "Inconclusive":
        context.pauses.add(INCONCLUSIVE_RUN)
    elif phase in ("Failed", "Error"):
        context.pauses.abort(str((run.get("status") or {}).get("message") or ""))
    return run


def _has(context: Context, role: Role) -> bool:
    rules = context.plan.blue_green or {}
    return bool(rules.get("prePromotionAnalysis" if role is BEFORE else "postPromotionAnalysis"))


def _asked(context: Context, role: Role) -> dict[str, Any] | None:
    """The analysis that the spec asks for at this point, or None."""
    plan, before = context.plan, context.status
    if role is STEP:
        step, _ = current_step(plan, before)
        return (step or {}).get("analysis")
    if role is BACKGROUND:
        rules = (plan.canary or {}).get("analysis")
        index = current_step(plan, before)[1] or 0
        begun = rules and rules.get("templates") and index >= (rules.get("startingStep") or 0)
        return rules if begun and not is_promoted(before) and before.get("stableRS") else None
    rules = plan.blue_green or {}
    active = (before.get("blueGreen") or {}).get("activeSelector")
    current, size = hash_of(context.new), plan.replicas
    if role is BEFORE and rules.get("previewReplicaCount") is not None:
        size = int(rules["previewReplicaCount"])
    if context.new is None or before.get("stableRS") == current or not active:
        return None
    if wanted(context.new) != size or available(context.new) != size:
        return None
    if role is BEFORE:
        return rules.get("prePromotionAnalysis") if active != current else None
    return rules.get("postPromotionAnalysis") if active == current else None


def _is_due_again(context: Context, run: Object) -> bool:
    """Whether a run is to be repeated: after a retry, or because somebody goes on after one without result."""
    pauses = context.pauses
    if context.status.get("controllerPause") and pauses.since(CANARY_STEP) is None and pauses.since(BLUE_GREEN) is None:
        return (run.get("status") or {}).get("phase") == "Inconclusive"
    return "abortedAt" in context.status


def _start(context: Context, role: Role, rules: dict[str, Any]) -> Object:
    """A new AnalysisRun with the metrics of all templates; its name counts on when it is taken."""
    _, index = current_step(context.plan, context.status)
    digest, revision = hash_of(context.new), str(revision_of(context.rollout))
    suffix = str(index) if role is STEP else role.suffix
    base = "-".join(filter(None, [context.name, digest, revision, suffix]))
    found = [template_of(context.world, context.namespace, entry) for entry in rules.get("templates") or []]
    templates = [template for template in found if template is not None]
    labels = {HASH: digest, "rollout-type": role.label}
    if role is STEP:
        labels[STEP_INDEX] = suffix
    fates = [template["metadata"].get("annotations") or {} for template in templates]
    annotations = {key: value for fate in fates for key, value in fate.items() if key.startswith("demo.cockpit/")}
    storage, name, number = context.world.storage, base, 0
    while storage.peek(ANALYSISRUNS, context.namespace, name) is not None:
        number += 1
        name = f"{base}.{number}"
    run: Object = {
        "metadata": {
            "name": name,
            "namespace": context.namespace,
            "labels": labels | dict((context.spec.get("selector") or {}).get("matchLabels") or {}),
            "annotations": {**annotations, REVISION: revision},
            "ownerReferences": [owners.reference_to(context.rollout, ARGO_ROLLOUTS)],
        },
        "spec": {
            "args": copied(rules.get("args") or []),
            "metrics": [
                copied(metric) for entry in templates for metric in (entry.get("spec") or {}).get("metrics") or []
            ],
        },
    }
    return storage.create(ANALYSISRUNS, run, manager=MANAGER)


def _cancel(context: Context, runs: list[Object]) -> None:
    """Ask runs to end that have not ended."""
    for run in runs:
        if (run.get("status") or {}).get("phase") not in COMPLETED and not (run.get("spec") or {}).get("terminate"):
            ended = {**run, "spec": {**(run.get("spec") or {}), "terminate": True}}
            context.world.storage.update(ANALYSISRUNS, ended, manager=MANAGER)


def _tell_changes(context: Context) -> None:
    for role in ROLES:
        run = context.runs.get(role.field)
        phase = ((run or {}).get("status") or {}).get("phase")
        told = (context.status.get(role.part) or {}).get(role.field)
        if (
            run is None
            or not phase
            or (told and (told.get("name") != run["metadata"]["name"] or told["status"] == phase))
        ):
            continue
        before = told["status"] if told else "NoPreviousStatus"
        text = f"{role.label} Analysis Run '{run['metadata']['name']}' Status New: '{phase}' Previous: '{before}'"
        context.tell(f"AnalysisRun{phase}", text, "Warning" if phase in ("Failed", "Error") else "Normal")


def tell(context: Context, new: dict[str, Any]) -> None:
    """Put the runs into the status about to be written."""
    for role in ROLES:
        if run := context.runs.get(role.field):
            known = run.get("status") or {}
            told = {"name": run["metadata"]["name"], "status": known.get("phase") or ""}
            new[role.part][role.field] = told | ({"message": known["message"]} if known.get("message") else {})


def succeeded(context: Context, role: Role) -> bool:
    """Whether a run of this role has come to its good end."""
    return ((context.runs.get(role.field) or _recorded(context, role) or {}).get("status") or {}).get(
        "phase"
    ) == "Successful"


def post_promotion_succeeded(context: Context) -> bool:
    """Whether the analysis after a blue-green switch has succeeded."""
    return succeeded(context, AFTER)


def pre_promotion_succeeded(context: Context) -> bool:
    """Whether the analysis before a blue-green switch has succeeded, or there is none."""
    return not _has(context, BEFORE) or succeeded(context, BEFORE)
