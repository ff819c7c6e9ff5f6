"""A way from two people to a real API server, which fails by a seeded script."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from cockpit.model.clock import Clock
from tests.real.lossy import _OWN, LossyWay
from tests.session.faulty_server import Fault

READS = ("stall", "cut", "truncate", "drip", "401", "403", "404", "429", "500", "503", "html", "old")
WATCHES = ("silent", "cut", "twice", "410", "half", "closed", "lag")
WRITES = ("answer lost", "request lost", "late", "slow", "500 after", "503 after", "500", "503", "429", "409", "401")
KINDS = ("services", "deployments", "pods", "replicasets", "")
# A status that is no HTTP answer: the connection ended before one came.
LOST = 0
_GONE = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}


@dataclass
class Passed:
    """A write that reached the server: who sent it, what it was answered, and its object's version then."""

    who: str
    method: str
    path: str
    status: int = LOST
    version: str = ""


class SeededWay(LossyWay):
    """Follows a script in the time of `clock`. While `closed`, every connection ends at once."""

    clock: Clock

    def __init__(self, server: str, token: str, trust: ssl.SSLContext) -> None:
        super().__init__(server, token, trust)
        self.faults: list[Fault] = []
        self.passed: list[Passed] = []
        self.met: list[Fault] = []
        self.closed = False
        self._old: dict[str, bytes] = {}
        self._later: set[asyncio.Task[web.StreamResponse]] = set()

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.faults, self.closed = [], False

    def _fault(self, on: str, request: web.Request) -> Fault | None:
        who, last = request.headers.get("X-Token", ""), request.path.rpartition("/")[2]
        for fault in self.faults:
            if (
                fault.on == on
                and fault.begins <= self.clock.monotonic() < fault.ends
                and fault.whose in ("", who)
                and fault.plural in ("", last)
            ):
                self.met.append(fault)
                return fault
        return None

    async def _pass(self, request: web.Request, headers: dict[str, str], body: bytes) -> web.StreamResponse:
        if self.closed:
            return _cut(request)
        if request.query.get("watch"):
            return await self._watch(request, headers)
        if request.method == "GET":
            return await self._read(request, headers)
        if request.method == "POST" or "dryRun" in request.query:
            return await super()._pass(request, headers, body)
        return await self._write(request, headers, body)

    async def _read(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        fault = self._fault("read", request)
        what = fault.what if fault else ""
        if fault and what == "stall":
            await self._until(fault.ends)
        if what in ("stall", "cut"):
            return _cut(request)
        if what == "html":
            return web.Response(text="<html>login</html>", content_type="text/html")
        if what.isdigit():
            return _says(int(what))
        assert self._client
        async with self._client.get(f"{self._server}{request.raw_path}", headers=headers) as answer:
            content = await answer.read()
            if answer.status == 200:
                place = request.path + request.query.get("limit", "")
                if what == "old":
                    content = self._old.get(place, content)
                self._old.setdefault(place, content)
            reply = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
        await reply.prepare(request)
        if what == "truncate":
            content = content[: len(content) // 2]
        pieces = 20 if what == "drip" else 1
        size = max(len(content) // pieces, 1)
        for at in range(0, len(content), size):
            await reply.write(content[at : at + size])
            if what == "drip":
                await self.clock.sleep(1.0)
        return reply

    async def _watch(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        fault = self._fault("watch", request)
        if fault and fault.what == "cut":
            return _cut(request)
        if fault and fault.what in ("410", "closed", "half"):
            reply = web.StreamResponse()
            await reply.prepare(request)
            if fault.what == "410":
                await reply.write(json.dumps({"type": "ERROR", "object": _GONE}).encode() + b"\n")
            if fault.what == "half":
                await reply.write(b'{"type":"MODIFIED","object":{"meta')
            return reply
        assert self._client
        async with self._client.get(f"{self._server}{request.raw_path}", headers=headers) as answer:
            reply = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
            await reply.prepare(request)
            async for line in answer.content:
                fault = self._fault("watch", request) if answer.status == 200 else None
                what = fault.what if fault else ""
                if fault and what == "silent":
                    # What this stream does not say, it never says.
                    await self._until(fault.ends)
                    return _cut(request)
                if what == "lag":
                    await self.clock.sleep(3.0)
                if what in ("cut", "half"):
                    await reply.write(line[: len(line) // 2])
                    return _cut(request)
                await reply.write(line + line if what == "twice" else line)
            return reply

    async def _write(self, request: web.Request, headers: dict[str, str], body: bytes) -> web.StreamResponse:
        fault = self._fault("write", request)
        what = fault.what if fault else ""
        if what.isdigit():
            return _says(int(what))
        if what == "request lost":
            return _cut(request)
        if fault and what == "late":
            task = asyncio.ensure_future(self._carry_out(request, headers, body, fault.ends))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
            await asyncio.sleep(0)
            return _cut(request)
        if what == "slow":
            await self.clock.sleep(3.0)
        answer = await self._carry_out(request, headers, body, 0.0)
        if what == "answer lost":
            return _cut(request)
        if what.endswith("after") and answer.status < 300:
            return _says(int(what[:3]))
        return answer

    async def _carry_out(
        self, request: web.Request, headers: dict[str, str], body: bytes, at: float
    ) -> web.StreamResponse:
        """Let a write through at this time of the clock, whoever still waits for its answer."""
        await self._until(at)
        passed = Passed(request.headers.get("X-Token", ""), request.method, request.path)
        self.passed.append(passed)
        assert self._client
        try:
            async with self._client.request(
                request.method, f"{self._server}{request.raw_path}", data=body, headers=headers
            ) as answer:
                content = await answer.read()
        except aiohttp.ClientError:
            return _cut(request)
        passed.status = answer.status
        if answer.status < 300:
            passed.version = json.loads(content).get("metadata", {}).get("resourceVersion", "")
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN}
        return web.Response(status=answer.status, body=content, headers=kept)

    async def _until(self, at: float) -> None:
        await self.clock.sleep(max(at - self.clock.monotonic(), 0.0))

    async def over(self) -> None:
        """Until the last write that was held came through."""
        await asyncio.gather(*self._later, return_exceptions=True)


def _cut(request: web.Request) -> web.Response:
    """End the connection without more."""
    if request.transport:
        request.transport.abort()
    return web.Response()


def _says(code: int) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": "Failed"}
    return web.json_response({**body, "message": "by the script"}, status=code)
