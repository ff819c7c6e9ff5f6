"""Text that is written over by its newer form, on terminals only."""

from __future__ import annotations

import sys

from cockpit.cli.options import given


class LiveText:
    """A few lines on stderr, so that stdout holds the last form alone. Elsewhere than on a terminal it is silent."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown and sys.stderr.isatty() and not given().plain
        self._lines = 0

    def show(self, text: str) -> None:
        """Put `text`, which is safe already, in place of what was shown."""
        if self._shown:
            self.clear()
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
            self._lines = text.count("\n") + 1

    def clear(self) -> None:
        """Take away what was shown."""
        if self._lines:
            # Cursor up by so many lines, to the first column; erase to the end of the screen.
            sys.stderr.write(f"\x1b[{self._lines}F\x1b[J")
            sys.stderr.flush()
            self._lines = 0
