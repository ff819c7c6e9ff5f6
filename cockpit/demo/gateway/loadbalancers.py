"""Services of type LoadBalancer: a loopback address each, on which the Service's ports really listen."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import SERVICE_LABEL, World
from cockpit.demo.gateway.connection import Connection, Handler
from cockpit.demo.gateway.endpoints import Endpoint, Endpoints
from cockpit.demo.gateway.http1 import Head, Reply
from cockpit.demo.gateway.rules import Upstream
from cockpit.demo.pods.bookinfo import Called
from cockpit.demo.schemas.kinds import ENDPOINTSLICES, SERVICES
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

COMPONENT = "service-controller"
RETRY = 30.0
SOON = 0.05
BACKLOG = 1024
ADDRESSES_TRIED = 20
# A pod logs a line per request; the start of the path is enough to tell them apart.
LONGEST_LOGGED = 200


@dataclass
class Listener:
    """One port of one Service: held from the start, listening while there are ready endpoints."""

    upstream: Upstream
    held: socket.socket | None
    server: asyncio.Future[asyncio.Server] | None = None


@dataclass
class Balancer:
    """The address of one Service and its ports."""

    address: str
    listeners: dict[int, Listener] = field(default_factory=dict)


class LoadBalancers:
    """Gives LoadBalancer Services addresses and balances each connection over the ready endpoints."""

    def __init__(self, world: World, endpoints: Endpoints, salt: str, through: Handler | None = None) -> None:
        """`through` answers for pods that are a gateway's own proxies."""
        self._world = world
        self._through = through
        self._endpoints = endpoints
        self._salt = salt
        self._balancers: dict[Key, Balancer] = {}
        self._connections: set[Connection] = set()

    def controller(self) -> Controller:
        """The reconcile function for the gateway's loop."""
        return Controller("loadbalancer", self.touches, self.reconcile)

    def touches(self, world: World, event: Event) -> Iterator[Key]:
        """The Service itself, and the Service of a changed slice."""
        if event.kind is SERVICES:
            yield key_of(SERVICES, event.obj)
        elif event.kind is ENDPOINTSLICES:
            name = (event.obj["metadata"].get("labels") or {}).get(SERVICE_LABEL)
            if name:
                yield (event.obj["metadata"]["namespace"], name)

    def reconcile(self, world: World, key: Key) -> float | None:
        """Hold the Service's ports while it is a LoadBalancer, and say so in its status."""
        service = world.storage.peek(SERVICES, *key)
        gone = service is None or service["metadata"].get("deletionTimestamp")
        if gone or service is None or (service.get("spec") or {}).get("type") != "LoadBalancer":
            self._release(key)
            if service is not None:
                self._tell_address(service, None)
            return None
        ports = [
            entry["port"]
            for entry in service["spec"].get("ports") or []
            if isinstance(entry.get("port"), int) and (entry.get("protocol") or "TCP") == "TCP"
        ]
        refused = self._hold(key, ports)
        if refused:
            self._release(key)
            self._tell_address(service, None)
            world.tell(SERVICES, service, "SyncLoadBalancerFailed", refused, COMPONENT, "Warning")
            return RETRY
        balancer = self._balancers[key]
        if self._tell_address(service, balancer.address):
            world.tell(SERVICES, service, "EnsuredLoadBalancer", "Ensured load balancer", COMPONENT, "Normal")
        done = [self._open_or_shut(balancer, port) for port in list(balancer.listeners)]
        return None if all(done) else SOON

    async def stop(self) -> None:
        """Give every address back and end every connection."""
        for key in list(self._balancers):
            self._release(key)
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)

    def _hold(self, key: Key, ports: list[int]) -> str | None:
        """Reserve the ports on the Service's address; the answer is why that fails, if it does."""
        balancer = self._balancers.get(key)
        if balancer is not None:
            for port in [port for port in balancer.listeners if port not in ports]:
                _close(balancer.listeners.pop(port))
        problem = "no TCP port to listen on" if not ports else ""
        addresses = [balancer.address] if balancer else self._candidates(key)
        for address in addresses:
            held: dict[int, socket.socket] = {}
            missing = [port for port in ports if not balancer or port not in balancer.listeners]
            try:
                for port in missing:
                    held[port] = bind(address, port)
            except OSError as error:
                for taken in held.values():
                    taken.close()
                problem = refusal(address, missing[len(held)], error)
                if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL) and not balancer:
                    continue
                return problem
            balancer = self._balancers.setdefault(key, Balancer(address))
            for port, taken in held.items():
                balancer.listeners[port] = Listener(Upstream(*key, str(port)), taken)
            return None if ports else f"Error syncing load balancer: {problem}"
        return problem

    def _candidates(self, key: Key) -> Iterator[str]:
        """Separate addresses for a Service; the last one is that which every system has."""
        used = {balancer.address for balancer in self._balancers.values()}
        for attempt in range(ADDRESSES_TRIED):
            digest = sha256(f"{self._salt}/{key[0]}/{key[1]}/{attempt}".encode("utf-8", "replace")).digest()
            address = f"127.{digest[0] % 200 + 20}.{digest[1]}.{digest[2] % 250 + 2}"
            if address not in used:
                yield address
        yield "127.0.0.1"

    def _open_or_shut(self, balancer: Balancer, port: int) -> bool:
        """A port without ready endpoints refuses connections, as kube-proxy makes it. False: look again soon."""
        listener = balancer.listeners[port]
        ready = bool(self._endpoints.ready(listener.upstream))
        if ready and listener.server is None and listener.held is not None:
            listener.held.listen(BACKLOG)
            make = asyncio.get_running_loop().create_server(
                lambda: self._connect(listener.upstream), sock=listener.held, backlog=BACKLOG
            )
            listener.server, listener.held = asyncio.ensure_future(make), None
        elif not ready and listener.server is not None:
            if not listener.server.done():
                return False
            _close(listener)
            try:
                listener.held = bind(balancer.address, port)
            except OSError:
                del balancer.listeners[port]
                return False
        return True

    def _connect(self, upstream: Upstream) -> Connection:
        """A connection stays with the pod it was given to."""
        ready = self._endpoints.ready(upstream)
        chosen = self._world.rng.choice(ready) if ready else None

        profile = self._endpoints.profile(chosen) if chosen else None
        if profile and profile.is_proxy and self._through:
            return Connection(self._through, self._world.clock, self._connections)

        def handle(head: Head) -> Reply:
            return answer_from(self._endpoints, chosen, head.target.partition("?")[0], self._world)

        return Connection(handle, self._world.clock, self._connections)

    def _tell_address(self, service: Object, address: str | None) -> bool:
        status = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]} if address else {}}
        before = (service.get("status") or {}).get("loadBalancer") or {}
        if before == status["loadBalancer"]:
            return False
        new = {**service, "status": {**(service.get("status") or {}), **status}}
        self._world.storage.update(SERVICES, new, subresource="status", manager="cloud-controller-manager")
        return True

    def _release(self, key: Key) -> None:
        balancer = self._balancers.pop(key, None)
        for listener in balancer.listeners.values() if balancer else ():
            _close(listener)


def answer_from(endpoints: Endpoints, endpoint: Endpoint | None, path: str, world: World) -> Reply:
    """The pod's answer; a pod that is gone, or does not listen there, drops the connection."""
    profile = endpoints.profile(endpoint) if endpoint else None
    if profile is None:
        return Reply(502, drop=True)
    replies = {name: endpoints.call(profile, url) for name, url in profile.calls(path).items()}
    called = {name: Called(reply.status, reply.body) for name, reply in replies.items()}
    answer = profile.answer(path, world.rng, called)
    if endpoint:
        world.storage.logs.write(
            endpoint.uid, f"{answer.status} {ascii(path[:LONGEST_LOGGED])[1:-1]}", world.clock.now()
        )
    headers = {"X-Pod": answer.pod} if answer.pod else {}
    latency = answer.latency + sum(reply.latency for reply in replies.values())
    return Reply(answer.status, answer.body, answer.content_type, headers, latency)


def bind(address: str, port: int) -> socket.socket:
    """A socket that holds an address without listening on it, so that connections are refused."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.setblocking(False)
        if os.name == "posix":
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((address, port))
    except OSError:
        holder.close()
        raise
    return holder


def refusal(address: str, port: int, error: OSError) -> str:
    """Why there is no load balancer, and what to do."""
    advice = "use another port in the Service"
    if error.errno in (errno.EACCES, errno.EPERM):
        advice = f"use a port from 1024 on, or let this user listen on {port}"
    elif error.errno == errno.EADDRINUSE:
        advice = f"end what listens on {port}, or use another port in the Service"
    return f"Error syncing load balancer: the system refuses {address}:{port}: {error.strerror}; {advice}"


def _close(listener: Listener) -> None:
    if listener.held is not None:
        listener.held.close()
        listener.held = None
    if listener.server is not None:
        server, listener.server = listener.server, None
        if server.done():
            _shut(server)
        else:
            server.add_done_callback(_shut)


def _shut(server: asyncio.Future[asyncio.Server]) -> None:
    if not server.cancelled() and server.exception() is None:
        server.result().close()
