"""A session from its parts: adapters, probes that share a budget, and the files that it keeps."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cockpit.launch.own_load import watch_own_load
from cockpit.model.clock import Clock
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.undo import UndoStack, UndoStep
from cockpit.session.acts.undo_file import UndoFile
from cockpit.session.acts.unknown_file import UnknownFile
from cockpit.session.facts.adapters import adapters_for
from cockpit.session.facts.cluster import Connection
from cockpit.session.probing.choices import SampleChoices
from cockpit.session.probing.targets import Targets
from cockpit.session.probing.transports import OpenedLater, TransportPerTarget
from cockpit.session.session import Session
from cockpit.session.settings import ProbeSettings, Settings, user_paths

if TYPE_CHECKING:
    from cockpit.kube.transport import Transport
    from cockpit.model.probe_answer import ProbeTransport
    from cockpit.probe.engine import Probe
    from cockpit.probe.own_load import OwnLoad
    from cockpit.probe.pacer import Budget


def assemble(
    environ: Mapping[str, str],
    connections: Sequence[Connection],
    settings: Settings,
    clock: Clock,
    choices: SampleChoices,
    stack: contextlib.AsyncExitStack,
    *,
    announces: bool,
    rng: random.Random | None = None,
    host: str | None = None,
) -> Session:
    """A session with every adapter. `stack` closes what it needs; `announces` and `host` are as in `Session`.

    Without `rng`, chance is that of the system; without `host`, it is this machine.
    """
    paths = user_paths(environ)
    through = {c.api.context: OpenedLater(partial(_through, c.api.transport, clock)) for c in connections}
    transport = TransportPerTarget(OpenedLater(lambda: _transport(clock)), through)
    stack.push_async_callback(transport.close)
    servers = {c.api.context: c.api.server for c in connections}
    rng = rng or random.Random()

    return Session(
        connections,
        adapters=adapters_for(settings.dialects),
        make_probe=_ProbeMaker(transport, clock, settings.probe, rng),
        settings=settings,
        journal=Journal(paths.journal, servers),
        clock=clock,
        rng=rng,
        targets=Targets(paths.targets),
        undo=UndoStack(UndoFile(paths.undo, servers, UndoStep)),
        unknown=UnknownFile(paths.unknown, servers),
        choices=choices,
        transport=transport,
        announces=announces,
        host=socket.gethostname() if host is None else host,
    )


def _through(transport: Transport, clock: Clock) -> ProbeTransport:
    from cockpit.kube.service_proxy import ServiceProxyTransport

    return ServiceProxyTransport(transport, clock)


def _transport(clock: Clock) -> ProbeTransport:
    from cockpit.probe.sender_curl import open_transport

    return open_transport(clock)


class _ProbeMaker:
    """Makes the probes of a session, which share a budget. What they are made of is loaded for the first one."""

    def __init__(self, transport: ProbeTransport, clock: Clock, asked: ProbeSettings, rng: random.Random) -> None:
        self._transport = transport
        self._rng = rng
        self._clock = clock
        self._asked = asked
        self._shared: tuple[Budget, OwnLoad] | None = None

    def __call__(self) -> Probe:
        from cockpit.probe.engine import Probe
        from cockpit.probe.pacer import Budget

        asked = self._asked
        if self._shared is None:
            budget = Budget(self._clock, asked.budget, first=asked.concurrency)
            self._shared = budget, watch_own_load(self._clock)
        budget, own_load = self._shared
        return Probe(
            self._transport,
            self._clock,
            budget,
            rate=asked.rate,
            concurrency=asked.concurrency,
            timeout=asked.timeout,
            max_errors=asked.max_errors,
            own_load=own_load,
            rng=self._rng,
        )
