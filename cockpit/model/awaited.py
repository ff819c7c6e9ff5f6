"""What a controller has still to do, as the objects show it; how long that may take is for a session to judge."""

from __future__ import annotations

from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Awaited:
    """Something that `controller` has not done with `what` yet, and that waits for nothing but the controller.

    `undone` follows "has not": "picked up the last change". `since` is when that began at the latest, or when it will
    be due (RFC 3339); None if the objects do not say. `token` tells it from what else is awaited of the same object.
    `advice` says what to do besides looking whether it runs.
    """

    what: str
    controller: str
    undone: str
    token: tuple[str, ...]
    since: str | None = None
    advice: str = ""

    @property
    def subject(self) -> tuple[str, ...]:
        """What makes it the same as an earlier one."""
        return self.what, *self.token

    def yet(self) -> str:
        """In words, while it need not mean anything."""
        return f"{self.what}: {self.controller} has not {self.undone} yet" + (f"; {self.advice}" if self.advice else "")

    def overdue(self, since: str) -> str:
        """In words, once it has taken too long; `since` says from when on."""
        words = f"{self.what}: {self.controller} has not {self.undone} {since}"
        return f"{words}: check that it runs and what its log says" + (f"; {self.advice}" if self.advice else "")
