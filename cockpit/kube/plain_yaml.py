"""YAML as kubectl writes it: maps and lists in block style, of words. Whatever goes beyond is left to libyaml.

A kubeconfig is nearly always of this kind, and loading PyYAML takes a twelfth of a short command. Nothing is guessed: a
line that is not certain to mean the same to every parser of YAML makes the whole document somebody else's.
"""

from __future__ import annotations

from typing import Any

from cockpit.model.lazy_re import lazy_re

_MOST_BYTES = 1_000_000
_MOST_DEEP = 20
# No word begins like a number, a date, an anchor, a tag, an alias, a directive or a block of text.
_TEXT = r"(?:--?)?[A-Za-z/](?:[A-Za-z0-9_./@%+=:-]*[A-Za-z0-9_./@%+=-])?"
# A token may begin with a digit: with one of these letters in it, it is no number (hexadecimal has 0x) and no date.
_TOKEN = r"(?:[1-9]|0(?![BbOoXx]))[0-9A-Za-z]*[A-DF-SU-Ya-df-su-y][0-9A-Za-z]*"
_PLAIN = f"{_TEXT}|{_TOKEN}"
_QUOTED = r'"[A-Za-z0-9_./@%+=:, -]*"' + "|" + r"'[A-Za-z0-9_./@%+=:, -]*'"
_LINE = lazy_re(
    rf"(?P<indent> *)(?P<dash>- )?(?:(?P<key>[A-Za-z][A-Za-z0-9_./-]*):(?: (?P<value>{_PLAIN}|{_QUOTED}|\{{\}}|\[\]))?"
    rf"|(?P<word>{_PLAIN}|{_QUOTED}))"
)
_LEFT_OUT = lazy_re(r" *(?:#[ -~]*)?")
_NAMED: dict[str, Any] = {"true": True, "false": False, "null": None}
# What YAML 1.1 takes for something else than text, and other versions of it do not.
_DOUBTFUL = frozenset({*_NAMED, "y", "n", "yes", "no", "on", "off"})


class NotPlainError(Exception):
    """The document is more than this file reads, or no YAML at all."""


def plain(content: bytes) -> Any:
    """The document; raises NotPlainError."""
    if len(content) > _MOST_BYTES or not content.isascii():
        raise NotPlainError
    rows = _Rows(content.decode("ascii").split("\n"))
    if not rows.left():
        return None
    found = rows.node(rows.indent(), 0)
    if rows.left():
        raise NotPlainError
    return found


class _Rows:
    """The lines as rows of an indent with a key and its value, a word, or the dash that begins an item of a list."""

    def __init__(self, lines: list[str]) -> None:
        self._at = 0
        self._rows: list[tuple[int, str | None, str | None]] = []
        for line in lines:
            if match := _LINE.fullmatch(line):
                indent, key = len(match["indent"]), match["key"]
                if match["dash"]:
                    self._rows.append((indent, None, None))
                    indent += 2
                self._rows.append((indent, key, match["word"] if key is None else match["value"]))
            elif not _LEFT_OUT.fullmatch(line):
                raise NotPlainError

    def left(self) -> bool:
        return self._at < len(self._rows)

    def indent(self) -> int:
        """That of the next row, -1 at the end."""
        return self._rows[self._at][0] if self.left() else -1

    def _dash(self) -> bool:
        return self.left() and self._rows[self._at][1:] == (None, None)

    def node(self, indent: int, deep: int) -> Any:
        """The map, list or word that begins in the next row, at this indent."""
        if indent < 0 or deep > _MOST_DEEP:
            raise NotPlainError
        if self._dash():
            return self._list(indent, deep)
        _, key, value = self._rows[self._at]
        if key is None:
            self._at += 1
            return _scalar(value or "")
        return self._map(indent, deep)

    def _list(self, indent: int, deep: int) -> list[Any]:
        found = []
        while self.indent() == indent and self._dash():
            self._at += 1
            found.append(self.node(indent + 2, deep + 1))
        return found

    def _map(self, indent: int, deep: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.indent() == indent and (key := self._rows[self._at][1]) is not None:
            if key.lower() in _DOUBTFUL:
                raise NotPlainError
            value = self._rows[self._at][2]
            self._at += 1
            below = self.indent()
            if value is not None:
                found[key] = _scalar(value)
            elif below > indent or (below == indent and self._dash()):
                found[key] = self.node(below, deep + 1)
            else:
                found[key] = None
        return found


def _scalar(text: str) -> Any:
    if text in ("{}", "[]"):
        return {} if text == "{}" else []
    if text[0] in "'\"":
        return text[1:-1]
    if text in _NAMED:
        return _NAMED[text]
    if text.lower() in _DOUBTFUL:
        raise NotPlainError
    return text
