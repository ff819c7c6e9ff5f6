"""Raw requests to a Kubernetes API and the objects that they carry, for the tests of what it does with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.places import Place

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
ROOT_CA = "kube-root-ca.crt"


def config_map(name: str, labels: dict[str, str] | None = None, **values: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels or {}},
        "data": values,
    }


def deployment(name: str, replicas: int = 0, **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "web", "image": "example/web:v1", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}], **spec},
    }


class Api:
    """Raw requests into one namespace."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client = place.client
        self.namespace = place.namespace

    def path(self, plural: str, name: str = "", sub: str = "") -> str:
        groups = {
            "deployments": "/apis/apps/v1",
            "replicasets": "/apis/apps/v1",
            "ingresses": "/apis/networking.k8s.io/v1",
        }
        parts = [groups.get(plural, "/api/v1"), "namespaces", self.namespace, plural, name, sub]
        return "/".join(filter(None, parts)).replace("//", "/")

    def create(self, plural: str, body: dict[str, Any], **query: str) -> httpx.Response:
        return self.client.post(self.path(plural), json=body, params=query)

    def made(self, plural: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.create(plural, body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def get(self, plural: str, name: str, sub: str = "") -> httpx.Response:
        return self.client.get(self.path(plural, name, sub))

    def list(self, plural: str, **query: str | int) -> dict[str, Any]:
        answer = self.client.get(self.path(plural), params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def put(self, plural: str, body: dict[str, Any], sub: str = "", **query: str) -> httpx.Response:
        return self.client.put(self.path(plural, body["metadata"]["name"], sub), json=body, params=query)

    def patch(self, plural: str, name: str, media: str, body: Any, sub: str = "", **query: str) -> httpx.Response:
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"Content-Type": media}
        return self.client.patch(self.path(plural, name, sub), content=content, headers=headers, params=query)

    def delete(self, plural: str, name: str = "", body: dict[str, Any] | None = None, **query: str) -> httpx.Response:
        return self.client.request("DELETE", self.path(plural, name), json=body, params=query)

    def until(self, test: Callable[[], bool], tries: int = 400) -> None:
        assert any(test() for _ in range(tries)), "it never came to what the test waits for"

    def settle(self) -> None:
        """Wait for what a real cluster puts into every new namespace by itself, so that no test finds it midway."""
        for plural, name in (("configmaps", ROOT_CA), ("serviceaccounts", "default")):
            with self.watch(plural, fieldSelector=f"metadata.name={name}") as events:
                assert next(events)["type"] == "ADDED"

    @contextmanager
    def watch(self, plural: str, **query: str | int) -> Iterator[Iterator[dict[str, Any]]]:
        asked = {"watch": "1", "timeoutSeconds": "20", **query}
        with self.client.stream("GET", self.path(plural), params=asked) as stream:
            assert stream.status_code == 200, stream.read()
            yield (json.loads(line) for line in stream.iter_lines() if line)


def names(listing: dict[str, Any]) -> list[str]:
    """Without what real clusters put into every namespace."""
    return [i["metadata"]["name"] for i in listing["items"] if i["metadata"]["name"] != ROOT_CA]


def causes(answer: httpx.Response) -> dict[str, str]:
    return {cause["field"]: cause["message"] for cause in answer.json()["details"]["causes"]}
