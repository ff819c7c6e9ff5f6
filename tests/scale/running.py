"""The server as a process, and the cockpit's own screen on it in a terminal of 80x24, measured from outside."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PATIENCE = 120.0
_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
FIRST_PAINT, FIRST_ROWS = b"cockpit ", b"team-00/"


@dataclass
class Served:
    """A server that runs; `kubeconfig` names it."""

    url: str
    kubeconfig: Path
    pid: int

    def counts(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/counts") as answer:
            return dict(json.load(answer))

    def churn(self, events: int, rate: float) -> dict[str, Any]:
        """Change pods so often; returns once all events were taken."""
        order = urllib.request.Request(f"{self.url}/churn?events={events}&rate={rate}", method="POST")
        with urllib.request.urlopen(order) as answer:
            return dict(json.load(answer))


@contextlib.contextmanager
def serving(pods: int, *, round_trip: float = 0.0, bandwidth: float = 0.0, host: str = "127.0.0.1") -> Iterator[Served]:
    words = ["--pods", str(pods), "--round-trip", str(round_trip), "--bandwidth", str(bandwidth), "--host", host]
    argv = [sys.executable, "-m", "tests.scale.server", *words]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout
        assert process.stdin
        url = json.loads(process.stdout.readline())["url"]
        kubeconfig = Path(folder) / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(kubeconfig_of(url)))
        try:
            yield Served(url, kubeconfig, process.pid)
        finally:
            process.kill()


def kubeconfig_of(url: str) -> dict[str, Any]:
    context = {"cluster": "scale", "user": "somebody"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "scale",
        "clusters": [{"name": "scale", "cluster": {"server": url}}],
        "users": [{"name": "somebody", "user": {"token": "none"}}],
        "contexts": [{"name": "scale", "context": context}],
    }


@dataclass
class Screen:
    """A cockpit in a terminal. `seen` holds when each marker first came out, in seconds after its start."""

    pid: int
    terminal: int
    start: float
    markers: tuple[bytes, ...]
    seen: dict[bytes, float] = field(default_factory=dict)
    cpu_at: dict[bytes, float] = field(default_factory=dict)
    """CPU seconds of the process when each marker came out."""
    written: int = 0
    last: float = 0.0
    _painted: list[float] = field(default_factory=list)
    """When bytes came out since the last key."""
    _tail: bytes = b""
    _news: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False

    def follow(self) -> None:
        """Read all that is written until it ends; runs in a thread of its own."""
        while not self._over:
            readable, _, _ = select.select([self.terminal], [], [], 0.2)
            if not readable:
                continue
            try:
                piece = os.read(self.terminal, 1 << 16)
            except OSError:
                return
            with self._news:
                self.last = time.perf_counter() - self.start
                self.written += len(piece)
                self._painted.append(self.last)
                text = self._tail + piece
                shown = _CONTROL.sub(b"", text)
                for marker in self.markers:
                    if marker not in self.seen and marker in shown:
                        self.seen[marker], self.cpu_at[marker] = self.last, self.cpu()
                self._tail = text[-500:]
                self._news.notify_all()

    def until(self, marker: bytes, seconds: float = PATIENCE) -> float:
        """When this marker came out."""
        with self._news:
            if not self._news.wait_for(lambda: marker in self.seen, seconds):
                raise AssertionError(f"{marker!r} was not painted within {seconds:g} s: {self._tail!r}")
            return self.seen[marker]

    def press(self, key: bytes) -> float:
        """Seconds from a key to the first bytes that are written after it."""
        with self._news:
            self._painted.clear()
            pressed = time.perf_counter()
            os.write(self.terminal, key)
            assert self._news.wait_for(lambda: bool(self._painted), PATIENCE), "nothing was painted after a key"
            return self.start + self._painted[0] - pressed

    def memory(self) -> tuple[float, float]:
        """MB resident now, and at most so far; fails once the program has ended."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        found = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return int(found["VmRSS"]) / 1024, int(found["VmHWM"]) / 1024

    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self._over = True
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


@contextlib.contextmanager
def on_screen(kubeconfig: Path, *markers: bytes) -> Iterator[Screen]:
    """The cockpit on all namespaces of a cluster."""
    argv = [sys.executable, "-m", "cockpit", "--kubeconfig", str(kubeconfig), "-A"]
    with on_pty(argv, FIRST_PAINT, FIRST_ROWS, *markers) as screen:
        yield screen


@contextlib.contextmanager
def on_pty(argv: list[str], *markers: bytes, columns: int = 80, rows: int = 24) -> Iterator[Screen]:
    """A program in a terminal of its own, with a home for its state that is thrown away."""
    with tempfile.TemporaryDirectory() as state:
        home = {f"XDG_{name}_HOME": state for name in ("STATE", "CONFIG", "DATA", "CACHE")}
        start = time.perf_counter()
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(home, TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execv(argv[0], argv)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        screen = Screen(pid, terminal, start, markers)
        thread = threading.Thread(target=screen.follow, daemon=True)
        thread.start()
        try:
            yield screen
        finally:
            screen.end()
            thread.join(2)
            os.close(terminal)
