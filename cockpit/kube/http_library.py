"""aiohttp, loaded without the certificates of this machine.

aiohttp 3.13 makes two TLS contexts with all of them as it is imported (connector.py, `_make_ssl_context`), which takes
50 ms. No cluster behind HTTPS uses either, because `tls` makes a context for each.
"""

from __future__ import annotations

import ssl
import sys
import threading

_without: list[ssl.SSLContext] = []
# One thread imports it, and others wait until all of it is there.
_loading = threading.Lock()


def load() -> None:
    """Import the library, if it is not there yet. Contexts that other threads make meanwhile are as ever."""
    with _loading:
        if "aiohttp" not in sys.modules:
            _import()


def _import() -> None:
    usual, mine = ssl.SSLContext.set_default_verify_paths, threading.get_ident()

    def later(context: ssl.SSLContext) -> None:
        if threading.get_ident() == mine:
            _without.append(context)
        else:
            usual(context)

    ssl.SSLContext.set_default_verify_paths = later  # type: ignore[method-assign,assignment]
    try:
        import aiohttp  # noqa: F401
    finally:
        ssl.SSLContext.set_default_verify_paths = usual  # type: ignore[method-assign]


def trust_this_machine() -> None:
    """Give the library the certificates after all: it is about to connect somewhere with a context of its own."""
    with _loading:
        while _without:
            _without.pop().set_default_verify_paths()
