"""Addresses that a terminal opens by a click (OSC 8): which ones, and which terminals take them. Pure.

As in the specification that terminals share, what stands in the sequence is printable ASCII, and longer addresses than
2083 characters are not taken by all of them. The text over a link is always its own address: nothing can pretend.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

LONGEST = 2_083
_SCHEMES = ("https", "http")
# Terminals that show the sequence as text, or do not know it, by the beginning of TERM.
_WITHOUT = ("dumb", "linux", "vt1", "vt2", "cons", "ansi", "eterm", "sun", "screen")
# VTE, the terminal of GNOME and Xfce, takes links without faults from this version on.
_VTE = 5_000
ALWAYS, NEVER = "always", "never"
_KEPT = "".join(chr(code) for code in range(0x21, 0x7F))


def link_target(url: str) -> str:
    """The address as it may stand in the sequence; "" for one that must not be a link."""
    if not url.isprintable() or " " in url:
        return ""
    target = quote(url, safe=_KEPT)
    try:
        parts = urlsplit(target)
        fits = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return target if fits and len(target) <= LONGEST else ""


def linked(text: str, target: str) -> str:
    """The text as a link, for a terminal that takes them; `target` is from `link_target`, "" for none."""
    return f"\x1b]8;;{target}\x1b\\{text}\x1b]8;;\x1b\\" if target else text


def takes_hyperlinks(wish: str, environ: Mapping[str, str]) -> bool:
    """Whether this terminal takes links: "always" and "never" decide, "auto" goes by its variables.

    tmux takes them or leaves them out; GNU screen and consoles may show them as text. A page in a browser has its own.
    """
    if wish in (ALWAYS, NEVER):
        return wish == ALWAYS
    term = environ.get("TERM", "").lower()
    if not term or environ.get("TEXTUAL_DRIVER"):
        return False
    if environ.get("TMUX"):
        return True
    version = environ.get("VTE_VERSION", "")
    if version.isdecimal() and int(version[:9]) < _VTE:
        return False
    return not term.startswith(_WITHOUT) and not environ.get("STY")
