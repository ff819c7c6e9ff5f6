"""What screens need of the app around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Protocol, cast

from textual.app import App

from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.port import Cockpit
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.keys import Keymap
from cockpit.tui.own import Own
from cockpit.tui.scope import Scope
from cockpit.tui.since import FirstSeen

if TYPE_CHECKING:
    from cockpit.tui.copying import Copy


class AppPort(Protocol):
    """The app as its screens see it.

    `zone` is the time zone of times of day; None: this machine's. `now` gives UTC seconds since 1970.
    `scope` is the part of the fleet that is shown.
    `slow` is true on a slow link: fewer paints, and nothing moves.
    `seen` knows since when rollouts are as they are, `own` are the user's commands, links and columns.
    `off` are keys that are off here, by id, with the reason.
    """

    cockpit: Cockpit
    view: FleetView
    glyphs: Glyphs
    keymap: Keymap
    zone: tzinfo | None
    now: Callable[[], float]
    scope: Scope
    seen: FirstSeen
    slow: bool
    own: Own
    off: Mapping[str, str]

    @property
    def leaving(self) -> bool:
        """Whether the app is exiting: no more screens can be opened."""
        ...

    def refuse(self, why: str) -> None:
        """Show why nothing was done; a newer reason replaces the previous one."""
        ...

    def redraw(self) -> None:
        """Draw all again, whatever the terminal shows."""
        ...

    def copy(self, copies: Sequence[Copy]) -> None:
        """Ask which of these to copy, and copy it."""
        ...

    def find(self, key: RolloutKey) -> RolloutView | None:
        """The rollout in the latest view."""
        ...


def app_port_of(app: App[Any]) -> AppPort:
    """The app as an `AppPort`."""
    return cast(AppPort, app)
