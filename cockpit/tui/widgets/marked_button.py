"""A button that shows its focus with a sign, not only with colour."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.widgets import Button

from cockpit.texts.current import translated
from cockpit.tui.glyphs import Glyphs


class MarkedButton(Button):
    """Shows the cursor sign before its label while it has the focus."""

    def __init__(self, label: str, glyphs: Glyphs, *, id: str, disabled: bool = False) -> None:
        super().__init__(translated(label), id=id, compact=True, disabled=disabled)
        self.glyphs = glyphs

    def render(self) -> RenderResult:
        """Label and sign; the same width without the focus, so that nothing moves."""
        mark = self.glyphs.cursor if self.has_focus else " "
        return Content(f"{mark} {self.label} ")

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show or hide the sign."""
        super().watch_has_focus(has_focus)
        self.refresh()
