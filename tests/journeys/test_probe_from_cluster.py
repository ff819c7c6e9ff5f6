"""`probe --from cluster`: a Job whose pods send the requests, from the plan to its removal."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.planning.probe_script import SCRIPT
from tests.places import Place, demo_process

JOBS = "jobs.batch/v1"
SIDECAR = ("--label", "sidecar.istio.io/inject=true")
PATIENCE = 240.0  # real seconds that a command may take on a slow machine


@pytest.fixture(scope="module")
def embedded() -> Iterator[dict[str, Any]]:
    """An embedded cluster that runs probes as processes, as `cockpit demo` does."""
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    with demo_process("empty", "--seed", "7", "--run-jobs", digest) as ready:
        yield ready


def deployment(version: str, replicas: int = 2) -> dict[str, Any]:
    labels = {"app": "reviews", "version": version}
    container = {"name": "reviews", "image": f"example/reviews:{version}", "ports": [{"containerPort": 9080}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"reviews-{version}"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def service(**selector: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "reviews"},
        "spec": {"selector": {"app": "reviews", **selector}, "ports": [{"name": "http", "port": 9080}]},
    }


def mesh_split(v2: int) -> list[dict[str, Any]]:
    """A split that only clients inside the mesh follow."""
    subsets = [{"name": v, "labels": {"version": v}} for v in ("v1", "v2")]
    legs = [{"destination": {"host": "reviews", "subset": v}, "weight": w} for v, w in (("v1", 100 - v2), ("v2", v2))]
    return [
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": kind,
            "metadata": {"name": "reviews"},
            "spec": spec,
        }
        for kind, spec in (
            ("DestinationRule", {"host": "reviews", "subsets": subsets}),
            ("VirtualService", {"hosts": ["reviews"], "http": [{"route": legs}]}),
        )
    ]


def argv(place: Place, *words: str, user: str = "") -> list[str]:
    config = yaml.safe_load(place.kubeconfig.read_text())
    context = next((c["name"] for c in config["contexts"] if user and c["name"].endswith(user)), "")
    own = ["--kubeconfig", str(place.kubeconfig), "-n", place.namespace, *(["--context", context] if context else [])]
    return [sys.executable, "-m", "cockpit", "probe", "reviews", "--from", "cluster", *words, *own]


def environ(folder: Path) -> dict[str, str]:
    return {**os.environ, "COCKPIT_STATE": str(folder), "XDG_CONFIG_HOME": str(folder)}


def probe(place: Place, folder: Path, *words: str, user: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv(place, *words, user=user),
        env=environ(folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def jobs(place: Place) -> list[str]:
    found = place.client.get(place.path(JOBS)).raise_for_status().json()["items"]
    return [item["metadata"]["name"] for item in found]


def seen(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def released(place: Place) -> None:
    place.apply(service(), deployment("v1"), deployment("v2"), *mesh_split(20))
    place.ready("reviews-v1", "reviews-v2")


def needs_whole_jobs(place: Place) -> None:
    """Skip where a Job's pods may be lost before they end, as by a kubelet that is only simulated."""
    if place.name == "real" and not os.environ.get("COCKPIT_TEST_JOBS"):
        pytest.skip("pods of a Job may be lost there: set COCKPIT_TEST_JOBS=1 where they are not")


def test_a_service_without_an_address_is_measured_by_its_name(place: Place, tmp_path: Path) -> None:
    needs_whole_jobs(place)
    place.apply(service(version="v2"), deployment("v1"), deployment("v2"))
    place.ready("reviews-v1", "reviews-v2")
    done = probe(place, tmp_path, "--yes", "--count", "60", "--rate", "60", "--pods", "3", "-o", "json")
    found = seen(done)
    assert found["target"] == f"http://reviews.{place.namespace}.svc.cluster.local:9080/", done.stderr
    assert (found["samples"], found["errors"], found["unknown"], found["verdict"]) == (60, 0, 0, "on"), done.stderr
    assert {v["version"]: v["answers"] for v in found["versions"]} == {"v1": 0, "v2": 60}
    assert jobs(place) == []


def test_a_split_that_only_the_mesh_obeys(place: Place, tmp_path: Path) -> None:
    needs_whole_jobs(place)
    released(place)
    words = ("--yes", "--count", "300", "--rate", "100", "--pods", "2", "-o", "json")
    inside = seen(probe(place, tmp_path, *words, *SIDECAR))
    assert (inside["samples"], inside["errors"], inside["verdict"]) == (300, 0, "on"), inside
    assert {v["version"] for v in inside["versions"] if v["answers"]} == {"v1", "v2"}
    # Without a sidecar the requests go to all pods of the Service alike.
    plain = probe(place, tmp_path, *words)
    assert (seen(plain)["verdict"], plain.returncode) == ("off", 6)


def test_the_job_of_a_cockpit_that_was_killed_ends_by_itself(place: Place, tmp_path: Path) -> None:
    released(place)
    words = argv(place, "--yes", "--for", "600s", "--rate", "4", "--pods", "2")
    with subprocess.Popen(words, env=environ(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killed:
        place.until(JOBS, lambda items: any(item["status"].get("active") for item in items))
        killed.send_signal(signal.SIGKILL)
    (name,) = jobs(place)
    spec = (place.get(JOBS, name) or {})["spec"]
    assert 600 < spec["activeDeadlineSeconds"] < 800
    assert spec["ttlSecondsAfterFinished"] == 120
    # The same limits, so short that a test can wait for them.
    place.merge(JOBS, name, {"spec": {"activeDeadlineSeconds": 1}})
    place.until(
        JOBS,
        lambda items: any(
            c["type"] == "Failed" and c["reason"] == "DeadlineExceeded"
            for item in items
            for c in item["status"].get("conditions", [])
        ),
    )
    place.merge(JOBS, name, {"spec": {"ttlSecondsAfterFinished": 0}})
    place.until(JOBS, lambda items: not items)
    place.until("Pod", lambda items: not any(p["metadata"]["name"].startswith(name) for p in items))


def test_the_job_is_deleted_when_the_cockpit_is_asked_to_end(place: Place, tmp_path: Path) -> None:
    released(place)
    words = argv(place, "--yes", "--for", "600s", "--rate", "4", "--pods", "2")
    with subprocess.Popen(words, env=environ(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as ended:
        place.until(JOBS, lambda items: any(item["status"].get("active") for item in items))
        ended.send_signal(signal.SIGTERM)
        assert ended.wait(PATIENCE) == 128 + signal.SIGTERM
    place.until(JOBS, lambda items: not items)


def test_a_job_that_may_not_be_created_names_the_missing_right(place: Place, tmp_path: Path) -> None:
    released(place)
    done = probe(place, tmp_path, "--yes", user="-viewer")
    assert done.returncode == 1
    assert f"does not allow you to create jobs in namespace {place.namespace}" in done.stderr
    assert "delete jobs" in done.stderr
    assert jobs(place) == []
