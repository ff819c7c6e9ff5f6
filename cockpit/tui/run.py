"""Runs the screen in a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cockpit.model.label_selector import LabelSelector
from cockpit.session.port import Cockpit
from cockpit.tui.app import CockpitApp
from cockpit.tui.glyphs import glyphs_for
from cockpit.tui.own import NOTHING_OWN, Own


def make_app(
    cockpit: Cockpit,
    *,
    theme: str = "dark",
    keymap: Mapping[str, str] | None = None,
    themes_dir: Path | None = None,
    glyphs: str = "auto",
    painted: Callable[[], None] = lambda: None,
    snapshots: Path | None = None,
    problems: Sequence[str] = (),
    program: Sequence[str] = ("cockpit",),
    presenting: bool = False,
    slow: bool = False,
    keep_record: Callable[[Path], str] | None = None,
    own: Own = NOTHING_OWN,
    labels: LabelSelector | None = None,
    view_only: bool = False,
) -> CockpitApp:
    """The screen for this terminal; `glyphs` is "auto", "unicode" or "ascii".

    `painted` is called after the first paint. `program` is how it was started: its name and where its clusters are.
    `snapshots` is the folder for what is saved of a screen, `problems` are those of the settings. With `presenting` it
    opens in large print. With `slow` it is painted seldom and nothing moves.
    `keep_record` writes the last hour to a file, and returns why it did not. `own` are the user's commands, links and
    columns. `labels` choose what it shows first. `view_only`: nothing is kept on this machine.
    """
    # An empty NO_COLOR has no effect (no-color.org), but the screen library honours it.
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    signs = "ascii" if glyphs_for(glyphs, os.environ).ascii else "unicode"
    return CockpitApp(
        cockpit,
        theme=theme,
        keymap=keymap,
        themes_dir=themes_dir,
        glyphs=signs,
        painted=painted,
        snapshots=snapshots,
        problems=problems,
        program=program,
        presenting=presenting,
        slow=slow,
        keep_record=keep_record,
        own=own,
        labels=labels,
        view_only=view_only,
    )
