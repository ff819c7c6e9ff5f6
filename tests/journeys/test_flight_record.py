"""A session on the embedded cluster is recorded by one command and shown again by another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.demo.scenarios.course import GUESS
from cockpit.model.refs import DEPLOYMENTS, EVENTS, PODS
from cockpit.record.objects import ObjectHistory
from cockpit.record.reader import open_record
from tests.places import Place, demo_process, open_client

# For a machine that does much else.
SECONDS = 100


def cockpit(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(state), "HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    argv = [sys.executable, "-m", "cockpit", *words]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=SECONDS)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seconds of a canary that fails some of its requests."""
    folder = tmp_path_factory.mktemp("record")
    path = folder / "flight.record"
    with demo_process("broken-canary") as ready:
        reach = ("--kubeconfig", ready["kubeconfig"], "-A", "--sample", "all")
        made = cockpit(folder, "record", str(path), "--for", "8s", *reach)
        assert made.returncode == 0, made.stderr
        again = cockpit(folder, "record", str(path), *reach)
        assert "is there already: name another file" in again.stderr
    return path


def test_record_and_replay(tmp_path: Path, recorded: Path) -> None:
    path = recorded
    record = open_record(path)
    assert record.damage is None
    history = ObjectHistory(record)
    context = "demo"
    assert list(history.every(context, DEPLOYMENTS, "payments", record.ended))
    assert list(history.every(context, EVENTS, "payments", record.ended))

    svg = cockpit(tmp_path, "replay", str(path), "--export", "svg", "--at", "+4s", "--rollout", "payments/pay")
    assert svg.returncode == 0, svg.stderr
    assert "RECORDING" in svg.stdout
    assert "payments/pay" in svg.stdout
    cast = cockpit(tmp_path, "replay", str(path), "--export", "asciicast", "--for", "2s", "--size", "100x30")
    assert cast.returncode == 0, cast.stderr
    head, *frames = [json.loads(line) for line in cast.stdout.splitlines()]
    assert (head["version"], head["width"], head["height"]) == (2, 100, 30)
    assert [kind for _, kind, _ in frames] == ["o"] * len(frames)
    assert frames


def test_a_record_becomes_a_scenario_in_which_somebody_can_act(tmp_path: Path, recorded: Path) -> None:
    out = tmp_path / "kubeconfig"
    argv = [sys.executable, "-m", "cockpit", "demo", "--serve", "--from", str(recorded), "--kubeconfig-out", str(out)]
    environ = {**os.environ, "COCKPIT_STATE": str(tmp_path), "HOME": str(tmp_path)}
    running = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
    try:
        assert running.stdout
        ready = json.loads(running.stdout.readline())
        assert ready["left_out"] == 0
        reach = ("--kubeconfig", str(out), "-A")
        with open_client(out) as client:
            place = Place("embedded", out, ready["gateway"], "payments", client)
            recorded_uids = {pod["metadata"]["uid"] for pod in pods_of(recorded)}
            place.until("Pod", lambda items: {pod["metadata"]["uid"] for pod in items} == recorded_uids)
            place.until("Ingress", lambda items: {"pay", "pay-canary"} == {each["metadata"]["name"] for each in items})
            assert not [each for each in events(place) if GUESS in each]
            acted = cockpit(tmp_path, "rollback", "payments/pay", "--yes", *reach)
            assert acted.returncode == 0, acted.stderr
            place.until("Event", lambda items: any(each["message"] == GUESS for each in items))
            told = cockpit(tmp_path, "show", "payments/pay", "-o", "json", *reach)
        shares = json.loads(told.stdout)["lanes"][0]["shares"]
        assert {share["version"]: share["written"] for share in shares}["v1"] == 1.0
    finally:
        running.terminate()
        running.communicate(timeout=SECONDS)


def pods_of(path: Path) -> list[dict[str, Any]]:
    record = open_record(path)
    return list(ObjectHistory(record).every("demo", PODS, "payments", record.ended))


def events(place: Place) -> list[str]:
    return [each["message"] for each in place.client.get(place.path("Event")).raise_for_status().json()["items"]]


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"GIF89a", "not a record of the cockpit"), (b"COCKPIT RECORD\n\x00\x07", "version 7 of the format")],
)
def test_what_cannot_be_replayed_is_named_with_its_reason(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(data)
    shown = cockpit(tmp_path, "replay", str(path), "--export", "svg")
    assert shown.returncode == 1
    assert why in shown.stderr
    assert str(path) in shown.stderr
