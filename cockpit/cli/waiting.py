"""Waits for a session's views, always with a time limit."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.live import LiveText
from cockpit.cli.running import CommandFailed, talk
from cockpit.model.counts import counted
from cockpit.model.reading import progress_words
from cockpit.model.values import dataclass
from cockpit.model.view import ClusterView, FleetView, KindSync, RolloutView, Sync
from cockpit.texts.current import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from cockpit.model.refs import RolloutKey
    from cockpit.session.port import Cockpit

_STARTING = frozenset({Sync.CONNECTING, Sync.SYNCING})
# Only a login or a new right changes these.
_FOR_PEOPLE = frozenset({Sync.FORBIDDEN, Sync.REFUSED})


@dataclass(frozen=True, slots=True)
class Unread:
    """One kind of one context that was not read, or the whole context with `kind` ""."""

    context: str
    kind: str
    state: str
    why: str

    def __str__(self) -> str:
        place = f"{self.kind} in {self.context}" if self.kind else self.context
        return f"{place} ({self.state})" + (f": {self.why}" if self.why else "")


@contextmanager
def _bell(cockpit: Cockpit) -> Iterator[asyncio.Event]:
    """An event that is set by each new view, from any thread."""
    loop, bell = asyncio.get_running_loop(), asyncio.Event()

    def ring(_: FleetView) -> None:
        loop.call_soon_threadsafe(bell.set)

    end = cockpit.subscribe(ring)
    try:
        yield bell
    finally:
        end()


async def views(cockpit: Cockpit) -> AsyncIterator[FleetView]:
    """The current view, then each newer one; a slow reader skips to the latest."""
    with _bell(cockpit) as bell:
        while True:
            bell.clear()
            yield cockpit.view()
            await bell.wait()


async def until(cockpit: Cockpit, seen: Callable[[FleetView], bool], seconds: float) -> FleetView | None:
    """The first view for which `seen` is true, or None after that many seconds."""
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


def shown_in(view: FleetView, key: RolloutKey) -> RolloutView | None:
    """The rollout in a view; None if it is gone."""
    return next((shown for shown in view.rollouts if shown.rollout.key == key), None)


async def synced(cockpit: Cockpit, seconds: float) -> FleetView:
    """The first view in which everything was read that this user may read, or the latest after that many seconds.

    Failed requests are repeated meanwhile, as often as the session's backoff allows. What is missing goes to stderr,
    and on a terminal how far a long list is.
    Raises CommandFailed (UNREAD) if no cluster could be read; otherwise ask `unread` what the view lacks.
    """
    said: dict[str, str] = {}
    progress = LiveText(shown=True)

    def seen(view: FleetView) -> bool:
        done = decided(view)
        progress.clear()
        if not done:
            for cluster, words in _trouble(view):
                if cluster not in said:
                    said[cluster] = words
                    talk(f"{words}; trying for up to {seconds:g} s")
            if words := progress_words(view.clusters):
                progress.show(translated(words))
        return done

    try:
        view = await until(cockpit, seen, seconds) or cockpit.view()
    finally:
        progress.clear()
    # What was said while it was waited for is not said again.
    repeated = {note_of(cluster) for cluster in view.clusters if said.get(cluster.context) == note_of(cluster)}
    for note in notes(view):
        if note not in repeated:
            talk(note)
    if view.clusters and not any(map(readable, view.clusters)):
        late = all(cluster.state in _STARTING for cluster in view.clusters)
        what = f"no data within {seconds:g} s" if late else "no cluster could be read"
        raise CommandFailed(f"{what}; run cockpit doctor", ExitCode.UNREAD)
    return view


def _trouble(view: FleetView) -> Iterator[tuple[str, str]]:
    """The clusters whose requests fail at the moment, with the first reason."""
    for cluster in view.clusters:
        if cluster.state is Sync.RETRYING and cluster.message:
            yield cluster.context, note_of(cluster)


def decided(view: FleetView) -> bool:
    """True if waiting longer would bring nothing: everything was read once, or only a person can change that."""
    return all(map(_decided, view.clusters))


def _decided(cluster: ClusterView) -> bool:
    if cluster.state is Sync.REFUSED:
        return True
    if cluster.unfinished or cluster.asking:
        return False
    if not cluster.kinds:
        return cluster.state in (Sync.LIVE, Sync.ABSENT, Sync.FORBIDDEN)
    return all(was_read(kind) or kind.state in _FOR_PEOPLE for kind in cluster.kinds)


def was_read(kind: KindSync) -> bool:
    """True if this kind was listed completely at least once, or the cluster does not serve it."""
    return kind.state is Sync.ABSENT or _listed(kind)


def _listed(kind: KindSync) -> bool:
    return kind.state is Sync.LIVE or kind.last_event is not None or bool(kind.objects)


def readable(cluster: ClusterView) -> bool:
    """True if this cluster was read at least once, even if not all kinds were."""
    return cluster.state in (Sync.LIVE, Sync.ABSENT) or any(map(_listed, cluster.kinds))


def unread(view: FleetView, context: str = "") -> tuple[Unread, ...]:
    """What no complete list was read of, in one context or in all; an answer from this view lacks it.

    Kinds that the user may not read are left out: `withheld` names them.
    """
    found: list[Unread] = []
    for cluster in view.clusters:
        if context not in ("", cluster.context):
            continue
        kinds = [kind for kind in cluster.kinds if not was_read(kind) and kind.state is not Sync.FORBIDDEN]
        if cluster.unfinished and not kinds:
            why = f"{counted(cluster.unfinished, 'object')} still to be read into rollouts"
            found.append(Unread(cluster.context, "", "reading", why))
        if kinds:
            found += [Unread(cluster.context, kind.kind, str(kind.state), kind.error) for kind in kinds]
        elif not readable(cluster):
            found.append(Unread(cluster.context, "", str(cluster.state), cluster.message))
    return tuple(found)


def withheld(view: FleetView) -> tuple[Unread, ...]:
    """The kinds of which this user may not read any object."""
    return tuple(
        Unread(cluster.context, kind.kind, str(kind.state), kind.error)
        for cluster in view.clusters
        for kind in cluster.kinds
        if kind.state is Sync.FORBIDDEN
    )


def require_read(view: FleetView, shown: RolloutView) -> None:
    """Raise CommandFailed (UNREAD) for a rollout whose facts lack objects that were never read."""
    if shown.stale and (missing := unread(view)):
        key = shown.rollout.key
        raise CommandFailed(f"{key}: not everything about it could be read: {words_of(missing)}", ExitCode.UNREAD)


def words_of(missing: Sequence[Unread]) -> str:
    """What was not read and why, as part of a sentence."""
    return "; ".join(map(str, missing))


def note_of(cluster: ClusterView) -> str:
    """What is wrong with a cluster, and where that is, as a note."""
    return f"note: {cluster.context} ({cluster.server}): {cluster.state}: {cluster.message}".rstrip(": ")


def notes(view: FleetView) -> list[str]:
    """What is missing in a view and why, one sentence each; none if everything was read."""
    said = []
    for cluster in view.clusters:
        if not readable(cluster):
            said.append(note_of(cluster))
            continue
        for kind in cluster.kinds:
            retried = kind.state is Sync.RETRYING and kind.error
            if retried or kind.state is Sync.FORBIDDEN or not was_read(kind):
                why = f": {kind.error}" if kind.error else ""
                said.append(f"note: {cluster.context}: {kind.kind}: {kind.state}{why}")
            if kind.dropped:
                said.append(
                    f"note: {cluster.context}: {kind.kind}: {counted(kind.dropped, 'object')} could not be read"
                )
    return said
