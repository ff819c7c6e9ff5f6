"""Shows what somebody changes in the file of the theme that is in use, without a new start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from textual.app import App
from textual.theme import Theme
from textual.timer import Timer

from cockpit.tui.themes import ThemeError, packaged_directory, read_again
from cockpit.tui.widgets.painted import Painted

# Between two looks at the file; nothing is drawn where it did not change.
SECONDS = 1.0


class ThemeFile:
    """Looks at the file of the theme in use, if it is a user's own; without one there is no timer."""

    def __init__(self, app: App[Any], files: Mapping[str, Path], refuse: Callable[[str], None]) -> None:
        """`files` are those of the user's themes by name; `refuse` tells what is wrong with one."""
        self._app = app
        self._files = files
        self._refuse = refuse
        self._seen: object = None
        self._timer: Timer | None = None
        app.theme_changed_signal.subscribe(app, self._theme_changed)
        self._theme_changed(app.current_theme)

    @property
    def watching(self) -> bool:
        """Whether there is a file to look at."""
        return self._timer is not None

    def _theme_changed(self, theme: Theme) -> None:
        if self._timer:
            self._timer.stop()
            self._timer = None
        if path := self._files.get(theme.name):
            self._seen = _state(path)
            self._timer = self._app.set_interval(SECONDS, self.look)

    def look(self) -> None:
        """Read the theme again if its file is another one than before."""
        path = self._files.get(self._app.theme)
        if path is None or (now := _state(path)) == self._seen:
            return
        self._seen = now
        try:
            theme = read_again(path, packaged_directory())
        except ThemeError as problem:
            # An editor may be in the middle of writing: the colours stay as they are.
            self._refuse(f"theme {path.name}: {problem}")
            return
        self._app.register_theme(theme)
        self._app.refresh_css(animate=False)
        for screen in self._app.screen_stack:
            for pane in screen.query(Painted):
                pane.recolour()


def _state(path: Path) -> object:
    """What changes with the file's content; None while it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
