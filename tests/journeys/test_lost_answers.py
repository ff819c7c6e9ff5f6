"""An approval whose answer never comes: one step is taken at most, and nobody is told that it is certain."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from cockpit.model.view import Stage, Sync
from tests.journeys import argo, kruise
from tests.journeys.argo import Steps
from tests.journeys.flight import Pilot, flying
from tests.places import Place
from tests.real.lossy import LossyWay, lossy_way

LAB, LAB_DIR = os.environ.get("COCKPIT_TEST_LAB", ""), os.environ.get("COCKPIT_TEST_LAB_DIR", "")
STEPS: Steps = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"pause": {}}]


@dataclass(frozen=True)
class Release:
    """How one system's release with three approvals is brought to its first pause."""

    name: str
    begin: Callable[[Place, Pilot], Any]
    pauses: tuple[int, ...]


async def begin_argo(place: Place, pilot: Pilot) -> None:
    root, _ = argo.services()
    await argo.standing(place, pilot, root, argo.ingress(), argo.release(STEPS, replicas=2))
    await argo.start(place, pilot)


async def begin_kruise(place: Place, pilot: Pilot) -> None:
    doc = kruise.rollout("batches")
    doc["spec"]["strategy"]["canary"]["steps"] = [{"replicas": n, "pause": {}} for n in (1, 2, 3)]
    await kruise.standing(place, pilot, doc)
    await kruise.start(pilot)


RELEASES = {
    "argo": Release(argo.NAME, begin_argo, (2, 4, 6)),
    "kruise": Release(kruise.DEMO, begin_kruise, (1, 2, 3)),
}


@asynccontextmanager
async def flying_lossily(place: Place, folder: Path) -> AsyncIterator[tuple[Pilot, LossyWay]]:
    async with (
        lossy_way(place.kubeconfig, folder) as (way, kubeconfig),
        flying(replace(place, kubeconfig=kubeconfig), folder) as pilot,
    ):
        yield pilot, way


async def waits_at(pilot: Pilot, name: str, step: int) -> None:
    def there(shown: Any) -> bool:
        found = shown.rollout.step
        return shown.rollout.phase is Phase.WAITING and found is not None and found.index == step

    await pilot.until_seen(name, there, f"{name} waits at step {step}")


@pytest.mark.parametrize("system", RELEASES)
async def test_an_approval_without_an_answer_takes_one_step_at_most(place: Place, tmp_path: Path, system: str) -> None:
    release = RELEASES[system]
    first, second, third = release.pauses
    async with flying_lossily(place, tmp_path) as (pilot, way):
        await release.begin(place, pilot)
        await waits_at(pilot, release.name, first)
        prepared = await pilot.plan(release.name, Ask(Act.APPROVE))
        way.losing = True
        outcome = await pilot.cockpit.send(prepared, wait=30)
        way.losing = False
        assert way.lost == 1, "one request was sent, and not once more"
        # Certain only where it was seen: the release has left the step.
        seen = outcome.stage is Stage.VERIFIED and "confirmed by the objects" in outcome.why
        assert seen or outcome.stage is Stage.UNKNOWN, outcome
        await waits_at(pilot, release.name, second)

        await pilot.do(release.name, Ask(Act.APPROVE))
        await waits_at(pilot, release.name, third)


@pytest.mark.real
@pytest.mark.faults
@pytest.mark.skipif(not (LAB and LAB_DIR), reason="COCKPIT_TEST_LAB and COCKPIT_TEST_LAB_DIR name no lab")
@pytest.mark.parametrize("place", ["real"], indirect=True)
@pytest.mark.parametrize("system", RELEASES)
async def test_an_api_server_that_dies_between_send_and_answer(place: Place, tmp_path: Path, system: str) -> None:
    release = RELEASES[system]
    first, second, _ = release.pauses

    def lab(word: str) -> None:
        subprocess.run([LAB, word, "kube-apiserver", "--dir", LAB_DIR], check=True, capture_output=True, timeout=120)

    async with flying_lossily(place, tmp_path) as (pilot, way):
        await release.begin(place, pilot)
        await waits_at(pilot, release.name, first)
        prepared = await pilot.plan(release.name, Ask(Act.APPROVE))
        way.losing, way.after = True, lambda: lab("kill")
        try:
            outcome = await pilot.cockpit.send(prepared, wait=30)
        finally:
            way.losing = False
            lab("start")
        assert way.lost == 1
        assert outcome.stage is Stage.UNKNOWN, outcome
        await pilot.until("the API server is back", lambda: pilot.cockpit.view().clusters[0].state is Sync.LIVE)
        await waits_at(pilot, release.name, second)
        assert (await pilot.cockpit.send(prepared, wait=0)).stage is Stage.REFUSED
        await waits_at(pilot, release.name, second)
