"""Embedded clusters as a process: ready line, contexts, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from cockpit.cli.program import DemoOrder, StartError
from cockpit.demo.scenarios import names
from cockpit.launch import embedded
from tests.places import open_client

PATIENCE = 60


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, "-m", "cockpit.demo", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate(timeout=PATIENCE)


def ready_line(started: subprocess.Popen[str]) -> dict[str, object]:
    assert started.stdout
    return dict(json.loads(started.stdout.readline()))


def test_several_clusters_in_one_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "config"
    with process("--context", "east", "--context", "west", "--kubeconfig-out", str(path)) as started:
        ready = ready_line(started)
        assert ready["kubeconfig"] == str(path)
        assert set(ready) >= {"api", "gateway", "contexts"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        config = yaml.safe_load(path.read_text())
        assert config["current-context"] == "east"
        assert {"east", "east-viewer", "east-nobody", "west"} <= {entry["name"] for entry in config["contexts"]}
        servers = [entry["cluster"]["server"] for entry in config["clusters"]]
        assert len(set(servers)) == 2
        with open_client(path) as client:
            assert client.get("/api/v1/namespaces/default").status_code == 200
        started.send_signal(signal.SIGTERM)
        assert started.wait(PATIENCE) == 0


def test_it_ends_when_stdin_closes_and_takes_its_kubeconfig_along() -> None:
    with process("--exit-with-parent") as started:
        path = Path(str(ready_line(started)["kubeconfig"]))
        assert path.exists()
        assert started.stdin
        started.stdin.close()
        assert started.wait(PATIENCE) == 0
        assert not path.exists()
        started.stdin = None


def test_a_scenario_that_is_not_there_names_those_that_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.demo", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    assert all(name in done.stderr for name, _ in names())


def test_scenarios_are_listed_with_a_line_each() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit.demo", "--list"], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == [name for name, _ in names()]


@pytest.mark.parametrize("flag", ["--api-port", "--gateway-port"])
def test_a_port_that_is_taken_is_named_in_one_sentence(flag: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "cockpit.demo", flag, str(port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert done.returncode == 69
    assert done.stdout == ""
    assert done.stderr.strip() == (
        f"Port {port} on 127.0.0.1 is already in use, so the {'API' if flag == '--api-port' else 'gateway'} cannot "
        f"start: choose another {flag}, or leave it out to get a free one."
    )


def test_the_cockpit_says_the_same_and_no_more() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        order = DemoOrder(scenarios=("empty",), api_port=port)
        with pytest.raises(StartError, match=rf"^Port {port} on 127\.0\.0\.1 is already in use.*\.$"):
            embedded.serve(order)
