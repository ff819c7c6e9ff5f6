"""An act across a network that is really cut: unknown, followed, found out, and made once at the most."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.connect import ConnectOptions, resolve
from cockpit.kube.credentials import credentials_for
from cockpit.kube.transport import Transport
from cockpit.model.clock import Clock
from cockpit.model.plan import Act, Ask
from cockpit.model.view import Prepared, Stage, Sync
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.unknown_file import UnknownFile
from cockpit.session.clock import SystemClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.cutting import CutWay, cut_way
from tests.places import Place, open_client, seed
from tests.real.seeded import FastClock
from tests.session.conftest import ScriptedProbe

PATIENCE = 90.0
# Seconds for which a request is waited for. Where nothing comes, the time of the sessions runs ten times as fast.
TIMEOUT = 2.0
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def way(place: Place, tmp_path: Path) -> Iterator[CutWay]:
    for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
        place.apply(*seed(name))
    place.ready("demo-dp-v1", "demo-dp-v2")
    with cut_way(place.kubeconfig, tmp_path) as made:
        yield made


@asynccontextmanager
async def at_work(way: CutWay, place: Place, folder: Path, clock: Clock) -> AsyncIterator[Session]:
    """A session through that way, which remembers in a folder what it sent."""
    options = ConnectOptions(kubeconfig=way.kubeconfig)
    (target,) = resolve(options, {})
    transport = Transport(target, await credentials_for(target, clock), timeout=TIMEOUT, stall=5.0)
    session = Session(
        [Connection(KubeApi(target, transport, clock), place.namespace)],
        adapters=ADAPTERS,
        make_probe=ScriptedProbe,
        settings=Settings(),
        journal=Journal(folder / "journal.jsonl"),
        clock=clock,
        rng=random.Random(1),
        unknown=UnknownFile(folder / "unknown.json", {target.context: target.server}),
    )
    async with session:
        await until(lambda: session.view().rollouts and session.view().clusters[0].state is Sync.LIVE, "it is live")
        yield session


async def until(held: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not held():  # noqa: ASYNC110 - of a session and of a server
            await asyncio.sleep(0.05)
    assert held(), what


def active(place: Place) -> str:
    return str((place.get("Service", "demo-service") or {})["spec"]["selector"]["version"])


def told(session: Session) -> Stage | None:
    """What was told last of the flip."""
    own = [entry for entry in session.view().journal if entry.act == Act.FLIP]
    return own[-1].stage if own else None


@contextmanager
def changes(place: Place) -> Iterator[list[str]]:
    """Every version that is made active meanwhile, as a watch past the cut way tells."""
    found: list[str] = []
    listing = place.client.get(place.path("Service")).raise_for_status().json()
    query = {"watch": "1", "resourceVersion": listing["metadata"]["resourceVersion"], "timeoutSeconds": "600"}
    before = [active(place)]

    def follow(stream: Any) -> None:
        for line in stream.iter_lines():
            said = json.loads(line)["object"]["spec"]["selector"]["version"]
            if said != before[0]:
                found.append(said)
                before[0] = said

    with (
        open_client(place.kubeconfig) as client,
        client.stream("GET", place.path("Service"), params=query, timeout=600) as stream,
    ):
        Thread(target=lambda: _quietly(follow, stream), daemon=True).start()
        yield found


def _quietly(follow: Callable[[Any], None], stream: Any) -> None:
    with suppress(httpx.HTTPError, httpx.StreamError):
        follow(stream)


async def flipped(session: Session, cut: Callable[[], None]) -> Stage:
    """What is told at first of a flip during whose sending the network is cut."""
    key = session.view().rollouts[0].rollout.key
    prepared = await session.prepare(key, Ask(Act.FLIP, version="v2"))
    assert isinstance(prepared, Prepared), prepared
    assert not prepared.blocked, prepared.blocked
    cut()
    return (await session.send(prepared, wait=0.0)).stage


# How it is cut, and whether the request came through.
CUTS = pytest.mark.parametrize(
    ("mode", "made"), [("swallow up", False), ("deaf", False), ("swallow down", True), ("reset", True)]
)


@CUTS
async def test_it_is_unknown_and_then_found_out(
    place: Place, way: CutWay, tmp_path: Path, mode: str, made: bool
) -> None:
    with changes(place) as seen:
        async with at_work(way, place, tmp_path, FastClock()) as session:
            assert await flipped(session, lambda: way.says(mode)) is Stage.UNKNOWN
            way.says("pass")
            await until(lambda: told(session) is not Stage.UNKNOWN, "found out")
            await until(lambda: session.view().clusters[0].state is Sync.LIVE, "live again")
            assert (told(session) in (Stage.SENT, Stage.VERIFIED)) is made, told(session)
            assert told(session) is not None
            assert made or told(session) is Stage.REFUSED
        assert active(place) == ("v2" if made else "v1")
        assert seen == (["v2"] if made else [])


async def test_what_a_stopped_proxy_lets_through_later_is_found(place: Place, way: CutWay, tmp_path: Path) -> None:
    with changes(place) as seen:
        async with at_work(way, place, tmp_path, SystemClock()) as session:
            assert await flipped(session, lambda: way.says("stop")) is Stage.UNKNOWN
            assert active(place) == "v1"
            way.go_on()
            await until(lambda: told(session) in (Stage.SENT, Stage.VERIFIED), "found out")
        assert active(place) == "v2"
        assert seen == ["v2"]


@pytest.mark.parametrize("comes", [True, False], ids=["it comes", "it never comes"])
async def test_a_later_session_goes_on_looking(place: Place, way: CutWay, tmp_path: Path, comes: bool) -> None:
    """The first one ends while the request is held somewhere; it comes in the time of the second, or is lost."""
    clock = SystemClock() if comes else FastClock()
    with changes(place) as seen:
        async with at_work(way, place, tmp_path, clock) as session:
            assert await flipped(session, lambda: way.says("hold" if comes else "deaf")) is Stage.UNKNOWN
        assert active(place) == "v1"
        way.says("hold" if comes else "pass")
        async with at_work(way, place, tmp_path, clock) as session:
            assert told(session) is Stage.UNKNOWN
            way.says("pass")
            expected = (Stage.SENT, Stage.VERIFIED) if comes else (Stage.REFUSED,)
            await until(lambda: told(session) in expected, "found out")
        assert active(place) == ("v2" if comes else "v1")
        assert seen == (["v2"] if comes else [])
