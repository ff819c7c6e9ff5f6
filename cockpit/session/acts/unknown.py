"""Goes on looking for writes whose outcome is not known, in this session and for sessions that are gone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cockpit.kube.errors import KubeError
from cockpit.model.clock import Clock
from cockpit.model.plan import Act, Plan, Request
from cockpit.model.view import Stage
from cockpit.pairing.pilot_lease import MAY_ARRIVE_SECONDS
from cockpit.session.acts.dry_run import read_one
from cockpit.session.acts.effect import took_effect
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.acts.prepare import Preparation
from cockpit.session.acts.send import Sending
from cockpit.session.acts.surroundings import Surroundings
from cockpit.session.acts.trace import cannot_have_been_made, trace
from cockpit.session.acts.undo import SentAct, UndoStack, UndoStep, step_back
from cockpit.session.acts.unknown_file import UnknownFile, UnknownWrite

Found = Sequence[Mapping[str, Any] | None]
_LOOK_SECONDS = 5.0
# An object that cannot be read for this long after that is given up.
_GIVE_UP_SECONDS = 3600.0


class UnknownWrites:
    """Notes what is being sent before it is sent, and keeps it until its outcome is known."""

    def __init__(
        self, file: UnknownFile, surroundings: Surroundings, clock: Clock, logbook: JournalLines, undo: UndoStack
    ) -> None:
        self._file = file
        self._surroundings = surroundings
        self._clock = clock
        self._logbook = logbook
        self._undo = undo
        self._looking: set[asyncio.Task[None]] = set()

    async def begin(self, act_id: str, who: str, issue: Preparation) -> UnknownWrite:
        """Note that a plan is about to be sent."""
        plan, now = issue.prepared.plan, self._clock.now()
        sent = [SentAct(request, issue.objects.get(request.ref)) for request in plan.requests]
        write = UnknownWrite(
            id=act_id,
            at=now,
            who=who,
            server=self._file.server(plan.rollout.context),
            rollout=plan.rollout,
            act=plan.act,
            title=plan.title,
            requests=plan.requests,
            until=now + MAY_ARRIVE_SECONDS,
            step=issue.undoes or step_back(plan, issue.rollout, sent, act_id, now, issue.hurt),
            pid=os.getpid(),
            traces=tuple(trace(request, issue.objects.get(request.ref)) for request in plan.requests),
        )
        await asyncio.to_thread(self._file.put, write)
        return write

    async def known(self, write: UnknownWrite) -> None:
        """The outcome of all its requests is known."""
        await asyncio.to_thread(self._file.drop, write.id)

    async def follow(self, write: UnknownWrite, passage: Sending, step: UndoStep | None) -> None:
        """Look for the request that got no answer; `step` was put on the undo stack."""
        request, until = passage.failed, self._clock.now() + MAY_ARRIVE_SECONDS
        assert request is not None
        at = write.requests.index(request)
        # What the act did to the same object before is no sign of this request.
        answers = [sent.after for sent in passage.done if sent.after and sent.request.ref == request.ref]
        before = trace(request, answers[-1]) if answers else "".join(write.traces[at : at + 1])
        write = replace(
            write, requests=(request,), until=until, step=step or write.step, stepped=True,
            rest=len(passage.done) > 1, traces=(before,),
        )  # fmt: skip
        await asyncio.to_thread(self._file.put, write)
        self._start(write)

    async def resume(self) -> None:
        """Look for the writes of sessions that are gone."""
        for write in await asyncio.to_thread(self._file.left):
            self._start(replace(write, pid=os.getpid()))

    async def close(self) -> None:
        """Stop looking; the file keeps what is not known."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    def _start(self, write: UnknownWrite) -> None:
        task = asyncio.create_task(self._look(write))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _look(self, write: UnknownWrite) -> None:
        # Counted from here by the clock that nobody sets: a wall clock that jumps ahead lets no request arrive sooner.
        left = min(max(write.until - self._clock.now(), 0.0), MAY_ARRIVE_SECONDS)
        until = self._clock.monotonic() + left
        while True:
            found = await self._objects(write)
            late = self._clock.monotonic() - until
            made = None if found is None else _made(write, found)
            if made == write.requests or (made is not None and late >= 0) or late >= _GIVE_UP_SECONDS:
                await self._found_out(write, made, _overwritten(write, found or ()))
                return
            await self._clock.sleep(_LOOK_SECONDS)

    async def _objects(self, write: UnknownWrite) -> Found | None:
        """The object of each request, None where there is none; None if one cannot be read."""
        cluster = self._surroundings.cluster(write.rollout.context)
        if cluster is None:
            return None
        try:
            place = cluster.place(write.plan)
            return [await read_one(place, request.ref) for request in write.requests]
        except KubeError:
            return None

    async def _found_out(
        self, write: UnknownWrite, made: Sequence[Request] | None, overwritten: Sequence[Request]
    ) -> None:
        plan = write.plan
        stage, why = _ruling(plan, write, made, overwritten)
        lacking = bool(made) and not write.stepped and stage is not Stage.UNKNOWN
        if lacking or (stage is Stage.REFUSED and write.stepped and not write.rest):
            self._turn(write)
        await self._logbook.note(write.id, write.who, plan, stage, why)
        await asyncio.to_thread(self._file.drop, write.id)
        self._surroundings.touch(write.rollout)

    def _turn(self, write: UnknownWrite) -> None:
        """Put the act's undo step on the stack, or take it away. An undo took its step away when it was sent."""
        if write.stepped is (write.act is not Act.UNDO):
            self._undo.forget(write.rollout, write.step)
        else:
            self._undo.push(write.rollout, write.step)


def _made(write: UnknownWrite, found: Found) -> tuple[Request, ...]:
    """The requests that the objects show."""
    return tuple(request for request, obj in zip(write.requests, found, strict=True) if took_effect(request, obj))


def _overwritten(write: UnknownWrite, found: Found) -> list[Request]:
    """The requests that the objects do not show, though they may have been made: something wrote them since."""
    traces = write.traces or (None,) * len(write.requests)
    return [
        request
        for request, before, obj in zip(write.requests, traces, found, strict=False)
        if not took_effect(request, obj) and (before is None or not cannot_have_been_made(request, before, obj))
    ]


def _undone(write: UnknownWrite) -> str:
    return "; undo reverts what was done" if write.step.requests else ""


def _ruling(
    plan: Plan, write: UnknownWrite, made: Sequence[Request] | None, overwritten: Sequence[Request]
) -> tuple[Stage, str]:
    """What the objects say about a write in the end."""
    if made is None:
        return Stage.UNKNOWN, "it is not known whether it was made: the objects could not be read; check them"
    missing = [request for request in write.requests if request not in made]
    if not missing:
        return Stage.SENT, "found out: the objects are as it asked for"
    if any(request.consumed for request in missing):
        return (
            Stage.UNKNOWN,
            "not known whether it was made: a controller may have consumed it; check the objects",
        )
    if overwritten:
        refs = ", ".join(dict.fromkeys(str(request.ref) for request in overwritten))
        return Stage.UNKNOWN, f"not known whether it was made: {refs} was written again since; check the objects"
    words = ", ".join(map(plan.words, missing))
    if made:
        done = ", ".join(map(plan.words, made))
        return Stage.UNVERIFIED, f"found out: done: {done}; not done: {words}" + _undone(write)
    rest = "; what was done before stays" + _undone(write) if write.rest else ""
    return Stage.REFUSED, f"found out: it was not made, and it cannot arrive any more: {words}{rest}"
