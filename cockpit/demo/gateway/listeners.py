"""Gateways of the Gateway API: a loopback address each, on which their HTTP and HTTPS listeners really listen."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cockpit.demo.controllers.attachment import is_ours, mappings
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.gateway.certificates import Certificates, hosts_of_listeners
from cockpit.demo.gateway.connection import Connection, ListenerPort
from cockpit.demo.gateway.loadbalancers import BACKLOG, RETRY, bind, refusal
from cockpit.demo.schemas.customkinds import GATEWAYCLASSES, GATEWAYS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

COMPONENT = "gateway-controller"
LOCAL = "127.0.0.1"


@dataclass
class Held:
    """The address of one Gateway and the servers on its ports."""

    address: str
    servers: dict[ListenerPort, asyncio.Task[asyncio.Server]] = field(default_factory=dict)


class Listeners:
    """Gives Gateways addresses; every connection is answered as the routes of the cluster say."""

    def __init__(
        self, world: World, connect: Callable[[ListenerPort], Connection], certificates: Certificates, salt: str
    ) -> None:
        self._world = world
        self._connect = connect
        self._certificates = certificates
        self._salt = salt
        self._held: dict[Key, Held] = {}

    def controller(self) -> Controller:
        """The reconcile function for the gateway's loop."""
        return Controller("gateway-addresses", _touches, self._reconcile)

    def stop(self) -> None:
        """Give every address back."""
        for key in list(self._held):
            self._release(key)

    def _reconcile(self, world: World, key: Key) -> float | None:
        gateway = world.storage.peek(GATEWAYS, *key)
        if gateway is None or gateway["metadata"].get("deletionTimestamp"):
            self._release(key)
            return None
        listeners = _listeners(gateway) if is_ours(gateway, world.storage.scan(GATEWAYCLASSES)) else []
        held = self._held.get(key)
        if held is None or list(held.servers) != listeners:
            self._release(key)
            refused = self._listen(key, listeners) if listeners else ""
            if refused:
                self._tell(gateway, None)
                world.tell(GATEWAYS, gateway, "AddressNotUsable", refused, COMPONENT, "Warning")
                return RETRY
        held = self._held.get(key)
        self._tell(gateway, held.address if held else None)
        return None

    def _listen(self, key: Key, listeners: list[ListenerPort]) -> str:
        """Listen on all ports of the first address that has them free; the answer is why that fails, if it does."""
        problem = ""
        for address in (self._own_address(key), LOCAL):
            taken: dict[ListenerPort, socket.socket] = {}
            for listener in listeners:
                port = listener.port or 0
                try:
                    taken[listener] = bind(address, port)
                except OSError as error:
                    problem = refusal(address, port, error)
                    break
            if len(taken) < len(listeners):
                for one in taken.values():
                    one.close()
                continue
            self._held[key] = Held(
                address, {listener: self._serve(key, listener, one) for listener, one in taken.items()}
            )
            return ""
        return problem

    def _serve(self, key: Key, listener: ListenerPort, taken: socket.socket) -> asyncio.Task[asyncio.Server]:
        taken.listen(BACKLOG)
        loop = asyncio.get_running_loop()
        secure = listener.scheme == "https"
        context = self._certificates.context(lambda host: self._shown(key, listener, host)) if secure else None
        make = loop.create_server(lambda: self._connect(listener), sock=taken, backlog=BACKLOG, ssl=context)
        return loop.create_task(make)

    def _shown(self, key: Key, listener: ListenerPort, host: str) -> ssl.SSLContext | None:
        gateway = self._world.storage.peek(GATEWAYS, *key)
        secret = hosts_of_listeners([gateway], listener.port).find(host) if gateway else None
        return self._certificates.shown(secret, host)

    def _own_address(self, key: Key) -> str:
        digest = sha256(f"{self._salt}/gateway/{key[0]}/{key[1]}".encode("utf-8", "replace")).digest()
        return f"127.{digest[0] % 200 + 20}.{digest[1]}.{digest[2] % 250 + 2}"

    def _tell(self, gateway: Object, address: str | None) -> None:
        status: dict[str, Any] = gateway.get("status") or {}
        wish = [{"type": "IPAddress", "value": address}] if address else []
        if (status.get("addresses") or []) != wish:
            kept = {name: value for name, value in status.items() if name != "addresses"}
            self._world.write_status(GATEWAYS, gateway, {**kept, **({"addresses": wish} if wish else {})})

    def _release(self, key: Key) -> None:
        held = self._held.pop(key, None)
        for starting in held.servers.values() if held else ():
            starting.add_done_callback(_close)


def _close(starting: asyncio.Task[asyncio.Server]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        starting.result().close()


def _listeners(gateway: Object) -> list[ListenerPort]:
    """The ports of its listeners for HTTP and HTTPS, each once: the first protocol of a port counts."""
    found: dict[int, ListenerPort] = {}
    for listener in mappings((gateway.get("spec") or {}).get("listeners")):
        port, protocol = listener.get("port"), listener.get("protocol")
        if protocol in ("HTTP", "HTTPS") and isinstance(port, int):
            found.setdefault(port, ListenerPort(protocol.lower(), port))
    return list(found.values())


def _touches(world: World, event: Event) -> Iterator[Key]:
    if event.kind is GATEWAYS:
        yield key_of(GATEWAYS, event.obj)
    elif event.kind is GATEWAYCLASSES:
        yield from (key_of(GATEWAYS, gateway) for gateway in world.storage.scan(GATEWAYS))
