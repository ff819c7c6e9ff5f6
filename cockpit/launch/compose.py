"""The composition root: the only file that imports every package, each when it is first needed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.cli.main import command_line
from cockpit.cli.person import TerminalPerson
from cockpit.cli.program import Completes, DemoOrder, KeyRow, Options, RecordOrder, ReplayOrder, ServeOrder, StartError
from cockpit.cli.running import StdoutFailed, reader_left, talk
from cockpit.launch import collecting
from cockpit.launch.own_load import watch_own_load
from cockpit.launch.places import connect_options, printed_flags, sample_choices, started_as, targets_of
from cockpit.launch.probe_way import probe_way
from cockpit.launch.streams import is_terminal, open_closed_streams, painting_on_the_terminal
from cockpit.model.kubectl import reached_with
from cockpit.session.reads import Reads
from cockpit.texts.current import use
from cockpit.texts.languages import language_of, of_environment

if TYPE_CHECKING:
    from cockpit.kube.api import KubeApi
    from cockpit.kube.connect_target import ConnectTarget
    from cockpit.kube.tap import Tap
    from cockpit.launch.embedded import EmbeddedCluster
    from cockpit.launch.reenacting import Reenacting
    from cockpit.model.view import FleetView
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.session.bridge import Bridge
    from cockpit.session.port import Cockpit
    from cockpit.session.settings import Settings
    from cockpit.session.settings_in_force import SettingInForce
    from cockpit.tui.app import CockpitApp

# Scenarios that `cockpit demo` starts by default.
STORIES = ("blue-green", "canary-ingress", "broken-canary", "argo-canary")

# Seconds after which a thread gives way to one that waits; with Python's 5 ms a key waits for the session's thread at
# each of the dozen steps of a paint.
SWITCH_SECONDS = 0.001

DEMO_BUDGET = "150"  # requests per second to all rollouts together


def no_tap(api: KubeApi, namespace: str | None) -> None:
    """Nobody else wants what a cluster sends."""


def main() -> None:
    """Entry point of `cockpit` and `kubectl-cockpit`."""
    collecting.seldom()
    open_closed_streams()
    called = Path(sys.argv[0]).name
    name = "kubectl cockpit" if called == "kubectl-cockpit" else "cockpit"
    use(of_environment(os.environ))
    try:
        command_line(prog_name=name, obj=Launcher(os.environ))
    except OSError as error:
        # What commands do to files and clusters has errors of its own; this is the help on a full disk.
        reader_left()
        talk(f"Error: {StdoutFailed.why(error)}")
        sys.exit(1)
    finally:
        collecting.no_more()


def complete_for_kubectl() -> None:
    """Entry point of `kubectl_complete-cockpit`, which kubectl asks for completions."""
    from cockpit.cli.shells import answer_for_kubectl

    sys.stdout.write("\n".join(answer_for_kubectl(command_line, Launcher(os.environ), sys.argv[1:])) + "\n")


class Launcher:
    """Implements `cli.program.Program`."""

    def __init__(self, environ: Mapping[str, str], snapshots: Path | None = None) -> None:
        """`snapshots` is the folder for what is saved of a screen; None: in the state folder."""
        self._environ = environ
        self._snapshots = snapshots
        self._problems: list[str] = []  # of the settings
        self.reenacting: Reenacting | None = None  # a record is played in the embedded cluster
        self._completes = False  # a shell that completes a word wants to hear nothing else
        self.person = TerminalPerson()

    def settings(self, options: Options) -> Settings:
        """Settings from file, environment and flags; raises StartError."""
        import msgspec

        from cockpit.session.settings import SettingsError, load_settings, user_paths

        try:
            settings = load_settings(user_paths(self._environ).config, self._environ, options.chosen, self._warn)
        except SettingsError as problem:
            raise StartError(f"{problem}. Fix it and start again.") from None
        use(language_of(settings.lang) if settings.lang else of_environment(self._environ))
        if options.probe_rate is None or options.probe_budget is not None:
            return settings
        # A command that sets the rate of its one rollout may send at it.
        probe = msgspec.structs.replace(settings.probe, budget=max(settings.probe.budget, options.probe_rate))
        return msgspec.structs.replace(settings, probe=probe)

    def _warn(self, problem: str) -> None:
        """Tell a problem of the settings once."""
        if problem not in self._problems:
            self._problems.append(problem)
            if not self._completes:
                talk(f"warning: {problem}")

    def keys(self, options: Options) -> tuple[Sequence[KeyRow], Sequence[str]]:
        """See `Program.keys`."""
        from cockpit.launch.key_rows import key_rows

        return key_rows(self.settings(options).keymap)

    def columns(self, options: Options) -> Mapping[str, str]:
        """See `Program.columns`."""
        return self.settings(options).columns

    def links(self, options: Options) -> tuple[Mapping[str, str], bool]:
        """See `Program.links`."""
        from cockpit.model.hyperlinks import takes_hyperlinks

        settings = self.settings(options)
        return {link.name: link.url for link in settings.links}, takes_hyperlinks(settings.hyperlinks, self._environ)

    def config(self, options: Options) -> Sequence[SettingInForce]:
        """See `Program.config`."""
        from cockpit.launch.completing import why_no_theme
        from cockpit.session.settings_in_force import settings_in_force

        settings = self.settings(options)
        if why := why_no_theme(settings.theme, self._environ):
            talk(f"warning: {why}")
        return settings_in_force(settings, self.paths()["settings"], self._environ, options.chosen)

    def complete(self, what: Completes, options: Options, typed: str = "", of: str = "") -> Sequence[str]:
        """See `Program.complete`."""
        from cockpit.launch.completing import Wanted, complete

        self._completes = True
        return complete(Wanted(what, options, typed, of), self._environ, self.session)

    def request_timeout(self, options: Options) -> float:
        """See `Program.request_timeout`."""
        return self.settings(options).request_timeout

    def now(self) -> float:
        """See `Program.now`."""
        from cockpit.session.clock import SystemClock

        return SystemClock().now()

    def paths(self) -> Mapping[str, Path]:
        """See `Program.paths`."""
        from cockpit.session.settings import user_paths

        paths = user_paths(self._environ)
        return {"settings": paths.config, "journal": paths.journal, "targets": paths.targets, "log": paths.log}

    @contextlib.asynccontextmanager
    async def session(
        self,
        options: Options,
        *,
        asks: bool = False,
        tap: Callable[[KubeApi, str | None], Tap | None] = no_tap,
        reads: Reads = Reads.FOLLOWING,
    ) -> AsyncIterator[Cockpit]:
        """See `Program.session`. Fetches credentials before it is entered, while the terminal is free for prompts.

        With `asks`, a person looks: it samples what is set or was decided earlier, and is shown to others where pairing
        is on. Otherwise it samples only what a flag or a command asks for. `tap` gives what takes the bytes of a
        cluster and namespace.
        """
        from cockpit.kube.connect import connect
        from cockpit.kube.errors import KubeError
        from cockpit.launch.assembling import assemble
        from cockpit.session.clock import SystemClock
        from cockpit.session.facts.cluster import Connection

        settings, clock = self.settings(options), SystemClock()
        wanted = connect_options(options, settings.request_timeout)
        connections = []
        asked, aside = targets_of(self._environ, wanted, settings)
        try:
            for target in (*asked, *aside):
                own = target.namespace if target in asked else asked[0].namespace
                namespace = None if options.all_namespaces else options.namespace or own
                api = await connect(target, wanted, clock)
                connections.append(Connection(api, namespace, target in aside, tap(api, namespace), reads))
        except KubeError as problem:
            for connection in connections:
                await connection.api.close()
            raise StartError(str(problem)) from None
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(reached_with(printed_flags(asked, aside, wanted)))
            servers = {connection.api.context: connection.api.server for connection in connections}
            choices = sample_choices(self._environ, options, settings, servers, asks=asks)
            session = assemble(self._environ, connections, settings, clock, choices, stack, announces=asks)
            if reads is Reads.FOLLOWING:
                from cockpit.launch.long_lived import spare_once_read

                spare_once_read(session)
            yield await stack.enter_async_context(session)

    async def sample(
        self, order: SampleOrder, options: Options, progress: Callable[[SampleResult], None]
    ) -> SampleResult:
        """See `Program.sample`."""
        import random

        from cockpit.probe.sample import sample
        from cockpit.session.clock import SystemClock

        clock, settings = SystemClock(), self.settings(options)
        wanted = connect_options(options, settings.request_timeout)

        def targets() -> Sequence[ConnectTarget]:
            return [target for some in targets_of(self._environ, wanted, settings) for target in some]

        async with probe_way(order.probe_target, targets, wanted, clock) as transport:
            return await sample(transport, clock, order, progress, watch_own_load(clock), random.Random())

    def screen(self, options: Options) -> int:
        """See `Program.screen`."""
        import asyncio

        from cockpit.launch.log_file import log_to_file

        in_browser = self._environ.get("TEXTUAL_DRIVER", "").endswith("WebDriver")
        if not in_browser and not is_terminal():
            raise StartError("the screen needs a terminal; without one, use `cockpit list` or `cockpit watch`")
        log_to_file(self.paths()["log"])
        with contextlib.nullcontext() if in_browser else painting_on_the_terminal():
            return asyncio.run(self._show(options))

    async def _show(self, options: Options) -> int:
        """Runs the screen on a session in another thread. A signal ends it; that changes nothing in the cluster."""
        import asyncio

        settings, loop, failed = self.settings(options), asyncio.get_running_loop(), asyncio.Event()
        sys.setswitchinterval(SWITCH_SECONDS)
        meanwhile = self._connecting(options, settings)
        from cockpit.launch.last_hour import LastHour
        from cockpit.launch.leaving import TERMINAL, leave_on

        last_hour = LastHour()

        def session() -> contextlib.AbstractAsyncContextManager[Cockpit]:
            return last_hour.beside(lambda tap: self.session(options, asks=True, tap=tap))

        def fail(_: BaseException) -> None:
            loop.call_soon_threadsafe(failed.set)

        async with self._bridge(session, fail, meanwhile) as cockpit:
            # An open session already reads while this loads; otherwise it starts after the first paint.
            app = self._app(cockpit, settings, options, last_hour.write)
            app.tell_input = last_hour.tell

            def leave(code: int) -> None:
                app.exit(return_code=code)

            async def leave_with_the_session() -> None:
                await failed.wait()
                leave(1)

            leave_on((signal.SIGTERM, signal.SIGHUP), loop, leave, TERMINAL)
            watching = asyncio.create_task(leave_with_the_session())
            try:
                await app.run_async(mouse=settings.mouse)
            finally:
                watching.cancel()
            sys.stdout.writelines(f"{line}\n" for line in app.parting)
            return app.return_code or 0

    def _bridge(self, *parts: Any) -> Bridge:
        """The session in its thread."""
        from cockpit.session.bridge import Bridge

        if self.reenacting is None:
            return Bridge(*parts)
        from cockpit.launch.reenacting import ReenactingBridge

        return ReenactingBridge(self.reenacting, *parts)

    def _app(
        self, cockpit: Bridge, settings: Settings, options: Options, keep_record: Callable[[Path], str]
    ) -> CockpitApp:
        """The screen as the settings want it."""
        from cockpit.launch.own_commands import own_from
        from cockpit.session.settings import user_paths
        from cockpit.tui.run import make_app

        return make_app(
            cockpit,
            painted=cockpit.begin,
            theme=settings.theme,
            keymap=settings.keymap,
            themes_dir=self.paths()["settings"].parent / "themes",
            glyphs=settings.glyphs,
            snapshots=self._snapshots or user_paths(self._environ).snapshots,
            problems=self._problems,
            program=started_as(options),
            presenting=options.presenting,
            slow=settings.slow,
            keep_record=keep_record,
            own=own_from(settings, self._environ, options.kubeconfig),
            labels=options.selector,
            view_only=options.view_only,
        )

    def _connecting(self, options: Options, settings: Settings) -> FleetView | None:
        """The view before the session starts; None if a credential plug-in may need the terminal first.

        Raises StartError for a kubeconfig that cannot be used.
        """
        from cockpit.launch.meanwhile import connecting_view

        targets, aside = targets_of(self._environ, connect_options(options, settings.request_timeout), settings)
        if any(target.account.keys() & {"exec", "auth-provider"} for target in (*targets, *aside)):
            return None
        return connecting_view(targets, options, settings)

    def record(self, order: RecordOrder, options: Options) -> int:
        """See `Program.record`."""
        from cockpit.launch.recording import record

        return record(order, options, self.session)

    def replay(self, order: ReplayOrder, options: Options) -> int:
        """See `Program.replay`."""
        from cockpit.launch.replaying import replay
        from cockpit.session.settings import user_paths

        return replay(order, self.settings(options), user_paths(self._environ), self._problems)

    def serve(self, order: ServeOrder, options: Options) -> int:
        """See `Program.serve`."""
        from cockpit.launch import browser

        self.settings(options)  # a mistake in them is told here, not in a page that does not open
        return browser.serve(order, options)

    def demo(self, order: DemoOrder, options: Options) -> int:
        """See `Program.demo`. The screen's state is deleted with the cluster; all of its rollouts are sampled."""
        import tempfile

        from cockpit.launch import colleague, embedded, reenacting

        if order.listing:
            return embedded.list_scenarios(colleague.LISTED)
        paired = Launcher({"COCKPIT_PAIRING_PILOT": "advisory", **self._environ}).settings(options).pairing
        told, problems = reenacting.Reenacting(), tuple[str, ...]()

        def beside(cluster: EmbeddedCluster) -> contextlib.AbstractContextManager[None]:
            return colleague.colleague_beside(cluster, paired) if order.colleague else contextlib.nullcontext()

        with tempfile.TemporaryDirectory() as state:
            if order.record:
                course = Path(state, "course.jsonl")
                problems = reenacting.write_course(order.record, order.contexts, course)
                order = replace(order, course=course, contexts=())
            elif order.colleague:
                order = replace(order, scenarios=tuple(dict.fromkeys((*order.scenarios, colleague.SCENARIO))))
            if order.serve:
                for problem in problems:
                    talk(f"warning: {problem}")
                return embedded.serve(order, beside, told.hear)
            order = order if order.scenarios or order.course else replace(order, scenarios=STORIES)
            with embedded.embedded_cluster(order, told.hear) as cluster, beside(cluster):
                apart = self._apart(cluster, state)
                apart._problems += [*problems, *reenacting.left_out(cluster.ready)]
                apart.reenacting = told if order.course else None
                contexts = tuple(cluster.ready["contexts"])
                options = replace(options, kubeconfig=str(cluster.kubeconfig), contexts=contexts)
                everywhere = options.namespace is None
                return apart.screen(replace(options, all_namespaces=everywhere, presenting=order.tour))

    def _apart(self, cluster: EmbeddedCluster, state: str) -> Launcher:
        """The program on an embedded cluster, with its state in this folder."""
        from cockpit.session.settings import user_paths

        contexts = ",".join(cluster.ready["contexts"])
        shared = {"COCKPIT_ONE_GATEWAY": contexts} if cluster.ready["one_gateway"] else {}
        # Its gateway is on this machine and serves nobody else, so that verdicts may come quickly.
        own = {"COCKPIT_PROBE_SAMPLE": "all", "COCKPIT_PROBE_BUDGET": DEMO_BUDGET, **shared}
        own["COCKPIT_PAIRING_PILOT"] = "advisory"
        return Launcher({**own, **self._environ, "COCKPIT_STATE": state}, user_paths(self._environ).snapshots)
