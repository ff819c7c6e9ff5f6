"""What the command line needs from its composition root: a session, a screen, an embedded cluster, a person."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from cockpit.model.values import dataclass
from cockpit.session.reads import Reads

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from cockpit.model.label_selector import LabelSelector
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.session.port import Cockpit
    from cockpit.session.settings_in_force import SettingInForce


class StartError(Exception):
    """A session, screen or embedded cluster did not start; the text says what happened, where, and what to do next."""


class NoSuchNameError(StartError):
    """What was asked for by name is not there; the text names what is."""


@dataclass(frozen=True, slots=True)
class Options:
    """The shared flags, and what a command sets of its probes; None if not given.

    `request_timeout` is in seconds, `probe_rate` requests per second, `max_errors` the fraction of a version's answers
    that may fail.
    `sample` is a value of `model.sampling.SampleScope`, `probe_budget` requests per second to all rollouts together.
    `prometheus` is `off`, `auto` or a URL.
    """

    kubeconfig: str | None = None
    contexts: tuple[str, ...] = ()
    namespace: str | None = None
    all_namespaces: bool = False
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    request_timeout: float | None = None
    read_only: bool | None = None
    theme: str | None = None
    plain: bool = False
    sample: str | None = None
    probe_budget: float | None = None
    probe_rate: float | None = None
    max_errors: float | None = None
    presenting: bool = False  # whether the screen opens in large print
    prometheus: str | None = None
    slow: bool | None = None
    lang: str | None = None
    pilot: str | None = None  # a value of `model.pairing.PilotMode`
    cluster: str | None = None
    user: str | None = None
    token: str | None = field(default=None, repr=False)
    selector: LabelSelector | None = None  # what a screen shows
    view_only: bool = False  # a screen keeps nothing on this machine

    @property
    def chosen(self) -> Mapping[str, object]:
        """What the flags say of settings, by dotted name; None is not given."""
        return {
            "theme": self.theme,
            "read_only": self.read_only,
            "slow": self.slow,
            "lang": self.lang,
            "request_timeout": self.request_timeout,
            "probe.rate": self.probe_rate,
            "probe.max_errors": self.max_errors,
            "probe.sample": self.sample,
            "probe.budget": self.probe_budget,
            "prometheus": self.prometheus,
            "pairing.pilot": self.pilot,
        }


class Completes(StrEnum):
    """What a shell can complete."""

    CONTEXT = "context"
    CLUSTER = "cluster"
    USER = "user"
    NAMESPACE = "namespace"
    ROLLOUT = "rollout"
    VERSION = "version"
    STEP = "step"
    THEME = "theme"
    SCENARIO = "scenario"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of the screen: `id` names it in the settings, `keys` are its keys as written on a keyboard."""

    id: str
    keys: str
    where: str
    word: str
    help: str


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """The embedded clusters to start: one per context in `contexts`. Port 0 lets the system choose.

    `colleague`: a scripted second person takes part in the first one. `record` is a flight record to play instead of
    scenarios, `course` the same as the cluster reads it.
    """

    scenarios: tuple[str, ...] = ()
    serve: bool = False
    listing: bool = False
    tour: bool = False
    kubeconfig_out: Path | None = None
    api_port: int = 0
    gateway_port: int = 0
    contexts: tuple[str, ...] = ()
    colleague: bool = False
    record: Path | None = None
    course: Path | None = None


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """A flight record into a new file; `seconds` None means until a signal. `full` leaves nothing out."""

    path: Path
    seconds: float | None = None
    full: bool = False


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """A flight record to show: from `at` on (a time of day, or "+" and a duration), at this speed.

    `export` is `asciicast` (of so many `seconds`, None for all) or `svg` for stdout instead of the screen, in `size`
    (columns, rows), of the fleet or of one `rollout`.
    """

    path: Path
    at: str | None = None
    speed: float = 1.0
    export: str | None = None
    size: tuple[int, int] = (80, 24)
    seconds: float | None = None
    rollout: str | None = None


@dataclass(frozen=True, slots=True)
class ServeOrder:
    """The screen in browsers: on which port of loopback, by how many links, and whether acts may be sent."""

    port: int
    viewers: int
    with_acts: bool


class Person(Protocol):
    """The person at the terminal, if any."""

    @property
    def present(self) -> bool:
        """True if someone can answer a prompt."""
        ...

    async def answer(self, question: str) -> str:
        """The line typed in answer to a prompt; "" at the end of input."""
        ...


class Program(Protocol):
    """The parts that only the composition root can create."""

    @property
    def person(self) -> Person: ...

    def session(self, options: Options, *, reads: Reads = Reads.FOLLOWING) -> AbstractAsyncContextManager[Cockpit]:
        """A running session on the caller's event loop; entering raises StartError."""
        ...

    def request_timeout(self, options: Options) -> float:
        """Seconds to wait for the first data, from flag or settings; raises StartError for invalid settings."""
        ...

    def sample(
        self, order: SampleOrder, options: Options, progress: Callable[[SampleResult], None]
    ) -> Coroutine[Any, Any, SampleResult]:
        """Send requests as ordered; `progress` is called from time to time.

        `options` say how to reach the API server of a target that goes through one; raises StartError.
        """
        ...

    def screen(self, options: Options) -> int:
        """Open the screen and return the exit code; raises StartError."""
        ...

    def record(self, order: RecordOrder, options: Options) -> int:
        """Record a session into a file and return the exit code; raises StartError."""
        ...

    def replay(self, order: ReplayOrder, options: Options) -> int:
        """Show a record, or export it, and return the exit code; raises StartError."""
        ...

    def serve(self, order: ServeOrder, options: Options) -> int:
        """Serve the screen to browsers on this machine until a signal ends it; raises StartError."""
        ...

    def demo(self, order: DemoOrder, options: Options) -> int:
        """Run the embedded cluster, with the screen unless it only serves; raises StartError."""
        ...

    def keys(self, options: Options) -> tuple[Sequence[KeyRow], Sequence[str]]:
        """The keys of the screen with the user's own, and the problems of those; raises StartError."""
        ...

    def columns(self, options: Options) -> Mapping[str, str]:
        """The paths of the columns that the settings add to a wide list, by name; raises StartError."""
        ...

    def links(self, options: Options) -> tuple[Mapping[str, str], bool]:
        """The addresses of the settings, with placeholders, by name, and whether this terminal opens them by a click.

        Raises StartError.
        """
        ...

    def config(self, options: Options) -> Sequence[SettingInForce]:
        """Every setting in force and what set it; raises StartError."""
        ...

    def complete(self, what: Completes, options: Options, typed: str = "", of: str = "") -> Sequence[str]:
        """Names to complete what is `typed`; none if they cannot be read in a moment. It never raises.

        `of` is the name of the rollout whose versions or steps they are.
        """
        ...

    def now(self) -> float:
        """UTC seconds since 1970."""
        ...

    def paths(self) -> Mapping[str, Path]:
        """Paths by content: settings, journal, remembered targets."""
        ...
