"""The way of a pod's own requests into the cluster's network: an HTTP proxy on loopback for each pod that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cockpit.demo.clock import DemoClock
from cockpit.demo.gateway.connection import Connection
from cockpit.demo.gateway.mesh import HOST, Mesh
from cockpit.demo.schemas.objects import Object

INJECTED = "sidecar.istio.io/inject"


class PodNetwork:
    """Opens proxies: the requests of a pod with a sidecar are routed by the mesh, all others by Services alone."""

    def __init__(self, mesh: Mesh, clock: DemoClock) -> None:
        self._mesh = mesh
        self._clock = clock

    async def open(self, pod: Object) -> tuple[str, Callable[[], Awaitable[None]]]:
        """The URL of the pod's proxy, and what closes it."""
        labels = pod["metadata"].get("labels") or {}
        sidecar = str(labels.get(INJECTED, "")).lower() == "true"
        handle = self._mesh.handle_of(pod["metadata"]["namespace"], labels, sidecar=sidecar)
        connections: set[Connection] = set()
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(handle, self._clock, connections), HOST, 0, backlog=1024
        )

        async def close() -> None:
            server.close()
            for connection in list(connections):
                connection.abort()
            await server.wait_closed()

        return f"http://{HOST}:{server.sockets[0].getsockname()[1]}", close
