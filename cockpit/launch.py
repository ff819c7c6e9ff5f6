"""The composition root: the only file that sees every room, each loaded when it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli.main import command_line
from cockpit.cli.person import TerminalPerson
from cockpit.cli.program import DemoOrder, Options, StartError

if TYPE_CHECKING:
    from cockpit.kube.target import ConnectOptions, Target
    from cockpit.model.clock import Clock
    from cockpit.model.view import FleetView
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.session.cluster import Connection
    from cockpit.session.port import Cockpit
    from cockpit.session.session import Session
    from cockpit.session.settings import Settings

# What `cockpit demo` shows where nothing is asked for.
STORIES = ("blue-green", "canary-ingress", "broken-canary")
# Rollouts of an embedded cluster that are sampled from the start, all that a small screen shows at once.
DEMO_PROBES = "12"


def main() -> None:
    """Entry point of `cockpit` and `kubectl-cockpit`."""
    called = Path(sys.argv[0]).name
    command_line(prog_name="kubectl cockpit" if called == "kubectl-cockpit" else "cockpit", obj=Launcher(os.environ))


class Launcher:
    """Implements `cli.program.Program`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.person = TerminalPerson()

    def settings(self, options: Options) -> Settings:
        """Settings from file, environment and flags; raises StartError."""
        from cockpit.session.settings import SettingsError, load_settings, user_paths

        flags = {"theme": options.theme, "read_only": options.read_only, "request_timeout": options.request_timeout}
        try:
            return load_settings(user_paths(self._environ).config, self._environ, flags)
        except SettingsError as problem:
            raise StartError(f"{problem}. Mend it and start again.") from None

    def request_timeout(self, options: Options) -> float:
        """See `Program.request_timeout`."""
        return self.settings(options).request_timeout

    def paths(self) -> Mapping[str, Path]:
        """See `Program.paths`."""
        from cockpit.session.settings import user_paths

        paths = user_paths(self._environ)
        return {"settings": paths.config, "journal": paths.journal, "targets": paths.targets, "log": paths.log}

    @contextlib.asynccontextmanager
    async def session(self, options: Options) -> AsyncIterator[Cockpit]:
        """See `Program.session`. Credentials are fetched before it is entered, while the terminal is free."""
        from cockpit.kube.connect import connect
        from cockpit.kube.errors import KubeError
        from cockpit.session.clock import SystemClock
        from cockpit.session.cluster import Connection

        settings, clock = self.settings(options), SystemClock()
        wanted = self._connect_options(options, settings)
        connections = []
        asked, aside = self._targets(wanted, settings)
        try:
            for target in (*asked, *aside):
                own = target.namespace if target in asked else asked[0].namespace
                namespace = None if options.all_namespaces else options.namespace or own
                api = await connect(target, wanted, clock)
                connections.append(Connection(api, namespace, aside=target in aside))
        except KubeError as problem:
            for connection in connections:
                await connection.api.close()
            raise StartError(str(problem)) from None
        async with contextlib.AsyncExitStack() as stack:
            yield await stack.enter_async_context(self._assemble(connections, settings, clock, stack))

    def _assemble(
        self, connections: Sequence[Connection], settings: Settings, clock: Clock, stack: contextlib.AsyncExitStack
    ) -> Session:
        """A session of the rooms that this program has: every adapter, and probes that share one budget."""
        import random

        from cockpit.probe.engine import Probe
        from cockpit.probe.pacer import Budget
        from cockpit.probe.sender_curl import open_transport
        from cockpit.session.adapters import adapters_for
        from cockpit.session.journal import Journal
        from cockpit.session.session import Session
        from cockpit.session.settings import user_paths
        from cockpit.session.targets import Targets
        from cockpit.session.undo import Step, UndoStack
        from cockpit.session.undo_file import UndoFile

        paths = user_paths(self._environ)
        transport, budget = open_transport(clock), Budget(clock)
        stack.push_async_callback(transport.close)
        servers = {connection.api.context: connection.api.server for connection in connections}

        def make_probe() -> Probe:
            asked = settings.probe
            return Probe(
                transport, clock, budget, rate=asked.rate, concurrency=asked.concurrency, timeout=asked.timeout
            )

        return Session(
            connections,
            adapters=adapters_for(settings.dialects),
            make_probe=make_probe,
            settings=settings,
            journal=Journal(paths.journal),
            clock=clock,
            rng=random.Random(),
            targets=Targets(paths.targets),
            undo=UndoStack(UndoFile(paths.undo, servers, Step)),
        )

    async def sample(self, order: SampleOrder, progress: Callable[[SampleResult], None]) -> SampleResult:
        """See `Program.sample`."""
        from cockpit.probe.sample import sample
        from cockpit.probe.sender_curl import open_transport
        from cockpit.session.clock import SystemClock

        clock = SystemClock()
        transport = open_transport(clock)
        try:
            return await sample(transport, clock, order, progress)
        finally:
            await transport.close()

    def screen(self, options: Options) -> int:
        """See `Program.screen`."""
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise StartError("the screen needs a terminal; without one try `cockpit list` or `cockpit watch`")
        self._log_to_file()
        return asyncio.run(self._show(options))

    async def _show(self, options: Options) -> int:
        """The screen on a session in another thread; a signal ends it, which changes nothing in the cluster."""
        settings, loop, failed = self.settings(options), asyncio.get_running_loop(), asyncio.Event()
        meanwhile = self._connecting(options, settings)
        from cockpit.session.bridge import Bridge

        def session() -> contextlib.AbstractAsyncContextManager[Cockpit]:
            return self._sampled_session(options, settings.probe.auto)

        def fail(_: BaseException) -> None:
            loop.call_soon_threadsafe(failed.set)

        async with Bridge(session, fail, meanwhile) as cockpit:
            # Where the session was opened already, it reads while this is loaded; else it is begun after this paints.
            from cockpit.tui.run import make_app

            app = make_app(
                cockpit,
                painted=cockpit.begin,
                theme=settings.theme,
                keymap=settings.keymap,
                themes_dir=self.paths()["settings"].parent / "themes",
                glyphs=settings.glyphs,
            )

            def leave(code: int) -> None:
                app.exit(return_code=code)

            async def leave_with_the_session() -> None:
                await failed.wait()
                leave(1)

            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, leave, 128 + number)
            watching = asyncio.create_task(leave_with_the_session())
            try:
                await app.run_async(mouse=settings.mouse)
            finally:
                watching.cancel()
            return app.return_code or 0

    def _connecting(self, options: Options, settings: Settings) -> FleetView | None:
        """What a screen shows before there is a session; None where a credential plug-in may need the terminal first.

        Raises StartError for a kubeconfig that cannot be used.
        """
        from cockpit.model.view import ClusterView, FleetView, Sync
        from cockpit.session.clock import SystemClock
        from cockpit.session.production import is_production

        targets, aside = self._targets(self._connect_options(options, settings), settings)
        if any(target.account.keys() & {"exec", "auth-provider"} for target in (*targets, *aside)):
            return None
        clusters = tuple(
            ClusterView(
                context=target.context,
                server=target.server,
                user=target.user,
                namespace=None if options.all_namespaces else options.namespace or target.namespace,
                production=is_production(target.context, settings.production),
                state=Sync.CONNECTING,
                message="",
                stale_since=None,
                kinds=(),
            )
            for target in targets
        )
        user = ", ".join(dict.fromkeys(target.user for target in targets))
        return FleetView(SystemClock().now(), clusters, (), (), settings.read_only, user)

    def _targets(self, wanted: ConnectOptions, settings: Settings) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
        """The clusters that are asked for, and those behind one gateway with them; raises StartError."""
        from cockpit.kube.errors import KubeError
        from cockpit.kube.kubeconfig import resolve_targets

        sharing: tuple[str, ...] = ()
        try:
            asked = resolve_targets(wanted, self._environ)
            sharing = _behind_one_gateway([target.context for target in asked], settings)
            aside = resolve_targets(replace(wanted, contexts=sharing), self._environ) if sharing else ()
        except KubeError as problem:
            why = f" {', '.join(sharing)}: named in `one_gateway` of the settings." if sharing else ""
            raise StartError(f"{problem}{why}") from None
        return asked, aside

    def _connect_options(self, options: Options, settings: Settings) -> ConnectOptions:
        from cockpit.kube.target import ConnectOptions

        return ConnectOptions(
            kubeconfig=Path(options.kubeconfig) if options.kubeconfig else None,
            contexts=options.contexts,
            as_user=options.as_user,
            as_groups=options.as_groups,
            request_timeout=settings.request_timeout,
            namespace=options.namespace,
        )

    @contextlib.asynccontextmanager
    async def _sampled_session(self, options: Options, most: int) -> AsyncIterator[Cockpit]:
        from cockpit.session.sampling import sampled

        async with self.session(options) as cockpit, sampled(cockpit, most):
            yield cockpit

    def _log_to_file(self) -> None:
        """Warnings of every room go to a file of bounded size, because the terminal belongs to the screen."""
        import logging
        from logging.handlers import RotatingFileHandler

        path = self.paths()["log"]
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handler: logging.Handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, delay=True)
        except OSError:
            handler = logging.NullHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logging.basicConfig(handlers=[handler], level=logging.WARNING)

    def demo(self, order: DemoOrder, options: Options) -> int:
        """See `Program.demo`. What the screen keeps goes with the cluster; its traffic is sampled unasked."""
        from cockpit import demo_process

        if order.listing:
            return demo_process.list_scenarios()
        if order.serve:
            return demo_process.serve(order)
        order = order if order.scenarios else replace(order, scenarios=STORIES)
        with demo_process.embedded_cluster(order) as cluster, tempfile.TemporaryDirectory() as state:
            contexts = tuple(cluster.ready["contexts"])
            shared = {"COCKPIT_ONE_GATEWAY": ",".join(contexts)} if cluster.ready["one_gateway"] else {}
            own = {"COCKPIT_PROBE_AUTO": DEMO_PROBES, **shared}
            apart = Launcher({**own, **self._environ, "COCKPIT_STATE": state})
            options = replace(options, kubeconfig=str(cluster.kubeconfig), contexts=contexts)
            return apart.screen(replace(options, all_namespaces=options.namespace is None))


def _behind_one_gateway(contexts: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """The other contexts whose objects are behind the same gateway: without them a split reads wrong."""
    groups = (group for group in settings.one_gateway if set(group) & set(contexts))
    return tuple(dict.fromkeys(name for group in groups for name in group if name not in contexts))
