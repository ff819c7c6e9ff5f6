"""The program on a wall clock that is set by a day, ahead and back, and on one that stands still.

A library of a few lines, loaded before all others, answers for the wall clock; the monotonic clock stays the system's.
libfaketime 0.9.10 does not serve here: with it Python's `time.sleep` fails with EINVAL.
"""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from tests.launch.flipping import SPEED, VERIFIED, Cluster, closed, entries, opened, planned, stages
from tests.launch.terminals import OnTerminal, on_terminal, wait_for

COMPILER = shutil.which("cc")
# It reads two numbers from a file each time: how many seconds the clock is ahead, and, unless 0, where it stands.
LIBRARY = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, id, now);
    if (failed || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return failed;
    long long set[2] = {0, 0};
    int file = open(getenv("WALL_CLOCK"), O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, set, sizeof set) != sizeof set) abort();
    close(file);
    if (set[1]) now->tv_nsec = 0;
    now->tv_sec = set[1] ? set[1] : now->tv_sec + set[0];
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec found;
    if (clock_gettime(CLOCK_REALTIME, &found)) return -1;
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into) {
    struct timespec found;
    if (clock_gettime(CLOCK_REALTIME, &found)) return -1;
    if (into) *into = found.tv_sec;
    return found.tv_sec;
}
"""
# For how long each clock is looked at.
SECONDS = 6.0
DAY = 86_400
AHEAD, BACK, STILL = (DAY, 0), (-DAY, 0), (0, int(time.time()))
SET = pytest.mark.parametrize("clock_says", [AHEAD, BACK, STILL], ids=["ahead", "back", "still"])
JUMPS = pytest.mark.parametrize("clock_says", [AHEAD, BACK], ids=["ahead", "back"])
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(COMPILER is None, reason="there is no compiler to make a clock with that can be set"),
]


class WallClock:
    """The program's wall clock: `environ` is for the program."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "clock.so", folder / "clock"
        words = [COMPILER or "", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(library)]
        subprocess.run(words, input=LIBRARY.encode(), check=True, timeout=60)
        self._file.write_bytes(bytes(16))
        self.environ = {"LD_PRELOAD": str(library), "WALL_CLOCK": str(self._file), "TZ": "UTC"}

    def set(self, says: tuple[int, int]) -> None:
        """So many seconds ahead; with a second number it stands there."""
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("qq", *says))


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    (tmp_path / "clock").mkdir()
    return WallClock(tmp_path / "clock")


def nothing_is_odd(terminal: OnTerminal) -> None:
    """Live, and no age below nothing, once a whole picture is there."""
    terminal.settle()
    assert any("● live" in line for line in terminal.shown), terminal.shown
    for line in terminal.shown:
        assert not re.search(r"(?<![\w.:])-\d+ ?(ms|s|m|h|d)\b|stale|not heard", line), terminal.shown


@SET
def test_a_screen_stays_live_and_shows_what_changes(
    cluster: Cluster, clock: WallClock, tmp_path: Path, clock_says: tuple[int, int]
) -> None:
    with on_terminal(cluster.words, tmp_path, size=(140, 40), environ=clock.environ) as terminal:
        opened(terminal)
        clock.set(clock_says)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            nothing_is_odd(terminal)
        cluster.stir(1)
        terminal.press(b"\r")
        terminal.until("demo:v2-1", "who gets what")
        nothing_is_odd(terminal)
        terminal.press(b"i")
        terminal.until("n next match")
        terminal.press(b"\x1b")
        terminal.until("who gets what")
        closed(terminal)


@JUMPS
def test_an_act_that_takes_its_time_is_verified(
    cluster: Cluster, clock: WallClock, tmp_path: Path, clock_says: tuple[int, int]
) -> None:
    with on_terminal(cluster.words, tmp_path, environ=clock.environ) as terminal:
        opened(terminal)
        planned(terminal)
        cluster.faults(fault="slow", resource="services", verb="patch", seconds=SECONDS * SPEED)
        terminal.press(b"\r")
        wait_for(lambda: stages(tmp_path), "the act in the journal")
        clock.set(clock_says)
        terminal.until(VERIFIED)
        assert stages(tmp_path) == ["sending", "sent", "verified"]
        assert cluster.active() == "v2"
        nothing_is_odd(terminal)
        closed(terminal)


@JUMPS
def test_a_lost_act_is_not_given_up_sooner(
    cluster: Cluster, clock: WallClock, tmp_path: Path, clock_says: tuple[int, int]
) -> None:
    words = [*cluster.words, "--request-timeout", "2s"]
    with on_terminal(words, tmp_path, environ=clock.environ) as terminal:
        opened(terminal)
        planned(terminal)
        cluster.faults(fault="stall", resource="services", verb="patch")
        terminal.press(b"\r")
        wait_for(lambda: stages(tmp_path)[-1:] == ["unknown"], "an act without an answer")
        cluster.faults(clear=True)
        clock.set(clock_says)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            terminal.read(0.2)
        assert stages(tmp_path) == ["sending", "unknown"], entries(tmp_path)
        (write,) = json.loads((tmp_path / "unknown.json").read_text())
        (request,) = write["requests"]
        sent = cluster.place.client.patch(
            cluster.service, content=json.dumps(request["body"]), headers={"Content-Type": request["patch"]}
        )
        assert sent.status_code == 200, sent.text
        wait_for(lambda: stages(tmp_path)[-1:] == ["sent"], "the act found out")
        closed(terminal)
