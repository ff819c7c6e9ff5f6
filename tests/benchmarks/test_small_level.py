"""Twenty cockpits that are started at once on a level of API priority and fairness with one seat and no queue.

COCKPIT_TEST_KUBECONFIG names the cluster, whose user may do everything; COCKPIT_LEVEL_SECONDS says for how long they
are watched, 0 for not at all. They need 2 GB of memory.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.benchmarks.figure import Figure
from tests.benchmarks.server_metrics import Served, scrape
from tests.benchmarks.test_peer_at_rest import BINDINGS, FLOWS, binding_of, flow_of
from tests.places import open_client
from tests.scale.running import on_pty

KUBECONFIG = os.environ.get("COCKPIT_TEST_KUBECONFIG", "")
SECONDS = float(os.environ.get("COCKPIT_LEVEL_SECONDS", "0"))
COCKPITS, USER = 20, "measured-small"
LEVELS = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations"
LIVE = "● live".encode()
STEP, HOUR = 10.0, 3600.0


def level(name: str, shares: int) -> dict[str, Any]:
    """A level that turns away what it has no seat for."""
    limited = {
        "nominalConcurrencyShares": shares,
        "lendablePercent": 0,
        "borrowingLimitPercent": 0,
        "limitResponse": {"type": "Reject"},
    }
    return {"metadata": {"name": name}, "spec": {"type": "Limited", "limited": limited}}


@contextlib.contextmanager
def small_level(client: httpx.Client) -> Iterator[None]:
    """A user on such a level. Another one has nearly all of the shares, so that this has one seat."""
    flow = flow_of(USER)
    flow["spec"]["priorityLevelConfiguration"]["name"] = USER
    made = (
        (LEVELS, level(USER, 1)), (LEVELS, level("measured-many", 20_000)), (FLOWS, flow), (BINDINGS, binding_of(USER))
    )  # fmt: skip
    try:
        for path, doc in made:
            answer = client.post(path, json=doc)
            assert answer.status_code in (201, 409), answer.text
        time.sleep(5)  # until flow control has taken them in
        assert f'nominal_limit_seats{{priority_level="{USER}"}} 1\n' in client.get("/metrics").text
        yield
    finally:
        for path, doc in reversed(made):
            client.delete(f"{path}/{doc['metadata']['name']}")


def started(client: httpx.Client) -> tuple[list[float], Served, Served, float]:
    """When each was live, what the server counted until the last one was, and since, and for how long that was."""
    command = [sys.executable, "-m", "cockpit", "--kubeconfig", KUBECONFIG, "-A", "--as", USER, "--sample", "none"]
    before, begun = scrape(client), time.monotonic()
    with contextlib.ExitStack() as stack:
        screens = [stack.enter_context(on_pty(command, LIVE)) for _ in range(COCKPITS)]
        all_live, then = before, begun
        while time.monotonic() - begun < SECONDS:
            time.sleep(STEP)
            assert all(screen.memory()[0] for screen in screens), "a cockpit has ended"
            if all_live is before and all(LIVE in screen.seen for screen in screens):
                all_live, then = scrape(client), time.monotonic()
        over, length = scrape(client), time.monotonic() - then
        return [screen.seen.get(LIVE, -1.0) for screen in screens], all_live.since(before), over.since(all_live), length


def figures() -> list[Figure]:
    what = f"{COCKPITS} cockpits at once on a level of one seat"
    if not KUBECONFIG or not SECONDS:
        return [Figure(what, "missing: COCKPIT_TEST_KUBECONFIG=FILE and COCKPIT_LEVEL_SECONDS=540", "", "", None)]
    with open_client(Path(KUBECONFIG)) as client, small_level(client):
        live, start, rest, length = started(client)
    if -1.0 in live:
        return [Figure(what, f"{live.count(-1.0)} were not live within {SECONDS:.0f} s", "", "all live", False)]
    hour = HOUR / length
    first = f"live after {min(live):.0f} to {max(live):.0f} s; {start.dispatched[USER]} requests and"
    told = f"{first} {start.rejected[USER]} turned away until then"
    later = f"{rest.dispatched[USER] * hour:.0f} requests and {rest.rejected[USER] * hour:.0f} turned away in an hour"
    return [Figure(what, told, "", "all live", True), Figure(f"{what}, at rest", later, "", "", None)]


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_small_level() -> None:
    print()
    for figure in figures():
        print(f"{figure.what}: {figure.ours}")
