"""The settings of pairing: what a pilot means, and where the Leases are kept."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Struct

from cockpit.model.pairing import PilotMode


class PairingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`pilot` is for all contexts; `contexts` (shell patterns, the first that fits) have their own instead.

    `namespace` holds the Leases, "" for the namespace of each rollout.
    """

    pilot: PilotMode = PilotMode.OFF
    contexts: dict[str, PilotMode] = msgspec.field(default_factory=dict)
    namespace: str = ""

    def mode(self, context: str) -> PilotMode:
        """What a pilot means in a context."""
        return next((mode for pattern, mode in self.contexts.items() if fnmatchcase(context, pattern)), self.pilot)


def in_words(value: Any) -> Any:
    """The settings as a map: a word alone is the pilot, and what YAML reads as false is `off`."""
    if not isinstance(value, dict):
        return {"pilot": _word(value)}
    named = {key: _word(item) if key == "pilot" else item for key, item in value.items()}
    if isinstance(contexts := named.get("contexts"), dict):
        named["contexts"] = {pattern: _word(mode) for pattern, mode in contexts.items()}
    return named


def _word(value: Any) -> Any:
    return "off" if value is False else value
