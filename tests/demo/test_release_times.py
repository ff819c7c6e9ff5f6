"""How long a release takes does not depend on what changes in the pod template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cockpit.demo.schemas.customkinds import ADVANCED_STATEFULSETS, ARGO_ROLLOUTS, CLONESETS
from cockpit.demo.schemas.kinds import DAEMONSETS, DEPLOYMENTS, PODS, STATEFULSETS, Kind
from tests.demo.conftest import Bench

Change = Callable[[dict[str, Any]], None]
MORE: dict[Kind, dict[str, Any]] = {
    DEPLOYMENTS: {"replicas": 3},
    STATEFULSETS: {"replicas": 3, "serviceName": "web"},
    DAEMONSETS: {},
    CLONESETS: {"replicas": 3},
    ADVANCED_STATEFULSETS: {"replicas": 3, "serviceName": "web"},
    ARGO_ROLLOUTS: {"replicas": 3, "strategy": {"canary": {}}},
}


def another_image(template: dict[str, Any]) -> None:
    template["spec"]["containers"][0]["image"] = "example/web:v2"


def another_checksum(template: dict[str, Any]) -> None:
    template["metadata"]["annotations"] = {"checksum/config": "abc"}


def seconds_of(kind: Kind, change: Change) -> float:
    """From the change until every pod is a new one and ready, on a held clock."""
    bench = Bench()
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "web:v1"}]}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **MORE[kind]}
    bench.storage.create(kind, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec})
    bench.settle(15)
    old = {pod["metadata"]["uid"] for pod in bench.storage.scan(PODS)}
    assert old
    stored = bench.storage.get(kind, "default", "web")
    change(stored["spec"]["template"])
    bench.storage.update(kind, stored)
    began = bench.clock.now()
    for _ in range(240):
        bench.settle(0.25)
        pods = bench.storage.scan(PODS)
        if not old & {pod["metadata"]["uid"] for pod in pods} and all(map(_is_ready, pods)):
            return bench.clock.now() - began
    raise AssertionError("the release never ended")


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


@pytest.mark.parametrize("kind", MORE, ids=lambda kind: str(kind.resource))
def test_a_changed_checksum_takes_as_long_as_a_changed_image(kind: Kind) -> None:
    taken, other = seconds_of(kind, another_checksum), seconds_of(kind, another_image)
    # Chance decides how long each pod takes to start: between 0.3 and 1.8 seconds.
    assert abs(taken - other) <= 1.5
    assert taken > 2
