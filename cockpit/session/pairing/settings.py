"""The settings of pairing: what a pilot means, which plans need a second person, and where the Leases are kept."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from cockpit.model.pairing import PilotMode
from cockpit.model.second import Second

OFF, ALL = "off", "all"


class PairingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`pilot` is for all contexts; `contexts` (shell patterns, the first that fits) have their own instead.

    `second` are the plans that need a second person: `off`, `all`, or some of `promote`, `delete`, `raise`, `disarm`
    with commas between them; `second_contexts` are like `contexts`. A proposal lasts `second_minutes`. `namespace`
    holds the Leases, "" for the namespace of each rollout.
    """

    pilot: PilotMode = PilotMode.OFF
    contexts: dict[str, PilotMode] = msgspec.field(default_factory=dict)
    second: str = OFF
    second_contexts: dict[str, str] = msgspec.field(default_factory=dict)
    second_minutes: Annotated[int, Meta(ge=1, le=1440)] = 15
    namespace: str = ""

    def mode(self, context: str) -> PilotMode:
        """What a pilot means in a context."""
        return next((mode for pattern, mode in self.contexts.items() if fnmatchcase(context, pattern)), self.pilot)

    def needs(self, context: str) -> frozenset[Second]:
        """Which plans need a second person in a context."""
        fitting = (text for pattern, text in self.second_contexts.items() if fnmatchcase(context, pattern))
        return seconds(next(fitting, self.second))

    def problem(self) -> tuple[str, str]:
        """The key whose value makes no sense, and why; ("", "") if all do."""
        named = {f"second_contexts.{pattern}": text for pattern, text in self.second_contexts.items()}
        for place, text in {"second": self.second, **named}.items():
            try:
                seconds(text)
            except ValueError as error:
                return place, str(error)
        return "", ""


def seconds(text: str) -> frozenset[Second]:
    """The plans that a setting names; raises ValueError."""
    names = [name.strip() for name in text.split(",")]
    if names == [OFF]:
        return frozenset()
    if names == [ALL]:
        return frozenset(Second)
    if unknown := [name for name in names if name not in list(Second)]:
        raise ValueError(f"{unknown[0][:40]!r} is none of {', '.join([OFF, ALL, *Second])}")
    return frozenset(map(Second, names))


def in_words(value: Any) -> Any:
    """The settings as a map: a word alone is the pilot, what YAML reads as false is `off`, and a list has commas."""
    if not isinstance(value, dict):
        return {"pilot": _word(value)}
    named = dict(value)
    for key, word in (("pilot", _word), ("second", _words)):
        if key in named:
            named[key] = word(named[key])
    for key, word in (("contexts", _word), ("second_contexts", _words)):
        if isinstance(named.get(key), dict):
            named[key] = {pattern: word(each) for pattern, each in named[key].items()}
    return named


def _word(value: Any) -> Any:
    return OFF if value is False else value


def _words(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return _word(value)
