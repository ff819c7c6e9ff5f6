"""Keys of the screen below that are pressed while a dialog is open: they do nothing, and that is said."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.screen import Screen
from textual.widgets import Input

from cockpit.tui.app_port import app_port_of
from cockpit.tui.keys import key_name


def say_unheard(screen: Screen[Any], event: events.Key, enter: str = "") -> None:
    """Say that a key was not done, if it is one of the screens below and not one of this dialog, nor typed.

    `enter` are the words for enter where it does nothing, "" where it goes without saying.
    """
    port = app_port_of(screen.app)
    if isinstance(screen.focused, Input) or event.key in screen.active_bindings:
        return
    if event.key == "enter":
        words = enter
    elif event.key in {name.strip() for key in port.keymap.keys for name in key.keys.split(",")}:
        words = f"{key_name(event.key)} was not done: this dialog comes first, esc leaves it"
    else:
        return
    if words:
        port.refuse(words)
