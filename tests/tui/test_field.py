"""Fields to type in."""

from __future__ import annotations

from textual.widgets import Input

from tests.tui.driving import press, screen


async def test_the_cursor_of_a_field_does_not_blink() -> None:
    """A blink sends bytes at rest, and nobody acts for a second."""
    async with screen() as (app, pilot):
        await press(pilot, "slash")
        field = app.screen.query_one("#filter", Input)
        assert field.has_focus
        assert not field.cursor_blink
        assert field._cursor_visible
