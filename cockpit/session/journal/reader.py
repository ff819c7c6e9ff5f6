"""Reads what other sessions tell of their acts, into the journal and for undo."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from cockpit.kube.errors import KubeError
from cockpit.kube.event_follower import EventFollower
from cockpit.model.clock import Clock
from cockpit.model.journal import Origin
from cockpit.model.objects import Event
from cockpit.model.plan import Act
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Entry, Stage
from cockpit.planning.act_event import NOTE, SELECTOR, ToldAct, others_act, told_by
from cockpit.session.acts.dry_run import read_one
from cockpit.session.acts.effect import would_apply
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.acts.undo import UndoStack, UndoStep
from cockpit.session.changes import first_of
from cockpit.session.facts.cluster import Cluster

log = logging.getLogger(__name__)

# Seconds that whoever needs the acts of others waits for the first list of them.
_PATIENCE = 5.0
# Acts of others that one session keeps: whoever may create Events could write any number of them.
_MOST_KEPT = 2000


class OthersActs:
    """Follows the Events of each cluster from `start` on. `session` is this session's own name in them.

    `touch` is called with the rollout of each act that is new or known better.
    """

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        clock: Clock,
        rng: random.Random,
        session: str,
        logbook: JournalLines,
        undo: UndoStack,
        touch: Callable[[RolloutKey], None],
        complain: Callable[[str, str], None],
    ) -> None:
        """`complain` is called with a context whose Events cannot be read, and why, once for each reason."""
        self._clusters = clusters
        self._clock = clock
        self._rng = rng
        self._session = session
        self._logbook = logbook
        self._undo = undo
        self._touch = touch
        self._complain = complain
        self._followers: dict[str, EventFollower] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._adding: set[asyncio.Task[None]] = set()
        self._kept = 0
        self._heard_at: dict[str, float] = {}  # by the id of an act

    def start(self) -> None:
        """Follow from now on, if that was not asked for before."""
        if self._followers:
            return
        for context, cluster in self._clusters.items():
            follower = EventFollower(
                cluster.api,
                cluster.namespace,
                SELECTOR,
                clock=self._clock,
                rng=self._rng,
                tell=lambda event, context=context: self._hear(context, event),  # type: ignore[misc]
                stumble=lambda why, context=context: self._complain(context, why),  # type: ignore[misc]
            )
            self._followers[context] = follower
            self._tasks.add(asyncio.create_task(follower.run()))

    async def caught_up(self, context: str) -> None:
        """Wait until the acts of the last hour in a context are known, or cannot be read; not for long."""
        self.start()
        if (follower := self._followers.get(context)) and not follower.caught_up.is_set():
            await first_of(follower.caught_up.wait(), self._clock.sleep(_PATIENCE))
        await asyncio.gather(*self._adding)

    def hears(self, context: str) -> bool:
        """Whether the acts of others in a context are known."""
        follower = self._followers.get(context)
        return follower is not None and follower.caught_up.is_set() and not follower.problem

    async def close(self) -> None:
        """Stop following."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._adding, return_exceptions=True)

    def _hear(self, context: str, event: Event) -> None:
        told = told_by(event)
        if told is None or told.session == self._session or self._kept >= _MOST_KEPT:
            return
        self._kept += 1
        if self._kept == _MOST_KEPT:
            self._complain(context, f"more than {_MOST_KEPT} of them came; what comes now is left out")
        # Its time is what its writer claims: one that is yet to come would be the last act for ever. An Event that says
        # more of an act does not make it later than what was done here meanwhile.
        told = replace(told, at=self._heard_at.setdefault(told.id, min(told.at, self._clock.now())))
        key = self._key(context, event, told)
        self._learn(key, told)
        adding = asyncio.create_task(self._add(key, told))
        self._adding.add(adding)
        adding.add_done_callback(self._adding.discard)

    async def _add(self, key: RolloutKey, told: ToldAct) -> None:
        if told.undoes and told.act == Act.UNDO and (step := self._undo.own(key, told.undoes)):
            await self._look(key, step)
        if await self._logbook.add(_entry(key, told)):
            self._touch(key)

    def _learn(self, key: RolloutKey, told: ToldAct) -> None:
        """What undo has to know: an act that can be undone, or that one was."""
        if told.undoes and told.act == Act.UNDO:
            self._undo.claim(told.undoes)
        if (act := others_act(told)) is not None:
            step = UndoStep(told.title, (), (), (), id=told.id, at=told.at, told=act)
            self._undo.learn(key, step)
        self._touch(key)

    async def _look(self, key: RolloutKey, step: UndoStep) -> None:
        """Drop an own step that somebody says is undone only where its requests would be refused by now."""
        cluster = self._clusters[key.context]
        firsts = {request.ref: request for request in reversed(step.requests)}
        try:
            for ref, request in firsts.items():
                if not would_apply(request, await read_one(cluster.of(ref, request.context), ref)):
                    self._undo.undone(key, step.id)
                    self._touch(key)
                    return
        except KubeError as error:
            log.info("whether %s was undone is not known: %s", step.title, error)

    def _key(self, context: str, event: Event, told: ToldAct) -> RolloutKey:
        """The rollout of this session that has the Event's object as its root, else the one that the Event names."""
        about = event.involved_object
        named = RolloutKey(context, about.namespace or event.metadata.namespace, told.name, told.system)
        current = self._clusters[context].rollouts.current()
        if named in current:
            return named
        for key, rollout in current.items():
            root = rollout.objects[0] if rollout.objects else None
            if root and (root.resource.kind, root.namespace, root.name) == (about.kind, about.namespace, about.name):
                return key
        return named


def _entry(key: RolloutKey, told: ToldAct) -> Entry:
    return Entry(
        id=told.id,
        at=told.at,
        who=f"{told.who}@{key.context}",
        rollout=key,
        act=told.act,
        title=told.title,
        stage=Stage.NOTED if told.act == NOTE else told.stage,
        why=told.why,
        origin=Origin.EVENT,
        undoes=told.undoes,
    )
