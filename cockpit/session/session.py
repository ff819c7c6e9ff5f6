"""A session: several clusters read, probed and acted on, and one view of it all. Implements `port.Cockpit`."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from cockpit.model.adapter import Adapter
from cockpit.model.clock import Clock
from cockpit.model.door import Door
from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import FleetView, Kept, Outcome, Prepared, RolloutView
from cockpit.session import inspect
from cockpit.session.assemble import Circumstances, fleet_view, rollout_view
from cockpit.session.cluster import Cluster, Connection
from cockpit.session.conduct import Conductor
from cockpit.session.federation import own_rollouts
from cockpit.session.journal import Journal
from cockpit.session.logbook import Logbook
from cockpit.session.probes import Probes, Sampling
from cockpit.session.production import is_production
from cockpit.session.pulse import Pulse
from cockpit.session.rollout_views import RolloutViews
from cockpit.session.settings import Settings
from cockpit.session.targets import Targets, TargetsError
from cockpit.session.undo import UndoStack

log = logging.getLogger(__name__)

# No eye sees more than ten changes a second, and a slow line carries no more.
PUBLISH_SECONDS = 0.1


class Session:
    """Use as `async with Session(...) as cockpit`: it reads from there on, and ends what it started.

    `connections` are closed in the end. `make_probe` makes an idle probe. The clock and the random source
    are the only ones that are used, so that a test or a replay holds both.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        *,
        adapters: Sequence[Adapter],
        make_probe: Callable[[], Sampling],
        settings: Settings,
        journal: Journal,
        clock: Clock,
        rng: random.Random,
        targets: Targets | None = None,
        undo: UndoStack | None = None,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._targets = targets
        self._news = asyncio.Event()
        self._views = Pulse()
        self._listeners: dict[object, Callable[[FleetView], None]] = {}
        self._running: asyncio.Task[None] | None = None
        self._holder: asyncio.Task[object] | None = None
        self._leaving = False
        self._interrupted = False
        self._clusters = {
            connection.api.context: Cluster(
                connection,
                adapters,
                production=is_production(connection.api.context, settings.production),
                read_only=settings.read_only,
                clock=clock,
                rng=rng,
                on_change=self.touch,
            )
            for connection in connections
        }
        for context, cluster in self._clusters.items():
            sharing = {name for group in settings.one_gateway if context in group for name in group} - {context}
            cluster.join([self._clusters[name] for name in sorted(sharing) if name in self._clusters])
        self._logbook = Logbook(journal, clock, rng)
        self._conductor = Conductor(self, clock, self._logbook, undo or UndoStack())
        self._probes = Probes(make_probe, settings.probe.rate, self.touch)
        self._recalled: set[RolloutKey] = set()
        self._touched: set[RolloutKey] = set()
        self._made = {context: RolloutViews(self._make) for context in self._clusters}
        self._view = self._assemble(None)

    async def __aenter__(self) -> Self:
        await self._logbook.load()
        self.refresh()
        self._holder = asyncio.current_task()
        self._running = asyncio.create_task(self._run(), name="session")
        self._running.add_done_callback(self._stopped)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving = True
        try:
            await self._conductor.close()
            await self._probes.close()
        finally:
            failure = await self._ended()
            self._listeners.clear()
            for cluster in self._clusters.values():
                await cluster.api.close()
        if failure and (error is None or isinstance(error, asyncio.CancelledError)):
            raise failure

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for cluster in self._clusters.values():
                tasks.create_task(cluster.run())
            tasks.create_task(self._publish())
            tasks.create_task(self._follow_probes())

    def _stopped(self, running: asyncio.Task[None]) -> None:
        """A session that failed interrupts whoever holds it, as a task group does, instead of going blind."""
        if not self._leaving and not running.cancelled() and running.exception() and self._holder:
            log.error("the session failed", exc_info=running.exception())
            self._interrupted = self._holder.cancel()

    async def _ended(self) -> BaseException | None:
        """End what runs; the failure that ended it before, if one did."""
        if self._running is None:
            return None
        self._running.cancel()
        await asyncio.wait([self._running])
        if self._interrupted and self._holder:
            self._holder.uncancel()
        return None if self._running.cancelled() else self._running.exception()

    # What faces ask

    def view(self) -> FleetView:
        return self._view

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        token = object()
        self._listeners[token] = listener
        return lambda: self._listeners.pop(token, None) and None

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        return await self._conductor.prepare(key, ask)

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        return await self._conductor.send(prepared, wait, lambda outcome: _tell(report, outcome))

    async def probe(self, key: RolloutKey, running: bool) -> None:
        rollout = self._rollout(key)
        if not running:
            self._probes.stop(key)
        elif rollout:
            self._probes.start(rollout)
        self.touch(key)

    async def aim(self, key: RolloutKey, door: Door | None, rate: float | None = None) -> Kept:
        kept = await self._keep(key, door)
        note = f"not remembered, because secret: {', '.join(kept.withheld)}" if kept.withheld else kept.problem
        self._recalled.add(key)
        self._probes.choose(key, door, rate, note)
        self.touch(key)
        return kept

    async def _keep(self, key: RolloutKey, door: Door | None) -> Kept:
        if self._targets is None:
            return Kept()
        try:
            target = await asyncio.to_thread(self._targets.remember, key, door)
        except TargetsError as error:
            return Kept(problem=str(error))
        return Kept(str(self._targets.path), target.withheld if target else ())

    async def yaml(self, context: str, ref: Ref) -> str:
        cluster = self.cluster(context)
        return await inspect.as_yaml(cluster.api, ref) if cluster else _no_context(context)

    async def events(self, context: str, ref: Ref) -> tuple[str, ...]:
        cluster = self.cluster(context)
        return await inspect.events_of(cluster.api, ref) if cluster else (_no_context(context),)

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        cluster = self.cluster(context)
        return await inspect.log_of(cluster.api, pod, lines) if cluster else (_no_context(context),)

    # What the part that acts sees: `scene.Scene`

    def cluster(self, context: str) -> Cluster | None:
        return self._clusters.get(context)

    def shown(self, key: RolloutKey) -> RolloutView | None:
        made = self._made.get(key.context)
        return made.get(key) if made else None

    def next_view(self) -> asyncio.Event:
        return self._views.next()

    def touch(self, key: RolloutKey | None = None) -> None:
        if key:
            self._touched.add(key)
        self._news.set()

    def refresh(self) -> None:
        """Read what changed and assemble the view; listeners hear of it only where it differs."""
        for cluster in self._clusters.values():
            cluster.refresh()
        view = self._assemble(self._view)
        if view is self._view:
            return
        self._view = view
        self._views.beat()
        for listener in list(self._listeners.values()):
            try:
                listener(view)
            except Exception:
                # One face that fails must not blind the others.
                log.exception("a listener failed")

    async def _publish(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            self.refresh()
            await self._clock.sleep(PUBLISH_SECONDS)

    async def _follow_probes(self) -> None:
        """Look at the probes as often as views are made, but only while one samples."""
        while True:
            await self._probes.running.wait()
            self.touch()
            await self._clock.sleep(PUBLISH_SECONDS)

    def _assemble(self, before: FleetView | None) -> FleetView:
        touched = self._probes.follow(self._rollout) | self._touched
        self._touched = set()
        for context, cluster in self._clusters.items():
            own = {key for key in touched if key.context == context}
            self._made[context].update(cluster, own)
        clusters = [cluster.view() for cluster in self._clusters.values()]
        asked = (self._made[context].views() for context, cluster in self._clusters.items() if not cluster.aside)
        rollouts = tuple(itertools.chain.from_iterable(asked))
        return fleet_view(
            before, self._clock.now(), clusters, own_rollouts(rollouts), self._logbook.entries, self._settings.read_only
        )

    def _make(self, rollout: Rollout, stale: str) -> RolloutView:
        key = rollout.key
        if key not in self._recalled:
            self._recall(key)
        cluster = self._clusters.get(key.context)
        if cluster and (away := cluster.away(rollout)):
            rollout = replace(rollout, findings=(*away, *rollout.findings))
        lanes, probe = self._probes.seen(rollout)
        around = Circumstances(self._settings.read_only, stale, self._conductor.acting(key))
        return rollout_view(rollout, lanes, probe, around)

    def _recall(self, key: RolloutKey) -> None:
        """Where the probe of a rollout that was not seen before is to send, from earlier sessions."""
        self._recalled.add(key)
        target = self._targets.get(key) if self._targets else None
        if target:
            note = f"give again, not kept because secret: {', '.join(target.withheld)}" if target.withheld else ""
            self._probes.choose(key, target.door, note=note)

    def _rollout(self, key: RolloutKey) -> Rollout | None:
        cluster = self._clusters.get(key.context)
        return cluster.rollout(key) if cluster else None


def _tell(report: Callable[[Outcome], None] | None, outcome: Outcome) -> None:
    """Report a stage; a face that fails to hear it must not stop the act."""
    try:
        if report:
            report(outcome)
    except Exception:
        log.exception("a stage of an act could not be reported")


def _no_context(context: str) -> str:
    return f"{context} is not among the contexts of this session"
