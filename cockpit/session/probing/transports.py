"""Which way a probe's request takes: directly, or through the API server of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cockpit.model.probe_answer import Answer, Failure, ProbeRequest, ProbeTransport
from cockpit.model.text import safe_text


class OpenedLater:
    """Implements `ProbeTransport` by one that is made for the first request: most commands send none."""

    def __init__(self, make: Callable[[], ProbeTransport]) -> None:
        self._make = make
        self._made: ProbeTransport | None = None

    async def send(self, request: ProbeRequest) -> Answer:
        if self._made is None:
            self._made = self._make()
        return await self._made.send(request)

    async def close(self) -> None:
        if self._made is not None:
            await self._made.close()


class TransportPerTarget:
    """Implements `ProbeTransport`: through the API server of the target's context if it names a Service, else `direct`.

    `through` are the ways through API servers, by context.
    """

    def __init__(self, direct: ProbeTransport, through: Mapping[str, ProbeTransport]) -> None:
        self._direct = direct
        self._through = dict(through)

    async def send(self, request: ProbeRequest) -> Answer:
        service = request.probe_target.service
        if service is None:
            return await self._direct.send(request)
        way = self._through.get(service.context)
        if way is None:
            text = f"{safe_text(service.context, 100)} is not among the contexts of this session"
            return Answer(None, failure=Failure.NO_WAY, text=text)
        return await way.send(request)

    async def close(self) -> None:
        for way in (self._direct, *self._through.values()):
            await way.close()


class _NoTransport:
    """Implements `ProbeTransport` where nothing may be sent."""

    async def send(self, request: ProbeRequest) -> Answer:
        return Answer(None, failure=Failure.NO_WAY, text="this session sends no requests")

    async def close(self) -> None:
        """Nothing to release."""


NO_TRANSPORT: ProbeTransport = _NoTransport()
