"""A line to type into whose cursor stands still."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input

from cockpit.texts.current import translated


class Field(Input):
    """The library's field blinks its cursor twice a second, and over SSH each time sends bytes at rest."""

    def __init__(self, *args: Any, **more: Any) -> None:
        if isinstance(hint := more.get("placeholder"), str):
            more["placeholder"] = translated(hint)
        super().__init__(*args, **more)
        self.set_reactive(Input.cursor_blink, False)
