"""`kubectl logs`: the log subresource of pods."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

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
        """The requested log; BadRequest for a container that does not exist or has not started."""
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
        end = _end_of_previous(pod, container) if call.flag("previous") else None
        since = call.number("sinceSeconds")
        # The API server passes whole seconds on to the kubelet (kubernetes, pkg/registry/core/pod/strategy.go).
        asked = math.floor(seconds_of(call.query.get("sinceTime")) or 0.0)
        start = asked or (0.0 if since is None else self._clock.now() - since)
        return Tail(
            self._storage,
            pod["metadata"]["uid"],
            (call.route.namespace, call.route.name),
            start=start,
            last=call.number("tailLines"),
            most=call.number("limitBytes"),
            follow=call.flag("follow") and end is None,
            stamped=call.flag("timestamps"),
            end=end,
        )


def _end_of_previous(pod: dict[str, Any], container: str) -> float:
    """When the run before the last restart ended; BadRequest, in the kubelet's words, if there was none."""
    for status in pod["status"].get("containerStatuses") or []:
        ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
        if status.get("name") == container and ended and (at := seconds_of(ended)) is not None:
            return at
    name = pod["metadata"]["name"]
    raise BadRequest(f'previous terminated container "{container}" in pod "{name}" not found')


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
        most: int | None,
        follow: bool,
        stamped: bool,
        end: float | None = None,
    ) -> None:
        self._storage = storage
        self._uid = uid
        self._pod = pod
        self._start = start
        self._last = last
        self._most = most
        self._follow = follow
        self._stamped = stamped
        self._until = end
        self._woken = asyncio.Event()
        self._end = storage.logs.on_write(uid, self._woken.set)

    def close(self) -> None:
        """Nobody reads any more."""
        self._end()

    async def lines(self) -> AsyncIterator[bytes]:
        """The lines, oldest first, up to the bytes asked for; a following reader is done when the container is."""
        left = self._most
        async for text in self._all():
            yield text if left is None else text[:left]
            if left is not None:
                left -= len(text)
                if left <= 0:
                    return

    async def _all(self) -> AsyncIterator[bytes]:
        everything = self._storage.logs.lines(self._uid)
        # Lines that are written while the first ones are being sent come after this one.
        sent: Line | None = everything[-1] if everything else None
        until = self._until
        present = [line for line in everything if line[0] >= self._start and (until is None or line[0] <= until)]
        if self._last is not None:
            present = present[-self._last :] if self._last else []
        for line in present:
            yield self._text(line)
        while self._follow and self._there():
            ended = self._storage.logs.has_ended(self._uid)
            if not ended:
                await self._woken.wait()
            self._woken.clear()
            for line in self._after(sent):
                yield self._text(line)
                sent = line
            if ended:
                return

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
