"""Running the screen in a terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cockpit.session.port import Cockpit
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import glyphs_for


def run_app(
    cockpit: Cockpit,
    *,
    theme: str = "dark",
    keymap: Mapping[str, str] | None = None,
    themes_dir: Path | None = None,
    glyphs: str = "auto",
    mouse: bool = False,
) -> int:
    """Show the screen until the user leaves; the exit code of the process.

    `glyphs` is "auto", "unicode" or "ascii". Without `mouse` the terminal keeps its own selection of text.
    """
    # An empty NO_COLOR means nothing (no-color.org), but the screen library counts it.
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    # Greys made from colours can be hard to read, the terminal's own two colours cannot.
    shown = "ansi" if "NO_COLOR" in os.environ else theme
    signs = "ascii" if glyphs_for(glyphs, os.environ).ascii else "unicode"
    app = CockpitApp(cockpit, theme=shown, keymap=keymap, themes_dir=themes_dir, glyphs=signs)
    app.run(mouse=mouse)
    return app.return_code or 0
