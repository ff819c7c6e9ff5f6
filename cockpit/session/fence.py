"""What keeps an act from being sent by somebody who does not have the controls."""

from __future__ import annotations

from typing import Protocol

from cockpit.model.refs import RolloutKey


class Fence(Protocol):
    """Asked around every act on a rollout. Reasons are sentences; "" means that nothing speaks against it."""

    def why_not(self, key: RolloutKey) -> str:
        """Why an act would be refused, by what is known without asking the cluster."""
        ...

    def notes(self, key: RolloutKey) -> tuple[str, ...]:
        """What to tell a person before an act that is not refused."""
        ...

    async def begin(self, key: RolloutKey, title: str) -> str:
        """Take the controls for an act, right before it is sent; why it must not be sent."""
        ...

    async def confirm(self, key: RolloutKey) -> str:
        """Right before each request of the act; why it must not be sent any more."""
        ...

    def end(self, key: RolloutKey, unknown: bool) -> None:
        """The act was sent as far as it got; `unknown`: some of it may still arrive."""
        ...


class NoFence:
    """Implements Fence where pairing is off: nothing is asked, nothing refused."""

    def why_not(self, key: RolloutKey) -> str:
        return ""

    def notes(self, key: RolloutKey) -> tuple[str, ...]:
        return ()

    async def begin(self, key: RolloutKey, title: str) -> str:
        return ""

    async def confirm(self, key: RolloutKey) -> str:
        return ""

    def end(self, key: RolloutKey, unknown: bool) -> None: ...


NO_FENCE = NoFence()
