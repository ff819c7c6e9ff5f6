"""Makes text from a cluster, a response or a file safe to show."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from cockpit.model.credentials import without_credentials
from cockpit.model.lazy_re import lazy_re

# ECMA-48 control sequences (CSI) and strings (OSC, DCS, APC, PM, SOS), with ESC or as C1 bytes.
_SEQUENCE = lazy_re(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_SPACES = frozenset("\t\n\r\v\f\x85\u2028\u2029")


# Vietnamese and Hebrew need two, Tibetan and Thai three on a character.
MOST_MARKS = 4
_MARKS = frozenset({"Mn", "Me"})


# Terminals and the screen library count these differently, which moves what follows out of its column: a flag's two
# letters become letters, and what gives an emoji another form or colour goes.
_UNSURE_WIDTHS: dict[int, str | None] = {
    0xFE0F: None,
    **dict.fromkeys(range(0x1F3FB, 0x1F400)),
    **{0x1F1E6 + number: chr(ord("A") + number) for number in range(26)},
}


def safe_text(text: object, limit: int = 300) -> str:
    """One line without terminal escapes, control or invisible characters and bidi overrides, as wide as it is counted.

    Credentials in it, such as those of a URL, are hidden (`model.credentials`). White space of every kind becomes a
    space, a lone surrogate becomes U+FFFD; text longer than `limit` characters ends in an ellipsis. Markup is not
    changed: screens must not parse it.
    """
    raw = text if isinstance(text, str) else str(text)
    return _short_safe_text(raw, limit) if len(raw) <= _SHORT else _safe_text(raw, limit)


def _safe_text(raw: str, limit: int) -> str:
    # Escape sequences can be longer than the visible text, so read a little beyond the limit.
    clean = without_credentials(_clean(raw[: limit * 4 + 1000])).strip()
    return clean if len(clean) <= limit else clean[: max(limit - 1, 0)] + "…"


# The same few texts are shown again and again: nodes, images, why an act does not apply.
_SHORT, _MOST_REMEMBERED = 200, 1000
_short_safe_text = lru_cache(_MOST_REMEMBERED)(_safe_text)


def safe_lines(text: str, lines: int = 500, width: int = 2000) -> tuple[str, ...]:
    """The last `lines` lines, each safe and at most `width` characters; indentation is kept."""
    last = text.replace("\r\n", "\n").split("\n")
    if last and not last[-1]:
        last.pop()
    shown = (without_credentials(_clean(line[: width * 4])) for line in last[-lines:] if lines > 0)
    return tuple(_bounded(line.rstrip(), width) for line in shown)


def _bounded(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    if not text.isprintable():
        text = "".join(map(_visible, _SEQUENCE.sub("", text)))
    return text if text.isascii() else _with_few_marks(text)


def _with_few_marks(text: str) -> str:
    """At most MOST_MARKS marks on each character: more of them paint over the lines above and below. No character whose
    width is not sure."""
    kept: list[str] = []
    marks = 0
    for character in text.translate(_UNSURE_WIDTHS):
        marks = marks + 1 if unicodedata.category(character) in _MARKS else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _visible(character: str) -> str:
    if character in _SPACES:
        return " "
    if character.isprintable():
        return character
    match unicodedata.category(character):
        case "Zs":
            return " "
        case "Cs" | "Co" | "Cn":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return ""
