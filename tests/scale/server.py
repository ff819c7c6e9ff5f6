"""The API server itself: lists, watches, discovery; over a slow line if asked.

It behaves as kube-apiserver does where that decides what a client costs: a list from the cache (`resourceVersion=0`)
is not cut into pages, watches are not compressed, bookmarks come once a minute. `python -m tests.scale.server --pods
10000` prints one line of JSON with its URL once it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiohttp import web

from cockpit.model.clock import Clock
from cockpit.session.clock import SystemClock
from tests.scale.objects import Release
from tests.scale.pages import REVISION, Kind, gzipped, make_kinds

BOOKMARK_SECONDS = 60.0
# A response is passed on in pieces of this many bytes where the line is slow, and in larger ones where it is faster.
SLICE = 16 << 10
SLICES_A_SECOND = 100
EVENTS_A_TURN = 100
GROUPS = {
    "/api/v1": ("pods", "services"),
    "/apis/apps/v1": ("deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"),
    "/apis/discovery.k8s.io/v1": ("endpointslices",),
    "/apis/networking.k8s.io/v1": ("ingresses", "ingressclasses"),
    "/apis/autoscaling/v2": ("horizontalpodautoscalers",),
    "/apis/coordination.k8s.io/v1": ("leases",),
}


@dataclass
class Line:
    """What lies between a client and the server: seconds there and back, and bytes a second for all together (0 for
    no limit). A connection that is new costs a round trip for TCP and one for TLS."""

    round_trip: float = 0.0
    bandwidth: float = 0.0
    _free_at: float = 0.0

    async def carry(self, size: int) -> None:
        if self.bandwidth:
            start = max(time.monotonic(), self._free_at)
            self._free_at = start + size / self.bandwidth
            await asyncio.sleep(self._free_at - time.monotonic())


@dataclass
class ScaleServer:
    """Serves `kinds`; `counted` holds requests and `sent` bytes by method, kind and what they are."""

    kinds: dict[str, Kind]
    line: Line = field(default_factory=Line)
    counted: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    busiest: int = 0
    refuse: int = 0
    """How many of the next lists are refused with 429 and Retry-After."""
    clock: Clock = field(default_factory=SystemClock)
    """Decides when bookmarks come and watches end."""
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    """Kinds whose lists end only once the event is set, after a first part."""
    _lists: int = 0
    _met: set[int] = field(default_factory=set)
    _watches: dict[str, set[asyncio.Queue[list[bytes]]]] = field(default_factory=dict)
    revision: int = REVISION

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/churn", self._churn)
        app.router.add_get("/counts", self._counts)
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answered(request)
        except ConnectionResetError:
            return web.Response()  # whoever asked has gone

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        await self._round_trips(request)
        if request.method != "GET":
            return web.json_response({"kind": "Status", "code": 403, "reason": "Forbidden"}, status=403)
        if request.path == "/apis":
            self.counted["groups"] += 1
            versions = [{"groupVersion": path.removeprefix("/apis/")} for path in GROUPS if path != "/api/v1"]
            return web.json_response({"groups": [{"versions": versions}]})
        plurals = GROUPS.get(request.path)
        if plurals is not None:
            return web.json_response({"resources": [{"name": plural} for plural in plurals]})
        group, _, plural = request.path.rpartition("/")
        if plural not in GROUPS.get(group, ()):
            self.counted["not found"] += 1
            return web.json_response({"kind": "Status", "code": 404, "reason": "NotFound"}, status=404)
        if request.query.get("watch"):
            return await self._watch(request, plural)
        self._lists += 1
        self.busiest = max(self.busiest, self._lists)
        try:
            return await self._list(request, plural)
        finally:
            self._lists -= 1

    async def _round_trips(self, request: web.Request) -> None:
        transport = request.transport
        first = id(transport) not in self._met
        self._met.add(id(transport))
        await asyncio.sleep(self.line.round_trip * (3 if first else 1))

    async def _list(self, request: web.Request, plural: str) -> web.StreamResponse:
        limit = int(request.query.get("limit", 0))
        what = f"{'look' if limit == 1 else 'list'} {plural}"
        self.counted[what] += 1
        self.order.append(what)
        if self.refuse:
            self.refuse -= 1
            self.counted["429"] += 1
            status = {"kind": "Status", "code": 429, "reason": "TooManyRequests"}
            return web.json_response(status, status=429, headers={"Retry-After": "2"})
        if limit > 1 and request.query.get("resourceVersion") == "0":
            limit = 0  # the cache of kube-apiserver does not cut lists from version 0 into pages
        kind = self.kinds.get(plural, Kind(plural))
        parts = kind.body(limit, request.query.get("continue", ""))
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        pieces: Iterator[bytes] = (part.plain for part in parts)
        if "gzip" in request.headers.get("Accept-Encoding", "") and kind.count > 20:
            pieces = gzipped(parts)
            response.headers["Content-Encoding"] = "gzip"
        await response.prepare(request)
        for number, piece in enumerate(pieces):
            if number == 2 and plural in self.held and limit != 1:
                await self.held[plural].wait()
            self.sent[what] += len(piece)
            await self._write(response, piece)
        await response.write_eof()
        return response

    async def _write(self, response: web.StreamResponse, piece: bytes) -> None:
        if not self.line.bandwidth:
            await response.write(piece)
            return
        size = max(SLICE, int(self.line.bandwidth / SLICES_A_SECOND))
        for start in range(0, len(piece), size):
            await self.line.carry(len(piece[start : start + size]))
            await response.write(piece[start : start + size])

    async def _watch(self, request: web.Request, plural: str) -> web.StreamResponse:
        self.counted[f"watch {plural}"] += 1
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        queue: asyncio.Queue[list[bytes]] = asyncio.Queue(maxsize=4)
        self._watches.setdefault(plural, set()).add(queue)
        ends = self.clock.monotonic() + float(request.query.get("timeoutSeconds", 300))
        try:
            while (left := ends - self.clock.monotonic()) > 0:
                lines = await self._within(queue, min(BOOKMARK_SECONDS, left)) or [self._bookmark(plural)]
                piece = b"".join(lines)
                self.sent[f"watch {plural}"] += len(piece)
                await self._write(response, piece)
        finally:
            self._watches[plural].discard(queue)
        return response

    async def _within(self, queue: asyncio.Queue[list[bytes]], seconds: float) -> list[bytes]:
        """What comes first of the next events and the end of so many seconds."""
        news, over = asyncio.create_task(queue.get()), asyncio.create_task(self.clock.sleep(seconds))
        try:
            await asyncio.wait((news, over), return_when=asyncio.FIRST_COMPLETED)
            return news.result() if news.done() else []
        finally:
            for task in (news, over):
                task.cancel()

    def _bookmark(self, plural: str) -> bytes:
        meta = {"resourceVersion": str(self.revision), "creationTimestamp": None}
        line = {"type": "BOOKMARK", "object": {"kind": self.kinds.get(plural, Kind(plural)).name, "metadata": meta}}
        return json.dumps(line).encode() + b"\n"

    async def _churn(self, request: web.Request) -> web.Response:
        """Change pods so many times, at most so many a second; answers when all events were taken by every watch.

        A thousand pods change in turn: of ten, one stops being ready, one is ready again, and eight get a newer version
        with nothing else.
        """
        events, rate = int(request.query["events"]), float(request.query.get("rate", "inf"))
        halves = {
            ready: [Release(n % 50).pod(n % 20, "@REVISION@", ready).encode().split(b"@REVISION@") for n in range(1000)]
            for ready in ("True", "False")
        }
        start = time.monotonic()
        for first in range(0, events, EVENTS_A_TURN):
            lines = []
            for number in range(first, min(first + EVENTS_A_TURN, events)):
                self.revision += 1
                turn, place = divmod(number, 1000)
                before, after = halves["False" if (place + turn) % 10 == 0 else "True"][place]
                lines.append(b'{"type":"MODIFIED","object":%s%d%s}\n' % (before, self.revision, after))
            for queue in list(self._watches.get("pods", ())):
                await queue.put(lines)
            await asyncio.sleep(max(start + first / rate - time.monotonic(), 0))
        return web.json_response({"events": events, "seconds": time.monotonic() - start, "revision": self.revision})

    async def _counts(self, request: web.Request) -> web.Response:
        return web.json_response({"requests": self.counted, "bytes": self.sent, "busiest": self.busiest})


async def _serve(pods: int, line: Line, host: str) -> None:
    runner = web.AppRunner(ScaleServer(make_kinds(pods), line).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    _, port = runner.addresses[0][:2]
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it closes the pipe
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--round-trip", type=float, default=0.0, help="seconds")
    parser.add_argument("--bandwidth", type=float, default=0.0, help="bytes a second")
    parser.add_argument("--host", default="127.0.0.1")
    given = parser.parse_args()
    asyncio.run(_serve(given.pods, Line(given.round_trip, given.bandwidth), given.host))


if __name__ == "__main__":
    main()
