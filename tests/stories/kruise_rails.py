"""What of Kruise's objects belongs to a story."""

from __future__ import annotations

import json
from typing import Any

from tests.stories.story import Obj, Watched, conditions, count, status

ROLLOUTS = "rollouts.rollouts.kruise.io/v1beta1"
BATCHES = "batchreleases.rollouts.kruise.io/v1beta1"
ROUTES = "httproutes.gateway.networking.k8s.io/v1"
MESHES = "virtualservices.networking.istio.io/v1"
OWN = "rollouts.kruise.io/"


def sub(obj: Obj) -> Obj:
    return dict(status(obj).get("canaryStatus") or status(obj).get("blueGreenStatus") or {})


def course(obj: Obj) -> Any:
    """Where a Rollout stands; how many pods it says are new, only once it rests at a step."""
    found = sub(obj)
    told = {
        "phase": status(obj).get("phase"),
        "step": found.get("currentStepIndex"),
        "next": found.get("nextStepIndex"),
        "state": found.get("currentStepState"),
        "finalising": found.get("finalisingStep"),
    }
    if found.get("currentStepState") == "StepPaused":
        told["new"] = found.get("canaryReplicas", found.get("updatedReplicas"))
        told["ready"] = found.get("canaryReadyReplicas", found.get("updatedReadyReplicas"))
    return {key: value for key, value in told.items() if value not in (None, "")}


def top(obj: Obj) -> Any:
    """The copies of the step that printer columns show."""
    return [status(obj).get("currentStepIndex"), status(obj).get("currentStepState")]


def revisions(obj: Obj) -> Any:
    found = sub(obj)
    return [found.get("stableRevision"), found.get("podTemplateHash")] if found else None


def reasons(obj: Obj) -> Any:
    return conditions(obj) or None


def message(obj: Obj) -> Any:
    return status(obj).get("message")


def asked(obj: Obj) -> Any:
    """What a BatchRelease is to do."""
    plan = obj["spec"]["releasePlan"]
    kept = ("batchPartition", "finalizingPolicy", "rollingStyle", "batches", "enableExtraWorkloadForCanary")
    return {key: plan[key] for key in kept if key in plan}


def batch(obj: Obj) -> Any:
    """How far a BatchRelease is; how often it looks before it is ready, and before it is over, is chance."""
    found = status(obj).get("canaryStatus") or {}
    ready = "Ready" if found.get("batchState") == "Ready" else "working"
    phase = status(obj).get("phase")
    return (
        ["over" if phase in ("Finalizing", "Completed") else phase, found.get("currentBatch"), ready] if found else None
    )


def marks(obj: Obj, field: str) -> Obj:
    return {key.partition(OWN)[2]: value for key, value in (obj["metadata"].get(field) or {}).items() if OWN in key}


def held(obj: Obj) -> Any:
    """How Kruise holds a Deployment: its switches and its marks."""
    spec, annotations = obj["spec"], marks(obj, "annotations")
    strategy = json.loads(annotations.get("deployment-strategy") or "{}")
    return {
        "paused": bool(spec.get("paused")),
        "type": spec["strategy"].get("type"),
        "rolling": spec["strategy"].get("rollingUpdate") or strategy.get("rollingUpdate"),
        "partition": strategy.get("partition"),
        "holds": bool(strategy.get("paused")),
        "deadlines": [spec.get("minReadySeconds", 0), spec.get("progressDeadlineSeconds")],
        "annotations": sorted(annotations.keys() - {"deployment-extra-status"}),
        "labels": marks(obj, "labels"),
    }


def image(obj: Obj) -> Any:
    return obj["spec"]["template"]["spec"]["containers"][0]["image"]


def partition(obj: Obj) -> Any:
    rolling = (obj["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return [rolling.get("partition"), sorted(marks(obj, "annotations")), marks(obj, "labels")]


def canary_rules(obj: Obj) -> Any:
    backends = [path["backend"]["service"]["name"] for path in obj["spec"]["rules"][0]["http"]["paths"]]
    annotations = {key: value for key, value in (obj["metadata"].get("annotations") or {}).items() if "canary" in key}
    return {"backends": backends, **annotations}


def route_rules(obj: Obj) -> Any:
    return [
        {
            "to": [[backend["name"], backend.get("weight", 1)] for backend in rule["backendRefs"]],
            "headers": [match.get("headers") for match in rule.get("matches") or []],
        }
        for rule in obj["spec"]["rules"]
    ]


def mesh_rules(obj: Obj) -> Any:
    kept = "original-spec-configuration" in marks(obj, "annotations")
    return {"http": obj["spec"]["http"], "kept": kept}


def own_event(obj: Obj) -> str | None:
    about = obj.get("involvedObject") or {}
    return "Rollout" if about.get("kind") == "Rollout" else None


def own_deployment(obj: Obj) -> str:
    """The extra Deployment's name is made up by the cluster."""
    return "extra" if marks(obj, "labels").get("canary-deployment") else str(obj["metadata"]["name"])


def own_set(obj: Obj) -> str | None:
    """ReplicaSets by their template; the extra Deployment's apart."""
    owner = obj["metadata"]["ownerReferences"][0]["name"]
    return f"{'web' if owner == 'web' else 'extra'} {image(obj)}"


def text_of(obj: Obj) -> Any:
    return f"{obj['reason']}: {obj['message']}" if obj.get("count", 1) == 1 else None


WATCHED = (
    Watched(ROLLOUTS, {"course": course, "top": top, "revisions": revisions, "reasons": reasons, "message": message}),
    Watched(BATCHES, {"asked": asked, "batch": batch}),
    Watched(
        "Deployment",
        {"held": held, "image": image},
        {"updated": count("updatedReplicas")},
        track=own_deployment,
    ),
    Watched("ReplicaSet", {}, {"size": lambda obj: int(obj["spec"].get("replicas", 0))}, track=own_set),
    Watched("Service", {"selector": lambda obj: obj["spec"].get("selector")}),
    Watched("Event", {"told": text_of}, track=own_event),
)
BY_INGRESS = (*WATCHED, Watched("Ingress", {"rules": canary_rules}))
BY_MESH = (*WATCHED, Watched(MESHES, {"rules": mesh_rules}))
BY_ROUTE = (*WATCHED, Watched(ROUTES, {"rules": route_rules}))
NUMBERED = (
    *(watch for watch in WATCHED if watch.kind in (ROLLOUTS, BATCHES)),
    Watched(
        "StatefulSet",
        {"partition": partition, "image": image},
        {"updated": count("updatedReplicas")},
    ),
    Watched("controllerrevisions.apps/v1", {"revision": lambda obj: obj["revision"]}),
)
