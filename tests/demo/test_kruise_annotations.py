"""Kruise Rollouts keep JSON in annotations of the workload, which anybody may overwrite in the middle of a release."""

from __future__ import annotations

import pytest

from cockpit.demo.schemas.customkinds import KRUISE_ROLLOUTS
from tests.demo.conftest import Bench
from tests.demo.test_kruise import Release, rollout

VALUES = {
    "null": "null",
    "number": "5",
    "list": "[]",
    "cut": "{",
    "deep": "[" * 5000,
    "style": '{"rollingStyle":5}',
    "partition": '{"rollingStyle":"Partition","partition":{}}',
    "rolling": '{"rollingStyle":"Partition","rollingUpdate":[1],"partition":1}',
    "surge": '{"rollingStyle":"Partition","rollingUpdate":{"maxSurge":[]},"partition":1}',
    "counts": '{"updatedReadyReplicas":"x"}',
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize(
    "name", ["deployment-strategy", "deployment-extra-status", "original-deployment-strategy", "in-progressing"]
)
@pytest.mark.parametrize("style", ["canary", "blueGreen"])
def test_no_controller_and_no_webhook_breaks_at_one(
    bench: Bench, caplog: pytest.LogCaptureFixture, style: str, name: str, value: str
) -> None:
    bench.deploy("web", "web:v1", 4)
    bench.settle(5)
    bench.storage.create(
        KRUISE_ROLLOUTS, rollout({"replicas": 1, "pause": {}}, {"replicas": 2, "pause": {}}, style=style)
    )
    bench.settle(2)
    release = Release(bench)
    release.release("v2", 30)
    release.edit({"metadata": {"annotations": {f"rollouts.kruise.io/{name}": value}}})
    release.release("v3", 5)
    assert not [record for record in caplog.records if record.exc_info], caplog.text
