"""The journal as a session keeps it: lines in the file, and the latest line of each act to show."""

from __future__ import annotations

import asyncio
import logging
import random

from cockpit.model.clock import Clock
from cockpit.model.plan import Plan, Request, Verb
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, Stage
from cockpit.session.journal import Journal

log = logging.getLogger(__name__)

# What a screen can scroll through; the file keeps all.
SHOWN = 200


class Logbook:
    """Entries of one session and of those before it. All lines of one act share its id."""

    def __init__(self, journal: Journal, clock: Clock, rng: random.Random) -> None:
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._entries: dict[str, Entry] = {}
        self._shown: tuple[Entry, ...] = ()
        self.problem = ""  # why lines do not reach the file, in words

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The latest line of each act, oldest act first."""
        return self._shown

    async def load(self) -> None:
        """Read what earlier sessions wrote."""
        try:
            entries = await asyncio.to_thread(self._journal.tail, SHOWN * 4)
        except OSError as error:
            self.problem = f"{self._journal.path} cannot be read: {error.strerror or error}"
            log.warning("%s", self.problem)
            return
        for entry in entries:
            self._show(entry)

    def new_id(self) -> str:
        return f"{self._rng.getrandbits(64):016x}"

    async def note(self, act_id: str, who: str, plan: Plan, stage: Stage, why: str = "") -> None:
        """Add a line. A file that cannot be written stops no act: the way back must work with a full disk."""
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
        )
        self._show(entry)
        try:
            await asyncio.to_thread(self._journal.append, entry)
            self.problem = ""
        except OSError as error:
            self.problem = f"the journal {self._journal.path} cannot be written: {error.strerror or error}"
            log.warning("%s", self.problem)

    def _show(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        while len(self._entries) > SHOWN:
            del self._entries[next(iter(self._entries))]
        self._shown = tuple(self._entries.values())


def _command(request: Request, context: str) -> str:
    """The kubectl line, which tells no values that may be confidential, and not the body of a created object."""
    if request.verb is Verb.CREATE:
        return safe_text(f"kubectl --context {context} -n {request.ref.namespace} create -f -  # {request.ref}", 1000)
    return safe_text(request.command(context), 4000)
