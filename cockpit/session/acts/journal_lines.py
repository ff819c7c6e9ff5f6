"""A session's journal: the lines in the file, and the latest line of each act for display."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from cockpit.model.clock import Clock
from cockpit.model.journal import ActRecord, Origin, Seen
from cockpit.model.kubectl import kubectl_words
from cockpit.model.plan import Plan, Request, Verb
from cockpit.model.refs import RolloutKey
from cockpit.model.shell_line import bounded_line, shell_line
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, Stage
from cockpit.session.acts.journal import Journal

log = logging.getLogger(__name__)

# An act is sent within seconds; a later session that goes on looking for a lost one does so for minutes.
_LONGEST_SENDING = 600.0
_LOST = "the session that sent it ended before the outcome was known: check the objects"
_NO_ACT = frozenset({Stage.NOTED, Stage.REFUSED, Stage.DRY_RUN})
# Two sessions see a change within this; its id is the same for both only where the API server notes a time.
_SAME_SECONDS = 5.0
# Limit for the screen; the file keeps everything.
SHOWN = 200


class JournalLines:
    """Entries of this session and of earlier ones. All lines of an act share its id."""

    def __init__(self, journal: Journal, clock: Clock, rng: random.Random) -> None:
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._entries: dict[str, Entry] = {}
        self._began: dict[str, float] = {}  # when each act's first line was written
        self._shown: tuple[Entry, ...] = ()
        self._hearing: list[Callable[[Entry], None]] = []
        self.problem = ""  # why lines cannot be written to the file

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The latest line of each act, oldest act first."""
        return self._shown

    async def load(self) -> None:
        """Read the entries of earlier sessions."""
        try:
            entries = await asyncio.to_thread(self._journal.tail, SHOWN * 4)
        except OSError as error:
            self.problem = f"{self._journal.path} cannot be read: {error.strerror or error}"
            log.warning("%s", self.problem)
            return
        for entry in without_twins(entries):
            self._show(entry)
        for entry in [*self._entries.values()]:
            self._show(as_known(entry, self._clock.now()))

    async def in_file(self) -> tuple[Entry, ...]:
        """What the file holds by now, the newest last: other sessions write to it too. None if it cannot be read."""
        try:
            return await asyncio.to_thread(self._journal.tail, SHOWN * 4)
        except OSError:
            return ()

    def new_id(self) -> str:
        return f"{self._rng.getrandbits(64):016x}"

    def listen(self, hear: Callable[[Entry], None]) -> None:
        """Tell `hear` of each line that this session writes from now on; it must neither wait nor raise."""
        self._hearing.append(hear)

    async def note(
        self,
        act_id: str,
        who: str,
        plan: Plan,
        stage: Stage,
        why: str = "",
        *,
        record: ActRecord | None = None,
        seen: Seen | None = None,
        undoes: str = "",
    ) -> None:
        """Add a line. An unwritable file does not stop an act: rolling back must work with a full disk."""
        entry = Entry(
            id=act_id,
            at=self._clock.now(),
            who=safe_text(who, 200),
            rollout=plan.rollout,
            act=plan.act.value,
            title=safe_text(plan.title, 500),
            stage=stage,
            why=safe_text(why, 2000),
            commands=tuple(_command(request, plan.rollout.context) for request in plan.requests),
            record=record,
            seen=seen,
            undoes=undoes,
        )
        await self._write(entry)

    async def remark(
        self, who: str, rollout: RolloutKey, about: str, title: str, why: str = "", *, seen: Seen | None = None
    ) -> None:
        """Add a line about something other than an act, such as a guard, or a person's note."""
        entry = Entry(
            id=self.new_id(),
            at=self._clock.now(),
            who=safe_text(who, 200),
            rollout=rollout,
            act=about,
            title=safe_text(title, 500),
            stage=Stage.NOTED,
            why=safe_text(why, 2000),
            seen=seen,
        )
        await self._write(entry)

    async def add(self, entry: Entry) -> bool:
        """Add what another session or another tool did; False if this session knows the act better, or all of it.

        Its texts must be safe.
        """
        known = self._entries.get(entry.id)
        if known is not None and (known.origin is Origin.HERE or known == entry):
            return False
        self._show(entry)
        await self._keep(entry)
        return True

    def show(self, entry: Entry) -> None:
        """Show an entry that the file does not keep, or not yet."""
        self._show(entry)

    async def keep(self, entry: Entry) -> None:
        """Show an entry and write it to the file."""
        self._show(entry)
        await self._keep(entry)

    async def catch_up(self) -> None:
        """Show the acts of other sessions on this machine, which the file holds."""
        found: dict[str, Entry] = {}
        for entry in await self.in_file():
            known = self._entries.get(entry.id)
            if entry.origin is Origin.HERE and (known is None or known.origin is not Origin.HERE):
                found[entry.id] = merged(found.get(entry.id), entry)
        for entry in found.values():
            self._show(as_known(entry, self._clock.now()))

    def last_act(self, of: Callable[[RolloutKey], bool]) -> float | None:
        """When a rollout that `of` holds of was last acted on, or that confirmed, by whomever; None if none was."""
        times = [e.until or e.at for e in self._shown if e.stage not in _NO_ACT and of(e.rollout)]
        return max(times, default=None)

    async def _write(self, entry: Entry) -> None:
        self._show(entry)
        for hear in self._hearing:
            hear(entry)
        await self._keep(entry)

    async def _keep(self, entry: Entry) -> None:
        try:
            await asyncio.to_thread(self._journal.append, entry)
            self.problem = ""
        except OSError as error:
            before = self.problem
            self.problem = f"the journal {self._journal.path} cannot be written: {error.strerror or error}"
            if self.problem != before:
                log.warning("%s", self.problem)

    def show_progress(self, act_id: str, why: str) -> None:
        """Show how an act goes on; the file does not keep it."""
        if entry := self._entries.get(act_id):
            self._show(replace(entry, why=safe_text(why, 2000)))

    def _show(self, entry: Entry) -> None:
        self._began.setdefault(entry.id, entry.at)
        self._entries[entry.id] = merged(self._entries.get(entry.id), entry)
        ordered = sorted(self._entries.values(), key=lambda each: self._began[each.id])
        for old in ordered[:-SHOWN]:
            del self._entries[old.id], self._began[old.id]
        self._shown = tuple(ordered[-SHOWN:])


def merged(before: Entry | None, entry: Entry) -> Entry:
    """An act at a later line: a line that this machine wrote stands, and the plan is that of an earlier line.

    It is of when it was sent, and ends with its outcome: what it led to meanwhile comes after it.
    """
    if before is None:
        return entry
    if before.origin is Origin.HERE and entry.origin is not Origin.HERE:
        return before
    entry = replace(entry, record=entry.record or before.record, seen=entry.seen or before.seen)
    if before.stage in (Stage.NOTED, Stage.DRY_RUN) or entry.stage is Stage.NOTED:
        return entry
    return replace(entry, at=before.at, until=entry.at if entry.at > before.at else entry.until or before.until)


def without_twins(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries without changes that two sessions of a machine saw, each under its own id."""
    seen: dict[tuple[RolloutKey, str, str], Entry] = {}
    for entry in entries:
        if entry.origin is Origin.CHANGE:
            place = (entry.rollout, entry.who, entry.title)
            first = seen.get(place)
            if first is not None and first.id != entry.id and abs(first.at - entry.at) <= _SAME_SECONDS:
                continue
            seen[place] = entry
        yield entry


def as_known(entry: Entry, now: float) -> Entry:
    """The last line of an act as it reads at `now` (UTC seconds): one that was sent long ago and got no end is lost."""
    lost = entry.stage is Stage.SENDING and now - entry.at > _LONGEST_SENDING
    return replace(entry, stage=Stage.UNKNOWN, why=_LOST) if lost else entry


def _command(request: Request, context: str) -> str:
    """The kubectl line without values that may be confidential and without the body of a created object."""
    if request.verb is Verb.CREATE:
        words = [*kubectl_words(request.context or context, request.ref.namespace), "create", "-f", "-"]
        return shell_line(words, note=str(request.ref))
    return bounded_line(request.command(context), 4000)
