"""Rollouts of Argo Rollouts in memory, at the moments that a controller leaves them in."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cockpit.model.objects import Obj
from cockpit.model.plan import Act, Ask, Plan, Refused, Request
from cockpit.model.refs import ARGO_ROLLOUTS, Ref
from cockpit.model.rollout import Rollout
from cockpit.systems.argo.adapter import ArgoSystem
from tests.objects import Cluster, ConflictError, Doc, owner, pod

SYSTEM = ArgoSystem()
NAME = "web"
OLD, NEW = "7d84d44bb8", "6f9c5d7b8"
HASH = "rollouts-pod-template-hash"
STEPS: list[Any] = [{"setWeight": 20}, {"pause": {}}, {"setWeight": 60}, {"pause": {"duration": "10m"}}]
NGINX: Doc = {"nginx": {"stableIngress": "web"}}


def template(tag: str) -> Doc:
    return {
        "metadata": {"labels": {"app": NAME}},
        "spec": {"containers": [{"name": "app", "image": f"shop/web:{tag}"}]},
    }


def rollout(strategy: Doc, tag: str = "v2", replicas: int = 5, **spec: Any) -> Doc:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": NAME, "generation": 7},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": NAME}},
            "strategy": strategy,
            "template": template(tag),
            **spec,
        },
    }


def canary(steps: list[Any] | None = None, routing: Doc | None = None, **fields: Any) -> Doc:
    routed = {"trafficRouting": routing} if routing else {}
    names = {"stableService": "web-stable", "canaryService": "web-canary"} if routing else {}
    return {"canary": {"steps": STEPS if steps is None else steps, **names, **routed, **fields}}


def blue_green(**fields: Any) -> Doc:
    return {"blueGreen": {"activeService": "web-stable", "previewService": "web-canary", **fields}}


def replica_set(
    cluster: Cluster, hash_: str, tag: str, revision: int, pods: int, *, ready: int | None = None, **annotations: str
) -> Doc:
    """A ReplicaSet as the controller makes it: with the API's defaults in its template, and its pods."""
    kept = template(tag)
    kept["metadata"]["labels"][HASH] = hash_
    kept["spec"] |= {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst"}
    kept["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
    doc: Doc = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{NAME}-{hash_}",
            "namespace": "default",
            "labels": dict(kept["metadata"]["labels"]),
            "creationTimestamp": f"2026-01-0{revision}T00:00:00Z",
            "annotations": {"rollout.argoproj.io/revision": str(revision), **annotations},
            "ownerReferences": [owner(cluster.doc("Rollout", NAME))],
        },
        "spec": {"replicas": pods, "selector": {"matchLabels": kept["metadata"]["labels"]}, "template": kept},
        "status": {"replicas": pods, "readyReplicas": pods},
    }
    cluster.add(doc)
    made = cluster.doc("ReplicaSet", doc["metadata"]["name"])
    for number in range(pods):
        cluster.add(pod(made, number, ready=number < (pods if ready is None else ready)))
    return made


def service(name: str, pinned: str | None = None) -> Doc:
    selector = {"app": NAME} | ({HASH: pinned} if pinned else {})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector, "ports": [{"port": 80, "name": "http"}]},
    }


def ingress(name: str, backend: str, **annotations: str) -> Doc:
    leads = {"service": {"name": backend, "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "annotations": {f"nginx.ingress.kubernetes.io/{k.replace('_', '-')}": v for k, v in annotations.items()},
        },
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": "web.test", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": leads}]}}],
        },
    }


def status(**fields: Any) -> Doc:
    """Paused at the first pause, as persisted; `fields` replace, None takes away."""
    found = {
        "phase": "Paused",
        "message": "CanaryPauseStep",
        "observedGeneration": "7",
        "currentPodHash": NEW,
        "stableRS": OLD,
        "currentStepIndex": 1,
        "currentStepHash": "849b756fd4",
        "controllerPause": True,
        "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": "2026-01-01T10:00:00Z"}],
        "replicas": 6,
        "updatedReplicas": 1,
        "readyReplicas": 6,
        "availableReplicas": 6,
        "blueGreen": {},
        "canary": {},
        "conditions": [{"type": "Available", "status": "True", "reason": "AvailableReason"}],
    } | fields
    return {key: value for key, value in found.items() if value is not None}


PROMOTED: Doc = {
    "phase": "Healthy",
    "message": None,
    "stableRS": NEW,
    "currentStepIndex": 4,
    "controllerPause": None,
    "pauseConditions": None,
}
RUNNING: Doc = {
    "phase": "Progressing",
    "message": "more replicas need to be updated",
    "controllerPause": None,
    "pauseConditions": None,
}
ABORTED: Doc = {
    "phase": "Degraded",
    "message": "RolloutAborted: Rollout aborted update to revision 2",
    "abort": True,
    "abortedAt": "2026-01-01T10:00:00Z",
    "currentStepIndex": 0,
    "controllerPause": None,
    "pauseConditions": None,
    "conditions": [
        {
            "type": "Progressing",
            "status": "False",
            "reason": "RolloutAborted",
            "message": "Rollout aborted update to revision 2",
        }
    ],
}


def cluster_of(doc: Doc, **fields: Any) -> Cluster:
    """The Rollout with this status; no ReplicaSets yet."""
    return Cluster([{**copy.deepcopy(doc), "status": status(**fields)}])


def basic(steps: list[Any] | None = None, old: int = 4, new: int = 1, **fields: Any) -> Cluster:
    """A canary without a router, behind one Service."""
    cluster = cluster_of(rollout(canary(steps)), **fields)
    replica_set(cluster, OLD, "v1", 1, old)
    replica_set(cluster, NEW, "v2", 2, new)
    return cluster.add(service("web")).balance()


def routed(weight: int = 20, strategy: Doc | None = None, **fields: Any) -> Cluster:
    """A canary behind a stable and a canary Ingress."""
    weights = {
        "canary": {"weight": weight, "serviceName": "web-canary", "podTemplateHash": NEW},
        "stable": {"weight": 100 - weight, "serviceName": "web-stable", "podTemplateHash": OLD},
    }
    cluster = cluster_of(rollout(strategy or canary(routing=NGINX)), **({"canary": {"weights": weights}} | fields))
    replica_set(cluster, OLD, "v1", 1, 5)
    replica_set(cluster, NEW, "v2", 2, 1)
    cluster.add(service("web-stable", OLD), service("web-canary", NEW))
    cluster.add(ingress("web", "web-stable"))
    cluster.add(ingress("web-web-canary", "web-canary", canary="true", canary_weight=str(weight)))
    return cluster.balance()


def previewed(strategy: Doc | None = None, **fields: Any) -> Cluster:
    """A blue-green release that waits for the switch."""
    pause = [{"reason": "BlueGreenPause", "startTime": "2026-01-01T10:00:00Z"}]
    said = {
        "message": "BlueGreenPause",
        "pauseConditions": pause,
        "currentStepIndex": None,
        "blueGreen": {"activeSelector": OLD, "previewSelector": NEW},
    }
    doc = rollout(strategy or blue_green(autoPromotionEnabled=False))
    cluster = cluster_of(doc, **(said | fields))
    replica_set(cluster, OLD, "v1", 1, 5)
    replica_set(cluster, NEW, "v2", 2, 5)
    return cluster.add(service("web-stable", OLD), service("web-canary", NEW)).balance()


def found(cluster: Cluster) -> Obj:
    doc = cluster.get(ARGO_ROLLOUTS, "default", NAME)
    assert doc is not None
    return doc


def read(cluster: Cluster) -> Rollout:
    (made,) = SYSTEM.read(found(cluster), cluster)
    return made


def planned(cluster: Cluster, ask: Ask | Act) -> Plan:
    plan = SYSTEM.plan(read(cluster), ask if isinstance(ask, Ask) else Ask(ask), cluster)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(cluster: Cluster, ask: Ask | Act) -> str:
    answer = SYSTEM.plan(read(cluster), ask if isinstance(ask, Ask) else Ask(ask), cluster)
    assert isinstance(answer, Refused), answer
    return answer.why


def said(cluster: Cluster) -> Doc:
    """The status as it stands."""
    raw: Doc = cluster.doc("Rollout", NAME)["status"]
    return raw


def shares(cluster: Cluster, lane: int = 0) -> dict[str, tuple[float | None, float | None]]:
    """Declared and written by version, rounded to thousandths."""

    def short(share: float | None) -> float | None:
        return None if share is None else round(share, 3)

    return {s.version: (short(s.declared), short(s.written)) for s in read(cluster).lanes[lane].shares}


def ids(cluster: Cluster) -> set[str]:
    return {finding.id for finding in read(cluster).findings}


def text_of(cluster: Cluster, kind: str) -> str:
    return next(f"{f.text} ({f.evidence})" for f in read(cluster).findings if f.id == kind)


def ref() -> Ref:
    return Ref(ARGO_ROLLOUTS, "default", NAME)


def send(cluster: Cluster, request: Request) -> None:
    """As the API server does: a changed spec is another generation; a status patch leaves the spec alone."""
    key = (request.ref.resource.kind, request.ref.namespace, request.ref.name)
    before = copy.deepcopy(cluster.docs[key])
    cluster.send(request)
    after = cluster.docs[key]
    if request.subresource == "status":
        after["spec"] = before["spec"]
    elif after.get("spec") != before.get("spec"):
        after["metadata"]["generation"] += 1
        after["status"] = before.get("status", {})


def only_once(cluster: Cluster, plan: Plan) -> Cluster:
    """Send a plan, and see that none of its requests is taken a second time."""
    for request in plan.requests:
        send(cluster, request)
    for request in plan.requests:
        with pytest.raises(ConflictError):
            send(cluster, request)
    return cluster


def promoted(**fields: Any) -> Cluster:
    """v3 is released, after v1 and v2; nothing of those runs any more."""
    cluster = Cluster(
        [
            {
                **rollout(canary(), "v3", **fields),
                "status": status(**{**PROMOTED, "currentPodHash": "h3", "stableRS": "h3"}),
            }
        ]
    )
    replica_set(cluster, "h1", "v1", 1, 0)
    replica_set(cluster, "h2", "v2", 2, 0)
    replica_set(cluster, "h3", "v3", 3, 5)
    return cluster.add(service("web")).balance()
