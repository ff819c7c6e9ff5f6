"""A way into the mesh: an HTTP proxy on loopback whose requests are routed as those of a pod with a sidecar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from cockpit.demo.controllers.world import World
from cockpit.demo.gateway.connection import Connection
from cockpit.demo.gateway.endpoints import Endpoints
from cockpit.demo.gateway.http1 import Head, Reply, error_reply
from cockpit.demo.gateway.istio import ROOT_NAMESPACE, IstioTable
from cockpit.demo.gateway.istio_match import Client
from cockpit.demo.gateway.loadbalancers import answer_from
from cockpit.demo.gateway.match import Request, host_of, normal_path
from cockpit.demo.gateway.replies import carry_out
from cockpit.demo.gateway.rules import Upstream
from cockpit.demo.pods.answers import Profile

HOST = "127.0.0.1"
# Pods that call each other in a circle stop here.
DEEPEST = 8
LABELS = {"app": "mesh-client"}


class Mesh:
    """Routes requests of pods; `table` gives the routes as they are. The proxy takes `http://host:port/path`."""

    def __init__(self, table: Callable[[], IstioTable], endpoints: Endpoints, world: World) -> None:
        self._table = table
        self._endpoints = endpoints
        self._world = world
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._depth = 0

    @property
    def address(self) -> str:
        """Where the proxy listens: `127.0.0.1:8080`."""
        if self._server is None:
            raise RuntimeError("the proxy into the mesh has not been started")
        return f"{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.get_running_loop().create_server(self._connect, HOST, 0, backlog=1024)

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server:
            self._server.close()
            for connection in list(self._connections):
                connection.abort()
            await self._server.wait_closed()
            self._server = None

    def handle(self, head: Head) -> Reply:
        """The answer to one request through the proxy."""
        if head.method == "CONNECT":
            return error_reply(405)
        target = head.target if "://" in head.target else f"http://{head.headers.get('host', '')}{head.target}"
        return self._ask(target, head, Client(namespace=ROOT_NAMESPACE, labels=LABELS))

    def handle_of(self, namespace: str, labels: Mapping[str, str], *, sidecar: bool) -> Callable[[Head], Reply]:
        """What answers the requests of one pod; without a sidecar no VirtualService applies to them."""
        client = Client(namespace=namespace, labels=labels)

        def handle(head: Head) -> Reply:
            if head.method == "CONNECT":
                return error_reply(405)
            target = head.target if "://" in head.target else f"http://{head.headers.get('host', '')}{head.target}"
            return self._ask(target, head, client, sidecar=sidecar)

        return handle

    def call(self, profile: Profile, url: str) -> Reply:
        """The answer that a pod gets when it requests a URL."""
        described = profile.described
        client = Client(namespace=str(described["namespace"]), labels=dict(described["labels"]))
        head = Head("GET", url, {"host": url.partition("://")[2].partition("/")[0]}, 0, True)
        if self._depth >= DEEPEST:
            return error_reply(503)
        self._depth += 1
        try:
            return self._ask(url, head, client)
        finally:
            self._depth -= 1

    def _ask(self, url: str, head: Head, client: Client, *, sidecar: bool = True) -> Reply:
        try:
            parts = urlsplit(url)
            port = parts.port or 80
        except ValueError:
            return error_reply(400)
        path = normal_path(parts.path or "/")
        if parts.scheme != "http" or path is None:
            return error_reply(400)
        headers = {**head.headers, "host": parts.netloc}
        request = Request(host_of(parts.netloc), path, headers, head.method, parts.query, port=port)
        asking = Client(client.gateways, client.namespace, client.labels, port)
        table = self._table() if sidecar else self._table().without_rules()
        decision = table.decide_inside(request, asking, self._world.rng, self._endpoints.answers)
        if not sidecar and isinstance(decision, int):
            return Reply(decision, drop=True)  # nobody is there who could answer
        return carry_out(decision, parts.path or "/", self._answer if sidecar else self._connect_to)

    def _answer(self, upstream: Upstream, path: str) -> Reply:
        endpoint = self._endpoints.next(upstream, self._world.rng)
        reply = answer_from(self._endpoints, endpoint, path, self._world)
        return error_reply(503) if reply.drop else reply

    def _connect_to(self, upstream: Upstream, path: str) -> Reply:
        """As kube-proxy: a connection to any of the ready endpoints; one that fails is not tried again."""
        ready = self._endpoints.ready(upstream)
        return answer_from(self._endpoints, self._world.rng.choice(ready) if ready else None, path, self._world)

    def _connect(self) -> Connection:
        return Connection(self.handle, self._world.clock, self._connections)
