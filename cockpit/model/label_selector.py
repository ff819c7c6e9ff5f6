"""Label selectors as kubectl's `-l` takes them: `a=b,c!=d,e in (f, g),h notin (i),j,!k`; pure.

The grammar is that of Kubernetes (apimachinery, `labels.Parse`): requirements are separated by commas and all of them
have to hold; `!=` and `notin` also hold where the label is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.model.lazy_re import lazy_re
from cockpit.model.values import dataclass

MOST_CHARACTERS = 4_000
_KEY = r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?"
_REQUIREMENT = lazy_re(
    rf"\s*(?:!\s*(?P<absent>{_KEY})"
    rf"|(?P<set>{_KEY})\s+(?P<how>in|notin)\s*\((?P<values>[^()]*)\)"
    rf"|(?P<one>{_KEY})\s*(?P<sign>==|=|!=)\s*(?P<value>{_VALUE})"
    rf"|(?P<present>{_KEY}))\s*(?:,|\Z)",
    re.ASCII,
)
_ONE_VALUE = lazy_re(_VALUE, re.ASCII)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One label: `values` None asks whether it is there; `negated` turns the answer round."""

    key: str
    values: frozenset[str] | None = None
    negated: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels fulfils it."""
        there = self.key in labels if self.values is None else labels.get(self.key) in self.values
        return there is not self.negated


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All of these have to hold; `text` is how it was typed."""

    text: str
    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return self.text


def label_selector(text: str) -> LabelSelector:
    """The selector of a text; raises ValueError that says where it cannot be read."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"is longer than {MOST_CHARACTERS} characters")
    if not text.strip():
        raise ValueError("is empty")
    found, place = [], 0
    while place < len(text):
        match = _REQUIREMENT.match(text, place)
        if match is None:
            raise ValueError(f"cannot be read from {text[place:][:60]!r} on; write a=b, a!=b, a in (b,c), a or !a")
        found.append(_requirement(match))
        place = match.end()
    if text.rstrip().endswith(","):
        raise ValueError("ends with a comma")
    return LabelSelector(text.strip(), tuple(found))


def _requirement(match: re.Match[str]) -> Requirement:
    part = match.groupdict()
    if key := part["absent"] or part["present"]:
        return Requirement(key, negated=bool(part["absent"]))
    if key := part["set"]:
        values = [value.strip() for value in part["values"].split(",")]
        for value in values:
            if not _ONE_VALUE.fullmatch(value):
                raise ValueError(f"{value[:60]!r} cannot be the value of a label")
        return Requirement(key, frozenset(values), part["how"] == "notin")
    return Requirement(part["one"], frozenset([part["value"]]), part["sign"] == "!=")
