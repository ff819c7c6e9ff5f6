"""Kruise Rollouts in memory, at the moments that their controller leaves them in."""

from __future__ import annotations

import copy
from typing import Any

from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import KRUISE_ROLLOUTS
from cockpit.model.rollout import Rollout
from cockpit.systems.kruise.adapter import KruiseSystem
from tests.objects import Cluster, Doc, seed

SYSTEM = KruiseSystem()
NAME = "web"
STEPS: list[Doc] = [
    {"traffic": "20%", "replicas": 1, "pause": {}},
    {"traffic": "50%", "replicas": 2, "pause": {"duration": 60}},
    {"traffic": "80%", "replicas": 3, "pause": {}},
]
ROUTING: Doc = {"service": "echoserver", "ingress": {"name": "echoserver", "classType": "nginx"}}


def spec(steps: list[Doc] | None = None, routing: Doc | None = ROUTING, style: str = "canary", **more: Any) -> Doc:
    part = {"steps": copy.deepcopy(STEPS if steps is None else steps), **more}
    if routing:
        part["trafficRoutings"] = [copy.deepcopy(routing)]
    return {
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "echoserver"},
        "strategy": {style: part},
    }


def resting(body: Doc | None = None, old: str = "1.10.2", pods: int = 4) -> Cluster:
    """Everything stands with the old version, and the Rollout waits for a release."""
    (application,) = copy.deepcopy(seed("kruise-echoserver"))
    application["spec"]["replicas"] = pods
    application["metadata"]["labels"]["rollouts.kruise.io/workload-type"] = "deployment"
    image(application, old)
    cluster = Cluster([*seed("kruise-service"), *seed("kruise-ingress-nginx"), application]).run("echoserver")
    cluster.add(
        {
            "apiVersion": "rollouts.kruise.io/v1beta1",
            "kind": "Rollout",
            "metadata": {"name": NAME, "generation": 1},
            "spec": body or spec(),
            "status": {
                "phase": "Healthy",
                "observedGeneration": 1,
                "canaryStatus": {"currentStepIndex": 3, "currentStepState": "Completed", "nextStepIndex": -1},
            },
        }
    )
    return cluster


def image(application: Doc, tag: str) -> None:
    container = application["spec"]["template"]["spec"]["containers"][0]
    container["image"] = f"openkruise/demo:{tag}"


def releasing(
    index: int = 1,
    state: str = "StepPaused",
    *,
    body: Doc | None = None,
    new: int = 1,
    ready: int | None = None,
    pods: int = 4,
    **status: Any,
) -> Cluster:
    """A release of 1.10.3 under way with `new` of its pods, the Services pinned and the canary Ingress as asked."""
    cluster = resting(body, pods=pods)
    application = cluster.doc("Deployment", "echoserver")
    (first,) = sets(cluster)
    old_hash = first["metadata"]["labels"]["pod-template-hash"]
    image(application, "1.10.3")
    application["spec"]["replicas"] = new
    cluster.run("echoserver", ready=ready)
    application = cluster.doc("Deployment", "echoserver")
    application["spec"] |= {"replicas": pods, "paused": True}
    second = next(s for s in sets(cluster) if s["metadata"]["labels"]["pod-template-hash"] != old_hash)
    second["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2"
    new_hash = second["metadata"]["labels"]["pod-template-hash"]
    first = next(s for s in sets(cluster) if s is not second)
    first["spec"]["replicas"] = first["status"]["replicas"] = pods - new
    for number in range(pods - new, pods):
        cluster.docs.pop(("Pod", "default", f"{first['metadata']['name']}-{number}"))
    rollout = cluster.doc("KruiseRollout", NAME)
    step = next(iter(rollout["spec"]["strategy"].values()))["steps"][index - 1]
    part = "blueGreenStatus" if "blueGreen" in rollout["spec"]["strategy"] else "canaryStatus"
    rollout["status"] = {
        "phase": "Progressing",
        "observedGeneration": 1,
        "conditions": [{"type": "Progressing", "status": "True", "reason": "InRolling"}],
        part: {
            "currentStepIndex": index,
            "currentStepState": state,
            "nextStepIndex": index + 1,
            "stableRevision": old_hash,
            "podTemplateHash": new_hash,
            "canaryRevision": "abc",
            "lastUpdateTime": "2026-01-01T00:00:00Z",
            **status,
        },
    }
    if "trafficRoutings" in next(iter(rollout["spec"]["strategy"].values())):
        route(cluster, step, old_hash, new_hash)
    return cluster.balance()


def rolled_back() -> Cluster:
    """A release that went back while its first step waited: the status keeps what it said of that step."""
    cluster = releasing()
    status = cluster.doc("KruiseRollout", NAME)["status"]
    status["phase"] = "Healthy"
    status["conditions"] = [
        {"type": "Progressing", "status": "False", "reason": "Completed"},
        {"type": "Succeeded", "status": "False"},
    ]
    application = cluster.doc("Deployment", "echoserver")
    image(application, "1.10.2")
    application["spec"]["paused"] = False
    for name in ("Service", "Ingress"):
        cluster.remove(name, "echoserver-canary")
    del cluster.doc("Service", "echoserver")["spec"]["selector"]["pod-template-hash"]
    newest = max(sets(cluster), key=lambda s: s["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    newest["spec"]["replicas"] = newest["status"]["replicas"] = 0
    cluster.docs.pop(("Pod", "default", f"{newest['metadata']['name']}-0"))
    return cluster.run("echoserver")


def route(cluster: Cluster, step: Doc, old_hash: str, new_hash: str) -> None:
    """What the controller writes for a step: both Services pinned, a canary Ingress with its annotations."""
    service = cluster.doc("Service", "echoserver")
    second = copy.deepcopy(service)
    second["metadata"] = {"name": "echoserver-canary"}
    service["spec"]["selector"]["pod-template-hash"] = old_hash
    second["spec"]["selector"]["pod-template-hash"] = new_hash
    ingress = copy.deepcopy(cluster.doc("Ingress", "echoserver"))
    prefix = "nginx.ingress.kubernetes.io/canary"
    annotations = {prefix: "true"}
    if "traffic" in step:
        annotations[f"{prefix}-weight"] = step["traffic"].removesuffix("%")
    for match in step.get("matches", ()):
        annotations[f"{prefix}-by-header"] = match["headers"][0]["name"]
        annotations[f"{prefix}-by-header-value"] = match["headers"][0]["value"]
    ingress["metadata"] = {"name": "echoserver-canary", "annotations": annotations}
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "echoserver-canary"
    cluster.add(second, ingress)


def sets(cluster: Cluster) -> list[Doc]:
    return [doc for (kind, _, _), doc in cluster.docs.items() if kind == "ReplicaSet"]


def read(cluster: Cluster) -> Rollout:
    found = cluster.get(KRUISE_ROLLOUTS, "default", NAME)
    assert found is not None
    (rollout,) = SYSTEM.read(found, cluster)
    return rollout


def planned(cluster: Cluster, ask: Ask) -> Plan:
    plan = SYSTEM.plan(read(cluster), ask, cluster)
    assert isinstance(plan, Plan), plan
    return plan


def refusal(cluster: Cluster, ask: Ask) -> str:
    answer = SYSTEM.plan(read(cluster), ask, cluster)
    assert isinstance(answer, Refused), answer
    return answer.why


def ids(rollout: Rollout) -> set[str]:
    return {finding.id for finding in rollout.findings}


def written(rollout: Rollout, lane: str = "default") -> dict[str, float | None]:
    found = next(one for one in rollout.lanes if one.name == lane)
    return {share.version: share.written for share in found.shares}


def declared(rollout: Rollout, lane: str = "default") -> dict[str, float | None]:
    found = next(one for one in rollout.lanes if one.name == lane)
    return {share.version: share.declared for share in found.shares}
