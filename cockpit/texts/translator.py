"""Translates whole texts: by exact entry, by template, or part by part where the code joined parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cockpit.texts.columns import in_columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cockpit.texts.catalogue import Catalogue
    from cockpit.texts.template import Template

# Longer texts are files and logs, not sentences.
LONGEST = 4_000
# Values in values: a finding in a reason in a refusal.
DEEPEST = 6
# Templates that are tried for one text with all its parts; then the rest stays as it is.
MOST_TRIES = 4_000
MOST_KEPT = 4_096
# A template of fewer letters does not take phrases that are not ours as its values.
PHRASE_LETTERS = 16
_PHRASE = re.compile(r"\b[a-z]+ [a-z]+\b")
_LETTERS = re.compile(r"[A-Za-z]{2}")
# Signs before a text and punctuation around it: `✓ fine: `, `(by hand)`.
_AROUND = re.compile(r"(?P<front>(?:[^\w\s`'\"<{/\\%$@.-]+ *)?)(?P<core>.*?)(?P<back>[ :;,.)…▾▴]*)", re.DOTALL)
# A choice of a list: `1 leave it as it is`; what is joined by points is none: `5 rollouts · measuring 4`.
_NUMBERED = re.compile(r"(\d{1,2} )((?!of |.* · )\S+ .*)", re.DOTALL)
_SEPARATORS = {". ": ". ", "; ": "; ", " · ": " · ", ": ": ": ", ", or ": ", 或", ", ": ", ", " (": " ("}


class Translator:
    """One language. What has no entry stays as it is; what came from a cluster is at most a value of a template."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._kept: dict[str, str] = {}

    @property
    def kept(self) -> int:
        """How many translations are remembered."""
        return len(self._kept)

    def translate(self, text: str) -> str:
        """The text in this language, with its columns kept; it never raises."""
        kept = self._kept.get(text)
        if kept is not None:
            return kept
        if len(text) > LONGEST or not _LETTERS.search(text):
            return text
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        work = _Work(self._catalogue)
        whole = self._catalogue.exact(text)
        if whole is None and "  " in text.strip(" "):
            whole = work.whole(text)
        found = whole if whole is not None else in_columns(text, work.text)
        self._kept[text] = found
        return found


class _Work:
    """The translation of one text, bounded in depth and in tries."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._left = MOST_TRIES

    def whole(self, text: str) -> str | None:
        """A text with columns by a template of all of it."""
        wide = [each for each in self._catalogue.templates(text) if any("  " in part for part in each.literals)]
        return self._filled(wide, text, 0)

    def text(self, text: str, depth: int = 0) -> str:
        """A text of ours with its spaces."""
        core = text.strip(" ")
        if not _LETTERS.search(core) or depth > DEEPEST:
            return text
        for way in (self._whole, self._choice, self._inside, self._parts, self._weak):
            found = way(core, depth)
            if found is not None:
                break
        start = len(text) - len(text.lstrip(" "))
        return text[:start] + found + text[start + len(core) :] if found is not None else text

    def _whole(self, text: str, depth: int) -> str | None:
        """By an entry for all of it."""
        exact = self._catalogue.exact(text)
        return exact if exact is not None else self._filled(self._catalogue.templates(text), text, depth)

    def _weak(self, text: str, depth: int) -> str | None:
        """By a template with so few letters that anything longer could be meant."""
        return self._filled(self._catalogue.weak(text), text, depth)

    def _filled(self, templates: Iterable[Template], text: str, depth: int) -> str | None:
        for each in templates:
            self._left -= 1
            if self._left < 0:
                return None
            values = each.values(text)
            if values is not None and not (each.letters < PHRASE_LETTERS and self._foreign(each.read(values), depth)):
                return each.filled(values, lambda value, how: self._value(value, how, depth + 1))
        return None

    def _foreign(self, values: list[str], depth: int) -> bool:
        """Whether a value is a phrase that is not ours, or several texts: then it only looks like it."""
        if any("; " in value for value in values):
            return True
        phrases = (value for value in values if _PHRASE.search(value))
        return any(self.text(value, depth + 1) == value for value in phrases)

    def _value(self, value: str, how: str, depth: int) -> str:
        """A value: words of ours where the entry says so, sentences if they are ours, names as they are."""
        if how == "raw":
            return value
        if how == "word":
            core = value.strip(" ")
            found = self._catalogue.exact(core)
            return value.replace(core, found) if core and found is not None else self.text(value, depth)
        return self.text(value, depth) if " " in value else value

    def _inside(self, text: str, depth: int) -> str | None:
        """What stands between signs and punctuation."""
        around = _AROUND.fullmatch(text)
        if around is None or not around["core"] or around["core"] == text:
            return None
        core = around["core"]
        found = self._sentence(text) if around["back"] == "." else None
        if found is not None:
            return found
        found = self.text(core, depth + 1)
        return around["front"] + found + around["back"] if found != core else None

    def _choice(self, text: str, depth: int) -> str | None:
        """A numbered choice of a list."""
        numbered = _NUMBERED.fullmatch(text)
        choice = self.text(numbered[2], depth + 1) if numbered else ""
        return numbered[1] + choice if numbered and choice != numbered[2] else None

    def _sentence(self, text: str) -> str | None:
        """A text that the code made a sentence of: with a capital letter and a full stop."""
        found = self._catalogue.exact(f"{text[:1].lower()}{text[1:-1]}")
        return f"{found}。" if found is not None else None

    def _parts(self, text: str, depth: int) -> str | None:
        """Part by part where the code joined sentences; a part of one word may be a name."""
        for separator, shown in _SEPARATORS.items():
            if separator not in text:
                continue
            parts = text.split(separator)
            done = [self.text(part, depth + 1) if " " in part.strip(" ") else part for part in parts]
            if done != parts:
                return shown.join(done)
        return None
