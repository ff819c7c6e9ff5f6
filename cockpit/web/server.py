"""The web server: textual-serve's bridge between a page and a process, behind links that open it once.

textual-serve admits everybody who reaches its port and takes fonts from another site; this file is what we do
instead. Only this room talks to it.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from shlex import join

from aiohttp import web
from textual_serve.server import Server

from cockpit.texts.current import translated, wide
from cockpit.web.admission import Admission, is_own_name, is_own_page

HOST = "127.0.0.1"
# Screens at a time for each link: a page that is loaded again opens the next before the last has ended.
SCREENS_EACH = 4
# The page takes nothing from anywhere else, and no other site may show it in a frame.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self' ws:; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _line(words: str) -> str:
    """A line for a browser, in the language of the process that serves."""
    return f"{translated(words)}\n"


def _refusal() -> str:
    return _line("this page opens by the link that `cockpit serve` printed, once for each link")


def page(host: str) -> str:
    """The page that shows a screen, in the language of the process that serves; `host` is the server's own name."""
    text = files("cockpit.web").joinpath("page.html").read_text()
    for place, words in (
        ("@LANG@", "zh-CN" if wide() else "en"),
        ("@OPENING@", translated("opening the screen ...")),
        ("@ENDED@", translated("The screen has ended. Reload the page to open it again.")),
        ("@HOST@", host),
    ):
        text = text.replace(place, words)
    return text


class ScreenServer(Server):
    """Serves the screen that `command` opens, one process for each page, to those who have a link."""

    def __init__(self, command: Sequence[str], admission: Admission, port: int) -> None:
        super().__init__(join(command), HOST, port, "cockpit")
        self._admission = admission
        self._screens = 0
        self._most = SCREENS_EACH * max(len(admission.links), 1)
        # Other servers on this machine share a browser's cookies, whatever their port.
        self._cookie = f"cockpit-{port}"
        self._script = files("cockpit.web").joinpath("page.js").read_text()

    async def application(self) -> web.Application:
        """The routes of the library, each behind the check."""
        application = await self._make_app()
        application.middlewares.append(self._checked)
        return application

    async def on_startup(self, app: web.Application) -> None:
        """The command prints its own lines."""

    @web.middleware
    async def _checked(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Spends the token of a link, and admits nobody without its cookie."""
        if not is_own_name(request.host):
            return web.Response(status=403, text=_refusal(), headers=_HEADERS)
        if request.path == "/" and (token := request.query.get("token")):
            return self._let_in(token)
        if not self._admission.admits(request.cookies.get(self._cookie, "")):
            return web.Response(status=403, text=_refusal(), headers=_HEADERS)
        if request.path == "/page.js":
            return web.Response(text=self._script, content_type="text/javascript", headers=_HEADERS)
        if request.path == "/":
            return web.Response(text=page(request.host), content_type="text/html", headers=_HEADERS)
        return await handler(request)

    def _let_in(self, token: str) -> web.Response:
        cookie = self._admission.exchanged(token)
        if cookie is None:
            return web.Response(status=403, text=_refusal(), headers=_HEADERS)
        response = web.Response(status=303, headers={**_HEADERS, "Location": "/"})
        response.set_cookie(self._cookie, cookie, httponly=True, samesite="Strict", path="/")
        return response

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A screen for a page of this server; no other site's page may open one with the cookie."""
        if not is_own_page(request.headers.get("Origin"), request.host):
            raise web.HTTPForbidden(text=_refusal())
        if self._screens >= self._most:
            raise web.HTTPServiceUnavailable(text=_line(f"{self._screens} screens are open; close one of the pages"))
        self._screens += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._screens -= 1


def listening(port: int) -> socket.socket:
    """A socket on loopback; raises OSError if the port is taken. Port 0 lets the system choose."""
    return socket.create_server((HOST, port))


async def serve(
    command: Sequence[str], listener: socket.socket, viewers: int, ready: Callable[[Sequence[str]], None]
) -> None:
    """Serve the screen until cancelled. `ready` gets the links once they open."""
    port = listener.getsockname()[1]
    admission = Admission(viewers, lambda: secrets.token_urlsafe(32))
    server = ScreenServer(command, admission, port)
    runner = web.AppRunner(await server.application(), access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        ready([f"http://{HOST}:{port}/?token={token}" for token in admission.links])
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
