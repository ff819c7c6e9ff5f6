"""Two cockpits on two terminals: seen, refused, killed, taken over."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from tests.cli.test_terminal import COCKPIT, Terminal
from tests.places import demo_process

# Real seconds that a slow machine may take, and a Lease that nobody renews.
PATIENCE = 90.0
STRICT = ("--all-namespaces", "--pilot", "strict", "--sample", "none")


class Screen:
    """What a person sees on a terminal: a screen paints only what changed, so its bytes are not its words."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._shown = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._shown)

    def press(self, keys: bytes) -> None:
        os.write(self.terminal.master, keys)

    def until(self, *words: str) -> None:
        """Read until all of these words stand on the screen, each in one line."""
        end = time.monotonic() + PATIENCE
        while missing := [each for each in words if not any(each in line for line in self._shown.display)]:
            left = end - time.monotonic()
            readable, _, _ = select.select([self.terminal.master], [], [], max(left, 0))
            assert readable, f"{missing} never came:\n" + "\n".join(self._shown.display)
            assert left > 0, f"{missing} never came:\n" + "\n".join(self._shown.display)
            self._stream.feed(os.read(self.terminal.master, 65536))


@pytest.fixture
def screens(tmp_path: Path) -> Iterator[tuple[Screen, Screen]]:
    """Two people who see each other and one blue-green release, each a user of their own."""
    with demo_process("blue-green", "--seed", "7") as ready:
        made = []
        for context in ("demo", "demo-colleague"):
            words = ["--kubeconfig", ready["kubeconfig"], "--context", context, *STRICT]
            made.append(Terminal(COCKPIT, words, tmp_path / context))
        first, second = map(Screen, made)
        try:
            first.until("shop/demo-service", "demo-colleague")
            second.until("shop/demo-service", "demo-admin")
            yield first, second
        finally:
            for terminal in made:
                terminal.close()


def takes(first: Screen, second: Screen) -> None:
    """The first takes the controls, and both see it."""
    first.press(b"K")
    first.until("take the controls")
    first.press(b"\r")
    first.until("you (pilot)")
    second.until("demo-admin (pilot)")


@pytest.mark.timeout(300)
def test_a_pilot_who_is_killed_is_taken_over(screens: tuple[Screen, Screen]) -> None:
    first, second = screens
    takes(first, second)
    second.press(b"K")
    second.until("demo-admin on", "for them")
    second.press(b"\x1b")
    first.terminal.process.send_signal(signal.SIGKILL)
    second.until("(pilot, silent)")
    second.press(b"K")
    second.until("who is silent")
    second.press(b"\r")
    second.until("why?")
    second.press(b"their machine is gone\r")
    second.until("you (pilot)")


@pytest.mark.timeout(300)
def test_a_pilot_whose_terminal_hangs_up_gives_the_controls_back(screens: tuple[Screen, Screen]) -> None:
    first, second = screens
    takes(first, second)
    assert first.terminal.hang_up() == 128 + signal.SIGHUP
    second.until("are free")
