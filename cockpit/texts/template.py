"""Texts with places for values: `{0} fails {1} of its requests`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# `{0}` a value, `{0:word}` a word of ours, `{0:raw}` never looked into; `{{` and `}}` are braces.
_PLACE = re.compile(r"\{\{|\}\}|\{(\d+)(?::(word|raw))?\}")
_WORD = re.compile(r"[A-Za-z]+")
# With fewer letters, anything would match: values must be single words there.
FEW_LETTERS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes: its number, and how it is translated in turn: "", "word" or "raw"."""

    number: int
    how: str = ""


def parsed(text: str) -> tuple[str | Place, ...]:
    """Literal texts and places in turn; braces are unescaped."""
    parts: list[str | Place] = [""]
    position = 0
    for found in _PLACE.finditer(text):
        literal = text[position : found.start()]
        position = found.end()
        if found[1] is None:
            parts[-1] = f"{parts[-1]}{literal}{found[0][0]}"
        else:
            parts[-1] = f"{parts[-1]}{literal}"
            parts += [Place(int(found[1]), found[2] or ""), ""]
    parts[-1] = f"{parts[-1]}{text[position:]}"
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Template:
    """An English text with places, in the order of the code, and its translation."""

    literals: tuple[str, ...]
    translation: tuple[str | Place, ...]

    @property
    def letters(self) -> int:
        """How many letters are certain: the more, the more telling is a match."""
        return sum(character.isalpha() for literal in self.literals for character in literal)

    @property
    def weak(self) -> bool:
        """Whether so little is certain that its values must be single words."""
        return self.letters < FEW_LETTERS

    def words(self) -> list[str]:
        """The whole words that every text of this template has."""
        found = []
        last = len(self.literals) - 1
        for number, literal in enumerate(self.literals):
            for word in _WORD.finditer(literal):
                cut = (word.start() == 0 and number > 0) or (word.end() == len(literal) and number < last)
                if not cut:
                    found.append(word[0])
        return found

    def values(self, text: str) -> list[str] | None:
        """The values of a text, or None if it is not of this template; linear in the text."""
        first, *others = self.literals
        last = others.pop()
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        position, end = len(first), len(text) - len(last)
        found = []
        for literal in others:
            at = text.find(literal, position, end)
            if at < 0:
                return None
            found.append(text[position:at])
            position = at + len(literal)
        found.append(text[position:end])
        return None if self.weak and not _telling(found) else found

    def read(self, values: Sequence[str]) -> list[str]:
        """The values that may be translated: not those of raw places."""
        raw = {part.number for part in self.translation if isinstance(part, Place) and part.how == "raw"}
        return [value for number, value in enumerate(values) if number not in raw]

    def filled(self, values: Sequence[str], translate: Callable[[str, str], str]) -> str:
        """The translation with each value, itself translated as its place says."""
        return "".join(
            part if isinstance(part, str) else translate(values[part.number], part.how) for part in self.translation
        )


def _telling(values: Sequence[str]) -> bool:
    """Whether these may be the values of a template of few letters: single words, and not all of letters alone."""
    return (
        len(values) < 4 and not any(" " in value for value in values) and not all(value.isalpha() for value in values)
    )


def template(english: str, translation: str) -> Template:
    """The template of an entry; its places must be numbered 0, 1, 2 in the English text."""
    parts = parsed(english)
    return Template(tuple(part for part in parts if isinstance(part, str)), parsed(translation))


def plain(text: str) -> str | None:
    """The text of an entry without places, braces unescaped; None if it has places."""
    parts = parsed(text)
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else None
