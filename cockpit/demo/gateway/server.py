"""The gateway of an embedded cluster: a port for HTTP and one for TLS, and the addresses of LoadBalancer Services."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers.gateway_api import service_ports
from cockpit.demo.controllers.runtime import Runtime
from cockpit.demo.controllers.world import World
from cockpit.demo.gateway import httproutes, ingress_status, istio
from cockpit.demo.gateway.connection import PLAIN, Connection, ListenerPort
from cockpit.demo.gateway.decisions import Decision, Forward
from cockpit.demo.gateway.dialects import Routes, compile_routes
from cockpit.demo.gateway.endpoints import Endpoints
from cockpit.demo.gateway.host_certificates import HostCertificates
from cockpit.demo.gateway.http1 import Head, Reply, error_reply
from cockpit.demo.gateway.istio_rules import Accepted
from cockpit.demo.gateway.listeners import Listeners
from cockpit.demo.gateway.loadbalancers import LoadBalancers, answer_from
from cockpit.demo.gateway.match import Request, host_of, normal_path, port_of
from cockpit.demo.gateway.mesh import Mesh
from cockpit.demo.gateway.metrics import CONTENT_TYPE, GatewayMetrics
from cockpit.demo.gateway.podnetwork import PodNetwork
from cockpit.demo.gateway.replies import carry_out
from cockpit.demo.gateway.rules import Upstream
from cockpit.demo.gateway.service_proxy import ServiceProxy
from cockpit.demo.schemas.customkinds import (
    DESTINATIONRULES,
    GATEWAYCLASSES,
    GATEWAYS,
    HTTPROUTES,
    ISTIO_GATEWAYS,
    REFERENCEGRANTS,
    VIRTUALSERVICES,
)
from cockpit.demo.schemas.kind import Kind
from cockpit.demo.schemas.kinds import INGRESSCLASSES, INGRESSES, SERVICES
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import Storage

HOST = "127.0.0.1"
TRIES = 3
# Seconds after which a silent client on the TLS port is disconnected.
HANDSHAKE = 10.0
# Kinds that routes are compiled from.
ISTIO = (VIRTUALSERVICES, DESTINATIONRULES, ISTIO_GATEWAYS)
ROUTED = (INGRESSES, INGRESSCLASSES, HTTPROUTES, GATEWAYS, GATEWAYCLASSES, REFERENCEGRANTS, SERVICES, *ISTIO)


class Gateway:
    """Obeys the Ingresses of a storage on 127.0.0.1; `port` 0 takes a free one, known after `start()`.

    TLS is served on a free port with the certificates of Secrets, else with one that the gateway signs itself.

    With `front` it listens nowhere: that gateway, started before, serves the routes of both clusters and merges the
    endpoints of Services of one namespace and name, as Volcengine's API Gateway does with the clusters imported to it.
    """

    def __init__(
        self, storage: Storage, clock: DemoClock, rng: random.Random, port: int = 0, front: Gateway | None = None
    ) -> None:
        self._asked_port = port
        self._front = front
        self._members: list[Gateway] = [self]
        self._turns: dict[Upstream, int] = {}
        self._metrics = GatewayMetrics()
        self._storage = storage
        self._clock = clock
        self._rng = rng
        self._world = World(storage, clock, rng)
        self._endpoints = Endpoints(self._world)
        self._routes: Routes | None = None
        self._inside: istio.IstioTable | None = None
        self._accepted = (Accepted(), Accepted())  # by the gateway's proxies, and by those of the mesh
        self._mesh: Mesh | None = None
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._tls_server: asyncio.Server | None = None
        self._tls = HostCertificates(storage, clock)
        self._balancers: LoadBalancers | None = None
        self._listeners: Listeners | None = None
        self._loop: asyncio.Task[None] | None = None
        self._end: Callable[[], None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._front.port if self._front else _port_of(self._server)

    @property
    def tls_port(self) -> int:
        """The port on which it serves TLS."""
        return self._front.tls_port if self._front else _port_of(self._tls_server)

    @property
    def tls_address(self) -> str:
        """Where it serves TLS: `127.0.0.1:8443`."""
        return f"{HOST}:{self.tls_port}"

    @property
    def address(self) -> str:
        """Where it listens: `127.0.0.1:8080`."""
        return f"{HOST}:{self.port}"

    @property
    def mesh_address(self) -> str:
        """Where the proxy into the mesh listens."""
        if self._mesh is None:
            raise RuntimeError("the gateway has not been started")
        return self._mesh.address

    def network(self) -> PodNetwork:
        """The way of pods into the cluster's network."""
        if self._mesh is None:
            raise RuntimeError("the gateway has not been started")
        return PodNetwork(self._mesh, self._clock)

    async def start(self) -> None:
        """Listen, follow the storage, and write the address into Ingresses and Services."""
        self._world = World(self._storage, self._clock, self._rng)
        self._endpoints = Endpoints(self._world)
        self._end = self._storage.subscribe(self._follow)
        ingress_status.ensure_classes(self._world)
        loop = asyncio.get_running_loop()
        if self._front is None:
            self._server = await loop.create_server(self._connect, HOST, self._asked_port, backlog=1024)
            context = self._tls.certificates.context(self._shown)
            listener = ListenerPort("https")
            self._tls_server = await loop.create_server(
                lambda: self._connect(listener), HOST, 0, ssl=context, backlog=1024, ssl_handshake_timeout=HANDSHAKE
            )
        else:
            self._front.admit(self)
        self._mesh = Mesh(self._istio, self._endpoints, self._world)
        self._endpoints.call = self._mesh.call
        await self._mesh.start()
        self._balancers = LoadBalancers(self._world, self._endpoints, str(self.port), self.handle)
        self._listeners = Listeners(self._world, self._connect, self._tls.certificates, str(self.port))
        controllers = [
            ingress_status.controller(HOST, (self.port, self.tls_port)),
            self._balancers.controller(),
            self._listeners.controller(),
        ]
        runtime = Runtime(self._world, controllers)
        runtime.start()
        self._loop = loop.create_task(runtime.run())

    def admit(self, member: Gateway) -> None:
        """Serve another cluster as well."""
        self._members.append(member)
        self._routes = None

    def _dismiss(self, member: Gateway) -> None:
        self._members.remove(member)
        self._routes = None

    async def stop(self) -> None:
        """Close every port and connection."""
        if self._end:
            self._end()
        if self._front and self in self._front._members:
            self._front._dismiss(self)
        if self._loop:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        if self._mesh:
            await self._mesh.stop()
        if self._balancers:
            await self._balancers.stop()
        if self._listeners:
            self._listeners.stop()
        servers = [server for server in (self._server, self._tls_server) if server]
        for server in servers:
            server.close()
        for connection in list(self._connections):
            connection.abort()
        for server in servers:
            await server.wait_closed()
        self._server = self._tls_server = None

    def handle(self, head: Head, listener: ListenerPort = PLAIN) -> Reply:
        """The answer to one request that came in at a listener."""
        target, authority = head.target, head.headers.get("host", "")
        scheme, separator, rest = target.partition("://")
        if separator and scheme.lower() in ("http", "https"):
            authority, slash, path = rest.partition("/")
            target = slash + path or "/"
        path_asked = normal_path(target)
        if path_asked is None:
            return error_reply(400)
        query = target.partition("?")[2]
        asked = Request(
            host_of(authority),
            path_asked,
            head.headers,
            head.method,
            query,
            scheme=listener.scheme,
            port=listener.port or port_of(authority),
            tls_port=self.tls_port,
            target=target,
        )
        decision = self._decide(asked)
        if decision == 404 and path_asked == "/metrics":
            # A real controller has a port for them; here a scrape finds them where no route takes the path.
            return Reply(200, self._metrics.text(), CONTENT_TYPE)
        reply = carry_out(decision, target, self._forward)
        upstream = decision.upstream if isinstance(decision, Forward) else decision
        if isinstance(upstream, Upstream) and not reply.drop:
            self._metrics.count(upstream, reply.status, reply.latency)
        return reply

    def ask_service(self, namespace: str, asked: str, path: str) -> Reply:
        """The answer of a Service's pod, as a client of the API gets it; see `ServiceProxy.ask`."""
        return ServiceProxy(self._world, self._endpoints).ask(namespace, asked, path)

    def _decide(self, request: Request) -> Decision:
        if self._routes is None:
            self._routes = self._compile()
        return self._routes.decide(request, self._rng, self._has_endpoints)

    def _compile(self) -> Routes:
        """The routes of every kind of object, those that are looked at first in front."""

        def scan(kind: Kind) -> list[Object]:
            return [obj for member in self._members for obj in member._storage.scan(kind)]

        routes = httproutes.compile_table(
            scan(HTTPROUTES),
            scan(GATEWAYS),
            scan(GATEWAYCLASSES),
            scan(REFERENCEGRANTS),
            self._ports,
        )
        services = self._accepted[0].of(scan(VIRTUALSERVICES))
        outside = istio.compile_table(services, scan(DESTINATIONRULES), scan(ISTIO_GATEWAYS), self._ports)
        return Routes((routes, outside, *compile_routes(scan(INGRESSES), scan(INGRESSCLASSES)).tables))

    def _shown(self, host: str) -> ssl.SSLContext | None:
        """The certificate for a host, of the first cluster that has one."""
        return next((shown for member in self._members if (shown := member._tls.shown(host))), None)

    def _istio(self) -> istio.IstioTable:
        """The routes of this cluster's mesh."""
        if self._inside is None:
            services, rules, gateways = map(self._storage.scan, ISTIO)
            self._inside = istio.compile_table(self._accepted[1].of(services), rules, gateways, self._ports)
        return self._inside

    def _forward(self, upstream: Upstream, target: str) -> Reply:
        """Ask endpoints in turn; where none of them listens the answer is 502."""
        for _ in range(TRIES):
            member = self._member(upstream)
            endpoint = member._endpoints.next(upstream, self._rng)
            reply = answer_from(member._endpoints, endpoint, target.partition("?")[0], member._world)
            if not reply.drop:
                return reply
        return error_reply(502)

    def _ports(self, namespace: str, name: str) -> list[int] | None:
        found = (service_ports(member._world, namespace, name) for member in self._members)
        return next((ports for ports in found if ports is not None), None)

    def _has_endpoints(self, upstream: Upstream) -> bool:
        return any(member._endpoints.answers(upstream) for member in self._members)

    def _member(self, upstream: Upstream) -> Gateway:
        """The cluster whose endpoint is next: each as often as it has endpoints of the Service."""
        if len(self._members) == 1:
            return self
        places = [member for member in self._members for _ in member._endpoints.ready(upstream)]
        turn = self._turns.get(upstream)
        turn = self._rng.randrange(len(places) or 1) if turn is None else turn + 1
        self._turns[upstream] = turn
        return places[turn % len(places)] if places else self

    def _connect(self, listener: ListenerPort = PLAIN) -> Connection:
        return Connection(partial(self.handle, listener=listener), self._clock, self._connections)

    def _follow(self, event: Event) -> None:
        self._endpoints.follow(event)
        self._tls.follow(event)
        if event.kind in ROUTED:
            gone = event.type == "DELETED" or event.old is None
            if gone or _rules(event.obj) != _rules(event.old or {}):
                # At the addresses of its own Gateways it serves this cluster even if another cluster has the front.
                self._routes = self._inside = None
                if self._front is not None:
                    self._front._routes = None


def _port_of(server: asyncio.Server | None) -> int:
    if server is None:
        raise RuntimeError("the gateway has not been started")
    return int(server.sockets[0].getsockname()[1])


def _rules(obj: Object) -> tuple[Any, ...]:
    """What routes are compiled from: everything but the status."""
    meta = obj.get("metadata") or {}
    return (obj.get("spec"), meta.get("annotations"), meta.get("deletionTimestamp"))
