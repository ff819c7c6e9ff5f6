"""A cluster with many pods: what is shown when, what it is asked for, and what is held."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials
from cockpit.kube.informers import LISTS_AT_ONCE
from cockpit.kube.transport import Transport
from cockpit.model.health import Health
from cockpit.model.kinds import LATE
from cockpit.model.reading import progress_words
from cockpit.model.refs import PODS
from cockpit.model.rollout import Severity
from cockpit.model.view import FleetView, Sync
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import SystemClock
from cockpit.session.facts import slices
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.probing.probes import Sampling
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.scale.churning import held_after_each
from tests.scale.objects import PODS_PER_RELEASE
from tests.scale.pages import Kind, Part, make_kinds
from tests.scale.server import ScaleServer

COUNT = 1000  # two parts of a list


@pytest.fixture(scope="module")
def kinds() -> dict[str, Kind]:
    return make_kinds(COUNT)


@pytest.fixture
async def server(kinds: dict[str, Kind]) -> AsyncIterator[tuple[ScaleServer, Session]]:
    """A server, and a session on it that is not open yet."""
    scale = ScaleServer(kinds)
    runner = web.AppRunner(scale.app(), handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    clock = SystemClock()
    target = ConnectTarget("scale", f"http://127.0.0.1:{runner.addresses[0][1]}", "somebody", "default")
    session = Session(
        [Connection(KubeApi(target, Transport(target, FixedCredentials()), clock), None)],
        adapters=ADAPTERS,
        make_probe=not_probed,
        settings=Settings(),
        journal=Journal(None),
        clock=clock,
        rng=random.Random(1),
    )
    yield scale, session
    await runner.cleanup()


def not_probed() -> Sampling:
    raise AssertionError("nothing is probed here")


def kind_of(name: str, document: object) -> Kind:
    """A kind with one object."""
    return Kind(name, 1, [Part.of(json.dumps(document).encode())])


async def until(session: Session, seen: Callable[[FleetView], object]) -> FleetView:
    news = asyncio.Event()
    end = session.subscribe(lambda _: news.set())
    try:
        async with asyncio.timeout(60):
            while not seen(session.view()):
                news.clear()
                await news.wait()
        return session.view()
    finally:
        end()


def live(view: FleetView) -> bool:
    return all(cluster.state is Sync.LIVE and not cluster.unfinished for cluster in view.clusters)


async def test_rows_come_before_pods_and_pods_fill_in(server: tuple[ScaleServer, Session]) -> None:
    scale, session = server
    scale.held["pods"] = asyncio.Event()
    async with session:
        early = await until(session, lambda view: len(view.rollouts) == COUNT // PODS_PER_RELEASE)
        words = "pods of scale are still being read"
        assert {view.stale for view in early.rollouts} == {words}
        assert {act.why for view in early.rollouts for act in view.rollout.acts if not act.enabled} >= {words}
        assert not any(act.enabled for view in early.rollouts for act in view.rollout.acts)
        assert not any(version.pods for view in early.rollouts for version in view.rollout.versions)
        assert {v.rollout.versions[0].ready for v in early.rollouts} == {PODS_PER_RELEASE}
        assert {view.health.health for view in early.rollouts} == {Health.NOT_MEASURED}
        scale.held["pods"].set()
        late = await until(session, live)
        assert {len(view.rollout.versions[0].pods) for view in late.rollouts} == {PODS_PER_RELEASE}
        assert {view.stale for view in late.rollouts} == {""}


async def test_what_only_looks_wrong_without_pods_raises_no_alarm(server: tuple[ScaleServer, Session]) -> None:
    scale, session = server
    scale.held["pods"] = asyncio.Event()
    labels = {"app": "db"}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}
    metadata = {"name": "db", "namespace": "team-00", "uid": "uid-db", "resourceVersion": "1"}
    service = {"metadata": metadata | {"uid": "uid-front"}, "spec": {"selector": labels, "ports": [{"port": 80}]}}
    scale.kinds = scale.kinds | {
        "statefulsets": kind_of("StatefulSet", {"metadata": metadata, "spec": spec}),
        "services": kind_of("Service", service),
    }

    def health(view: FleetView) -> Health | None:
        return next((v.health.health for v in view.rollouts if v.rollout.key.name == "db"), None)

    async with session:
        assert health(await until(session, health)) is Health.NOT_MEASURED
        scale.held["pods"].set()
        assert health(await until(session, live)) is Health.HURT


async def test_how_far_a_long_list_is_is_told_in_numbers(server: tuple[ScaleServer, Session]) -> None:
    scale, session = server
    scale.held["pods"] = asyncio.Event()
    async with session:
        view = await until(session, lambda view: any(k.expected for c in view.clusters for k in c.kinds))
        (pods,) = (kind for kind in view.clusters[0].kinds if kind.kind == PODS.kind)
        assert 0 < pods.read < pods.expected == COUNT
        assert progress_words(view.clusters) == f"reading Pods {pods.read} of about 1,000"
        scale.held["pods"].set()
        view = await until(session, live)
        assert progress_words(view.clusters) == ""


async def test_the_first_lists_are_few_at_once_and_pods_come_last(server: tuple[ScaleServer, Session]) -> None:
    scale, session = server
    async with session:
        await until(session, live)
    lists = [what.removeprefix("list ") for what in scale.order if what.startswith("list ")]
    assert lists[-1] == "pods"
    roots = {resource.plural for adapter in ADAPTERS for resource in adapter.roots} & set(lists)
    assert set(lists[: len(roots)]) == roots
    assert len(lists) == len(set(lists)), "nothing is listed twice"
    assert 0 < scale.busiest <= LISTS_AT_ONCE


async def test_kinds_that_are_not_served_cost_one_question_together(server: tuple[ScaleServer, Session]) -> None:
    scale, session = server
    async with session:
        view = await until(session, live)
        absent = [kind for kind in view.clusters[0].kinds if kind.state is Sync.ABSENT]
        assert len(absent) > 10
    assert scale.counted["groups"] == 1
    assert scale.counted["not found"] <= 1  # who the user is, which this server does not say


async def test_each_root_is_read_at_most_twice(server: tuple[ScaleServer, Session]) -> None:
    scale, session = server
    async with session:
        await until(session, live)
        cluster = session.cluster("scale")
        assert cluster
        services, deployments = (scale.kinds[plural].count for plural in ("services", "deployments"))
        readers = sum(1 for adapter in ADAPTERS for root in adapter.roots if root.plural == "services")
        assert cluster.rollouts.read <= 2 * (readers * services + deployments)


async def test_before_pods_each_root_is_read_once(server: tuple[ScaleServer, Session]) -> None:
    scale, session = server
    scale.held["pods"] = asyncio.Event()
    async with session:
        await until(session, lambda view: len(view.rollouts) == COUNT // PODS_PER_RELEASE)
        cluster = session.cluster("scale")
        assert cluster
        roots = [root.plural for adapter in ADAPTERS for root in adapter.roots]
        assert cluster.rollouts.read == sum(scale.kinds[plural].count for plural in roots if plural in scale.kinds)


async def test_a_rollout_that_waits_for_its_second_reading_says_so_and_raises_no_alarm(
    server: tuple[ScaleServer, Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLICE_SECONDS", "LONGEST_SECONDS", "FIRST_SECONDS", "SECONDS_OF_EACH"):
        monkeypatch.setattr(slices, name, 0.0)  # each rollout that is read is shown
    scale, session = server
    scale.held["pods"] = asyncio.Event()
    between: list[FleetView] = []

    def look(view: FleetView) -> None:
        kinds = {kind.state for kind in view.clusters[0].kinds}
        if kinds <= {Sync.LIVE, Sync.ABSENT} and view.clusters[0].unfinished:
            between.append(view)

    async with session:
        session.subscribe(look)
        await until(session, lambda view: len(view.rollouts) == COUNT // PODS_PER_RELEASE)
        scale.held["pods"].set()
        await until(session, live)
    shown = [view for fleet in between for view in fleet.rollouts]
    without = [view for view in shown if not view.rollout.versions[0].pods]
    assert without
    assert len(without) < len(shown)
    assert {fleet.clusters[0].state for fleet in between} == {Sync.SYNCING}, "not live while a row is not"
    assert {view.stale for view in without} == {"pods of scale are still being read"}
    assert {view.stale for view in shown if view.rollout.versions[0].pods} == {""}
    assert not any(act.enabled for view in without for act in view.rollout.acts)
    assert {found.severity for view in without for found in view.rollout.findings} <= {Severity.INFO, Severity.WARNING}


def test_only_kinds_that_roots_do_not_need_come_late() -> None:
    assert LATE
    assert not LATE & {root for adapter in ADAPTERS for root in adapter.roots}


def test_pods_that_come_and_go_leave_nothing_behind() -> None:
    """Each round replaces every pod under a new name, as days of releases do."""
    held = held_after_each(60, rounds=6)
    assert held[-1] - held[2] < 40_000, held  # the pods of one round alone take 60 kB
