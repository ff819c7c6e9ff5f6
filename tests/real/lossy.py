"""A way to the API server that passes everything on, and can lose the answer to a write."""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

# Hop by hop (RFC 9110, section 7.6.1), or set anew by the client.
_OWN = {"connection", "content-length", "transfer-encoding", "host", "content-encoding", "keep-alive"}


class LossyWay:
    """An HTTP proxy in front of one API server. While `losing`, a write reaches the server and its answer is lost.

    `lost` counts such answers; `after` is called once one was lost, before the client learns of it.
    """

    def __init__(self, server: str, token: str, trust: ssl.SSLContext) -> None:
        self._server = server
        self._token = token  # a client sends none over plain HTTP
        self._trust = trust
        self._client: aiohttp.ClientSession | None = None
        self.address = ""
        self.losing = False
        self.lost = 0
        self.after: Callable[[], None] = lambda: None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        headers["Authorization"] = f"Bearer {self._token}"
        try:
            return await self._pass(request, headers, body)
        except (aiohttp.ClientError, ConnectionError):
            # The server is gone: so is this connection.
            if request.transport:
                request.transport.abort()
            return web.Response()

    async def _pass(self, request: web.Request, headers: dict[str, str], body: bytes) -> web.StreamResponse:
        assert self._client
        async with self._client.request(
            request.method, f"{self._server}{request.raw_path}", data=body, headers=headers
        ) as answer:
            if self.losing and request.method == "PATCH" and "dryRun" not in request.query:
                await answer.read()
                assert answer.status == 200, await answer.text()
                self.lost += 1
                self.after()
                assert request.transport
                request.transport.abort()
                return web.Response()
            reply = web.StreamResponse(status=answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _OWN:
                    reply.headers[name] = value
            await reply.prepare(request)
            async for piece in answer.content.iter_any():
                await reply.write(piece)
            return reply

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve on loopback; yields the address."""
        application = web.Application(client_max_size=10_000_000)
        application.router.add_route("*", "/{any:.*}", self.serve)
        runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
        connector = aiohttp.TCPConnector(ssl=self._trust, limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._client:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            try:
                self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
                yield self.address
            finally:
                await runner.cleanup()


@asynccontextmanager
async def lossy_way(
    kubeconfig: Path, folder: Path, kind: type[LossyWay] = LossyWay
) -> AsyncIterator[tuple[LossyWay, Path]]:
    """A lossy way to the cluster of a kubeconfig's current context, and a kubeconfig that leads through it."""
    config = yaml.safe_load(kubeconfig.read_text())  # noqa: ASYNC240 - a small file, before anything runs
    context = next(c["context"] for c in config["contexts"] if c["name"] == config["current-context"])
    cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == context["cluster"])
    user = next(u["user"] for u in config["users"] if u["name"] == context["user"])
    authority = cluster.pop("certificate-authority", None)
    inline = cluster.pop("certificate-authority-data", None)
    trust = ssl.create_default_context(cafile=authority, cadata=base64.b64decode(inline).decode() if inline else None)
    way = kind(cluster["server"], user["token"], trust)
    async with way.open() as address:
        cluster["server"] = address
        path = folder / "lossy.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        yield way, path
