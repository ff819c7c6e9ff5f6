"""One cockpit that nobody touches, for a whole hour of the machine's own time: is the last minute like the fifth?

COCKPIT_REST_SECONDS says for how long, 3600 for an hour; without it nothing is measured. COCKPIT_TEST_KUBECONFIG names
a real cluster beside `tests/scale`, on which nobody else should work. `test_server_cost.py` simulates an hour.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.figure import Figure
from tests.benchmarks.server_metrics import scrape
from tests.benchmarks.test_peer_at_rest import USERS, users
from tests.places import open_client
from tests.scale.running import Screen, on_pty, serving

KUBECONFIG = os.environ.get("COCKPIT_TEST_KUBECONFIG", "")
SECONDS = float(os.environ.get("COCKPIT_REST_SECONDS", "0"))
MINUTE, EARLY = 60.0, 5
PODS = 1000
# A search for garbage, a list that is read anew: memory that comes and goes.
FLAT_MB = 3.0


@dataclass(frozen=True)
class Minute:
    """What one minute cost, and the memory at its end."""

    written: int
    cpu: float
    requests: int
    memory: float

    def words(self) -> str:
        return f"{self.written} B, {self.cpu:.2f} s of CPU, {self.requests} requests, {self.memory:.1f} MB"


@contextlib.contextmanager
def cockpit(kubeconfig: str, *words: str) -> Iterator[Screen]:
    argv = [sys.executable, "-m", "cockpit", "--kubeconfig", kubeconfig, "-A", "--sample", "none", *words]
    with on_pty(argv) as screen:
        yield screen


def minutes(screen: Screen, requests: Callable[[], int], length: float) -> list[Minute]:
    """Minute by minute, the first of which has the start in it."""
    found = []
    for number in range(max(EARLY + 1, int(length / MINUTE))):
        written, cpu, asked = (screen.written, screen.cpu(), requests()) if number else (0, 0.0, 0)
        time.sleep(MINUTE)
        found.append(Minute(screen.written - written, screen.cpu() - cpu, requests() - asked, screen.memory()[0]))
        print(f"minute {number + 1}: {found[-1].words()}", flush=True)
    return found


def figures_of(what: str, found: list[Minute], most_written: int | None) -> list[Figure]:
    rest = found[EARLY:]
    hour = 60 / len(rest)
    written, requests = sum(each.written for each in rest), sum(each.requests for each in rest)
    cpu = sum(each.cpu for each in rest) / len(rest) / MINUTE
    early, late = found[EARLY - 1].memory, found[-1].memory
    after = f"minutes {EARLY + 1} to {len(found)} at rest, {what}"
    kept = None if most_written is None else written <= most_written
    return [
        Figure(f"written to the terminal, {after}", f"{written} B", "", "0 B" if most_written == 0 else "", kept),
        Figure(f"requests, {after}", f"{requests}, {requests * hour:.0f} in an hour", "", "", None),
        Figure(f"CPU, {after}", f"{cpu:.2%} of a core", "", "<= 0.5%", cpu <= 0.005),
        Figure(f"memory, minute {EARLY} and minute {len(found)}, {what}", f"{early:.1f} MB, {late:.1f} MB", "",
               f"+{FLAT_MB:g} MB", late <= early + FLAT_MB),
    ]  # fmt: skip


def missing(what: str, *, kubeconfig: str = "none is needed") -> list[Figure]:
    """A figure that says what stands in the way of a measurement, if anything does."""
    why = "" if kubeconfig else "missing: a cluster, COCKPIT_TEST_KUBECONFIG=FILE"
    why = why if SECONDS else "missing: an hour of time, COCKPIT_REST_SECONDS=3600"
    return [Figure(f"an hour at rest, {what}", why, "", "", None)] if why else []


def simulated() -> list[Figure]:
    """On the server of `tests/scale`, where nothing happens."""
    if nothing := missing("tests/scale"):
        return nothing
    with serving(PODS) as served, cockpit(str(served.kubeconfig)) as screen:
        found = minutes(screen, lambda: sum(served.counts()["requests"].values()), SECONDS)
    return figures_of(f"{PODS:,} pods of tests/scale", found, 0)


def real() -> list[Figure]:
    """On a real API server, whose own count of this user's requests is taken."""
    what = "a real API server"
    if nothing := missing(what, kubeconfig=KUBECONFIG):
        return nothing
    user = USERS["cockpit"]
    with open_client(Path(KUBECONFIG)) as client, users(client):
        before = scrape(client).dispatched[user]
        with cockpit(KUBECONFIG, "--as", user) as screen:
            found = minutes(screen, lambda: scrape(client).dispatched[user] - before, SECONDS)
    return figures_of(what, found, None)


def figures() -> list[Figure]:
    """All of them, one after the other: two hours with a cluster."""
    return [figure for part in (simulated, real) for figure in part()]


@pytest.mark.benchmark
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", [simulated, real])
def test_an_hour_at_rest(part: Callable[[], list[Figure]]) -> None:
    print()
    for figure in part():
        print(f"{figure.what}: {figure.ours} (budget {figure.budget or 'none'})")
