"""`verify` as a pipeline runs it: again and again, on a canary that fails some requests and on a healthy one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.places import Place, demo_process, namespace_in

SPEED = 4
RUNS = 3

Doc = dict[str, Any]


def deployment(version: str, replicas: int, **behaviour: str) -> Doc:
    labels = {"app": "pay", "version": version}
    annotations = {f"demo.cockpit/{name.replace('_', '-')}": value for name, value in behaviour.items()}
    container = {"name": "pay", "image": f"pay:{version}", "ports": [{"name": "http", "containerPort": 8080}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"pay-{version}"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {"containers": [container]},
            },
        },
    }


def service(version: str) -> Doc:
    port = {"name": "http", "port": 80, "targetPort": "http"}
    selector = {"app": "pay", "version": version}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"pay-{version}"},
        "spec": {"selector": selector, "ports": [port]},
    }


def ingress(name: str, host: str, version: str, **annotations: str) -> Doc:
    backend = {"service": {"name": f"pay-{version}", "port": {"name": "http"}}}
    notes = {f"nginx.ingress.kubernetes.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": notes},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}],
        },
    }


def release(host: str, weight: int, **behaviour: str) -> list[Doc]:
    """Two versions behind a canary Ingress of a host of its own; `behaviour` is that of v2."""
    return [
        deployment("v1", 2, latency="0.02"),
        deployment("v2", 2, **{"latency": "0.02", **behaviour}),
        service("v1"),
        service("v2"),
        ingress("pay", host, "v1"),
        ingress("pay-canary", host, "v2", canary="true", canary_weight=str(weight)),
    ]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Doc]:
    with demo_process("empty", "--seed", "21", "--speed", str(SPEED)) as ready:
        yield ready


def placed(cluster: Doc, namespace: str, docs: list[Doc]) -> Iterator[Place]:
    with namespace_in("embedded", Path(cluster["kubeconfig"]), cluster["gateway"], namespace) as place:
        place.apply(*docs)
        place.ready("pay-v1", "pay-v2")
        yield place


@pytest.fixture(scope="module")
def broken(cluster: Doc) -> Iterator[Place]:
    yield from placed(cluster, "broken", release("broken.example.com", 50, error_rate="0.2"))


@pytest.fixture(scope="module")
def healthy(cluster: Doc) -> Iterator[Place]:
    yield from placed(cluster, "healthy", release("healthy.example.com", 50))


def verify(place: Place, *words: str) -> tuple[int, Doc, str]:
    """Exit code, document and what was said beside it, at a high rate."""
    argv = [sys.executable, "-m", "cockpit", "--kubeconfig", str(place.kubeconfig), "-n", place.namespace]
    argv += ["verify", "pay", "-o", "json", "--rate", "150", "--for", "2s", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr


def test_a_canary_that_fails_one_request_in_five_never_passes(broken: Place) -> None:
    for _ in range(RUNS):
        code, document, said = verify(broken)
        assert code == 3, said
        assert "v2 fails" in said
        assert "of the last" in said
        assert document["verification"]["standing"] == "hurt"
        assert document["verification"]["exit_code"] == 3
        assert document["verification"]["reason"] in said


def test_a_healthy_canary_passes_once_everything_is_decided(healthy: Place) -> None:
    for _ in range(RUNS):
        code, document, said = verify(healthy)
        assert code == 0, said
        assert "fine: users get what is written" in said
        found = document["verification"]
        assert (found["standing"], found["answers_missing"], found["not_measured"]) == ("fine", 0, [])
        assert found["answers"] >= 200
        assert found["seconds"] >= 2


def test_too_little_time_is_no_verdict_and_says_how_much_is_missing(healthy: Place) -> None:
    code, document, said = verify(healthy, "--min-answers", "50000", "--within", "3s")
    assert code == 4, said
    assert "no verdict after" in said
    assert 40_000 < document["verification"]["answers_missing"] < 50_000
