"""The log of a program whose terminal belongs to the screen."""

from __future__ import annotations

from pathlib import Path


def log_to_file(path: Path) -> None:
    """Send all warnings to a log file of bounded size, because the screen owns the terminal."""
    import logging
    from logging.handlers import RotatingFileHandler

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler: logging.Handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
