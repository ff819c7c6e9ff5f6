"""What screens need of the app around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Protocol, cast

from textual.app import App

from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.port import Cockpit
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.keys import Keymap


class Desk(Protocol):
    """The app as its screens see it.

    `zone` is where times of day are told; None: this machine's. `now` gives UTC seconds since 1970.
    """

    cockpit: Cockpit
    view: FleetView
    glyphs: Glyphs
    keymap: Keymap
    zone: tzinfo | None
    now: Callable[[], float]

    @property
    def leaving(self) -> bool:
        """Whether the app ends: no screen can be opened any more."""
        ...

    def refuse(self, why: str) -> None:
        """Say why nothing was done; a newer reason takes the place of the one before."""
        ...

    def find(self, key: RolloutKey) -> RolloutView | None:
        """The rollout as it is in the newest view."""
        ...


def desk_of(app: App[Any]) -> Desk:
    """The same app, seen as a desk."""
    return cast(Desk, app)
