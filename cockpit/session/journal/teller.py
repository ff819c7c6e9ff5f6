"""Tells other sessions of each act by a Kubernetes Event, behind the act's back: no act ever waits for its Event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime

from cockpit.kube.errors import Conflict, Forbidden, KubeError, NotFound
from cockpit.model.clock import Clock
from cockpit.model.plan import PatchType, Plan, Request, Verb
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.release_state import release_state
from cockpit.model.rollout import Rollout
from cockpit.model.values import dataclass
from cockpit.model.view import Entry, Stage
from cockpit.planning.act_event import NOTE, Subject, ToldAct, event_ref, later, new_event
from cockpit.session.changes import first_of
from cockpit.session.facts.cluster import Cluster

log = logging.getLogger(__name__)

# Stages that others have to know of: something was changed, or may have been.
_TOLD = frozenset({Stage.SENT, Stage.VERIFIED, Stage.UNVERIFIED, Stage.UNKNOWN})
# After these nothing more comes of an act.
_ENDS = _TOLD - {Stage.SENT}
# Seconds that a session that ends waits for Events under way.
_DRAIN_SECONDS = 5.0
# Acts whose end is awaited; one whose end never comes is forgotten.
_MOST_ACTS = 200


@dataclass(slots=True)
class _Telling:
    """One act: what it is about, and which Event tells of it: its number and its version, "" before it is written."""

    plan: Plan | None
    before: Rollout | None
    hurt: tuple[str, ...] = ()
    version: str = ""
    number: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Teller:
    """Writes Events through the sender of each cluster. `session` tells this session's from others'.

    `complain` is called once for each cluster that does not take them, with why.
    """

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        clock: Clock,
        session: str,
        complain: Callable[[RolloutKey, str], None],
    ) -> None:
        self._clusters = clusters
        self._clock = clock
        self._session = session
        self._complain = complain
        self._tellings: dict[str, _Telling] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._complained: set[str] = set()

    def begin(self, act_id: str, plan: Plan, before: Rollout | None, hurt: tuple[str, ...] = ()) -> None:
        """An act is about to be sent; `before` is the rollout that it was planned from, `hurt` what is wrong."""
        self._tellings[act_id] = _Telling(plan, before, hurt)
        while len(self._tellings) > _MOST_ACTS:
            del self._tellings[next(iter(self._tellings))]

    def hear(self, entry: Entry) -> None:
        """A line of this session's journal: tell it, if it is of an act that changed something, or a person's note."""
        if entry.stage is Stage.NOTED and entry.act == NOTE:
            cluster = self._clusters.get(entry.rollout.context)
            self._start(_Telling(None, cluster.rollout(entry.rollout) if cluster else None), entry)
            return
        telling = self._tellings.get(entry.id)
        if telling is None or entry.stage not in _TOLD:
            return
        if entry.stage in _ENDS:
            del self._tellings[entry.id]
        self._start(telling, entry)

    async def close(self) -> None:
        """Let Events under way be written, within a time limit."""
        if self._tasks:
            await first_of(asyncio.wait(set(self._tasks)), self._clock.sleep(_DRAIN_SECONDS))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, telling: _Telling, entry: Entry) -> None:
        task = asyncio.create_task(self._tell(telling, entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, telling: _Telling, entry: Entry) -> None:
        home = self._clusters.get(entry.rollout.context)
        root = _root(telling)
        if home is None or root is None:
            return
        place = home.of(root)
        if place.sender.read_only:
            return
        try:
            async with telling.turn:
                await self._write(place, telling, self._told(telling, entry), Subject(root, place.uid_of(root)))
        except Exception as error:
            # What others are told must not break what is done.
            if not isinstance(error, KubeError):
                log.exception("an act could not be told by an Event")
            elif isinstance(error, Forbidden):
                self._give_up(place.context, entry.rollout, error)
            else:
                log.warning("an act was not told by an Event: %s", error)

    def _give_up(self, context: str, key: RolloutKey, error: KubeError) -> None:
        if context not in self._complained:
            self._complained.add(context)
            self._complain(key, str(error))

    async def _write(self, place: Cluster, telling: _Telling, told: ToldAct, subject: Subject) -> None:
        """Create the Event, or let the one that is there say more. One that is gone is written anew."""
        ref, now = event_ref(told, subject, telling.number), self._now()
        if telling.version:
            body = later(told, telling.version, now)
            try:
                answer = await place.sender.send(Request(Verb.PATCH, ref, body, PatchType.MERGE))
            except (NotFound, Conflict):
                # Its hour is over, or somebody wrote to it.
                telling.number += 1
                ref = event_ref(told, subject, telling.number)
            else:
                telling.version = _version(answer)
                return
        answer = await place.sender.send(Request(Verb.CREATE, ref, new_event(told, subject, now, telling.number)))
        telling.version = _version(answer)

    def _told(self, telling: _Telling, entry: Entry) -> ToldAct:
        plan, before = telling.plan, telling.before
        return ToldAct(
            id=entry.id,
            session=self._session,
            who=entry.who.removesuffix(f"@{entry.rollout.context}"),
            name=entry.rollout.name,
            system=entry.rollout.system,
            act=entry.act,
            title=entry.title,
            stage=entry.stage,
            why=entry.why,
            changes=tuple(map(str, plan.changes)) if plan else (),
            undoes=entry.undoes,
            before=release_state(before) if plan and before else None,
            expected=plan.expected if plan else (),
            pods=plan.pods if plan else (),
            gone=tuple(map(str, plan.gone)) if plan else (),
            replaces=plan.replaces if plan else "",
            hurt=telling.hurt,
        )

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _root(telling: _Telling) -> Ref | None:
    """The object that the Event is about: the rollout's root, or what the act writes if the rollout is gone."""
    if telling.before and telling.before.objects:
        return telling.before.objects[0]
    return telling.plan.requests[0].ref if telling.plan and telling.plan.requests else None


def _version(answer: Mapping[str, object]) -> str:
    metadata = answer.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, Mapping) else None
    return version if isinstance(version, str) else ""
