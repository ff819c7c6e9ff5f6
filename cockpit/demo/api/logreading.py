"""`kubectl logs`: the log subresource of pods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from cockpit.demo.api.calls import Call
from cockpit.demo.api.tables.cells import seconds_of
from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import BadRequest
from cockpit.demo.pods.podlogs import Line
from cockpit.demo.schemas.kinds import PODS
from cockpit.demo.store.storage import Storage


class LogReader:
    """Opens the logs of pods."""

    def __init__(self, storage: Storage, clock: DemoClock) -> None:
        self._storage = storage
        self._clock = clock

    def open(self, call: Call) -> Tail:
        """The log a request asks for; BadRequest for a container that is not there or has not started."""
        pod = self._storage.record(PODS, call.route.namespace, call.route.name).obj
        names = [container.get("name") for container in pod["spec"].get("containers") or []]
        container = call.query.get("container") or names[0]
        if container not in names:
            raise BadRequest(f"container {container} is not valid for pod {call.route.name}")
        state = (pod.get("status") or {}).get("phase", "Pending")
        if state == "Pending":
            raise BadRequest(
                f'container "{container}" in pod "{call.route.name}" is waiting to start: ContainerCreating'
            )
        since = call.number("sinceSeconds")
        start = seconds_of(call.query.get("sinceTime")) or (0.0 if since is None else self._clock.now() - since)
        return Tail(
            self._storage,
            pod["metadata"]["uid"],
            (call.route.namespace, call.route.name),
            start=start,
            last=call.number("tailLines"),
            follow=call.flag("follow"),
            stamped=call.flag("timestamps"),
        )


class Tail:
    """A pod's lines, and with `follow` those to come."""

    def __init__(
        self,
        storage: Storage,
        uid: str,
        pod: tuple[str, str],
        *,
        start: float,
        last: int | None,
        follow: bool,
        stamped: bool,
    ) -> None:
        self._storage = storage
        self._uid = uid
        self._pod = pod
        self._start = start
        self._last = last
        self._follow = follow
        self._stamped = stamped
        self._woken = asyncio.Event()
        self._end = storage.logs.on_write(uid, self._woken.set)

    def close(self) -> None:
        """Nobody reads any more."""
        self._end()

    async def lines(self) -> AsyncIterator[bytes]:
        """The lines, oldest first."""
        present = [line for line in self._storage.logs.lines(self._uid) if line[0] >= self._start]
        if self._last is not None:
            present = present[-self._last :] if self._last else []
        sent: Line | None = None
        for line in present:
            yield self._text(line)
        everything = self._storage.logs.lines(self._uid)
        sent = everything[-1] if everything else None
        while self._follow and self._there():
            await self._woken.wait()
            self._woken.clear()
            for line in self._after(sent):
                yield self._text(line)
                sent = line

    def _after(self, sent: Line | None) -> list[Line]:
        """The lines after one that was sent (told apart by identity, as two may be alike)."""
        everything = self._storage.logs.lines(self._uid)
        for index in range(len(everything) - 1, -1, -1):
            if everything[index] is sent:
                return everything[index + 1 :]
        return everything

    def _there(self) -> bool:
        pod = self._storage.peek(PODS, *self._pod)
        return pod is not None and pod["metadata"]["uid"] == self._uid

    def _text(self, line: Line) -> bytes:
        at, text = line
        stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ ") if self._stamped else ""
        return f"{stamp}{text}\n".encode()
