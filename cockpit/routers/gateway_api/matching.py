"""Which rule of a route a request meets: the most specific match wins, wherever it stands.

Source: Gateway API, apis/v1/httproute_types.go: an exact path, the longest prefix, a method, most headers, most query
parameters, then the first rule. Where a pattern stands between them is the implementation's; here behind exact paths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cockpit.routers.gateway_api.routes import Field, Match, Rule

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?")


def wins(rules: Sequence[Rule], path: str, headers: Mapping[str, str]) -> int | None:
    """The index of the rule that a GET request without query meets; None without one."""
    sent = {name.lower(): value for name, value in headers.items()}
    found = [(rank(m), rule.index) for rule in rules for m in rule.matches if meets(m, path, sent)]
    return min(found)[1] if found else None


def rank(match: Match) -> tuple[int, int, bool, int, int]:
    """Sorts the more specific match first."""
    kind = {"Exact": 0, "RegularExpression": 1}.get(match.path_type, 2)
    return (kind, -len(match.path), not match.method, -len(match.headers), -len(match.query))


def meets(match: Match, path: str, headers: Mapping[str, str]) -> bool:
    """Whether a GET request without query meets a match; `headers` by lower-case name."""
    if match.query or match.method not in ("", "GET"):
        return False
    if match.path_type == "PathPrefix":
        prefix = match.path.rstrip("/")
        if path != prefix and not path.startswith(prefix + "/"):
            return False
    elif match.path != path:
        return False
    return all(headers.get(f.name.lower()) == literal(f) for f in match.headers)


def example(match: Match) -> tuple[tuple[str, str], ...] | None:
    """Headers by which a request meets a match; None where it needs more, or a pattern gives no example."""
    if match.query or match.method not in ("", "GET"):
        return None
    found = []
    for field in match.headers:
        value = literal(field)
        if value is None or not _TOKEN.fullmatch(field.name) or not _SENDABLE.fullmatch(value):
            return None
        found.append((field.name, value))
    return tuple(found)


def literal(field: Field) -> str | None:
    """A value that meets a condition; None for a pattern with more than plain letters."""
    if field.kind == "Exact":
        return field.value
    text = field.value.removeprefix("^").removesuffix("$")
    return text if re.fullmatch(r"[A-Za-z0-9 _-]+", text) else None
