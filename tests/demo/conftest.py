"""An embedded cluster's half without the API: storage, held clock, controllers."""

from __future__ import annotations

import random
from typing import Any

import pytest

from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers import build_runtime
from cockpit.demo.controllers.runtime import Runtime
from cockpit.demo.gateway.decisions import Decision, Forward
from cockpit.demo.gateway.rules import Upstream
from cockpit.demo.schemas.kinds import DEPLOYMENTS, ENDPOINTSLICES, EVENTS, INGRESSES, PODS, REPLICASETS, SERVICES
from cockpit.demo.store.storage import Storage, ensure_namespace


def upstream_of(decision: Decision) -> Upstream | None:
    """The Service port that gets the request, if one does."""
    if isinstance(decision, Forward):
        return decision.upstream
    return decision if isinstance(decision, Upstream) else None


def chosen(decision: Decision) -> Upstream | int:
    """The Service port that gets the request, or the status, where no other path and no redirect is asked for."""
    assert isinstance(decision, Upstream | int)
    return decision


class Bench:
    """A cluster whose time the test moves; everything in it is synchronous."""

    def __init__(self, seed: int = 1) -> None:
        self.clock = DemoClock()
        self.clock.hold()
        self.storage = Storage(self.clock, random.Random(seed))
        ensure_namespace(self.storage, "default")
        self.runtime: Runtime = build_runtime(self.storage, self.clock, random.Random(seed))
        self.runtime.start()

    def settle(self, seconds: float = 0.0) -> None:
        """Let time pass in small steps, each until nothing is left to do."""
        self.runtime.drain(limit=20_000)
        for _ in range(round(seconds / 0.25)):
            self.clock.advance(0.25)
            self.runtime.drain(limit=20_000)

    def deploy(self, name: str, image: str, replicas: int = 3, **more: Any) -> dict[str, Any]:
        return self.storage.create(DEPLOYMENTS, deployment(name, image, replicas, **more))

    def change(self, name: str, **spec: Any) -> None:
        stored = self.storage.get(DEPLOYMENTS, "default", name)
        stored["spec"].update(spec)
        self.storage.update(DEPLOYMENTS, stored)

    def set_image(self, name: str, image: str) -> None:
        stored = self.storage.get(DEPLOYMENTS, "default", name)
        stored["spec"]["template"]["spec"]["containers"][0]["image"] = image
        self.storage.update(DEPLOYMENTS, stored)

    def deployment(self, name: str) -> dict[str, Any]:
        return self.storage.get(DEPLOYMENTS, "default", name)

    def conditions(self, name: str) -> dict[str, tuple[str, str]]:
        found = self.deployment(name).get("status", {}).get("conditions", [])
        return {entry["type"]: (entry["status"], entry["reason"]) for entry in found}

    def replicasets(self) -> list[dict[str, Any]]:
        found = self.storage.list(REPLICASETS)
        return sorted(found, key=lambda rs: int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"]))

    def pods(self, image: str = "") -> list[dict[str, Any]]:
        return [pod for pod in self.storage.list(PODS) if pod["spec"]["containers"][0]["image"].endswith(image)]

    def ready_addresses(self, service: str) -> set[str]:
        return {
            endpoint["targetRef"]["name"]
            for piece in self.storage.list(ENDPOINTSLICES)
            if piece["metadata"]["labels"]["kubernetes.io/service-name"] == service
            for endpoint in piece["endpoints"]
            if endpoint["conditions"]["ready"]
        }

    def events(self, name: str) -> list[str]:
        found = [event for event in self.storage.list(EVENTS) if event["involvedObject"]["name"] == name]
        return [f"{event['reason']}: {event['message']}" for event in found]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def deployment(name: str, image: str, replicas: int = 3, port: int = 8080, **more: Any) -> dict[str, Any]:
    """A Deployment of pods labelled app=NAME; `annotations` go to the pods, `labels` beside app."""
    labels = {"app": name, **more.pop("labels", {})}
    container = {"name": "main", "image": image, "ports": [{"name": "http", "containerPort": port}]}
    template = {
        "metadata": {"labels": labels, "annotations": more.pop("annotations", {})},
        "spec": {"containers": [container]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **more}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


def service(
    name: str, selector: dict[str, str], port: int = 80, target: int | str = 8080, **spec: Any
) -> dict[str, Any]:
    ports = [{"port": port, "targetPort": target, "protocol": "TCP"}]
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector, "ports": ports, **spec},
    }


def ingress(
    name: str,
    service: str,
    host: str = "www.example.com",
    path: str = "/",
    path_type: str = "Prefix",
    class_name: str = "nginx",
    created: str = "",
    port: int = 80,
    **canary: str,
) -> dict[str, Any]:
    """An Ingress; keywords such as `weight="30"` make it a canary with those rules."""
    prefix = "nginx.ingress.kubernetes.io/canary"
    annotations = {f"{prefix}-{key.replace('_', '-')}": value for key, value in canary.items()}
    if canary and "enabled" not in canary:
        annotations[prefix] = "true"
    annotations.pop(f"{prefix}-enabled", None)
    if canary.get("enabled"):
        annotations[prefix] = canary["enabled"]
    backend = {"service": {"name": service, "port": {"number": port}}}
    rule: dict[str, Any] = {"http": {"paths": [{"path": path, "pathType": path_type, "backend": backend}]}}
    if host:
        rule["host"] = host
    meta: dict[str, Any] = {"name": name, "namespace": "default", "annotations": annotations}
    if created:
        meta["creationTimestamp"] = created
    return {"metadata": meta, "spec": {"ingressClassName": class_name, "rules": [rule]}}


__all__ = ["DEPLOYMENTS", "INGRESSES", "SERVICES", "Bench", "deployment", "ingress", "service"]
