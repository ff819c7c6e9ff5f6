"""Two sessions at a real API server that is killed, held, compacted and put back to an older store, by seeds.

COCKPIT_FAULT_RUNS says how many; COCKPIT_FAULT_LOG names a file for what each run was like. The last of the tests with
faults: what a control plane has in memory after its store was put back is not for others to meet.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.places import Place, namespace_in, open_client, seed, way_to
from tests.real.control_plane import LAB, LAB_DIR, ControlPlane, without_lab
from tests.real.lossy import lossy_way
from tests.real.seeded import Run
from tests.real.seeded_way import SeededWay

KUBECONFIG = os.environ.get("COCKPIT_TEST_KUBECONFIG", "")
RUNS = int(os.environ.get("COCKPIT_FAULT_RUNS", "0"))
LOG = os.environ.get("COCKPIT_FAULT_LOG", "")

pytestmark = [
    pytest.mark.real,
    pytest.mark.faults,
    pytest.mark.skipif(not KUBECONFIG, reason="COCKPIT_TEST_KUBECONFIG names no cluster"),
    without_lab,
]


def note(**figures: Any) -> None:
    if LOG:
        with Path(LOG).open("a") as file:
            file.write(json.dumps(figures) + "\n")


async def play(run: Run, place: Place, folder: Path) -> None:
    async with (
        lossy_way(place.kubeconfig, folder, SeededWay) as (way, _),
        httpx.AsyncClient(**way_to(place.kubeconfig), timeout=20) as direct,
    ):
        assert isinstance(way, SeededWay)
        await run.play(way, way.address, direct)


@pytest.mark.parametrize("number", range(RUNS))
def test_what_is_told_is_what_happened(number: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kubeconfig = Path(KUBECONFIG)
    began = time.monotonic()
    with namespace_in("real", kubeconfig, "", f"cockpit-faults-{os.getpid()}-{number}") as place:
        for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
            place.apply(*seed(name))
        place.ready("demo-dp-v1", "demo-dp-v2")
        lab = ControlPlane(lambda: open_client(kubeconfig), tmp_path) if LAB and LAB_DIR else None
        run = Run(number, place, tmp_path, lab)
        with caplog.at_level(logging.ERROR):
            try:
                asyncio.run(play(run, place, tmp_path))
            except (AssertionError, TimeoutError) as error:
                note(seed=number, server=run.server, failed=repr(error)[:4000])
                raise
    note(
        seed=number, server=run.server, met=[f"{f.on} {f.what}" for f in dict.fromkeys(run.way.met)],
        acts=len(run.told), changes=len(run.truth.changes), known=round(run.known, 1),
        stages=[e.stage for who in run.sessions for e in run._last(who)],
        seconds=round(time.monotonic() - began, 1), rss=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )  # fmt: skip
    # The way in between is a server of aiohttp: what it logs of an aborted connection is no failure of the program.
    failures = [each for each in caplog.records if each.exc_info and each.name != "aiohttp.server"]
    assert not failures, caplog.text
