"""The log of a program whose terminal belongs to the screen."""

from __future__ import annotations

import logging
from pathlib import Path


def log_to_file(path: Path) -> None:
    """Send all warnings to a log file of bounded size, because the screen owns the terminal."""
    handler = _OnceNeeded(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


class _OnceNeeded(logging.Handler):
    """Opens the file, and loads what keeps it small, with the first warning; where it cannot, nothing is kept."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            self._file = self._opened()
        self._file.handle(record)

    def _opened(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened: logging.Handler = RotatingFileHandler(self._path, maxBytes=1_000_000, backupCount=1, delay=True)
        except OSError:
            opened = logging.NullHandler()
        opened.setFormatter(self.formatter)
        return opened
