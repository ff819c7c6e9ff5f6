"""Rollouts in the hands of a real kubectl."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.demo.argobench import PAUSE, rollout, routed, weight

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")


@pytest.fixture
def kubectl(embedded: dict[str, Any]) -> Any:
    """Runs kubectl in a namespace of its own and answers what it prints."""
    environment = {**os.environ, "KUBECONFIG": embedded["kubeconfig"]}

    def run(*words: str, stdin: str = "") -> str:
        argv = ["kubectl", "--namespace", "argo-kubectl", *words]
        done = subprocess.run(
            argv, input=stdin, env=environment, check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("create", "namespace", "argo-kubectl")
    yield run
    run("delete", "namespace", "argo-kubectl", "--wait=false")


def test_a_rollout_is_applied_watched_patched_and_scaled(kubectl: Any) -> None:
    manifests = yaml.safe_dump_all(routed(weight(50), PAUSE))
    assert "rollout.argoproj.io/web created" in kubectl("apply", "-f", "-", stdin=manifests)
    kubectl("wait", "ro/web", "--for=jsonpath={.status.phase}=Healthy", "--timeout=50s")
    header, row = kubectl("get", "ro").splitlines()
    assert header.split() == ["NAME", "DESIRED", "CURRENT", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:5] == ["web", "4", "4", "4", "4"]
    image = '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"example/web:v2"}]'
    kubectl("patch", "rollout", "web", "--type=json", "-p", image)
    kubectl("wait", "rollouts.argoproj.io/web", "--for=jsonpath={.status.message}=CanaryPauseStep", "--timeout=50s")
    annotation = r"jsonpath={.metadata.annotations.nginx\.ingress\.kubernetes\.io/canary-weight}"
    assert kubectl("get", "ingress", "web-web-canary", "-o", annotation) == "50"
    kubectl("patch", "ro", "web", "--subresource=status", "--type=merge", "-p", '{"status":{"pauseConditions":null}}')
    kubectl("wait", "ro/web", "--for=jsonpath={.status.phase}=Healthy", "--timeout=50s")
    kubectl("scale", "ro", "web", "--replicas=2")
    kubectl("wait", "ro/web", "--for=jsonpath={.status.availableReplicas}=2", "--timeout=50s")
    again = yaml.safe_dump(rollout("example/web:v2", 2, canary={"steps": [weight(20), PAUSE]}))
    assert "configured" in kubectl("apply", "-f", "-", stdin=again)
    assert "ScalingReplicaSet" in kubectl("events", "--for", "rollout/web")
