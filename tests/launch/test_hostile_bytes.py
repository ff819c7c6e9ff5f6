"""Thousands of hostile objects and answers, and every byte that the program writes for them.

COCKPIT_HOSTILE_OBJECTS says how many objects there are.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from wcwidth import wcwidth

from cockpit.model.text import MOST_MARKS
from tests.launch.hostile import faults_of, faults_of_cast, objects, text
from tests.launch.running import run
from tests.launch.terminals import OnTerminal, on_terminal
from tests.session.apiserver import ApiServer

OBJECTS = int(os.environ.get("COCKPIT_HOSTILE_OBJECTS", "1000"))
ROUNDS = max(OBJECTS // 1000, 1)
SIZE = (120, 36)
pytestmark = pytest.mark.timeout(600)


class HostileServer(ApiServer):
    """An API server of hostile objects, on a loop in a thread of its own. Dry runs are refused in hostile words."""

    def __init__(self, seed: int) -> None:
        super().__init__(token="")
        chance = random.Random(seed)
        for path, doc in objects(chance, OBJECTS // 7):
            self.put(path, doc)
        self.log = "".join(f"{text(chance)}\n" for _ in range(300))
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self.serving():
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> HostileServer:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer(23) as made:
        yield made


@pytest.fixture
def words(server: HostileServer, tmp_path: Path) -> list[str]:
    """How the program is pointed at that server."""
    path = tmp_path / "kubeconfig"
    named = {"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "shop"}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": server.url}}],
        "users": [{"name": "test", "user": {}}],
        "contexts": [named],
    }
    path.write_text(yaml.safe_dump(config))
    return ["--kubeconfig", str(path)]


def frames_broken(terminal: OnTerminal) -> list[str]:
    """The lines whose frame does not end at the edge: something is wider or narrower than the program counts it."""
    begun = [line for line in terminal.shown if line.startswith(("│", "╭", "╰"))]
    return [line for line in begun if sum(map(wcwidth, line)) != terminal.size[0] or line[-1] not in "│╮╯┃"]


# Each key of a person who looks at everything: the fleet, a rollout, its YAML, events, logs, journal, and a plan.
WALK = (
    *(b"\r", b"y", b"\x1b[6~", b"\x1b", b"e", b"\x1b", b"l", b"\x1b", b"i", b"\x1b", b"C", b"\r", b"\x1b"),
    *(b"f", b"\x1b", b"R", b"\x1b", b"\x1b", b"i", b"\x1b[B", b"\x1b", b"\x1b[6~", b"\x1b[B"),
)


def test_no_byte_of_a_cluster_reaches_the_terminal_as_anything_but_text(words: list[str], tmp_path: Path) -> None:
    with on_terminal([*words, "--sample", "none"], tmp_path, size=SIZE) as terminal:
        terminal.until("● live", "web-")
        broken = set()
        for keys in WALK * ROUNDS:
            terminal.press(keys)
            terminal.settle(0.7)
            broken |= set(frames_broken(terminal))
        while not list(tmp_path.rglob("*.json")):  # out of whatever is open, and save what is seen
            for key in (b"\x1b", b"W"):
                terminal.press(key)
                terminal.settle(1.0)
        assert terminal.end(b"\x11") == 0
        raw = bytes(terminal.raw)
    assert faults_of(raw) == []
    assert broken == set()
    saved = [file for file in tmp_path.rglob("*") if file.suffix in (".txt", ".svg", ".json")]
    assert {file.suffix for file in saved} == {".txt", ".svg", ".json"}
    for file in saved:
        marks = 100 if file.suffix == ".json" else MOST_MARKS  # facts stay as they are
        assert faults_of(file.read_bytes(), plain=True, most_marks=marks) == [], file


# What is said to a person, and what is written for other programs.
SAID = ("list", "list -o wide", "list -o name", "show", "show -o wide", "doctor", "journal", "rollback")
WRITTEN = ("list -o json", "list -o yaml", "show -o json", "journal -o json", "journal -o md")


@pytest.mark.parametrize("line", [*SAID, *WRITTEN])
def test_no_command_prints_anything_but_text(
    line: str, server: HostileServer, words: list[str], tmp_path: Path
) -> None:
    command, *rest = line.split()
    named = {"show": ["web-1"], "rollback": ["web-1", "--dry-run"]}.get(command, [])
    done = run([*words, command, *named, *rest], tmp_path)
    assert done.stdout or done.stderr
    for said in (done.stdout, done.stderr):
        assert faults_of(said, plain=True) == []


def test_what_a_record_is_exported_to_is_text(server: HostileServer, words: list[str], tmp_path: Path) -> None:
    record = str(tmp_path / "hour.record")
    assert run([*words, "--sample", "none", "record", record, "--for", "12s"], tmp_path).returncode == 0
    svg = run(["replay", record, "--export", "svg", "--size", "120x36", "--at", "+11s"], tmp_path)
    cast = run(
        ["replay", record, "--export", "asciicast", "--at", "+10s", "--for", "1s", "--rollout", "shop/web-1"], tmp_path
    )
    assert b"web-1" in svg.stdout, svg.stderr
    assert b"web-1" in cast.stdout, cast.stderr
    assert faults_of(svg.stdout, plain=True) == []
    assert faults_of_cast(cast.stdout) == []
