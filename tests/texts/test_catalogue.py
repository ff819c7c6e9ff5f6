"""Every text of the code has a translation, and every translation is of a text of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.texts.languages import CHINESE, folder_of
from cockpit.texts.po import entries
from cockpit.texts.template import Place, parsed
from tests.texts.extraction import Text, texts

FOLDER = folder_of(CHINESE)
FILES = sorted(FOLDER.glob("*.po"))
# What the code joins of words and values: it stands nowhere as one text.
COMPOSED = FOLDER / "composed.po"


@pytest.fixture(scope="module")
def known() -> dict[str, Text]:
    return {text.english: text for text in texts()}


def _numbers(text: str) -> set[int]:
    return {part.number for part in parsed(text) if isinstance(part, Place)}


def _is_grammar(expression: str) -> bool:
    """Whether a value is an ending that Chinese does not have: "is" or "are", "pod" or "pods"."""
    return expression in ("are", "routing", "count") or any(
        sign in expression for sign in ("plural(", "_verb(", " if ")
    )


def test_every_text_has_a_translation(known: dict[str, Text]) -> None:
    have = {english for file in FILES for english, translation in entries(file.read_text()) if translation}
    missing = [f"{t.file}:{t.line}: {t.english}" for t in known.values() if t.sentence and t.english not in have]
    assert not missing, "add these to cockpit/texts/zh_CN (docs/languages.md says how):\n" + "\n".join(missing)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_entry_is_of_a_text_that_is_gone(file: Path, known: dict[str, Text]) -> None:
    dead = [english for english, _ in entries(file.read_text()) if file != COMPOSED and english not in known]
    assert not dead


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_entry_keeps_the_places_of_its_text(file: Path, known: dict[str, Text]) -> None:
    for english, translation in entries(file.read_text()):
        there, here = _numbers(english), _numbers(translation)
        assert here <= there, english
        text = known.get(english)
        lost = [text.places[number] for number in there - here] if text else []
        assert all(map(_is_grammar, lost)), f"{english}: {lost}"


def test_no_text_has_two_translations() -> None:
    seen: dict[str, str] = {}
    for file in FILES:
        for english, translation in entries(file.read_text()):
            assert seen.setdefault(english, translation) == translation, english
