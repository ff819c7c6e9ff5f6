"""What the command line is given by whoever starts it: a session, a screen, an embedded cluster, a person."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cockpit.session.port import Cockpit

if TYPE_CHECKING:
    from cockpit.probe.sample import SampleOrder, SampleResult


class StartError(Exception):
    """No session, screen or embedded cluster: the text says what happened, to which cluster, what to do next."""


@dataclass(frozen=True, slots=True)
class Options:
    """The flags every command takes, as given; None is not given. `request_timeout` is in seconds."""

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


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """What embedded cluster to start: one for each of `contexts`. Ports of 0 are chosen by the system."""

    scenarios: tuple[str, ...] = ()
    serve: bool = False
    listing: bool = False
    kubeconfig_out: Path | None = None
    api_port: int = 0
    gateway_port: int = 0
    contexts: tuple[str, ...] = ()


class Person(Protocol):
    """Who sits before the terminal, if anybody."""

    @property
    def present(self) -> bool:
        """True where a question can be answered."""
        ...

    async def answer(self, question: str) -> str:
        """The line typed in answer to a question; "" at the end of input."""
        ...


class Program(Protocol):
    """The parts that only the composition root can put together."""

    @property
    def person(self) -> Person: ...

    def session(self, options: Options) -> AbstractAsyncContextManager[Cockpit]:
        """A running session on the caller's loop; entering raises StartError."""
        ...

    def request_timeout(self, options: Options) -> float:
        """Seconds to wait for the first facts, from flag or settings; raises StartError for broken settings."""
        ...

    def sample(self, order: SampleOrder, progress: Callable[[SampleResult], None]) -> Coroutine[Any, Any, SampleResult]:
        """Send requests by the order; `progress` hears of it now and then."""
        ...

    def screen(self, options: Options) -> int:
        """Open the screen and return the exit code; raises StartError."""
        ...

    def demo(self, order: DemoOrder, options: Options) -> int:
        """Run the embedded cluster, with the screen on it unless it only serves; raises StartError."""
        ...

    def paths(self) -> Mapping[str, Path]:
        """What is kept where: settings, journal, remembered targets."""
        ...
