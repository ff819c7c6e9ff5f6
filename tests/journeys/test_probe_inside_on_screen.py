"""A probe from inside the cluster, started, read and stopped on the screen."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import pytest
import yaml
from textual.pilot import Pilot

from cockpit.planning.probe_script import SCRIPT
from cockpit.session.session import Session
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.inside import InsideDialog
from cockpit.tui.screens.rollout import RolloutScreen
from tests.journeys.flight import PATIENCE, cockpit_on
from tests.journeys.test_probe_from_cluster import jobs, needs_whole_jobs, released
from tests.places import Place, demo_process
from tests.tui.driving import ask_inside, press, said, shown

SIDECAR = "label=sidecar.istio.io/inject=true"


@pytest.fixture(scope="module")
def embedded() -> Iterator[dict[str, Any]]:
    """An embedded cluster that runs probes as processes, as `cockpit demo` does."""
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    with demo_process("empty", "--seed", "7", "--run-jobs", digest) as ready:
        yield ready


@asynccontextmanager
async def looking_at(place: Place, name: str) -> AsyncIterator[tuple[CockpitApp, Pilot[None], Session]]:
    """The screen of a rollout in the test's namespace."""
    async with cockpit_on(place.kubeconfig, place.namespace) as session:
        app = CockpitApp(session, zone=UTC)
        async with app.run_test(size=(110, 40)) as pilot:
            await until(pilot, lambda: name in shown(app))
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(app.screen, RolloutScreen))
            yield app, pilot, session


async def until(pilot: Pilot[None], test: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not test():
            await pilot.pause(0.05)


async def start(app: CockpitApp, pilot: Pilot[None], line: str) -> None:
    """Ask for pods of the cluster, and send the plan."""
    await ask_inside(pilot, line)
    await until(pilot, lambda: "one creation of Job" in shown(app))
    await press(pilot, "p")
    await until(pilot, lambda: "accepted in a dry run" in shown(app))
    assert "create and delete jobs, list pods, read their logs" in shown(app).replace("\n", " ")
    await press(pilot, "enter")


async def test_what_pods_inside_the_mesh_get_is_seen_in_the_same_panes(place: Place) -> None:
    needs_whole_jobs(place)
    released(place)
    async with looking_at(place, "reviews") as (app, pilot, session):

        def total() -> int:
            return next(view.probe.total for view in session.view().rollouts if view.rollout.key.name == "reviews")

        await start(app, pilot, f"cluster pods=2 rate=100 for=60s {SIDECAR}")
        await until(pilot, lambda: "2 of 2 pods started" in shown(app))
        await press(pilot, "escape")
        await until(pilot, lambda: total() >= 300)
        await until(pilot, lambda: "split as written" in shown(app))
        assert "from the cluster, 2 pods" in shown(app)
        await press(pilot, "o")
        await until(pilot, lambda: "the Job was deleted" in said(app))
        assert jobs(place) == []
        await until(pilot, lambda: "stopped: was as written" in shown(app))
        assert "stopped; the Job was deleted" in shown(app)
        assert total() >= 300


async def test_a_job_that_may_not_be_created_says_which_right_is_missing(place: Place) -> None:
    released(place)
    config = yaml.safe_load(place.kubeconfig.read_text())
    (viewer,) = (context["name"] for context in config["contexts"] if context["name"].endswith("-viewer"))
    async with cockpit_on(place.kubeconfig, place.namespace, contexts=(viewer,)) as session:
        app = CockpitApp(session, zone=UTC)
        async with app.run_test(size=(110, 40)) as pilot:
            await until(pilot, lambda: "reviews" in shown(app))
            await ask_inside(pilot, "cluster")
            await until(pilot, lambda: "blocked" in shown(app))
            assert isinstance(app.screen, InsideDialog)
            assert "does not allow you to create jobs" in shown(app).replace("\n", " ")
            await press(pilot, "enter")
    assert jobs(place) == []
