"""The journal as everybody sees it: this session's acts told to others, theirs read, other tools' changes, notes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterable, Mapping

from cockpit.model.clock import Clock
from cockpit.model.journal import UNTOLD, Origin
from cockpit.model.plan import Act, Plan
from cockpit.model.reasons import READ_ONLY
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, RolloutView
from cockpit.planning.act_event import NOTE
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.acts.seen import seen_of
from cockpit.session.acts.surroundings import Surroundings
from cockpit.session.acts.undo import UndoStack
from cockpit.session.facts.cluster import Cluster
from cockpit.session.journal.foreign import ForeignChanges
from cockpit.session.journal.health_notes import COCKPIT, HealthNotes, open_outage
from cockpit.session.journal.reader import OthersActs
from cockpit.session.journal.teller import Teller

LONGEST_NOTE = 500
# Seconds between looks at what is to be kept, while there is something.
_KEEP_SECONDS = 1.0
# Seconds between a write, by the API server's clock, and the entry of who saw it.
_SEEN_WITHIN = 60.0


class SharedJournal:
    """Joins `logbook`, this machine's journal, with the Events of the clusters and with what is seen to change."""

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        surroundings: Surroundings,
        clock: Clock,
        rng: random.Random,
        logbook: JournalLines,
        undo: UndoStack,
    ) -> None:
        self._clusters = clusters
        self._surroundings = surroundings
        self._clock = clock
        self._logbook = logbook
        session = logbook.new_id()
        self._news = asyncio.Event()
        self._told: set[RolloutKey] = set()
        self._complaints: list[tuple[RolloutKey, str, str]] = []
        self._teller = Teller(clusters, clock, session, self._complain)
        self._others = OthersActs(
            *(clusters, clock, rng, session, logbook, undo, surroundings.touch, self._complain_of_reading)
        )
        self._foreign = ForeignChanges(
            *(clusters, clock, logbook.last_act, self._others.hears, logbook.show, logbook.new_id, self._news.set)
        )
        self._health = HealthNotes(*(clock, logbook.new_id, lambda: logbook.entries, self._is_gone, self._news.set))
        logbook.listen(self._teller.hear)

    def begin(self, act_id: str, plan: Plan, before: Rollout | None, hurt: tuple[str, ...] = ()) -> None:
        """An act is about to be sent; see `Teller.begin`."""
        self._teller.begin(act_id, plan, before, hurt)

    def follow_others(self) -> None:
        """Read the acts of other sessions from now on."""
        self._others.start()

    async def read_others(self, contexts: Collection[str]) -> None:
        """Know what other sessions did in the last hour; not waiting for long."""
        for context in contexts:
            await self._others.caught_up(context)

    async def ready_for(self, key: RolloutKey, act: Act) -> None:
        """Wait, not for long, until what an act is planned from is known: undo needs the acts of others."""
        if act is Act.UNDO:
            await self._others.caught_up(key.context)

    def read(self, rollout: Rollout) -> None:
        """A rollout as it was read from its objects."""
        self._foreign.look(rollout)

    def read_again(self, rollout: Rollout) -> None:
        """An object of a rollout changed, and the rollout did not."""
        self._foreign.look(rollout, again=True)

    def left(self, keys: Iterable[RolloutKey]) -> None:
        """These rollouts are no more: their objects are gone, or belong to others."""
        for key in keys:
            self._foreign.left(key)
        self._news.set()

    def shown(self, view: RolloutView) -> RolloutView:
        """The same view, after noting what the journal keeps of it."""
        self._health.look(view)
        return view

    def look_closer(self, keys: Collection[RolloutKey]) -> None:
        """These rollouts are looked at: show, once, which other tool last wrote each of their objects."""
        for key in set(keys) - self._told:
            cluster = self._clusters.get(key.context)
            rollout = cluster.rollout(key) if cluster else None
            if rollout is not None:
                self._told.add(key)
                told = [entry for entry in self._logbook.entries if entry.origin is Origin.CHANGE]
                for entry in self._foreign.last_writes(rollout):
                    if not any(_is_told_by(entry, each) for each in told):
                        self._logbook.show(entry)
                self._surroundings.touch()

    async def note(self, key: RolloutKey, text: str) -> str:
        """Write a person's note about a rollout; returns why not, "" if it was written."""
        words, cluster = safe_text(text, LONGEST_NOTE), self._clusters.get(key.context)
        if not words:
            return "a note needs words"
        if cluster is None:
            return f"{key.context} is not a context of this session: restart with it"
        seen = seen_of(self._surroundings.shown(key))
        await self._logbook.remark(cluster.user_at_context, key, NOTE, words, seen=seen)
        self._surroundings.touch()
        if cluster.sender.read_only:
            return f"noted on this machine only: {READ_ONLY}"
        return self._logbook.problem

    async def run(self) -> None:
        """Ask who the user is, and keep what is seen, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for cluster in self._clusters.values():
                tasks.create_task(cluster.meet())
            tasks.create_task(self._keep())

    async def close(self) -> None:
        """Stop reading, and let Events under way be written."""
        await self._others.close()
        await self._keep_now(everything=True)
        await self._teller.close()

    async def _keep(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            await self._keep_now()
            if self._foreign.waiting or self._health.waiting:
                self._news.set()
            await self._clock.sleep(_KEEP_SECONDS)

    async def _keep_now(self, everything: bool = False) -> None:
        self._foreign.forget(self._is_gone)
        if not everything:
            await self._know_acts()
        elif self._foreign.waiting:
            await self._logbook.catch_up()
        changes, turns = [*self._foreign.due(everything)], [*self._health.take(everything)]
        for entry in changes:
            await self._logbook.keep(entry)
        for entry in turns:
            await self._keep_outage(entry)
        complaints, self._complaints = self._complaints, []
        for key, title, why in complaints:
            await self._logbook.remark(COCKPIT, key, UNTOLD, title, why)
        if changes or turns or complaints:
            self._surroundings.touch()

    async def _know_acts(self) -> None:
        """What may come of an act is told by what was seen only once the acts of other sessions are known."""
        if contexts := self._foreign.unsure():
            await self._logbook.catch_up()
        for context in contexts:
            await self._others.caught_up(context)

    async def _keep_outage(self, entry: Entry) -> None:
        """Note an outage, unless another session on this machine has noted that it began."""
        began = entry.until is None
        earlier = open_outage(await self._logbook.in_file(), entry.rollout, self._clock.now()) if began else None
        if earlier is None:
            await self._logbook.keep(entry)
        else:
            self._health.adopt(earlier)
            self._logbook.show(earlier)

    def _is_gone(self, key: RolloutKey) -> bool:
        cluster = self._clusters.get(key.context)
        return cluster is None or key not in cluster.rollouts.current()

    def _complain(self, key: RolloutKey, why: str) -> None:
        title = f"acts in {key.context} are not told to other cockpits; all else goes on"
        self._complaints.append((key, title, why))
        self._news.set()

    def _complain_of_reading(self, context: str, why: str) -> None:
        title = f"acts of other cockpits in {context} are not read; all else goes on"
        self._complaints.append((RolloutKey(context, "", "", ""), title, why))
        self._news.set()


def _is_told_by(write: Entry, told: Entry) -> bool:
    """Whether an object's last write is a change that the journal has."""
    same = told.rollout == write.rollout and told.who == write.who and told.id != write.id
    return same and abs(told.at - write.at) <= _SEEN_WITHIN
