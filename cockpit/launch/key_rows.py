"""The keys of the screen for the command line, which does not know the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.cli.program import KeyRow
from cockpit.tui.keys import key_name, remapped


def key_rows(wishes: Mapping[str, str]) -> tuple[Sequence[KeyRow], Sequence[str]]:
    """Every key with the user's own, and the problems of those."""
    keymap = remapped(wishes)
    rows = [
        KeyRow(key.id, " ".join(map(key_name, key.keys.split(","))), str(key.where), key.word, key.help)
        for key in keymap.keys
    ]
    return rows, keymap.problems
