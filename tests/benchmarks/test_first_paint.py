"""Time to the first paint, against a Textual app with one label started the same way."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.places import demo_process

RUNS = 5
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
            readable, _, _ = select.select([terminal], [], [], 30)
            assert readable, f"{marker!r} was never painted: {bytes(written[-500:])!r}"
            written += os.read(terminal, 65536)
        return time.perf_counter() - start
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


@pytest.mark.benchmark
def test_first_paint(tmp_path: Path) -> None:
    with demo_process("blue-green", "--seed", "1") as ready:
        cockpit = [sys.executable, "-m", "cockpit", "--kubeconfig", ready["kubeconfig"], "-A"]
        label = [sys.executable, "-c", LABEL]
        pairs = []
        for _ in range(RUNS + 1):
            ours = seconds_until(cockpit, b"ROLLOUT", tmp_path)
            facts = seconds_until(cockpit, b"demo-se", tmp_path)
            pairs.append((ours, facts, seconds_until(label, b"first paint", tmp_path)))
    paint, facts, floor = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    print(f"\nfirst paint: {paint:.2f} s, facts on screen {facts:.2f} s; a Textual label {floor:.2f} s")
    print(f"first paint / label: {paint / floor:.2f} (budget 1.5); facts / label: {facts / floor:.2f}")
