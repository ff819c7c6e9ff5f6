"""Who may see the page: links that open it once, and the cookie that each of them gives. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable

# Names under which a browser on this machine, or at the other end of an SSH tunnel, reaches a server on loopback.
_OWN_NAMES = frozenset({"localhost", "127.0.0.1"})


class Admission:
    """Links that open the page once, and the cookies that they were exchanged for.

    `secret` makes secrets that nobody can guess.
    """

    def __init__(self, links: int, secret: Callable[[], str]) -> None:
        self._secret = secret
        self._links = {secret() for _ in range(links)}
        self._cookies: set[str] = set()

    @property
    def links(self) -> tuple[str, ...]:
        """The tokens that were not used yet."""
        return tuple(sorted(self._links))

    def exchanged(self, token: str) -> str | None:
        """The cookie for a token, which is spent with it; None for a wrong or a spent one."""
        if (known := _among(self._links, token)) is None:
            return None
        self._links.discard(known)
        cookie = self._secret()
        self._cookies.add(cookie)
        return cookie

    def admits(self, cookie: str) -> bool:
        """Whether a cookie came from one of the links."""
        return _among(self._cookies, cookie) is not None


def _among(known: Iterable[str], given: str) -> str | None:
    """The secret that was given; each is compared in the same time, wherever it differs."""
    found = [secret for secret in known if hmac.compare_digest(secret.encode(), given.encode(errors="replace"))]
    return found[0] if found else None


def is_own_name(host: str) -> bool:
    """Whether a Host header names loopback: another site whose name leads here must not reach the page."""
    name, _, port = host.partition(":")
    return name in _OWN_NAMES and (not port or (port.isascii() and port.isdigit()))


def is_own_page(origin: str | None, host: str) -> bool:
    """Whether a request comes from a page of this server; browsers name the page's origin on every WebSocket."""
    return origin == f"http://{host}"
