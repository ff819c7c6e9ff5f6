"""Running the screen in a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cockpit.session.port import Cockpit
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import glyphs_for


def make_app(
    cockpit: Cockpit,
    *,
    theme: str = "dark",
    keymap: Mapping[str, str] | None = None,
    themes_dir: Path | None = None,
    glyphs: str = "auto",
    painted: Callable[[], None] = lambda: None,
) -> CockpitApp:
    """The screen as this terminal can show it; `glyphs` is "auto", "unicode" or "ascii".

    `painted` is called once the first picture stands.
    """
    # An empty NO_COLOR means nothing (no-color.org), but the screen library counts it.
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    signs = "ascii" if glyphs_for(glyphs, os.environ).ascii else "unicode"
    return CockpitApp(cockpit, theme=theme, keymap=keymap, themes_dir=themes_dir, glyphs=signs, painted=painted)


def run_app(cockpit: Cockpit, *, mouse: bool = False, **choices: Any) -> int:
    """Show the screen until the user leaves; the exit code of the process. `choices` are those of `make_app`.

    Without `mouse` the terminal keeps its own selection of text.
    """
    app = make_app(cockpit, **choices)
    app.run(mouse=mouse)
    return app.return_code or 0
