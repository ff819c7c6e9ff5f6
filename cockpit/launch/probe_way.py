"""The way to one probe target for a command that samples it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from cockpit.cli.program import StartError

if TYPE_CHECKING:
    from cockpit.kube.connect_target import ConnectOptions, ConnectTarget
    from cockpit.model.clock import Clock
    from cockpit.model.probe_answer import ProbeTransport
    from cockpit.model.probe_target import ProbeTarget


@contextlib.asynccontextmanager
async def probe_way(
    target: ProbeTarget, targets: Callable[[], Sequence[ConnectTarget]], wanted: ConnectOptions, clock: Clock
) -> AsyncIterator[ProbeTransport]:
    """The transport; `targets` gives the clusters. Raises StartError if its API server cannot be asked."""
    from cockpit.kube.connect import connect
    from cockpit.kube.errors import KubeError
    from cockpit.kube.service_proxy import ServiceProxyTransport
    from cockpit.probe.sender_curl import open_transport

    if target.service is None:
        transport = open_transport(clock)
        try:
            yield transport
        finally:
            await transport.close()
        return
    context = target.service.context
    try:
        api = await connect(next(each for each in targets() if each.context == context), wanted, clock)
    except KubeError as problem:
        raise StartError(str(problem)) from None
    try:
        yield ServiceProxyTransport(api.transport, clock)
    finally:
        await api.close()
