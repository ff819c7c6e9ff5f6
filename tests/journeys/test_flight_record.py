"""A session on the embedded cluster is recorded by one command and shown again by another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.model.refs import DEPLOYMENTS, EVENTS
from cockpit.record.objects import ObjectHistory
from cockpit.record.reader import open_record
from tests.places import demo_process

# For a machine that does much else.
SECONDS = 100


def cockpit(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(state), "HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    argv = [sys.executable, "-m", "cockpit", *words]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=SECONDS)


def test_record_and_replay(tmp_path: Path) -> None:
    path = tmp_path / "flight.record"
    with demo_process("broken-canary") as ready:
        reach = ("--kubeconfig", ready["kubeconfig"], "-A", "--sample", "all")
        made = cockpit(tmp_path, "record", str(path), "--for", "6s", *reach)
        assert made.returncode == 0, made.stderr
        again = cockpit(tmp_path, "record", str(path), *reach)
        assert "is there already: name another file" in again.stderr
    record = open_record(path)
    assert record.damage is None
    history = ObjectHistory(record)
    context = next(iter(ready["contexts"]))
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
