"""Parameters in the query of a URL that may carry credentials, such as `?token=...`."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_plus

from cockpit.model.credentials import HIDDEN, is_secret_parameter


def secret_parameters(path: str) -> tuple[str, ...]:
    """The names of the parameters of a path that have a value and, by their name, carry a credential."""
    return tuple(name for _, name, secret in _parts(path) if secret)


def without_secret_parameters(path: str) -> str:
    """The path without those parameters."""
    return _joined(path, (part for part, _, secret in _parts(path) if not secret))


def shown_path(path: str) -> str:
    """The path as it may be shown: with "(hidden)" instead of their values."""
    return _joined(path, (f"{part.partition('=')[0]}={HIDDEN}" if secret else part for part, _, secret in _parts(path)))


def _parts(path: str) -> Iterator[tuple[str, str, bool]]:
    """Each parameter as it is written, its name, and whether it carries a credential."""
    query = path.partition("?")[2]
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        yield part, unquote_plus(name), bool(value) and is_secret_parameter(name)


def _joined(path: str, parts: Iterator[str]) -> str:
    query = "&".join(parts)
    return path.partition("?")[0] + (f"?{query}" if query else "")
