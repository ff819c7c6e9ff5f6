"""A button that is told by a sign, not by its colour alone, while it has the focus."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.widgets import Button

from cockpit.tui.glyphs import Glyphs


class MarkedButton(Button):
    """The cursor's sign stands before its label while enter would press it."""

    def __init__(self, label: str, glyphs: Glyphs, *, id: str, disabled: bool = False) -> None:
        super().__init__(label, id=id, compact=True, disabled=disabled)
        self.glyphs = glyphs

    def render(self) -> RenderResult:
        """Label and sign; as wide without the focus, so that nothing moves."""
        mark = self.glyphs.cursor if self.has_focus else " "
        return Content(f"{mark} {self.label} ")

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the sign, or take it away."""
        super().watch_has_focus(has_focus)
        self.refresh()
