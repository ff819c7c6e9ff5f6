"""Text from a cluster or an HTTP answer, made safe to print on one line of a terminal."""

from __future__ import annotations

import unicodedata

# Characters that start escapes, move the cursor, reorder or hide text, or cannot be encoded at all.
_UNSAFE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def safe_text(text: str, limit: int = 1000) -> str:
    """`text` on one line of at most `limit` characters; every unsafe character becomes U+FFFD, line ends a space."""
    cut = text[:limit] if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(map(_safe_character, cut))


def _safe_character(character: str) -> str:
    if character in "\n\t":
        return " "
    return "\ufffd" if unicodedata.category(character) in _UNSAFE else character
