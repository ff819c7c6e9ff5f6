"""A probe's requests through the API server's Service proxy: `GET .../services/[SCHEME:]NAME:PORT/proxy/PATH`.

The API server draws a ready endpoint for each request. It uses the rights of the user (`get` on `services/proxy`),
writes each request to its audit log, and exempts them from its own limits on concurrency because a proxied request
may run long (apiserver, `--max-requests-inflight` and API Priority and Fairness do not count the subresource `proxy`).
That is why the rate is limited here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from cockpit.kube.credentials import Headers
from cockpit.kube.errors import ApiError, ConfigError, Status, read_status
from cockpit.kube.paths import object_path
from cockpit.kube.transport import Call, Relayed, Transport
from cockpit.model.clock import Clock
from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_answer import (
    BODY_LIMIT,
    HEADER_VALUE_LIMIT,
    HEADERS_LIMIT,
    Answer,
    Failure,
    ProbeRequest,
)
from cockpit.model.probe_target import PROXIED_RATE, PROXIED_TOGETHER, ProxiedService
from cockpit.model.refs import SERVICES, Ref
from cockpit.model.secret_parameters import shown_path
from cockpit.model.text import safe_text

# Seconds by which a request may come before its turn: a schedule at exactly the limit is never late because of it.
_EARLY = 0.1
# Seconds in which an API server that works answers `/livez`.
_ALIVE = 2.0
# Headers that the API server itself acts on (RFC 9110; apiserver: authentication, impersonation, request header
# authentication), or that belong to a connection. They would not reach the application, or would act for the user.
_NOT_FOR_APPLICATIONS = lazy_re(
    r"host|authorization|proxy-.*|impersonate-.*|x-remote-.*|connection|keep-alive|upgrade|te|trailer|expect"
    r"|transfer-encoding|content-.*|accept-encoding",
    re.IGNORECASE,
)
# What Go's dialler says (net, crypto/tls, net/http), in the order in which it is looked for.
_DIAL = (
    (lazy_re(r"connection refused"), Failure.REFUSED),
    (lazy_re(r"tls|x509|certificate|HTTP response to HTTPS client", re.IGNORECASE), Failure.TLS),
    (lazy_re(r"no such host"), Failure.DNS),
    (lazy_re(r"timeout|deadline exceeded|timed out"), Failure.TIMEOUT),
    (lazy_re(r"reset by peer|EOF|broken pipe"), Failure.RESET),
    (lazy_re(r"malformed HTTP"), Failure.PROTOCOL),
)
# Failures that a firewall between the API server and the pods also causes: many hosted control planes have one.
_MAYBE_FIREWALL = frozenset({Failure.TIMEOUT, Failure.UNREACHABLE})
_NO_ENDPOINTS = "no endpoints available"
_NO_TUNNEL = "No agent available"  # konnectivity: the API server's own way to the nodes is down
_NOT_REACHED = "error trying to reach service"


def services_proxy(service: ProxiedService, *, tls: bool = False) -> Ref:
    """What `services/proxy` is asked of: the name in a rule's `resourceNames` includes scheme and port."""
    name = f"{service.name}:{service.port}"
    return Ref(SERVICES, service.namespace, f"https:{name}" if tls else name)


class ServiceProxyTransport:
    """Implements `ProbeTransport` through one API server, whose connections it shares with all reads."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._due: dict[str, float] = {}
        self._answered: set[str] = set()

    async def send(self, request: ProbeRequest) -> Answer:
        target = request.probe_target
        if target.service is None:
            raise ValueError("not a target through an API server")
        try:
            call = _call(request, target.service)
        except ConfigError as error:
            return _no_way(str(error))
        await self._turn(call.what, PROXIED_RATE)
        await self._turn("", PROXIED_TOGETHER)
        begun = self._clock.monotonic()
        try:
            found = await self._transport.relay(call, timeout=request.timeout, limit=BODY_LIMIT)
        except TimeoutError:
            return await self._late(call.what, request.timeout)
        except (ApiError, ConfigError) as error:
            return _no_way(str(error))
        except ValueError:
            return _no_way("a header or the path cannot be sent")
        milliseconds = (self._clock.monotonic() - begun) * 1000
        status = read_status(found.body) if found.status >= 400 else None
        # An application may answer with a Status too, but not as the API server's answer with the same code.
        if status is not None and status.code == found.status:
            return self._own_answer(call.what, target.service, status)
        self._answered.add(call.what)
        return _answer(found, target.service, target.tls, milliseconds)

    async def close(self) -> None:
        """Nothing to release: the connections belong to the reads."""

    async def _turn(self, whose: str, rate: float) -> None:
        """Wait until `whose` next request is due at this rate."""
        now = self._clock.monotonic()
        due = max(now, self._due.get(whose, now))
        self._due[whose] = due + 1 / rate
        if due - _EARLY > now:
            await self._clock.sleep(due - now)

    def _own_answer(self, what: str, service: ProxiedService, status: Status) -> Answer:
        """A failure that the API server reports: of the application, or of the way to it."""
        message = safe_text(status.message or status.reason or f"status {status.code}", 200)
        if status.code == 403:
            return _no_way(f"you may not `get` services/proxy in namespace {service.namespace}: {message}")
        if status.code == 503 and _NO_ENDPOINTS in message:
            return Answer(None, failure=Failure.UNREACHABLE, text=f"no ready endpoints for port {service.port}")
        if status.code in (502, 503, 504) and _NOT_REACHED in message and _NO_TUNNEL not in message:
            found = next((kind for words, kind in _DIAL if words.search(message)), Failure.UNREACHABLE)
            return self._failed(what, found, message)
        return _no_way(f"the API server answers {status.code}: {message}")

    def _failed(self, what: str, failure: Failure, text: str) -> Answer:
        """Until a pod has answered this way, it is not known whether the API server reaches pods at all."""
        if failure in _MAYBE_FIREWALL and what not in self._answered:
            return _no_way(
                f"{text}; no pod has answered through the API server yet: it may not reach them (a firewall)"
            )
        return Answer(None, failure=failure, text=text)

    async def _late(self, what: str, timeout: float) -> Answer:
        """No answer in time: of the application, if the API server itself still answers."""
        text = f"no complete answer within {timeout:g} s"
        try:
            await self._transport.relay(Call("GET", "/livez", what="/livez"), timeout=_ALIVE, limit=BODY_LIMIT)
        except (ApiError, ConfigError, TimeoutError):
            return _no_way(f"{text}, and the API server does not answer either")
        return self._failed(what, Failure.TIMEOUT, text)


def _call(request: ProbeRequest, service: ProxiedService) -> Call:
    """The request to the API server. Raises ConfigError if it would not reach the application as it is."""
    target = request.probe_target
    plain = unquote(unquote(target.path.partition("?")[0]))
    if not target.path.startswith("/") or any(part in (".", "..") for part in re.split(r"[/\\]", plain)):
        raise ConfigError(f"the path {shown_path(target.path)} cannot be sent through the API server")
    path = object_path(services_proxy(service, tls=target.tls), "proxy") + quote(
        target.path, safe="/?&=%:@!$'()*+,;~-._"
    )
    return Call(
        "GET", path, what=f"services/{service.name}:{service.port} in {service.namespace}", headers=_headers(request)
    )


def _headers(request: ProbeRequest) -> Headers:
    """The target's and the lane's headers; the lane's replaces the target's of the same name."""
    own = {name.lower() for name, _ in request.headers}
    given = [*((n, v) for n, v in request.probe_target.headers if n.lower() not in own), *request.headers]
    for name, _ in given:
        if _NOT_FOR_APPLICATIONS.fullmatch(name):
            raise ConfigError(f"the header {name} cannot be sent through the API server")
    sent = [*given, ("Accept-Encoding", "identity")]
    return tuple(sent) if any(n.lower() == "accept" for n, _ in given) else (*sent, ("Accept", "*/*"))


def _answer(found: Relayed, service: ProxiedService, tls: bool, milliseconds: float) -> Answer:
    """The application's answer; a redirect leads where it said, without the path that the API server puts before."""
    prefix = unquote(object_path(services_proxy(service, tls=tls), "proxy"))
    return Answer(
        found.status,
        tuple(_bounded(found.headers, prefix)),
        found.body,
        found.cut,
        Failure.RESET if found.broken else None,
        f"broke off after {len(found.body)} bytes: {found.broken}" if found.broken else "",
        total_ms=milliseconds,
    )


def _bounded(headers: Headers, prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in headers[:HEADERS_LIMIT]:
        shown = value.removeprefix(prefix) if name == "location" else value
        yield name[:200], shown[:HEADER_VALUE_LIMIT]


def _no_way(text: str) -> Answer:
    return Answer(None, failure=Failure.NO_WAY, text=safe_text(text, 300))
