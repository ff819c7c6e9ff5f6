"""Pods as a kubelet reports them: whole objects of several kilobytes, each event with new times and versions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from cockpit.model.ages import utc_time

_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def lifecycle(number: int, rng: random.Random, at: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a pod from its creation to its end: type and object."""
    name = f"web-{rng.getrandbits(40):010x}-{number:05d}"
    base = _pod(name, rng)
    states: tuple[tuple[str, str, int, str], ...] = (
        ("ADDED", "Pending", 0, ""),
        ("MODIFIED", "Pending", 1, ""),
        ("MODIFIED", "Pending", 2, "ContainerCreating"),
        ("MODIFIED", "Running", 2, "running"),
        ("MODIFIED", "Running", 5, "ready"),
        ("MODIFIED", "Running", 5, "leaving"),
        ("MODIFIED", "Running", 2, "leaving"),
        ("DELETED", "Running", 2, "leaving"),
    )
    for step, (type, phase, true, state) in enumerate(states):
        yield type, _at_step(base, phase, true, state, rng, at + step)


def _pod(name: str, rng: random.Random) -> dict[str, Any]:
    env = [{"name": f"SETTING_{n}", "value": f"value-{n}"} for n in range(20)]
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 5, "timeoutSeconds": 1}
    container = {
        "name": "app",
        "image": "registry.example.com/shop/web:v2",
        "env": env,
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}},
        "livenessProbe": probe,
        "readinessProbe": probe,
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
    }
    fields: dict[str, Any] = {f"f:{key}": {f"f:{n}": {} for n in range(40)} for key in ("metadata", "spec", "status")}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "generateName": "web-7d9f8c6b5-",
            "namespace": "shop",
            "uid": f"{rng.getrandbits(128):032x}",
            "labels": {"app": "web", "version": "v2", "pod-template-hash": "7d9f8c6b5"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7d9f8c6b5", "uid": "u-1"}],
            "managedFields": [{"manager": "kubelet", "operation": "Update", "fieldsV1": fields}],
        },
        "spec": {
            "containers": [container],
            "volumes": [{"name": "kube-api-access", "projected": {"sources": [{"configMap": {"name": "root"}}]}}],
            "restartPolicy": "Always",
            "serviceAccountName": "default",
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "tolerationSeconds": 300}],
        },
    }


def _at_step(base: dict[str, Any], phase: str, true: int, state: str, rng: random.Random, at: float) -> dict[str, Any]:
    now = f"2026-01-01T{utc_time(at)[:8]}Z"
    metadata = {**base["metadata"], "resourceVersion": str(100_000 + int(at * 7) + rng.randrange(5)), "generation": 1}
    if state == "leaving":
        metadata["deletionTimestamp"] = now
    conditions = [
        {"type": type, "status": "True" if place < true else "False", "lastTransitionTime": now}
        for place, type in enumerate(_CONDITIONS)
    ]
    status: dict[str, Any] = {"phase": phase, "conditions": conditions[: max(true, 1)], "qosClass": "Burstable"}
    if state:
        running = state != "ContainerCreating"
        one = {"name": "app", "ready": state == "ready", "restartCount": 0, "image": "registry.example.com/shop/web:v2"}
        one["state"] = {"running": {"startedAt": now}} if running else {"waiting": {"reason": state}}
        if running:
            one["containerID"] = f"containerd://{rng.getrandbits(256):064x}"
            status["podIP"] = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
        status["containerStatuses"] = [one]
    return {
        **base,
        "metadata": metadata,
        "status": status,
        "spec": {**base["spec"], "nodeName": f"node-{number_of(base)}"},
    }


def number_of(base: dict[str, Any]) -> int:
    """The node of a pod."""
    return sum(map(ord, base["metadata"]["name"])) % 40
