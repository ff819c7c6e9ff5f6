"""Which rule of a route a request matches: the most specific match wins, wherever it is.

Source: Gateway API, apis/v1/httproute_types.go: an exact path, the longest prefix, a method, most headers, most query
parameters, then the first rule. The rank of a pattern depends on the implementation; here it is after exact paths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from cockpit.planning.header_rule import is_name, is_value
from cockpit.routers.gateway_api.routes import MatchField, RouteMatch, RouteRule
from cockpit.workloads.patterns import takes
from cockpit.workloads.probe_targets import example_path

# Of all rules of a route together: the Gateway API allows fewer than 128 matches (its validation rule of `rules`).
MOST_MATCHES = 128
# Different patterns of paths; each can take the whole time limit of one comparison.
MOST_PATTERNS = 16


def comparable(rules: Sequence[RouteRule]) -> bool:
    """Whether the route is small enough to compare each of its matches with all others."""
    matches = list(islice((match for rule in rules for match in rule.matches), MOST_MATCHES + 1))
    patterns = {match.path for match in matches if match.path_type == "RegularExpression"}
    return len(matches) <= MOST_MATCHES and len(patterns) <= MOST_PATTERNS


def wins(rules: Sequence[RouteRule], path: str, headers: Mapping[str, str]) -> int | None:
    """The index of the rule that a GET request without query matches; None if there is none, or it is not known."""
    if not comparable(rules):
        return None
    sent = {name.lower(): value for name, value in headers.items()}
    found = [(rank(m), rule.index) for rule in rules for m in rule.matches if meets(m, path, sent)]
    return min(found)[1] if found else None


def rank(match: RouteMatch) -> tuple[int, int, bool, int, int]:
    """Sorts the more specific match first."""
    kind = {"Exact": 0, "RegularExpression": 1}.get(match.path_type, 2)
    return (kind, -len(match.path), not match.method, -len(match.headers), -len(match.query))


def meets(match: RouteMatch, path: str, headers: Mapping[str, str]) -> bool:
    """Whether a GET request without query satisfies a match; `headers` by lower-case name."""
    if match.query or match.method not in ("", "GET"):
        return False
    if match.path_type == "PathPrefix":
        prefix = match.path.rstrip("/")
        if path != prefix and not path.startswith(prefix + "/"):
            return False
    elif match.path_type == "RegularExpression":
        if not takes(match.path, path):
            return False
    elif match.path != path:
        return False
    return all(headers.get(f.name.lower()) == literal(f) for f in match.headers)


def example(match: RouteMatch) -> tuple[tuple[str, str], ...] | None:
    """Headers with which a request satisfies a match; None if it needs more, or a pattern gives no example."""
    if match.query or match.method not in ("", "GET"):
        return None
    found = []
    for field in match.headers:
        value = literal(field)
        if value is None or not is_name(field.name) or not is_value(value):
            return None
        found.append((field.name, value))
    return tuple(found)


def path_of(match: RouteMatch) -> str:
    """A path with which a request satisfies a match; "" if none is known."""
    return example_path(match.path, pattern=match.path_type == "RegularExpression")


def paths_of(match: RouteMatch) -> tuple[str, ...]:
    """Paths with which a request satisfies a match; for a prefix also one below, as another rule may take its own."""
    path = path_of(match)
    below = path and match.path_type == "PathPrefix"
    return (path, f"{path.rstrip('/')}/probe") if below else tuple(filter(None, (path,)))


def path_to(rules: Sequence[RouteRule], service: str) -> str:
    """The path of plain requests that a route sends to a Service; "/" if none is known."""
    led = (rule for rule in rules if any(backend.service == service for backend in rule.backends))
    matches = islice((match for rule in led for match in rule.matches if match.is_plain), MOST_PATTERNS)
    return next(filter(None, map(path_of, matches)), "/")


def literal(field: MatchField) -> str | None:
    """A value that satisfies a condition; None for a pattern with more than plain letters."""
    if field.kind == "Exact":
        return field.value
    text = field.value.removeprefix("^").removesuffix("$")
    return text if re.fullmatch(r"[A-Za-z0-9 _-]+", text) else None
