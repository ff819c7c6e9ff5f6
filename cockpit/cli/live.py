"""Status text that is overwritten in place, on terminals only."""

from __future__ import annotations

import sys

from cockpit.cli.options import given


class LiveText:
    """A few lines on stderr, so that stdout contains only the final text. Silent unless stderr is a terminal."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown and sys.stderr.isatty() and not given().plain
        self._lines = 0

    def show(self, text: str) -> None:
        """Replace what was shown with `text`, which must be safe already."""
        if self._shown:
            self.clear()
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
            self._lines = text.count("\n") + 1

    def clear(self) -> None:
        """Erase what was shown."""
        if self._lines:
            # Cursor up that many lines, to the first column; erase to the end of the screen.
            sys.stderr.write(f"\x1b[{self._lines}F\x1b[J")
            sys.stderr.flush()
            self._lines = 0
