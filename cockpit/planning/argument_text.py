"""Arguments of acts as people type them, the same on the command line and in a dialog: the value, or the error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from cockpit.model.text import safe_text
from cockpit.planning.act_arguments import Argument, ArgumentKind
from cockpit.planning.header_rule import why_not_sendable
from cockpit.planning.scale import MOST_PODS
from cockpit.planning.shares import why_not_sum
from cockpit.workloads.findings import listed


class UnknownVersionError(ValueError):
    """`name` is not one of the rollout's versions."""

    def __init__(self, name: str, versions: Sequence[str]) -> None:
        super().__init__(f"no version {safe_text(name, 80)!r}; the versions are {_known(versions)}")
        self.name = name


def parsed(argument: Argument, words: Sequence[str], versions: Sequence[str]) -> Any:
    """The value for the field `argument.kind` of an `Ask`. Raises ValueError that says what is wrong with the words.

    `versions` are the names of the rollout's versions; shares become fractions of 1.
    """
    text = " ".join(words)
    match argument.kind:
        case ArgumentKind.VERSION:
            return _version(text, versions, revision=argument.revision)
        case ArgumentKind.SHARES:
            return _shares(words, versions, argument.form)
        case ArgumentKind.COUNTS:
            return _counts(words, versions, argument.form)
        case ArgumentKind.HEADER:
            return _header(text, argument)
        case ArgumentKind.STEP:
            return _step(text)
        case ArgumentKind.IMAGE:
            return _image(text, argument)
        case ArgumentKind.STEPS:
            return _steps(words)
        case ArgumentKind.WAY:
            return text


def _version(text: str, versions: Sequence[str], *, revision: bool = False) -> str:
    if text in versions or (revision and text.isascii() and text.isdigit()):
        return text
    raise UnknownVersionError(text, versions)


def _known(versions: Sequence[str]) -> str:
    return ", ".join(versions[:10]) or "none"


def _shares(words: Sequence[str], versions: Sequence[str], form: str) -> tuple[tuple[str, float], ...]:
    """The named shares as fractions of 1; the planner decides what the other versions get."""
    given = {name: _percent(value, name) for name, value in _by_version(words, versions, form)}
    shares = {name: value / 100 for name, value in given.items()}
    if why := why_not_sum(shares, versions):
        raise ValueError(why)
    return tuple(shares.items())


def _counts(words: Sequence[str], versions: Sequence[str], form: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, _count(value, name)) for name, value in _by_version(words, versions, form))


def _count(value: str, name: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 9 or int(value) > MOST_PODS:
        raise ValueError(
            f"{safe_text(value, 40)!r} for {name} is not a number of pods: use a whole number from 0 to {MOST_PODS}"
        )
    return int(value)


def _by_version(words: Sequence[str], versions: Sequence[str], form: str) -> list[tuple[str, str]]:
    named = []
    for word in words:
        # A version's name can contain an equals sign, a number cannot.
        name, equals, value = word.rpartition("=")
        if not equals or not name or not value:
            raise ValueError(f"{safe_text(word, 100)!r} does not match {form}; the versions are {_known(versions)}")
        named.append((_version(name, versions), value))
    twice = sorted({name for name, _ in named if sum(other == name for other, _ in named) > 1})
    if twice:
        raise ValueError(f"given twice: {listed(twice)}; give each version once")
    return named


def _header(text: str, argument: Argument) -> tuple[str, str]:
    # As a rule is written, KEY=VALUE, or as HTTP and curl write a header, KEY: VALUE.
    sign = min("=:", key=lambda each: text.find(each) if each in text else len(text))
    name, found, value = (part.strip() for part in text.partition(sign))
    if not found or not name or not value:
        raise ValueError(f"{safe_text(text, 100)!r} does not match {argument.form}, for example {argument.example}")
    if why := why_not_sendable(name, value):
        raise ValueError(why)
    return name, value


def _step(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 6 or int(text) < 1:
        raise ValueError(f"{safe_text(text, 40)!r} is not a step: steps are counted from 1")
    return int(text)


def _image(text: str, argument: Argument) -> tuple[str, str]:
    """The container ("" if none is named) and the image."""
    container, equals, image = text.rpartition("=")
    if not image or any(letter.isspace() for letter in text) or (equals and not container):
        raise ValueError(
            f"{safe_text(text, 100)!r} does not match {argument.form}: name CONTAINER if the pods have several"
        )
    return container, image


def _steps(words: Sequence[str]) -> tuple[float, ...]:
    shares = tuple(_percent(word, "a step") / 100 for word in words)
    if any(later <= earlier for earlier, later in pairwise((0.0, *shares))):
        raise ValueError(
            f"{safe_text(' '.join(words), 100)}: each step must be higher than the one before, and above 0"
        )
    return shares


def _percent(text: str, what: str) -> float:
    """A share from 0 to 100, with or without the percent sign."""
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise ValueError(f"{safe_text(text, 40)!r} for {what} is not a share: use 0 to 100 percent")
    return value
