"""Pieces of PromQL: quoted label values, and several expressions in one query.

Source: Prometheus documentation, "Querying basics" (string literals, as in Go) and "Functions" (`label_replace`,
`increase`, `timestamp`); regular expressions are RE2's, anchored at both ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.model.lazy_re import lazy_re

# The label that tells the parts of a query apart in its answer.
PART = "cockpit_part"
_SPECIAL = lazy_re(r"([\\.+*?()|\[\]{}^$])")


def quoted(text: str) -> str:
    """A string literal in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def one_of(names: Iterable[str]) -> str:
    """A regular expression that matches exactly these texts."""
    return "|".join(_SPECIAL.sub(r"\\\1", name) for name in names)


def matching(label: str, names: Iterable[str]) -> str:
    """A matcher for a label with one of these values."""
    return f"{label}=~{quoted(one_of(names))}"


def parts(expressions: Mapping[str, str]) -> str:
    """One query for several expressions: each series of its answer has the name of its expression in the label `PART`.

    Names are words of this room, without quotes.
    """
    named = [f'label_replace({expression}, "{PART}", "{name}", "", "")' for name, expression in expressions.items()]
    return " or ".join(named)
