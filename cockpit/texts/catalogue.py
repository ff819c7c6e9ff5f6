"""All entries of a language, found by exact text or by template. Pure once it is read."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cockpit.texts.po import entries
from cockpit.texts.template import Template, plain, template

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_WORD = re.compile(r"[A-Za-z]+")
# What the code puts between two texts stands at the start of the second: `, {0} left`.
_JOINTS = " ,;:."
_JOINTS_THERE = " ,;:.，；：。、"


class Catalogue:
    """Translations by English text. Of two entries of one text the first counts; empty ones do not."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._exact: dict[str, str] = {}
        self._parts: dict[str, str] = {}  # texts without the joint that they begin with
        templates: dict[str, Template] = {}
        bare_ones: dict[str, Template] = {}
        for english, translation in pairs:
            if not translation:
                continue
            text = plain(english)
            if text is not None:
                self._exact.setdefault(text, plain(translation) or translation)
                self._parts.setdefault(text.lstrip(_JOINTS), (plain(translation) or "").lstrip(_JOINTS_THERE))
                continue
            templates.setdefault(english, template(english, translation))
            bare = english.lstrip(_JOINTS)
            if bare != english:
                bare_ones.setdefault(bare, template(bare, translation.lstrip(_JOINTS_THERE)))
        self._strong = _indexed(each for each in templates.values() if not each.weak)
        self._weak = _indexed([*(each for each in templates.values() if each.weak), *bare_ones.values()])

    def exact(self, text: str) -> str | None:
        """The translation of exactly this text."""
        return self._exact.get(text, self._parts.get(text))

    def templates(self, text: str) -> list[Template]:
        """The templates that the text may be of, the most telling first."""
        return _found(self._strong, text)

    def weak(self, text: str) -> list[Template]:
        """The templates that may say too little: of few letters, or a part without its joint."""
        return _found(self._weak, text)


def _found(index: dict[str, list[Template]], text: str) -> list[Template]:
    found: list[Template] = [*index.get("", ())]
    for word in dict.fromkeys(_WORD.findall(text)):
        found += index.get(word, ())
    found.sort(key=lambda each: (-each.letters, -sum(map(len, each.literals))))
    return found


def _indexed(templates: Iterable[Template]) -> dict[str, list[Template]]:
    """Templates by their rarest word; those without a whole word by ""."""
    words = [(each, each.words()) for each in templates]
    count = Counter(word for _, of_one in words for word in of_one)
    index: dict[str, list[Template]] = {}
    for each, of_one in words:
        index.setdefault(min(of_one, key=lambda word: (count[word], -len(word)), default=""), []).append(each)
    return index


def read_catalogue(folder: Path) -> Catalogue:
    """The catalogue of a folder of PO files, in the order of their names."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.po"))]
    return Catalogue(pair for text in texts for pair in entries(text))
