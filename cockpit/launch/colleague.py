"""`cockpit demo --with colleague`: a second cockpit without a screen, as another user of the embedded cluster."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli.running import talk
from cockpit.model.text import safe_text

if TYPE_CHECKING:
    from cockpit.colleague.machine import SleepyMachine
    from cockpit.launch.embedded import EmbeddedCluster
    from cockpit.model.clock import Clock
    from cockpit.session.pairing.settings import PairingSettings
    from cockpit.session.port import Cockpit
    from cockpit.session.settings import Settings

log = logging.getLogger(__name__)

SCENARIO, PLACE = "two-people", ("orders", "orders")
# The name of their machine: whoever sees them sees that nobody sits there.
HOST = "a script"
LISTED = "--with colleague   a scripted second person takes part in two-people"
# Seconds for their session to give everything back at the end.
_END_SECONDS = 5.0


@contextlib.asynccontextmanager
async def colleagues_session(
    kubeconfig: Path, context: str, settings: Settings, clock: Clock, rng: random.Random
) -> AsyncIterator[Cockpit]:
    """A session of the user `CONTEXT-colleague`, whose journal is deleted at the end. Raises KubeError."""
    from cockpit.kube.connect import ConnectOptions, connect, resolve
    from cockpit.launch.assembling import assemble
    from cockpit.model.sampling import SampleScope
    from cockpit.session.facts.cluster import Connection
    from cockpit.session.probing.choices import SampleChoices

    options = ConnectOptions(kubeconfig=kubeconfig, contexts=(f"{context}-colleague",))
    with tempfile.TemporaryDirectory(prefix="cockpit-colleague-") as state:
        async with contextlib.AsyncExitStack() as stack:
            connections = [Connection(await connect(each, options, clock), None) for each in resolve(options, {})]
            environ = {"COCKPIT_STATE": state, "HOME": state}
            # The requests are those of the person at the screen.
            nothing = SampleChoices(given=SampleScope.NONE)
            parts = environ, connections, settings, clock, nothing, stack
            session = assemble(*parts, announces=True, rng=rng, host=HOST)
            yield await stack.enter_async_context(session)


async def take_part(
    kubeconfig: Path, context: str, settings: Settings, machine: SleepyMachine, rng: random.Random
) -> None:
    """Play the script on the embedded cluster until cancelled. Raises KubeError."""
    from cockpit.colleague.colleague import Colleague
    from cockpit.colleague.script import SCRIPT

    async with colleagues_session(kubeconfig, context, settings, machine, rng) as cockpit:
        await Colleague(cockpit, machine, rng, PLACE).run(SCRIPT)


class _Thread:
    """Runs `take_part` on a loop of its own, so that neither waits for the other's screen."""

    def __init__(self, kubeconfig: Path, context: str, settings: Settings) -> None:
        self._what = kubeconfig, context, settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="colleague", daemon=True)
        self._ready = threading.Event()
        self.problem = ""

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Let their session give everything back, in a few seconds at most."""
        if self._loop and self._task:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._play())

    async def _play(self) -> None:
        from cockpit.colleague.machine import SleepyMachine
        from cockpit.session.clock import SystemClock

        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._ready.set()
        try:
            await take_part(*self._what, SleepyMachine(SystemClock()), random.Random())
        except Exception as error:
            log.exception("the colleague failed")
            self.problem = safe_text(f"{type(error).__name__}: {error}", 300)


@contextlib.contextmanager
def colleague_beside(cluster: EmbeddedCluster, pairing: PairingSettings) -> Iterator[None]:
    """The colleague takes part in the first cluster while this is entered; a problem is told afterwards."""
    from cockpit.session.settings import Settings

    first = next(iter(cluster.ready["contexts"]))
    thread = _Thread(cluster.kubeconfig, first, Settings(pairing=pairing))
    thread.start()
    try:
        yield
    finally:
        thread.stop()
        if thread.problem:
            talk(f"warning: the scripted colleague did not take part to the end: {thread.problem}")
