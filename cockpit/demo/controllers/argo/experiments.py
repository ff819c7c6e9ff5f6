"""The Experiments that a canary's steps start, follow and end (rollout/experiment.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.argo.conditions import COMPLETED
from cockpit.demo.controllers.argo.context import HASH, MANAGER, REVISION, Context, hash_of, revision_of
from cockpit.demo.controllers.argo.pauses import INCONCLUSIVE_EXPERIMENT, INCONCLUSIVE_RUN
from cockpit.demo.controllers.argo.plan import Step, current_step
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS, EXPERIMENTS
from cockpit.demo.schemas.objects import Object, copied


def reconcile(context: Context) -> None:
    """Start the step's experiment, take over its result, end the others."""
    if context.plan.canary is None:
        return
    named = str((context.status.get("canary") or {}).get("currentExperiment") or "")
    current = context.world.storage.peek(EXPERIMENTS, context.namespace, named) if named else None
    if context.pauses.aborted or context.status.get("promoteFull"):
        _cancel(context, _owned(context))
        return
    if context.pauses.since(INCONCLUSIVE_RUN) is not None:
        return
    step, index = current_step(context.plan, context.status)
    if step is None or step.get("experiment") is None or index is None:
        _cancel(context, _owned(context))
        return
    if current is None and context.stable is not None:
        current = _start(context, step, index)
        context.tell("ExperimentCreated", f"Created Experiment '{current['metadata']['name']}'")
    if current is None:
        return
    phase = (current.get("status") or {}).get("phase")
    if phase == "Inconclusive":
        context.pauses.add(INCONCLUSIVE_EXPERIMENT)
    elif phase in ("Error", "Failed"):
        context.pauses.abort(str((current.get("status") or {}).get("message") or ""))
    context.experiment = current
    _cancel(context, [entry for entry in _owned(context) if entry["metadata"]["name"] != current["metadata"]["name"]])


def _owned(context: Context) -> list[Object]:
    uid = context.rollout["metadata"]["uid"]
    found = context.world.storage.scan(EXPERIMENTS, context.namespace)
    return [entry for entry in found if (owners.controller_of(entry) or {}).get("uid") == uid]


def _cancel(context: Context, experiments: list[Object]) -> None:
    for entry in experiments:
        if (entry.get("status") or {}).get("phase") not in COMPLETED and not (entry.get("spec") or {}).get("terminate"):
            ended = {**entry, "spec": {**(entry.get("spec") or {}), "terminate": True}}
            context.world.storage.update(EXPERIMENTS, ended, manager=MANAGER)


def _start(context: Context, step: Step, index: int) -> Object:
    """An Experiment with the templates of canary or stable version; its name counts on when it is taken."""
    rules, revision = step["experiment"], str(revision_of(context.rollout))
    base = name = f"{context.name}-{hash_of(context.new)}-{revision}-{index}"
    number, storage = 0, context.world.storage
    while (taken := storage.peek(EXPERIMENTS, context.namespace, name)) is not None:
        if (taken.get("status") or {}).get("phase") not in COMPLETED:
            return taken
        number += 1
        name = f"{base}-{number}"
    spec: dict[str, Any] = {
        "templates": [_template(context, entry) for entry in rules["templates"]],
        "progressDeadlineSeconds": context.plan.deadline,
    }
    if rules.get("duration"):
        spec["duration"] = rules["duration"]
    if rules.get("analyses"):
        spec["analyses"] = copied(rules["analyses"])
    return storage.create(
        EXPERIMENTS,
        {
            "metadata": {
                "name": name,
                "namespace": context.namespace,
                "labels": {HASH: hash_of(context.new)},
                "annotations": {REVISION: revision},
                "ownerReferences": [owners.reference_to(context.rollout, ARGO_ROLLOUTS)],
            },
            "spec": spec,
        },
        manager=MANAGER,
    )


def _template(context: Context, rules: dict[str, Any]) -> dict[str, Any]:
    source = context.stable if rules.get("specRef") == "stable" else context.new
    spec = (source or {"spec": {}})["spec"]
    template: dict[str, Any] = {
        "name": rules["name"],
        "replicas": 1 if rules.get("replicas") is None else rules["replicas"],
        "selector": copied(spec.get("selector") or {}),
        "template": copied(spec.get("template") or {}),
    }
    if rules.get("weight") is not None or rules.get("service") is not None:
        template["service"] = copied(rules.get("service") or {})
    return template


def weights(context: Context) -> list[dict[str, Any]]:
    """The weights of the running experiment's versions."""
    step, _ = current_step(context.plan, context.status)
    rules = (step or {}).get("experiment")
    named = str((context.status.get("canary") or {}).get("currentExperiment") or "")
    running = context.world.storage.peek(EXPERIMENTS, context.namespace, named) if named else None
    if rules is None or running is None or (running.get("status") or {}).get("phase") != "Running":
        return []
    shares = {entry["name"]: entry.get("weight") for entry in rules["templates"]}
    return [
        {"weight": shares[told["name"]], "serviceName": told["serviceName"], "podTemplateHash": told["podTemplateHash"]}
        for told in running["status"].get("templateStatuses") or []
        if shares.get(told.get("name")) is not None and told.get("serviceName")
    ]


def is_over(context: Context) -> bool:
    """Whether the current step's experiment has succeeded."""
    return ((context.experiment or {}).get("status") or {}).get("phase") == "Successful"


def tell(context: Context, new: dict[str, Any]) -> None:
    """Name the experiment in the status about to be written, as long as it has not succeeded."""
    if context.experiment is not None and not is_over(context):
        new["canary"]["currentExperiment"] = context.experiment["metadata"]["name"]
