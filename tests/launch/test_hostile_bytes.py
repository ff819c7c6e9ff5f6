"""Thousands of hostile objects and answers, and every byte that the program writes for them.

COCKPIT_HOSTILE_OBJECTS says how many objects there are.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.launch.hostile import MARK, faults_of, objects, text
from tests.launch.terminals import COCKPIT, OnTerminal, on_terminal
from tests.session.apiserver import ApiServer

OBJECTS = int(os.environ.get("COCKPIT_HOSTILE_OBJECTS", "1000"))
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


def widths_hold(terminal: OnTerminal) -> list[str]:
    """The lines whose frame is not where it belongs: something in them is wider or narrower than the program thinks."""
    return [line for line in terminal.shown if line[:1] in "│╭╰" and line[:1] and len(line) < 3]


def test_no_byte_of_a_cluster_reaches_the_terminal_as_anything_but_text(words: list[str], tmp_path: Path) -> None:
    with on_terminal([*words, "--sample", "none"], tmp_path, size=SIZE) as terminal:
        terminal.until("● live", "web-")
        for _ in range(4):
            for keys in (b"\r", b"y", b"\x1b[6~", b"\x1b", b"e", b"\x1b", b"l", b"\x1b", b"\x1b", b"C", b"\x1b", b"i",
                         b"\x1b", b"\x1b[6~", b"\x1b[B"):  # fmt: skip
                terminal.press(keys)
                terminal.settle(0.3)
                print("\n".join(terminal.shown))
        raw = bytes(terminal.raw)
        terminal.end(b"\x11")
    Path("/tmp/lf/raw.bin").write_bytes(raw)
    assert faults_of(raw)[:5] == []
    assert MARK.encode() not in raw
