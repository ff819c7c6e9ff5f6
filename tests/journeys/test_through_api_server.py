"""Two versions behind a Service without any address: measured through the API server, by the command as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.api import deployment, service
from tests.places import Place

COCKPIT = [sys.executable, "-c", "from cockpit.launch.compose import main; main()"]
NOTE = "through the API server: not through mesh or Ingress"
SECONDS = 120


def cockpit(place: Place, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(state), "HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    command = [*COCKPIT, *words, "--kubeconfig", str(place.kubeconfig), "-n", place.namespace]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False)


def version(name: str, replicas: int, **annotations: str) -> dict[str, Any]:
    made = deployment(f"web-{name}", replicas)
    labels = {"app": "web", "version": name}
    made["spec"]["selector"]["matchLabels"] = labels
    made["spec"]["template"]["metadata"] = {"labels": labels, "annotations": annotations}
    return made


@pytest.fixture
def web(place: Place) -> Place:
    place.apply(version("v1", 3), version("v2", 1), service("web", ports=[{"port": 80, "targetPort": 8080}]))
    place.ready("web-v1", "web-v2")
    return place


def test_show_says_where_it_would_measure(web: Place, tmp_path: Path) -> None:
    shown = cockpit(web, tmp_path, "show", "web")
    assert f"http://web.{web.namespace}.svc/ ({NOTE})" in shown.stdout
    document = json.loads(cockpit(web, tmp_path, "show", "web", "-o", "json").stdout)
    assert document["probe_target"]["through"] == "api-server"
    assert document["probe_target"]["note"] == NOTE


def test_verify_measures_the_split_of_the_pods(web: Place, tmp_path: Path) -> None:
    verified = cockpit(web, tmp_path, "verify", "web", "-o", "json", "--within", "100s", "--max-errors", "5%")
    assert verified.returncode == 0, verified.stderr
    document = json.loads(verified.stdout)
    lane = document["lanes"][0]
    assert lane["verdict"] == "on"
    assert {share["version"]: share["written"] for share in lane["shares"]} == {"v1": 0.75, "v2": 0.25}
    assert document["probe_target"]["note"] == NOTE


def test_a_named_service_is_sampled_and_counts_versions(web: Place, tmp_path: Path) -> None:
    sampled = cockpit(web, tmp_path, "probe", "web", "--at", "svc/web:80/a", "--count", "15", "-o", "json")
    document = json.loads(sampled.stdout)
    assert (document["samples"], document["errors"], document["unknown"]) == (15, 0, 0)
    assert document["target"].endswith(f"/a ({NOTE})")
    assert document["seconds"] > 2.5  # five a second at most, whatever --rate says


def test_without_the_right_it_is_named(web: Place, tmp_path: Path) -> None:
    if web.real:
        pytest.skip("the contexts of a real cluster have other names")
    shown = cockpit(web, tmp_path, "show", "web", "--context", "demo-viewer")
    assert "not through the API server either" in shown.stdout
    assert "get services/proxy in namespace" in shown.stdout
