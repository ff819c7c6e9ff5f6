"""A way to an API server that misbehaves as a script says: slow, cut, refused, held, silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.real.lossy import LossyWay, lossy_way

# Bytes that come through at once where an answer drips, and the pause after them in seconds: 1 kB/s.
_DRIP, _PAUSE = 64, 0.064


@dataclass
class Fault:
    """What goes wrong with requests to one plural (or any, with ""), the first `times` of them (None: all).

    `what`: `drip` 1 kB/s; `truncate` ends the body half way, as if complete; `drop` cuts the connection half way
    through the body; `freeze` never answers; `swallow` passes the head of the answer on and none of its body; a number
    answers with that status, `after` it was carried out if so said; `hold` passes a request on once `released` is set,
    and its sender is cut off before.
    """

    what: str
    plural: str = ""
    method: str = "GET"
    times: int | None = None
    watch: bool = False
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    met: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def meets(self, request: web.Request) -> bool:
        """Whether this request goes wrong; dry runs never do."""
        collection = request.path.split("/namespaces/")[-1].split("/")
        return (
            self.times != 0
            and request.method == self.method
            and (not self.plural or self.plural in collection or request.path.endswith(f"/{self.plural}"))
            and ("watch" in request.query) == self.watch
            and "dryRun" not in request.query
        )


class FaultyWay(LossyWay):
    """Passes everything on, save what meets one of `faults`."""

    faults: list[Fault]

    async def _pass(self, request: web.Request, headers: dict[str, str], body: bytes) -> web.StreamResponse:
        fault = next((fault for fault in self.faults if fault.meets(request)), None)
        if fault is None:
            return await super()._pass(request, headers, body)
        fault.met += 1
        if fault.times is not None:
            fault.times -= 1
        if fault.what == "freeze":
            await asyncio.Event().wait()
        if fault.what == "hold":
            asyncio.get_running_loop().create_task(self._later(fault, request, headers, body))
            await asyncio.sleep(0)
            return self._cut(request)
        if fault.what.isdigit() and not fault.after:
            return web.Response(status=int(fault.what), headers=fault.headers, body=fault.body)
        assert self._client
        async with self._client.request(
            request.method, f"{self._server}{request.raw_path}", data=body, headers=headers
        ) as answer:
            if fault.what.isdigit():
                await answer.read()
                return web.Response(status=int(fault.what), headers=fault.headers, body=fault.body)
            return await self._spoilt(fault, request, answer)

    async def _later(self, fault: Fault, request: web.Request, headers: dict[str, str], body: bytes) -> None:
        await fault.released.wait()
        assert self._client
        async with self._client.request(
            request.method, f"{self._server}{request.raw_path}", data=body, headers=headers
        ) as answer:
            await answer.read()

    @staticmethod
    def _cut(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()

    async def _spoilt(self, fault: Fault, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        reply = web.StreamResponse(status=answer.status, headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        if fault.what == "swallow":
            await asyncio.Event().wait()
        content = await answer.read()
        if fault.what == "drip":
            for at in range(0, len(content), _DRIP):
                await reply.write(content[at : at + _DRIP])
                await asyncio.sleep(_PAUSE)
            return reply
        await reply.write(content[: len(content) // 2])
        if fault.what == "drop":
            await asyncio.sleep(0.01)
            return self._cut(request)
        return reply


@asynccontextmanager
async def faulty_way(kubeconfig: Path, folder: Path, *faults: Fault) -> AsyncIterator[tuple[FaultyWay, Path]]:
    """Such a way to the cluster of a kubeconfig's current context, and a kubeconfig that leads through it."""
    async with lossy_way(kubeconfig, folder, FaultyWay) as (way, path):
        assert isinstance(way, FaultyWay)
        way.faults = list(faults)
        yield way, path
