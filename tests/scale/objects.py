"""Objects of a large cluster as JSON text: 20 pods for each release, and what a release is made of.

A pod is as long as one of a real cluster (8.1 kB with managedFields), because what is skipped costs time too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PODS_PER_RELEASE = 20
NAMESPACES = 50
NODES = 200
CREATED = "2026-03-02T08:15:30Z"


def _fields(manager: str, paths: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": CREATED}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": paths}
    return entry | ({"subresource": subresource} if subresource else {})


def _owned_fields(names: tuple[str, ...]) -> dict[str, Any]:
    return {f"f:{name}": {".": {}, "f:value": {}, "f:valueFrom": {".": {}, "f:secretKeyRef": {}}} for name in names}


_ENV = tuple(f"SERVICE_{word}_{part}" for word in ("PAY", "CART", "MAIL") for part in ("HOST", "PORT", "TOKEN"))
_LABELS = {"app.kubernetes.io/name": "@APP@", "app": "@APP@", "version": "@VERSION@", "pod-template-hash": "@HASH@"}
_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def _managed() -> list[dict[str, Any]]:
    container = {
        ".": {}, "f:env": {".": {}} | {f'k:{{"name":"{n}"}}': {".": {}, "f:name": {}, "f:value": {}} for n in _ENV},
        "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:ports": {".": {}, "f:containerPort": {}},
        "f:livenessProbe": {".": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}}, "f:periodSeconds": {}},
        "f:readinessProbe": {".": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}}, "f:periodSeconds": {}},
        "f:resources": {".": {}, "f:limits": {".": {}, "f:memory": {}}, "f:requests": {".": {}, "f:cpu": {}}},
        "f:terminationMessagePath": {}, "f:volumeMounts": _owned_fields(("/etc/web",)),
    }  # fmt: skip
    spec = {
        "f:metadata": {"f:labels": {f"f:{name}": {} for name in _LABELS}, "f:ownerReferences": {".": {}}},
        "f:spec": {"f:containers": {'k:{"name":"web"}': container, 'k:{"name":"proxy"}': container}},
    }
    status: dict[str, Any] = {
        "f:status": {"f:conditions": {f'k:{{"type":"{name}"}}': {".": {}, "f:status": {}} for name in _CONDITIONS}}
    }
    return [_fields("kube-controller-manager", spec), _fields("kubelet", status, "status")]


def _container(name: str, image: str) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1}
    return {
        "name": name, "image": image, "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 8080}],
        "env": [{"name": n, "value": f"{n.lower()}.@NAMESPACE@.svc.cluster.local"} for n in _ENV],
        "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "livenessProbe": probe, "readinessProbe": probe, "terminationMessagePath": "/dev/termination-log",
        "volumeMounts": [{"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    }  # fmt: skip


def _container_status(name: str, image: str) -> dict[str, Any]:
    return {
        "name": name, "ready": True, "started": True, "restartCount": 0, "image": image,
        "imageID": f"{image}@sha256:" + "3f" * 32, "containerID": "containerd://" + "9c" * 16 + "@UID@",
        "state": {"running": {"startedAt": CREATED}}, "lastState": {},
    }  # fmt: skip


def _pod() -> dict[str, Any]:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "@OWNER@", "uid": "uid-@OWNER@"}
    web, proxy = "registry.example/@APP@:@VERSION@", "registry.example/mesh/proxy:1.24.3"
    return {
        "metadata": {
            "name": "@NAME@", "generateName": "@OWNER@-", "namespace": "@NAMESPACE@", "uid": "@UID@",
            "resourceVersion": "@REVISION@", "creationTimestamp": CREATED, "labels": _LABELS,
            "annotations": {"prometheus.io/scrape": "true", "checksum/config": "ab" * 32},
            "ownerReferences": [owner | {"controller": True, "blockOwnerDeletion": True}], "managedFields": _managed(),
        },
        "spec": {
            "volumes": [{"name": "kube-api-access", "projected": {"sources": [{"configMap": {"name": "ca"}}]}}],
            "containers": [_container("web", web), _container("proxy", proxy)], "restartPolicy": "Always",
            "nodeName": "@NODE@", "serviceAccountName": "@APP@", "schedulerName": "default-scheduler",
            "tolerations": [{"key": k, "effect": "NoExecute"} for k in ("not-ready", "unreachable")],
        },
        "status": {
            "phase": "Running", "hostIP": "10.0.0.1", "podIP": "@IP@", "podIPs": [{"ip": "@IP@"}], "startTime": CREATED,
            "conditions": [{"type": n, "status": "@READY@" if n == "Ready" else "True", "lastTransitionTime": CREATED}
                           for n in _CONDITIONS],
            "containerStatuses": [_container_status("web", web), _container_status("proxy", proxy)],
        },
    }  # fmt: skip


POD = json.dumps(_pod(), separators=(",", ":"))


@dataclass(frozen=True)
class Release:
    """A Deployment with its pods, behind a Service of its own."""

    number: int

    @property
    def namespace(self) -> str:
        return f"team-{self.number % NAMESPACES:02d}"

    @property
    def app(self) -> str:
        return f"app-{self.number:05d}"

    @property
    def replica_set(self) -> str:
        return f"{self.app}-6d4cf56db6"

    def labels(self) -> dict[str, str]:
        return {"app": self.app, "version": "v1"}

    def pod(self, index: int, revision: str, ready: str = "True") -> str:
        """One of its pods as JSON text."""
        place = self.number * PODS_PER_RELEASE + index
        values = {
            "NAME": f"{self.replica_set}-{index:05x}", "OWNER": self.replica_set, "NAMESPACE": self.namespace,
            "UID": f"7a1c0d3e-0000-4000-8000-{place:012x}", "REVISION": revision, "APP": self.app, "VERSION": "v1",
            "HASH": "6d4cf56db6", "NODE": f"node-{place % NODES:03d}", "READY": ready,
            "IP": f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}",
        }  # fmt: skip
        text = POD
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        return text

    def _meta(self, name: str, labels: dict[str, str], owner: tuple[str, str] | None = None) -> dict[str, Any]:
        meta = {"name": name, "namespace": self.namespace, "uid": f"uid-{name}", "labels": labels, "generation": 1}
        meta |= {"resourceVersion": "900", "creationTimestamp": CREATED}
        if owner:
            kind, of = owner
            meta["ownerReferences"] = [{"kind": kind, "name": of, "uid": f"uid-{of}", "controller": True}]
        return meta

    def others(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Everything but the pods, each with the plural of its kind."""
        labels, count = self.labels(), PODS_PER_RELEASE
        containers = [_container("web", f"registry.example/{self.app}:v1")]
        spec = {"replicas": count, "selector": {"matchLabels": labels}}
        spec["template"] = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        counts = {"replicas": count, "readyReplicas": count, "availableReplicas": count, "observedGeneration": 1}
        revision = {"deployment.kubernetes.io/revision": "1"}
        deployment = {"metadata": self._meta(self.app, labels) | {"annotations": revision}, "spec": spec}
        yield "deployments", deployment | {"status": counts | {"updatedReplicas": count}}
        owned = self._meta(self.replica_set, labels, ("Deployment", self.app)) | {"annotations": revision}
        yield "replicasets", {"metadata": owned, "spec": spec, "status": counts}
        ports = [{"port": 80, "targetPort": 8080}]
        service = {"selector": labels, "ports": ports, "clusterIP": f"10.96.{self.number >> 8}.{self.number & 255}"}
        yield "services", {"metadata": self._meta(self.app, labels), "spec": service}
        endpoints = [
            {"addresses": [f"10.0.0.{n}"], "conditions": {"ready": True},
             "targetRef": {"kind": "Pod", "name": f"{self.replica_set}-{n:05x}", "namespace": self.namespace}}
            for n in range(count)
        ]  # fmt: skip
        named = self._meta(f"{self.app}-x7k2p", {"kubernetes.io/service-name": self.app})
        yield "endpointslices", {"metadata": named, "endpoints": endpoints, "ports": [{"port": 8080}]}
