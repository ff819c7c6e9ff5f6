"""The HTTPS front of an embedded cluster."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Callable

import msgspec
from aiohttp import web

from cockpit.demo.api import auth, documents
from cockpit.demo.api.audit import Audit
from cockpit.demo.api.auth import User, Users
from cockpit.demo.api.calls import Call, Reply
from cockpit.demo.api.logreading import LogReader
from cockpit.demo.api.openapi import OpenApi
from cockpit.demo.api.rbac import Grants
from cockpit.demo.api.reading import Reader
from cockpit.demo.api.reviews import review
from cockpit.demo.api.routing import Route, route
from cockpit.demo.api.steering import Steering
from cockpit.demo.api.watching import Watchers
from cockpit.demo.api.writing import Writer, warning_header
from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import ApiError, PathNotFound, TooLarge
from cockpit.demo.faults import Fault, Faults, refusal
from cockpit.demo.gateway.http1 import Reply as HttpReply
from cockpit.demo.schemas.kinds import SELF_SUBJECT_ACCESS_REVIEWS, SELF_SUBJECT_REVIEWS, SELF_SUBJECT_RULES_REVIEWS
from cockpit.demo.store.storage import Storage
from cockpit.demo.tls import Authority

# The answer of a Service's pod: namespace, `[SCHEME:]NAME[:PORT]` and path of the request.
AskService = Callable[[str, str, str], HttpReply]

log = logging.getLogger(__name__)

BODY_LIMIT = 3 * 1024 * 1024
WORTH_COMPRESSING = 128 * 1024
REVIEWS = (SELF_SUBJECT_ACCESS_REVIEWS, SELF_SUBJECT_REVIEWS, SELF_SUBJECT_RULES_REVIEWS)


class ApiServer:
    """Serves one storage over HTTPS on loopback."""

    def __init__(
        self,
        storage: Storage,
        clock: DemoClock,
        users: Users,
        authority: Authority,
        *,
        host: str,
        port: int,
        ask_service: AskService,
    ) -> None:
        self._ask_service = ask_service
        self.faults = Faults(storage, clock)
        self.port = port
        self._host = host
        self._clock = clock
        self._grants = Grants(storage, users)
        self._audit = Audit()
        self._authority = authority
        self._registry = storage.registry
        self._published = OpenApi(storage.registry)
        self._logs = LogReader(storage, clock)
        self._reader = Reader(storage, clock)
        self._writer = Writer(storage, self._reader)
        self._watchers = Watchers(storage, clock, self.faults)
        self._steering = Steering(self.faults, clock, self._audit)
        self._runner: web.AppRunner | None = None
        self._actions: dict[str, Callable[[Call], Reply]] = {
            "get": self._reader.get,
            "list": self._reader.listing,
            "create": self._writer.create,
            "update": self._writer.update,
            "patch": self._writer.patch,
            "delete": self._writer.delete,
            "deletecollection": self._writer.delete_collection,
        }

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"https://{self._host}:{self.port}"

    @property
    def open_watches(self) -> int:
        """How many watches are open."""
        return self._watchers.count

    async def start(self) -> None:
        """Listen; a port of 0 becomes a free one."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port, ssl_context=self._authority.context, backlog=512)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End every watch and stop listening."""
        self.faults.clear()
        self._watchers.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except PathNotFound as error:
            return web.Response(status=404, text=error.message + "\n")
        except ApiError as error:
            return _response(request, _refused(error))
        except web.HTTPRequestEntityTooLarge:
            return _response(request, _refused(TooLarge("Request entity too large: limit is 3145728")))
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            log.exception("a request failed: %s %s", request.method, request.path)
            return _response(request, _refused(ApiError("Internal error occurred: see the server's log")))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path in ("/healthz", "/livez", "/readyz"):
            return web.Response(text="ok")
        headers = request.headers
        acting, groups = headers.get("Impersonate-User", ""), headers.getall("Impersonate-Group", [])
        user = self._grants.caller(headers.get("Authorization", ""), acting, groups)
        if path.startswith("/demo/"):
            return _response(request, self._steering.answer(user, request.method, path, await request.read()))
        found = route(self._registry, path)
        if found is None:
            accept = request.headers.get("Accept", "")
            reply = documents.answer(self._registry, self._published, user, path, request.method, accept)
            return _response(request, reply)
        return await self._resource(request, user, found)

    async def _resource(self, request: web.Request, user: User, found: Route) -> web.StreamResponse:
        query = dict(request.query)
        watching = query.get("watch", "").lower() in ("1", "true") and not found.name
        verb = found.verb(request.method, watching)
        self._permit(user, verb, found)
        fault = self.faults.meet(verb, found.kind.plural)
        if fault is not None:
            await self._suffer(fault, request, found)
        call = Call(found, verb, user, query, request.headers, await request.read())
        if verb == "watch":
            return await self._watch(request, call)
        if found.subresource == "log":
            return await self._log(request, call)
        if found.subresource == "proxy":
            return await self._proxied(request, found)
        if found.kind in REVIEWS:
            return _response(request, review(call, self._clock))
        return _response(request, self._actions[verb](call))

    def _permit(self, user: User, verb: str, found: Route) -> None:
        """Note the request; Forbidden when the user may not."""
        kind, allowed = found.kind, False
        try:
            auth.check(
                user,
                verb,
                kind.group,
                kind.plural,
                subresource=found.subresource,
                namespace=found.namespace,
                name=found.name,
            )
            allowed = True
        finally:
            full = f"{kind.plural}/{found.subresource}" if found.subresource else kind.plural
            self._audit.note(user.name, verb, kind.group, full, allowed)

    async def _proxied(self, request: web.Request, found: Route) -> web.Response:
        """The answer of a pod of the Service; without a slash behind `proxy` a redirect to there."""
        if not found.rest:
            return web.Response(status=301, headers={"Location": request.raw_path.partition("?")[0] + "/"})
        reply = self._ask_service(found.namespace, found.name, found.rest)
        await self._clock.sleep(reply.latency)
        headers = {"Cache-Control": "no-cache, private", **reply.headers, "Content-Type": reply.content_type}
        return web.Response(body=reply.body, status=reply.status, headers=headers)

    async def _suffer(self, fault: Fault, request: web.Request, found: Route) -> None:
        error = refusal(fault, found.kind.plural)
        if error is not None:
            raise error
        if fault.kind == "slow":
            await self._clock.sleep(fault.seconds)
        elif fault.kind == "drop":
            _cut(request)
        elif fault.kind == "stall":
            await self.faults.over(fault)
            _cut(request)

    async def _watch(self, request: web.Request, call: Call) -> web.StreamResponse:
        watch = self._watchers.open(call)
        try:
            return await _stream(request, watch.media_type, watch.lines())
        finally:
            watch.close()

    async def _log(self, request: web.Request, call: Call) -> web.StreamResponse:
        tail = self._logs.open(call)
        try:
            return await _stream(request, "text/plain", tail.lines())
        finally:
            tail.close()


async def _stream(request: web.Request, content_type: str, chunks: AsyncIterator[bytes]) -> web.StreamResponse:
    """Send headers at once and each chunk as it comes."""
    response = web.StreamResponse(headers={"Content-Type": content_type, "Cache-Control": "no-cache, private"})
    await response.prepare(request)
    try:
        async for chunk in chunks:
            await response.write(chunk)
        await response.write_eof()
    except ConnectionResetError:
        _cut(request)
    return response


def _cut(request: web.Request) -> None:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("cut")


def _refused(error: ApiError) -> Reply:
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.warning:
        headers["Warning"] = warning_header([error.warning])
    return Reply(msgspec.json.encode(error.status()), error.code, headers=headers)


def _response(request: web.Request, reply: Reply) -> web.Response:
    headers = {"Content-Type": reply.content_type, "Cache-Control": "no-cache, private", **reply.headers}
    body = reply.body
    if len(body) > WORTH_COMPRESSING and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=body, status=reply.status, headers=headers)
