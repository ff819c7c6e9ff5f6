"""What the CRDs of Argo Rollouts refuse (argo-rollouts 1.8, manifests/crds): the fields that its controller reads."""

from __future__ import annotations

from cockpit.demo.errors import Cause
from cockpit.demo.rules.crdshapes import BOOLEAN, EITHER, INTEGER, OBJECT, TEXT, TEXTS, Shape, misfits
from cockpit.demo.schemas.objects import Object

METADATA: Shape = {"labels": TEXTS, "annotations": TEXTS}
SELECTOR: Shape = {
    "matchLabels": TEXTS,
    "matchExpressions": [{"key!": TEXT, "operator!": TEXT, "values": [TEXT]}],
}
CONTAINERS: Shape = [{"name!": TEXT, "image": TEXT, "env": [OBJECT], "ports": [OBJECT], "resources": OBJECT}]
TEMPLATE: Shape = {"metadata": METADATA, "spec": {"containers!": CONTAINERS, "initContainers": CONTAINERS}}
ANALYSIS: dict[str, Shape] = {"templates": [{"templateName": TEXT, "clusterScope": BOOLEAN}], "args": [{"name!": TEXT}]}
MATCH: Shape = {"exact": TEXT, "prefix": TEXT, "regex": TEXT}
STEP: Shape = {
    "setWeight": INTEGER,
    "pause": {"duration": EITHER},
    "setCanaryScale": {"replicas": INTEGER, "weight": INTEGER, "matchTrafficWeight": BOOLEAN},
    "setHeaderRoute": {"name": TEXT, "match": [{"headerName!": TEXT, "headerValue": MATCH}]},
    "setMirrorRoute": {
        "name!": TEXT,
        "percentage": INTEGER,
        "match": [{"method": MATCH, "path": MATCH, "headers": {"*": MATCH}}],
    },
    "analysis": ANALYSIS,
    "experiment": {
        "templates!": [{"name!": TEXT, "specRef!": TEXT, "replicas": INTEGER, "weight": INTEGER, "service": OBJECT}],
        "duration": TEXT,
        "analyses": [{"name!": TEXT, "templateName!": TEXT, "clusterScope": BOOLEAN}],
    },
    "plugin": {"name!": TEXT},
}
VIRTUALSERVICE: Shape = {"name!": TEXT, "routes": [TEXT], "tlsRoutes": [OBJECT], "tcpRoutes": [OBJECT]}
ROUTER: Shape = {
    "managedRoutes": [{"name!": TEXT}],
    "maxTrafficWeight": INTEGER,
    "nginx": {
        "stableIngress": TEXT,
        "stableIngresses": [TEXT],
        "annotationPrefix": TEXT,
        "additionalIngressAnnotations": TEXTS,
        "canaryIngressAnnotations": TEXTS,
    },
    "istio": {
        "virtualService": VIRTUALSERVICE,
        "virtualServices": [VIRTUALSERVICE],
        "destinationRule": {"name!": TEXT, "canarySubsetName!": TEXT, "stableSubsetName!": TEXT},
    },
    "plugins": {"*": OBJECT},
}
DELAYS: dict[str, Shape] = {
    "scaleDownDelaySeconds": INTEGER,
    "scaleDownDelayRevisionLimit": INTEGER,
    "abortScaleDownDelaySeconds": INTEGER,
    "maxUnavailable": EITHER,
    "antiAffinity": OBJECT,
}
CANARY: Shape = {
    **DELAYS,
    "canaryService": TEXT,
    "stableService": TEXT,
    "maxSurge": EITHER,
    "steps": [STEP],
    "trafficRouting": ROUTER,
    "dynamicStableScale": BOOLEAN,
    "minPodsPerReplicaSet": INTEGER,
    "canaryMetadata": METADATA,
    "stableMetadata": METADATA,
    "pingPong": {"pingService!": TEXT, "pongService!": TEXT},
    "analysis": {**ANALYSIS, "startingStep": INTEGER},
}
BLUE_GREEN: Shape = {
    **DELAYS,
    "activeService!": TEXT,
    "previewService": TEXT,
    "previewReplicaCount": INTEGER,
    "autoPromotionEnabled": BOOLEAN,
    "autoPromotionSeconds": INTEGER,
    "previewMetadata": METADATA,
    "activeMetadata": METADATA,
    "prePromotionAnalysis": ANALYSIS,
    "postPromotionAnalysis": ANALYSIS,
}
SPEC: Shape = {
    "replicas": INTEGER,
    "paused": BOOLEAN,
    "minReadySeconds": INTEGER,
    "revisionHistoryLimit": INTEGER,
    "progressDeadlineSeconds": INTEGER,
    "progressDeadlineAbort": BOOLEAN,
    "restartAt": TEXT,
    "rollbackWindow": {"revisions": INTEGER},
    "selector": SELECTOR,
    "template": TEMPLATE,
    "workloadRef": {"apiVersion": TEXT, "kind": TEXT, "name": TEXT, "scaleDown": TEXT},
    "strategy": {"canary": CANARY, "blueGreen": BLUE_GREEN},
}
DESTINATION: Shape = {"weight!": INTEGER, "serviceName": TEXT, "podTemplateHash": TEXT}
RUN: Shape = {"name!": TEXT, "status!": TEXT, "message": TEXT}
CONDITION: Shape = {
    "type!": TEXT,
    "status!": TEXT,
    "reason!": TEXT,
    "message!": TEXT,
    "lastUpdateTime!": TEXT,
    "lastTransitionTime!": TEXT,
}
STATUS: Shape = {
    **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "HPAReplicas"), INTEGER),
    **dict.fromkeys(("phase", "message", "currentPodHash", "stableRS", "currentStepHash", "selector"), TEXT),
    **dict.fromkeys(("observedGeneration", "workloadObservedGeneration", "abortedAt", "restartedAt"), TEXT),
    **dict.fromkeys(("abort", "promoteFull", "controllerPause"), BOOLEAN),
    "collisionCount": INTEGER,
    "currentStepIndex": INTEGER,
    "pauseConditions": [{"reason!": TEXT, "startTime!": TEXT}],
    "conditions": [CONDITION],
    "canary": {
        "weights": {"canary!": DESTINATION, "stable!": DESTINATION, "additional": [DESTINATION], "verified": BOOLEAN},
        "currentStepAnalysisRunStatus": RUN,
        "currentBackgroundAnalysisRunStatus": RUN,
        "currentExperiment": TEXT,
        "stablePingPong": TEXT,
        "stepPluginStatuses": [{"index!": INTEGER, "name!": TEXT, "phase": TEXT}],
    },
    "blueGreen": {
        "activeSelector": TEXT,
        "previewSelector": TEXT,
        "scaleUpPreviewCheckPoint": BOOLEAN,
        "prePromotionAnalysisRunStatus": RUN,
        "postPromotionAnalysisRunStatus": RUN,
    },
}


def check_argo_rollout(obj: Object) -> list[Cause]:
    """The fields of a Rollout's spec that have another type."""
    if obj.get("spec") is None:
        return [Cause("spec", "Required value", "FieldValueRequired")]
    return misfits(obj["spec"], SPEC, "spec", "spec")


def check_argo_status(obj: Object) -> list[Cause]:
    """The fields of a Rollout's status that have another type; messages name them from the status on."""
    return misfits(obj.get("status") or {}, STATUS, "status", "")
