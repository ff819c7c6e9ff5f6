"""Time to the first paint, against a Textual app with one label started the same way."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import pytest

from tests.benchmarks.figure import Figure
from tests.places import demo_process

RUNS, BUDGET = 5, 1.3
# What the first frame says of a cluster that has not answered yet, and what the list says of this one.
FRAME, FACTS = b"connecting", b"at rest"
# Seconds for one of them, on a machine that does much else.
LONGEST = 60.0
LABEL = """
from textual.app import App
from textual.widgets import Label
class One(App):
    def compose(self):
        yield Label("first paint")
One().run(mouse=False)
"""


def seconds_until(argv: list[str], marker: bytes, state: Path) -> float:
    """From the start of a process in an 80x24 terminal until `marker` has been written to it."""
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", XDG_STATE_HOME=str(state), XDG_CONFIG_HOME=str(state))
        os.execv(argv[0], argv)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    written = bytearray()
    try:
        while marker not in written:
            left = start + LONGEST - time.perf_counter()
            readable, _, _ = select.select([terminal], [], [], max(left, 0))
            assert readable, f"{marker!r} was never painted: {bytes(written[-500:])!r}"
            written += os.read(terminal, 65536)
        return time.perf_counter() - start
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def measured() -> tuple[list[tuple[float, float, float]], float]:
    """Rows of seconds: our first frame, our first rollout, and the label, in turn; and the median of frame to label."""
    with demo_process("blue-green", "--seed", "1") as ready, tempfile.TemporaryDirectory() as folder:
        cockpit = [sys.executable, "-m", "cockpit", "--kubeconfig", ready["kubeconfig"], "-A"]
        label, state = [sys.executable, "-c", LABEL], Path(folder)
        rows = []
        for _ in range(RUNS + 1):
            frame = seconds_until(cockpit, FRAME, state)
            facts = seconds_until(cockpit, FACTS, state)
            rows.append((frame, facts, seconds_until(label, b"first paint", state)))
    return rows[1:], statistics.median(frame / label for frame, _, label in rows[1:])


def figures() -> list[Figure]:
    """The first frame, and the first facts on it, beside an app with one label."""
    rows, ratio = measured()
    frame, facts, label = (statistics.median(column) for column in zip(*rows, strict=True))
    peer = f"Textual label {label:.2f} s"
    return [
        Figure("first paint", f"{frame:.2f} s = {ratio:.1f}x", peer, f"<= {BUDGET:g}x", ratio <= BUDGET),
        Figure("first facts on the screen", f"{facts:.2f} s = {facts / label:.1f}x", peer, "", None),
    ]


@pytest.mark.benchmark
def test_first_paint() -> None:
    print(*figures(), sep="\n")
