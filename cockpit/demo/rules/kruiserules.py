"""What the CRD of Kruise Rollouts fills in and refuses (openkruise/rollouts 0.6.2 config/crd/bases)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.errors import Cause
from cockpit.demo.rules.crdshapes import BOOLEAN, EITHER, INTEGER, TEXT, TEXTS, Shape, misfits
from cockpit.demo.rules.poddefaults import set_template_defaults
from cockpit.demo.schemas.objects import Object

PAIR: Shape = {"name!": TEXT, "value!": TEXT, "type": TEXT}
MATCH: Shape = {"headers": [PAIR], "queryParams": [PAIR], "path": {"type": TEXT, "value": TEXT}}
STEP: Shape = {
    "traffic": TEXT,
    "replicas": EITHER,
    "pause": {"duration": INTEGER},
    "matches": [MATCH],
    "requestHeaderModifier": {"set": [PAIR], "add": [PAIR], "remove": [TEXT]},
}
REFERENCE: Shape = {"apiVersion!": TEXT, "kind!": TEXT, "name!": TEXT}
ROUTING: Shape = {
    "service!": TEXT,
    "gracePeriodSeconds": INTEGER,
    "ingress": {"name!": TEXT, "classType": TEXT},
    "gateway": {"httpRouteName": TEXT},
    "customNetworkRefs": [REFERENCE],
}
PLAN: Shape = {
    "steps": [STEP],
    "trafficRoutings": [ROUTING],
    "failureThreshold": EITHER,
    "enableExtraWorkloadForCanary": BOOLEAN,
    "disableGenerateCanaryService": BOOLEAN,
    "trafficRoutingRef": TEXT,
    "patchPodTemplateMetadata": {"labels": TEXTS, "annotations": TEXTS},
}
SPEC: Shape = {
    "workloadRef!": REFERENCE,
    "strategy!": {"canary": PLAN, "blueGreen": PLAN, "paused": BOOLEAN},
    "disabled": BOOLEAN,
}
POSITION: Shape = {
    "currentStepIndex": INTEGER,
    "nextStepIndex": INTEGER,
    "currentStepState": TEXT,
    "finalisingStep": TEXT,
    "podTemplateHash": TEXT,
    "stableRevision": TEXT,
    "canaryRevision": TEXT,
    "updatedRevision": TEXT,
    "lastUpdateTime": TEXT,
    "rolloutHash": TEXT,
}
CONDITION: Shape = {"type!": TEXT, "status!": TEXT, "reason!": TEXT, "message!": TEXT}
STATUS: Shape = {
    "phase": TEXT,
    "message": TEXT,
    "canaryStatus": POSITION,
    "blueGreenStatus": POSITION,
    "conditions": [CONDITION],
}


def set_rollout_defaults(obj: Object) -> None:
    """Not disabled, three seconds for routers, headers matched exactly; null is as good as nothing."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    spec = obj["spec"] = without_nulls(spec)
    spec.setdefault("disabled", False)
    strategy = spec.get("strategy")
    for style in ("canary", "blueGreen"):
        plan = strategy.get(style) if isinstance(strategy, dict) else None
        for routing in _mappings(plan, "trafficRoutings"):
            routing.setdefault("gracePeriodSeconds", 3)
        for step in _mappings(plan, "steps"):
            for match in _mappings(step, "matches"):
                for pair in (*_mappings(match, "headers"), *_mappings(match, "queryParams")):
                    pair.setdefault("type", "Exact")


def without_nulls(value: Any) -> Any:
    """Plain JSON without the fields that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def set_clone_set_defaults(obj: Object) -> None:
    """The defaults of Kruise's webhook for CloneSets (openkruise/kruise pkg/control/clonesets, apis/apps/defaults)."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec.setdefault("updateStrategy", {})
    if isinstance(strategy, dict):
        strategy.setdefault("type", "ReCreate")
        strategy.setdefault("partition", 0)
        strategy.setdefault("maxUnavailable", "20%")
        strategy.setdefault("maxSurge", 0)
    set_template_defaults(spec)


def set_advanced_stateful_set_defaults(obj: Object) -> None:
    """The defaults of Kruise's webhook for StatefulSets."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if isinstance(strategy, dict) and strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        for field, value in (("partition", 0), ("maxUnavailable", 1), ("podUpdatePolicy", "ReCreate")):
            rolling.setdefault(field, value)
    set_template_defaults(spec)


def _mappings(value: Any, field: str) -> list[dict[str, Any]]:
    found = value.get(field) if isinstance(value, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def check_rollout(obj: Object) -> list[Cause]:
    """The fields of a Rollout that are missing or of another type than the CRD has."""
    return misfits(obj.get("spec"), SPEC, "spec", "spec")


def check_rollout_status(obj: Object) -> list[Cause]:
    """The same for its status: nothing but types is looked at there."""
    return misfits(obj.get("status"), STATUS, "status", "status") if obj.get("status") is not None else []
