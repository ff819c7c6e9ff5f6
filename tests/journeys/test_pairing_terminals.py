"""Two cockpits on two terminals: seen, refused, killed, taken over."""

from __future__ import annotations

import os
import re
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_terminal import COCKPIT, Terminal
from tests.places import demo_process

# Real seconds that a slow machine may take, and a Lease that nobody renews.
PATIENCE = 90.0
# A screen paints what changed, so on a busy machine words come in pieces and are not found.
pytestmark = pytest.mark.skipif(
    not os.environ.get("COCKPIT_TEST_TERMINALS"), reason="set COCKPIT_TEST_TERMINALS=1 on a quiet machine"
)
STRICT = ("--all-namespaces", "--pilot", "strict", "--sample", "none")


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """Two people on one blue-green release, each a user of their own."""
    with demo_process("blue-green", "--seed", "7") as ready:
        made = []
        for context in ("demo", "demo-colleague"):
            words = ["--kubeconfig", ready["kubeconfig"], "--context", context, *STRICT]
            made.append(Terminal(COCKPIT, words, tmp_path / context))
        try:
            yield made[0], made[1]
        finally:
            for terminal in made:
                terminal.close()


def until(terminal: Terminal, words: str) -> None:
    """Read until the words were written: in whichever pieces, with whatever between them that is not seen."""
    sought, end = words.replace(" ", ""), time.monotonic() + PATIENCE
    while sought not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\s", "", terminal.said.decode(errors="replace")):
        readable, _, _ = select.select([terminal.master], [], [], max(end - time.monotonic(), 0))
        assert readable, f"{words!r} never came: {terminal.said[-3000:]!r}"
        terminal.said += os.read(terminal.master, 65536)
        assert time.monotonic() < end, f"{words!r} never came: {terminal.said[-3000:]!r}"


def press(terminal: Terminal, keys: bytes, then: str) -> None:
    """Press keys and wait for what comes of them; what was written before does not count."""
    terminal.said = b""
    os.write(terminal.master, keys)
    until(terminal, then)


@pytest.mark.timeout(300)
def test_a_pilot_who_is_killed_is_taken_over(terminals: tuple[Terminal, Terminal]) -> None:
    first, second = terminals
    until(first, "demo-colleague")
    until(second, "demo-admin")
    press(first, b"K", "take the controls")
    second.said = b""
    press(first, b"\r", "you (pilot)")
    until(second, "demo-admin (pilot)")
    press(second, b"K", "for them")
    os.write(second.master, b"\x1b")
    first.process.send_signal(signal.SIGKILL)
    until(second, "(pilot, silent)")
    press(second, b"K", "who is silent")
    press(second, b"\r", "why?")
    press(second, b"their machine is gone\r", "you (pilot)")


@pytest.mark.timeout(300)
def test_a_pilot_whose_terminal_hangs_up_gives_the_controls_back(terminals: tuple[Terminal, Terminal]) -> None:
    first, second = terminals
    until(first, "demo-colleague")
    press(first, b"K", "take the controls")
    press(first, b"\r", "you (pilot)")
    until(second, "demo-admin (pilot)")
    second.said = b""
    assert first.hang_up() == 128 + signal.SIGHUP
    until(second, "are free")
