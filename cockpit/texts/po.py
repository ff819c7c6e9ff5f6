"""Reads the catalogue files: the part of gettext's PO format that translators' tools write for plain entries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class PoError(ValueError):
    """A line that is not understood, with its number."""


def entries(text: str) -> Iterator[tuple[str, str]]:
    """Each English text with its translation, "" for one that has none yet; raises PoError.

    Format: https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html, without contexts and plural forms.
    """
    found = {"msgid": "", "msgstr": ""}
    at = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "msgid":
            if found["msgid"]:
                yield found["msgid"], found["msgstr"]
            found = {"msgid": "", "msgstr": ""}
        if word in found:
            at, line = word, rest.strip()
        if not at or not line.startswith('"'):
            raise PoError(f"line {number}: not an entry: {line[:60]}")
        try:
            found[at] += str(json.loads(line))
        except ValueError:
            raise PoError(f"line {number}: not a quoted text: {line[:60]}") from None
    if found["msgid"]:
        yield found["msgid"], found["msgstr"]


def quoted(text: str) -> str:
    """The text as it stands in a file."""
    return json.dumps(text, ensure_ascii=False)
