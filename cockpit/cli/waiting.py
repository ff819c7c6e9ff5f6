"""Waiting for what a session learns, always bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.running import Failed, talk
from cockpit.model.view import ClusterView, FleetView, Sync
from cockpit.session.port import Cockpit

_STARTING = frozenset({Sync.CONNECTING, Sync.SYNCING})


@contextmanager
def _bell(cockpit: Cockpit) -> Iterator[asyncio.Event]:
    """An event that is set with each new view, from whatever thread it comes."""
    loop, bell = asyncio.get_running_loop(), asyncio.Event()

    def ring(_: FleetView) -> None:
        loop.call_soon_threadsafe(bell.set)

    end = cockpit.subscribe(ring)
    try:
        yield bell
    finally:
        end()


async def views(cockpit: Cockpit) -> AsyncIterator[FleetView]:
    """The view as it is, then each newer one; a slow reader gets the latest, not all."""
    with _bell(cockpit) as bell:
        while True:
            bell.clear()
            yield cockpit.view()
            await bell.wait()


async def until(cockpit: Cockpit, seen: Callable[[FleetView], bool], seconds: float) -> FleetView | None:
    """The first view in which `seen` holds, or None after that many seconds."""
    with _bell(cockpit) as bell:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    bell.clear()
                    view = cockpit.view()
                    if seen(view):
                        return view
                    await bell.wait()
        except TimeoutError:
            return None


async def synced(cockpit: Cockpit, seconds: float) -> FleetView:
    """The first view in which every cluster was read or is known not to be readable; notes go to stderr.

    Raises Failed where no cluster could be read.
    """
    view = await until(cockpit, decided, seconds) or cockpit.view()
    for note in notes(view):
        talk(note)
    if view.clusters and not any(map(readable, view.clusters)):
        late = all(cluster.state in _STARTING for cluster in view.clusters)
        raise Failed(f"no facts within {seconds:g} s" if late else "no cluster could be read", _code(late))
    return view


def _code(late: bool) -> ExitCode:
    return ExitCode.TIMED_OUT if late else ExitCode.ERROR


def decided(view: FleetView) -> bool:
    """True where every cluster was read, or failed to be: retrying counts, as a pipeline waits for nobody."""
    return all(cluster.state not in _STARTING for cluster in view.clusters)


def readable(cluster: ClusterView) -> bool:
    """True where facts of this cluster were read at least once, if not all kinds."""
    if cluster.state in (Sync.LIVE, Sync.ABSENT):
        return True
    return any(kind.state is Sync.LIVE or kind.last_event is not None or kind.objects for kind in cluster.kinds)


def notes(view: FleetView) -> list[str]:
    """What is missing in a view and why, one sentence each; none when all is live."""
    said = []
    for cluster in view.clusters:
        if not readable(cluster):
            said.append(f"note: {cluster.context} ({cluster.server}): {cluster.state}: {cluster.message}".rstrip(": "))
            continue
        for kind in cluster.kinds:
            if kind.state in (Sync.FORBIDDEN, Sync.RETRYING, Sync.SYNCING) and kind.error:
                said.append(f"note: {cluster.context}: {kind.kind}: {kind.state}: {kind.error}")
            if kind.dropped:
                said.append(f"note: {cluster.context}: {kind.kind}: {kind.dropped} objects could not be read")
    return said
