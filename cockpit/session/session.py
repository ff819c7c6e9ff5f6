"""A session: reads, probes and changes several clusters and publishes one view. Implements `port.Cockpit`."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import replace
from types import TracebackType
from typing import Self

from cockpit.model.adapter import Adapter
from cockpit.model.clock import Clock
from cockpit.model.guard import GuardOrder
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.probe_answer import ProbeTransport
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.sampling import ContextSampling, SampleScope
from cockpit.model.view import ClusterView, FleetView, Kept, Outcome, Prepared, RolloutView, successor
from cockpit.session.acts.conductor import PERSON, Actor, Conductor, tell
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.acts.undo import UndoStack
from cockpit.session.acts.unknown_file import UnknownFile
from cockpit.session.changes import ChangeSignal
from cockpit.session.facts.assemble import Circumstances, fleet_view, rollout_view
from cockpit.session.facts.cluster import Cluster, Connection
from cockpit.session.facts.federation import own_rollouts
from cockpit.session.facts.overdue import Overdue
from cockpit.session.facts.own_clock import by_own_clock
from cockpit.session.facts.rollout_views import RolloutViews
from cockpit.session.facts.silence import Silences
from cockpit.session.facts.slices import (
    MOST_ROUNDS,
    first_reads,
    longest_reading,
    pause_after,
    read_in_slices,
    readings,
)
from cockpit.session.guarding.disarming import Disarming
from cockpit.session.guarding.on_demand import GuardsOnDemand
from cockpit.session.inspecting.readings import Readings
from cockpit.session.journal.shared import SharedJournal
from cockpit.session.metrics.on_demand import MetricsOnDemand
from cockpit.session.opening import nothing_is_sent, open_clusters
from cockpit.session.pairing.calls import PairingCalls
from cockpit.session.pairing.pairing import Pairing
from cockpit.session.probing.api_rights import ApiRights, may_proxy
from cockpit.session.probing.choices import ChoicesError, SampleChoices
from cockpit.session.probing.inside_calls import InsideCalls, inside_opener
from cockpit.session.probing.probes import Probes, Sampling
from cockpit.session.probing.rounds import ProbeRounds
from cockpit.session.probing.target_memory import TargetMemory
from cockpit.session.probing.targets import Targets
from cockpit.session.reads import Reads
from cockpit.session.settings import Settings

log = logging.getLogger(__name__)


class Session(Readings, InsideCalls, PairingCalls):
    """Use as `async with Session(...) as cockpit`: reads from then on, and stops what it started.

    `connections` are closed at the end. `make_probe` creates an idle probe. No other clock or random source is used.
    Without `choices`, only what is asked for is sampled. `transport` takes questions to a Prometheus. With `announces`,
    a person looks, who is shown to others where pairing is on; `host` names their machine.
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
        choices: SampleChoices | None = None,
        unknown: UnknownFile | None = None,
        transport: ProbeTransport | None = None,
        announces: bool = False,
        host: str = "",
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._pause = min((each.reads.pause for each in connections), default=Reads.FOLLOWING.pause)
        self._settings = settings
        self._news = asyncio.Event()
        self._views = ChangeSignal()
        self._listeners: dict[object, Callable[[FleetView], None]] = {}
        self._running: asyncio.Task[None] | None = None
        self._holder: asyncio.Task[object] | None = None
        self._leaving = False
        self._interrupted = False
        self._clusters = open_clusters(connections, adapters, settings, clock, rng, self.touch)
        self._logbook = JournalLines(journal, clock, rng)
        undo = self._undo = undo or UndoStack()
        self._shared = SharedJournal(self._clusters, self, clock, rng, self._logbook, undo)
        self._conductor = Conductor(self, clock, self._logbook, undo, unknown, self._shared.begin)
        self._choices = choices or SampleChoices(given=SampleScope.NONE)
        self._probes = Probes(
            make_probe,
            clock,
            rate=settings.probe.rate,
            budget=settings.probe.budget,
            scope=self._choices.scope,
            on_change=self.touch,
        )
        self._rounds = ProbeRounds(self, self._probes, clock, self._pause, self._rollout)
        self._guards = GuardsOnDemand(self, clock, self._logbook)
        self._silences = Silences(self._clusters, clock)
        self._overdue = Overdue(clock, self.touch, self._ahead)
        self._open_inside = inside_opener(self, clock, self._logbook, rng, self._probes, self._rollout)
        self._rights = ApiRights(may_proxy(self._clusters), self.touch, clock)
        self._memory = TargetMemory(self._probes, targets)
        asked = (self._clusters, transport, clock, self.touch, settings.probe.max_errors)
        self._metrics = MetricsOnDemand(settings.prometheus, *asked)
        given = (self._clusters, settings.pairing, clock, rng, self.touch, self._logbook.remark, self._guards.armed)
        self._pairing = Pairing(*given, host=host, announces=announces)
        self._guards.listen(self._pairing.guards_changed)
        self._disarming = Disarming(self._guards, self._pairing.armed, self.cluster)
        self._touched = set[RolloutKey]()
        calls = (self._make, self._shared.read_again, self._left)
        self._made = {context: RolloutViews(*calls) for context in self._clusters}
        self._view = self._assemble(None)

    async def __aenter__(self) -> Self:
        await self._logbook.load()
        await self.refresh()
        await self._conductor.resume()
        self._holder = asyncio.current_task()
        self._running = asyncio.create_task(self._run(), name="session")
        self._running.add_done_callback(self._stopped)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving = True
        try:
            self._guards.stop()
            await self.close_inside()
            await self._conductor.close()
            await self._guards.close()
            await self._pairing.close()
            await self._shared.close()
            await self._probes.close()
            await self._rights.close()
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
            tasks.create_task(self._rounds.run())
            tasks.create_task(self._guards.run())
            tasks.create_task(self._silences.run())
            tasks.create_task(self._overdue.run())
            tasks.create_task(self._pairing.run())
            tasks.create_task(self._shared.run())
            tasks.create_task(self._metrics.run(lambda: self._view.rollouts))
            tasks.create_task(self._memory.follow(self._clock, self._current, self.touch))

    def _stopped(self, running: asyncio.Task[None]) -> None:
        """A failed session interrupts its owner, as a task group does, instead of showing stale data."""
        if not self._leaving and not running.cancelled() and running.exception() and self._holder:
            log.error("the session failed", exc_info=running.exception())
            self._interrupted = self._holder.cancel()

    async def _ended(self) -> BaseException | None:
        """Stop everything; returns the failure that stopped it earlier, if any."""
        if self._running is None:
            return None
        self._running.cancel()
        await asyncio.wait([self._running])
        if self._interrupted and self._holder:
            self._holder.uncancel()
        return None if self._running.cancelled() else self._running.exception()

    def view(self) -> FleetView:
        return self._view

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        token = object()
        self._listeners[token] = listener
        return lambda: self._listeners.pop(token, None) and None

    async def outline(self, key: RolloutKey, ask: Ask) -> Plan | Refused:
        return self._conductor.outline(key, ask)

    async def outdated(self, prepared: Prepared) -> str:
        return await self._conductor.outdated(prepared)

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        if prepared.plan.act is Act.DISARM:
            return await self._disarming.send(prepared, lambda outcome: tell(report, outcome))
        heard = self._guards.heeding(prepared.plan, lambda outcome: tell(report, outcome))
        return await self.send_as(PERSON, prepared, wait, heard)

    async def send_as(self, who: Actor, prepared: Prepared, wait: float, report: Callable[[Outcome], None]) -> Outcome:
        with self._probes.acting(prepared.plan.rollout):
            # The probe runs before the objects change, so that what is confirmed includes the traffic.
            self._rounds.plan()
            return await self._conductor.send(prepared, wait, report, who)

    async def guard(self, key: RolloutKey, order: GuardOrder | None) -> str:
        return await self._guards.order(key, order)

    def select(self, keys: Collection[RolloutKey]) -> None:
        self._pairing.select(keys)
        self._probes.select(keys)
        self._metrics.select(keys)
        self._shared.look_closer(keys)
        self._rounds.plan()

    async def probe(self, key: RolloutKey, running: bool, by_guard: bool = False) -> None:
        self._probes.ask(key, running, by_guard)
        if not running and not by_guard:
            self.stop_inside(key)
        if running and (rollout := self._rollout(key)):
            await self._rights.settle(rollout)
            self._touched.add(key)
            await self.refresh()  # who asked reads from the view whether there is a target
        self._rounds.plan()
        self.touch(key)

    async def sample(self, contexts: Collection[str], scope: SampleScope) -> Kept:
        self._choices.decide(contexts, scope)
        self._probes.forget_asked(contexts)
        self._rounds.plan()
        for view in self._view.rollouts:
            self.touch(view.rollout.key)
        try:
            return Kept(await asyncio.to_thread(self._choices.remember, contexts, scope))
        except ChoicesError as error:
            return Kept(problem=str(error))

    async def set_target(self, key: RolloutKey, probe_target: ProbeTarget | None, rate: float | None = None) -> Kept:
        kept = await self._memory.set(key, probe_target, rate, self._current())
        self.touch(key)
        return kept

    async def find_prometheus(self, contexts: Collection[str]) -> None:
        await self._metrics.ask(contexts)

    async def read_real(self, keys: Collection[RolloutKey]) -> None:
        await self._metrics.read_all([rollout for key in keys if (rollout := self._rollout(key))])
        await self.refresh()

    def follow_others(self) -> None:
        self._shared.follow_others()

    async def read_others(self, contexts: Collection[str]) -> None:
        await self._shared.read_others(contexts)
        await self.refresh()

    async def note(self, key: RolloutKey, text: str) -> str:
        return await self._shared.note(key, text)

    # Used by acts: `surroundings.Surroundings`

    def cluster(self, context: str) -> Cluster | None:
        return self._clusters.get(context)

    def shown(self, key: RolloutKey) -> RolloutView | None:
        made = self._made.get(key.context)
        return made.get(key) if made else None

    def became(self, key: RolloutKey) -> RolloutKey | None:
        made = self._made.get(key.context)
        found = successor(key, made.views()) if made else None
        return found.rollout.key if found else None

    def next_view(self) -> asyncio.Event:
        return self._views.next()

    def follow(self) -> None:
        for cluster in self._clusters.values():
            cluster.follow()

    def touch(self, key: RolloutKey | None = None) -> None:
        if key:
            self._touched.add(key)
        self._news.set()

    async def refresh(self) -> None:
        """Read all that changed and assemble the view; listeners are called only if it differs."""
        for _ in range(MOST_ROUNDS):
            done = await read_in_slices(self._clusters.values(), self._clock)
            self._show()
            if done:
                return

    def _show(self) -> None:
        for cluster in self._clusters.values():
            cluster.note_changes()
            cluster.rollouts.settle()
        view = self._assemble(self._view)
        if view is self._view:
            return
        self._view = view
        self._rounds.due()
        self._views.beat()
        for listener in list(self._listeners.values()):
            try:
                listener(view)
            except Exception:
                # One failing listener must not stop the others.
                log.exception("a listener failed")

    async def _publish(self) -> None:
        await first_reads(self._clusters.values(), self._clock)
        while True:
            await self._news.wait()
            self._news.clear()
            before = readings(self._clusters.values())
            longest = longest_reading(len(self._view.rollouts))
            done = await read_in_slices(self._clusters.values(), self._clock, longest)
            pause = pause_after(readings(self._clusters.values()) - before, done, self._pause)
            if not done:
                self._news.set()
            self._show()
            await self._clock.sleep(pause)

    def _assemble(self, before: FleetView | None) -> FleetView:
        touched = self._probes.follow(self._rollout) | self._touched | self._undo.changed()
        self._touched = set()
        for context, cluster in self._clusters.items():
            own = {key for key in touched if key.context == context}
            self._made[context].update(cluster, own)
        clusters = [self._with_sampling(self._rights.held(cluster.view())) for cluster in self._clusters.values()]
        asked = (self._made[context].views() for context, cluster in self._clusters.items() if not cluster.aside)
        rollouts = tuple(itertools.chain.from_iterable(asked))
        mine = self._silences.told(own_rollouts(rollouts))
        journal, read_only = self._logbook.entries, nothing_is_sent(self._clusters)
        return fleet_view(before, self._clock.now(), clusters, mine, journal, read_only, self._pairing.view())

    def _with_sampling(self, cluster: ClusterView) -> ClusterView:
        scope = SampleScope.NONE if cluster.aside else self._choices.scope(cluster.context)
        probe = self._settings.probe
        return replace(cluster, sampling=ContextSampling(scope, probe.rate, probe.budget))

    def _make(self, rollout: Rollout, stale: str) -> RolloutView:
        key = rollout.key
        cluster = self._clusters.get(key.context)
        denied = cluster.denied(rollout) if cluster else {}
        beside = cluster.denied_beside(rollout, lambda: self._conductor.undo_requests(key)) if cluster else ()
        self._memory.recall(rollout, cluster.rollouts.current() if cluster else {})
        self._shared.read(rollout)
        if cluster and stale:
            rollout = cluster.certain(rollout)
        rollout = by_own_clock(self._overdue.told(rollout, stale), self._ahead)
        if cluster and (doubts := (*cluster.away(rollout), *cluster.old(rollout))):
            rollout = replace(rollout, findings=(*doubts, *rollout.findings))
        rollout = self._rights.resolved(rollout)
        lanes, probe = self._probes.seen(rollout)
        read_only = cluster is not None and cluster.sender.read_only
        most = self._settings.probe.max_errors
        unread = cluster.unread_of(rollout) if cluster else frozenset()
        undoing, why_not = self._conductor.undoing(rollout)
        beside = ((Act.UNDO, why_not), *beside) if why_not else beside
        acting, ahead = self._conductor.acting(key), self._overdue.ahead(rollout)
        around = Circumstances(read_only, stale, acting, most, denied, beside, unread, undoing, ahead)
        real = self._metrics.seen(key)
        view = rollout_view(rollout, lanes, probe, around, self._clock.now(), real)
        return self._shared.shown(self._pairing.shown(self._guards.shown(view)))

    def _ahead(self, key: RolloutKey) -> float:
        cluster = self._clusters.get(key.context)
        return cluster.api.time.ahead if cluster else 0.0

    def _left(self, keys: Set[RolloutKey]) -> None:
        """Forget what is remembered of rollouts that are no more."""
        self._shared.left(keys)
        self._overdue.left(keys)

    def _current(self) -> list[Mapping[RolloutKey, Rollout]]:
        return [cluster.rollouts.current() for cluster in self._clusters.values()]

    def _rollout(self, key: RolloutKey) -> Rollout | None:
        cluster = self._clusters.get(key.context)
        rollout = cluster.rollout(key) if cluster else None
        return self._rights.resolved(rollout) if rollout else None
