"""Replaces references to variables in a container's command, arguments and environment, as a kubelet does.

API reference, Container v1 core: "$(VAR_NAME)" is the value of that variable; one that is not known stays as it is;
"$$" is a single "$", so that "$$(VAR_NAME)" is the text "$(VAR_NAME)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_DOLLAR = re.compile(r"\$(?:(?P<escaped>\$)|\((?P<name>[^)]*)\))")


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with its references replaced; what a value contains is not replaced again."""

    def instead(found: re.Match[str]) -> str:
        return "$" if found["escaped"] else variables.get(found["name"], found[0])

    return _DOLLAR.sub(instead, text)


def expanded_variables(written: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The variables with their values; each may refer to those before it."""
    found: dict[str, str] = {}
    for name, value in written:
        found[name] = expanded(value, found)
    return found
