"""A session on the embedded cluster: real adapters, real probes, real connections, from manifest to clean-up."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cockpit.demo import kubeconfig
from cockpit.demo.clock import DemoClock
from cockpit.demo.cluster import DemoCluster
from cockpit.demo.scenarios.scenario import kind_of
from cockpit.demo.store.storage import ensure_namespace
from cockpit.kube.connect import ConnectOptions, connect, resolve
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, Outcome, Prepared, RolloutView, Stage, Sync
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import HttpxTransport
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import SystemClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.objects import seed
from tests.session.conftest import PATIENCE

BLUE_GREEN = RolloutKey("demo", "shop", "demo-service", "service")


@asynccontextmanager
async def session_on(cluster: DemoCluster, folder: Path, context: str, settings: Settings) -> AsyncIterator[Session]:
    path, clock = folder / "kubeconfig", SystemClock()
    kubeconfig.write(cluster.kubeconfig(), path)
    options = ConnectOptions(kubeconfig=path, contexts=(context,))
    (target,) = resolve(options, {})
    transport, budget = HttpxTransport(clock), Budget(clock)
    session = Session(
        [Connection(await connect(target, options, clock), None)],
        adapters=ADAPTERS,
        make_probe=lambda: Probe(transport, clock, budget, settle=0.0),
        settings=settings,
        journal=Journal(folder / "journal.jsonl"),
        clock=clock,
        rng=random.Random(7),
    )
    try:
        async with session:
            yield session
    finally:
        await transport.close()


@pytest.fixture
async def cluster() -> AsyncIterator[DemoCluster]:
    made = DemoCluster("demo", clock=DemoClock(), seed=7)
    await made.start()
    ensure_namespace(made.storage, "shop")
    # 8080, because not everybody may listen on 80.
    for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
        for doc in seed(name):
            if doc["kind"] == "Service":
                doc["spec"]["ports"][0]["port"] = 8080
            doc["metadata"]["namespace"] = "shop"
            made.storage.create(kind_of(doc), doc)
    try:
        yield made
    finally:
        await made.stop()


async def until(session: Session, seen: Callable[[FleetView], Any]) -> FleetView:
    """The first view in which `seen` holds."""
    news = asyncio.Event()
    end = session.subscribe(lambda _: news.set())
    try:
        async with asyncio.timeout(PATIENCE * 2):
            while not seen(session.view()):
                news.clear()
                await news.wait()
    finally:
        end()
    return session.view()


def shown(view: FleetView, key: RolloutKey = BLUE_GREEN) -> RolloutView | None:
    return next((v for v in view.rollouts if v.rollout.key == key), None)


def both_ready(view: FleetView) -> bool:
    found = shown(view)
    return (
        found is not None
        and len(found.rollout.versions) == 2
        and all(v.ready == v.desired for v in found.rollout.versions)
    )


async def act(session: Session, ask: Ask) -> Outcome:
    plan = await session.prepare(BLUE_GREEN, ask)
    assert isinstance(plan, Prepared), plan
    assert plan.blocked == "", plan
    return await session.send(plan, wait=PATIENCE)


async def test_flip_roll_back_finish_and_undo_on_a_living_cluster(cluster: DemoCluster, tmp_path: Path) -> None:
    async with session_on(cluster, tmp_path, "demo", Settings()) as session:
        await until(session, both_ready)
        await session.probe(BLUE_GREEN, True)
        await session.set_target(BLUE_GREEN, None, rate=100.0)
        flipped = await act(session, Ask(Act.FLIP, version="v2"))
        assert flipped.stage is Stage.VERIFIED, flipped
        assert "answers agree" in flipped.why
        view = shown(session.view())
        assert view
        observed = {s.version: s.observed.share for s in view.rollout.lanes[0].shares if s.observed}
        assert observed == {"v1": 0.0, "v2": 1.0}
        back = await act(session, Ask(Act.ROLLBACK))
        assert back.stage is Stage.VERIFIED, back
        again = await act(session, Ask(Act.UNDO))
        assert again.stage is Stage.VERIFIED, again
        finished = await act(session, Ask(Act.FINISH))
        assert finished.stage is Stage.VERIFIED, finished
        await until(session, lambda view: shown(view) is None)
        undone = await act(session, Ask(Act.UNDO))
        assert undone.stage is Stage.VERIFIED, undone
        await until(session, both_ready)
        view = shown(await until(session, lambda view: (now := shown(view)) is not None and now.probe.running))
        assert view
        assert [entry.stage for entry in session.view().journal] == [Stage.VERIFIED] * 5


async def test_a_user_without_rights_sees_why_and_changes_nothing(cluster: DemoCluster, tmp_path: Path) -> None:
    async with session_on(cluster, tmp_path, "demo-viewer", Settings()) as session:
        await until(session, lambda view: view.clusters[0].state is Sync.LIVE and view.rollouts)
        key = session.view().rollouts[0].rollout.key
        plan = await session.prepare(
            key, Ask(Act.SCALE, counts=((session.view().rollouts[0].rollout.versions[0].name, 5),))
        )
        assert isinstance(plan, Prepared), plan
        assert "not allow" in plan.blocked
        outcome = await session.send(plan)
        assert outcome.stage is Stage.REFUSED
    async with session_on(cluster, tmp_path, "demo-nobody", Settings()) as session:
        view = await until(session, lambda view: view.clusters[0].state is Sync.FORBIDDEN)
        assert view.rollouts == ()
