"""The objects of the scenario `big`: 500 rollouts and 10,000 pods, generated instead of listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cockpit.demo.schemas.objects import Object

ROLLOUTS = 500
PODS_EACH = 20
WORDS = ("api", "cart", "checkout", "feed", "gateway", "ledger", "mail", "orders", "search", "users")


def objects(namespaces: Sequence[str]) -> Iterator[Object]:
    """Half canary Ingresses, half blue-green Services; each with two versions and 20 pods in all."""
    for number in range(ROLLOUTS):
        namespace = namespaces[number % len(namespaces)]
        name = f"{WORDS[number // len(namespaces) % len(WORDS)]}-{number:03d}"
        yield from _canary(namespace, name, number) if number % 2 else _blue_green(namespace, name)


def _canary(namespace: str, name: str, number: int) -> Iterator[Object]:
    share = (5, 10, 30, 50)[number // 2 % 4]
    new = max(1, PODS_EACH * share // 100)
    for version, replicas in (("v1", PODS_EACH - new), ("v2", new)):
        yield _deployment(namespace, name, version, replicas)
        yield _service(namespace, f"{name}-{version}", {"app": name, "version": version})
    yield _ingress(namespace, name, f"{name}-v1", {})
    weight = {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": str(share)}
    yield _ingress(namespace, f"{name}-canary", f"{name}-v2", weight)


def _blue_green(namespace: str, name: str) -> Iterator[Object]:
    for version in ("v1", "v2"):
        yield _deployment(namespace, name, version, PODS_EACH // 2)
    yield _service(namespace, name, {"app": name, "version": "v1"})


def _deployment(namespace: str, name: str, version: str, replicas: int) -> Object:
    labels = {"app": name, "version": version}
    container = {"name": name, "image": f"registry.example/{name}:{version}", "ports": [{"containerPort": 8080}]}
    template = {
        "metadata": {"labels": dict(labels), "annotations": {"demo.cockpit/ready-delay": "0s"}},
        "spec": {"containers": [container]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{name}-{version}", "namespace": namespace, "labels": {"app": name}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def _service(namespace: str, name: str, selector: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]},
    }


def _ingress(namespace: str, name: str, service: str, annotations: dict[str, str]) -> Object:
    host = f"{name.removesuffix('-canary')}.{namespace}.example.com"
    backend: dict[str, Any] = {"service": {"name": service, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [path]}}]},
    }
