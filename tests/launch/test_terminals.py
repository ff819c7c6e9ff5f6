"""The program on terminals that misbehave: not read, dragged, hung up, stopped, dumb, without keys; and a full disk.

COCKPIT_TERMINAL_SECONDS says for how long a terminal is not read or dragged.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.launch.flipping import VERIFIED, Cluster, closed, entries, opened, planned, stages
from tests.launch.terminals import OnTerminal, on_terminal, wait_for

SECONDS = float(os.environ.get("COCKPIT_TERMINAL_SECONDS", "4"))
# Kilobytes that a program may grow by while nobody reads it: what one burst of drawing takes, and no queue.
GROWTH = 30_000
pytestmark = pytest.mark.timeout(300)


def right_when_painted_anew(terminal: OnTerminal) -> None:
    """A terminal that knows nothing of before shows the same."""
    terminal.settle()
    seen = terminal.lasting()
    columns, rows = terminal.size
    terminal.resize(columns + 3, rows + 1)
    terminal.until_held(lambda: any(len(line) > columns for line in terminal.shown), "the larger screen")
    terminal.settle()
    terminal.resize(columns, rows)
    terminal.forget()
    terminal.until_held(lambda: terminal.lasting() == seen, "the same screen:\n" + "\n".join(seen))


def test_an_act_is_confirmed_though_nobody_reads_the_terminal(cluster: Cluster, tmp_path: Path) -> None:
    with on_terminal(cluster.words, tmp_path) as terminal:
        opened(terminal)
        planned(terminal)
        before = terminal.memory()
        terminal.press(b"\r")
        # From here on nobody reads: whole screens are painted until the terminal takes no more.
        end, number = time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            terminal.resize(80 + number % 60, 24 + number % 20)
            cluster.stir(number)
            number += 1
            time.sleep(0.05)
        wait_for(lambda: "verified" in stages(tmp_path), "the act in the journal")
        assert cluster.active() == "v2"
        assert terminal.memory() - before < GROWTH
        terminal.resize(80, 24)
        terminal.until(VERIFIED)
        terminal.press(b"\x1b")
        terminal.until("v2 active, 3/3", f"bebullish/demo:v2-{number - 1}", gone=VERIFIED)
        right_when_painted_anew(terminal)
        assert terminal.end(b"q") == 0
        assert b"Traceback" not in terminal.raw


def test_a_window_that_is_dragged_ends_with_the_right_screen(cluster: Cluster, tmp_path: Path) -> None:
    chance = random.Random(11)
    with on_terminal(cluster.words, tmp_path) as terminal:
        opened(terminal)
        before = terminal.memory()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            terminal.resize(chance.randint(20, 200), chance.randint(3, 60))
            assert terminal.read(0)
            time.sleep(0.02)
        assert terminal.memory() - before < GROWTH
        terminal.resize(80, 24)
        terminal.press(b"\r")
        terminal.until("demo-service", "who gets what")
        right_when_painted_anew(terminal)
        closed(terminal)


@pytest.mark.parametrize("arrives", [True, False], ids=["made", "lost"])
def test_an_act_that_a_hang_up_ends_is_followed_by_a_later_session(
    cluster: Cluster, tmp_path: Path, arrives: bool
) -> None:
    with on_terminal(cluster.words, tmp_path) as terminal:
        opened(terminal)
        planned(terminal)
        cluster.faults(fault="stall", resource="services", verb="patch")
        terminal.press(b"\r")
        wait_for(lambda: stages(tmp_path), "the act in the journal")
        assert terminal.hang_up() == 128 + signal.SIGHUP
    cluster.faults(clear=True)
    # It did not wait for the answer, for which a request has half a minute.
    assert stages(tmp_path) == ["sending", "unknown"]
    assert "the session ended before there was an answer" in entries(tmp_path)[-1]["why"]
    assert cluster.active() == "v1"
    if arrives:  # what had been on its way
        (write,) = json.loads((tmp_path / "unknown.json").read_text())
        (request,) = write["requests"]
        headers = {"Content-Type": request["patch"]}
        sent = cluster.place.client.patch(cluster.service, content=json.dumps(request["body"]), headers=headers)
        assert sent.status_code == 200, sent.text
    with on_terminal(cluster.words, tmp_path) as later:
        later.until(" ○ demo-service", "● live")
        if arrives:
            wait_for(lambda: stages(tmp_path)[-1:] == ["sent"], "the act found out")
            assert "found out" in entries(tmp_path)[-1]["why"]
        later.press(b"i")
        later.until("n next match")
        later.until("all traffic of demo-service to v2", "sent: f" if arrives else "unknown")
        closed(later)


def test_a_stopped_program_gives_the_terminal_back_and_paints_anew_when_it_goes_on(
    cluster: Cluster, tmp_path: Path
) -> None:
    def state() -> str:
        return Path(f"/proc/{terminal.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    with on_terminal(cluster.words, tmp_path) as terminal:
        opened(terminal)
        seen = terminal.lasting()
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.until_held(lambda: state() == "T", "the program stopped")
        terminal.read(0.1)
        assert b"\x1b[?1049l" in terminal.raw, "the shell would write onto the screen"
        terminal.forget()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.until(" ○ demo-service", "● live")
        terminal.settle()
        assert terminal.lasting() == seen
        terminal.press(b"?")
        terminal.until("no single key sends anything")
        closed(terminal)


def test_a_terminal_that_can_do_nothing_is_told_so_or_shows_the_screen(cluster: Cluster, tmp_path: Path) -> None:
    with on_terminal(cluster.words, tmp_path, environ={"TERM": "dumb"}) as terminal:
        terminal.until_held(
            lambda: terminal.process.poll() is not None or any("live" in line for line in terminal.shown), "anything"
        )
        assert b"Traceback" not in terminal.raw
        if terminal.process.poll() is None:
            assert terminal.end(b"q") == 0


def test_without_keys_it_says_that_it_needs_a_terminal(cluster: Cluster, tmp_path: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        with on_terminal(cluster.words, tmp_path, stdin=nothing) as terminal:
            assert terminal.end() == 1
            assert any("the screen needs a terminal" in line for line in terminal.shown)
            assert b"\x1b[?1049h" not in terminal.raw
    finally:
        os.close(nothing)


def test_on_a_full_disk_an_act_is_made_once_and_the_screen_says_what_was_not_kept(
    cluster: Cluster, tmp_path: Path
) -> None:
    """No file may grow: writing fails as on a full disk, though with another error."""
    with on_terminal(cluster.words, tmp_path, size=(120, 40), full_disk=True) as terminal:
        opened(terminal)
        planned(terminal)
        terminal.press(b"\r")
        terminal.until(VERIFIED, "▸ Close")
        # Where the line breaks is up to the length of the path.
        words = " ".join(" ".join(line.strip("│ ") for line in terminal.shown).split())
        assert "journal.jsonl cannot be written: File too large" in words
        assert cluster.active() == "v2"
        closed(terminal)
        assert not any(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
