"""What a face (screen or command line) may ask of a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cockpit.model.door import Door
from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.view import FleetView, Kept, Outcome, Prepared


class Cockpit(Protocol):
    """The one door between faces and everything live. Only frozen values cross it.

    A session implements it for callers on its own loop; a bridge implements it for a screen whose loop
    runs in another thread. Coroutines raise nothing for what a cluster does wrong: that is in the answer.
    """

    def view(self) -> FleetView:
        """The latest view."""
        ...

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        """Call `listener` with each new view, in the session's thread; returns what ends it."""
        ...

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        """Plan `ask` against the objects as they are, check rights, dry-run it on the server.

        `Act.UNDO` plans the inverse of the last act that was sent to the rollout from this machine.
        """
        ...

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        """Send a prepared plan, once, against the state that was shown, then wait for objects and probe.

        `wait` is how many seconds to look for the expected state (0: do not wait, outcome SENT);
        `report` hears each stage, in the session's thread.
        """
        ...

    async def probe(self, key: RolloutKey, running: bool) -> None:
        """Start or stop sampling one rollout."""
        ...

    async def aim(self, key: RolloutKey, door: Door | None, rate: float | None = None) -> Kept:
        """Where to send its probe, remembered for later sessions; None: as derived from the objects.

        This session sends there whether or not it could be remembered, which is the answer.
        """
        ...

    async def yaml(self, context: str, ref: Ref) -> str:
        """The object as YAML, safe to show; Secrets are never read. An error comes as text."""
        ...

    async def events(self, context: str, ref: Ref) -> tuple[str, ...]:
        """Events about the object, oldest first, one safe line each."""
        ...

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        """The last lines of a pod's log, safe to show."""
        ...
