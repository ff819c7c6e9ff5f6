"""The part of the app that tells which keys a person presses and which screens they open, for a record."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from enum import StrEnum

from textual import events
from textual.app import ScreenStackError
from textual.screen import Screen
from textual.widgets import Input

from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.tui.app_part import AppPart
from cockpit.tui.keys import key_name
from cockpit.tui.screens.base import CockpitScreen, has_parts
from cockpit.tui.widgets.below import SeenBelow


class Told(StrEnum):
    """What a person did."""

    KEY = "key"
    SCREEN = "screen"


# What is told, and about which rollout.
TellInput = Callable[[Told, str, RolloutKey | None], None]
# Of text that goes into a field, no letter: it may be a name, a note, or a value.
TYPED, PASTED = "a key in a field", "text pasted"


class TellingKeys(AppPart):
    """`Keeping`, and so `CockpitApp`, inherits it.

    `tell_input` hears of each key before it does anything, and of each screen that comes on top.
    """

    tell_input: TellInput | None = None

    def on_mount(self) -> None:
        """Follow the screens."""
        self.screen_change_signal.subscribe(self, self._tell_screen)

    async def on_event(self, event: events.Event) -> None:
        tell = self.tell_input
        if tell and isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            with contextlib.suppress(ScreenStackError):  # a key that comes before the first screen does nothing
                tell(Told.KEY, self._key_words(event), self._rollout())
        await super().on_event(event)

    def _key_words(self, event: events.Key | events.Paste) -> str:
        if isinstance(event, events.Paste):
            return PASTED
        if isinstance(self.focused, Input) and (event.is_printable or event.key in ("backspace", "delete")):
            return TYPED
        name = event.character if event.is_printable and event.character != " " else key_name(event.key)
        bound = self.screen.active_bindings.get(event.key)
        return safe_text(f"{name} {bound.binding.description}" if bound else name, 60)

    def _tell_screen(self, screen: Screen[object]) -> None:
        if self.tell_input:
            self.tell_input(Told.SCREEN, screen_words(screen), self._rollout())

    def _rollout(self) -> RolloutKey | None:
        """The rollout that keys act on."""
        top = self.screen
        shown = top.selected() if isinstance(top, CockpitScreen) and has_parts(top) else None
        return shown.rollout.key if shown else None


def screen_words(screen: Screen[object]) -> str:
    """A screen by the name of its keys' place, a dialog by its own."""
    if isinstance(screen, SeenBelow):
        return screen.PLACE
    kind = re.sub(r"(Screen|Dialog|Form)$", "", type(screen).__name__)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
