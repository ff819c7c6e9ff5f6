"""Match blocks of a VirtualService as conditions: in words, as an example request, and against such a request.

Source: istio/api, networking/v1/virtual_service.proto (HTTPMatchRequest, StringMatch): the blocks of a route are
alternatives, the conditions in a block all have to hold; a regular expression (RE2) has to match the whole value;
a header condition without a value asks for the header's presence. What a `withoutHeaders` condition with a value
means for a request without the header differs between versions of Istio, so that it counts as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.model.text import safe_text

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?")
_PLAIN_PATTERN = re.compile(r"[A-Za-z0-9 _/-]+")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]*)+")
_KINDS = ("exact", "prefix", "regex")
_ANY_VALUE, _OTHER_VALUE = "1", "0"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `field` is the name in the API ("headers", "uri", ...), `name` the header's or parameter's.

    `kind` is exact, prefix, regex, present or, where it is none of these, odd. `folded`: without regard to case.
    """

    field: str
    kind: str
    value: str = ""
    name: str = ""
    folded: bool = False

    @property
    def is_absence(self) -> bool:
        """Whether it asks for no more than that a header is not there, as it is not in a plain request."""
        return self.field == "withoutHeaders" and self.kind == "present"

    @property
    def text(self) -> str:
        """In words, such as "header x-canary=1" or "uri /api*"."""
        word = {"headers": "header ", "withoutHeaders": "without header ", "queryParams": "query "}.get(self.field)
        sign = {"exact": f"={self.value}", "prefix": f"={self.value}*", "regex": f"~{self.value}"}.get(self.kind, "")
        what = f"{word}{self.name}{sign}" if word else f"{self.field} {sign.removeprefix('=') or '(odd)'}"
        return safe_text(what, 120)


@dataclass(frozen=True, slots=True)
class Match:
    """One block: all of `conditions` have to hold; none of them means every request.

    `gateways` are those it is for (None: those of the VirtualService).
    """

    conditions: tuple[Condition, ...] = ()
    gateways: tuple[str, ...] | None = None

    @property
    def text(self) -> str:
        """In words; "" for a block that every request meets."""
        where = f" at {', '.join(self.gateways)}" if self.gateways else ""
        return safe_text(" and ".join(c.text for c in self.conditions) + where, 300)

    @property
    def place(self) -> frozenset[Condition]:
        """The conditions on where a request goes."""
        return frozenset(c for c in self.conditions if c.field in _PLACE)

    @property
    def singles_out(self) -> bool:
        """Whether it asks for something special of the request or the client, which a plain request has not."""
        return any(c not in self.place and not c.is_absence for c in self.conditions)


_PLACE = frozenset({"uri", "authority", "scheme", "port", "sniHosts", "destinationSubnets"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a probe could send; header names in lower case."""

    path: str = "/"
    headers: Mapping[str, str] | None = None


def matches_of(route: Mapping[str, Any]) -> tuple[Match, ...]:
    """The blocks of a route; one that meets every request where it has none."""
    blocks = route.get("match")
    found = tuple(_match(b) for b in blocks if isinstance(b, dict)) if isinstance(blocks, list) else ()
    return found or (Match(),)


def _match(block: Mapping[str, Any]) -> Match:
    gateways = block.get("gateways")
    at = tuple(g for g in gateways if isinstance(g, str)) if isinstance(gateways, list) and gateways else None
    return Match(tuple(_conditions(block)), at)


def _conditions(block: Mapping[str, Any]) -> Iterator[Condition]:
    for field, value in block.items():
        if field in ("headers", "withoutHeaders", "queryParams"):
            for name, wanted in value.items() if isinstance(value, dict) else ():
                kind, text = _wanted(wanted)
                yield Condition(field, kind, text, str(name) if field == "queryParams" else str(name).lower())
        elif field == "sourceLabels":
            for name, wanted in value.items() if isinstance(value, dict) else ():
                yield Condition(field, "exact", f"{name}={wanted}")
        elif field in ("port", "sourceNamespace"):
            if value:
                yield Condition(field, "exact", str(value))
        elif field in ("sniHosts", "destinationSubnets") and isinstance(value, list):
            yield Condition(field, "exact", ", ".join(map(str, value)))
        elif field in ("uri", "scheme", "method", "authority") and not _is_any(field, value):
            kind, text = _wanted(value)
            yield Condition(field, kind, text, folded=field == "uri" and bool(block.get("ignoreUriCase")))


def _is_any(field: str, value: Any) -> bool:
    """A condition on a field that every request has, and that every value of it meets."""
    if not value or not isinstance(value, dict):
        return not value
    return value.get("prefix") == "" or value.get("regex") == ".*" or (field == "uri" and value.get("prefix") == "/")


def _wanted(value: Any) -> tuple[str, str]:
    if not value:
        return "present", ""
    for kind in _KINDS if isinstance(value, dict) else ():
        if isinstance(text := value.get(kind), str):
            # An empty prefix or pattern matches more than its word says, down to a header that is not there.
            return ("odd", "") if kind != "exact" and not text else (kind, text)
    return "odd", ""


def example(match: Match) -> Request | None:
    """A request that meets a block; None where it takes more than a path and headers, or nothing can be derived."""
    path, headers = "/", {}
    for condition in match.conditions:
        if condition.field == "uri":
            found = _literal(condition)
            if found is None or not _PATH.fullmatch(found):
                return None
            path = found
        elif condition.field == "headers":
            value = _ANY_VALUE if condition.kind == "present" else _literal(condition)
            if value is None or not _TOKEN.fullmatch(condition.name) or not _SENDABLE.fullmatch(value):
                return None
            headers[condition.name] = value
        elif condition.field == "withoutHeaders":
            if not condition.is_absence and condition.kind not in ("exact", "prefix"):
                return None
            if not condition.is_absence:
                # Another value meets it in every version of Istio, a header that is not there does not.
                headers.setdefault(condition.name, _OTHER_VALUE if condition.value[:1] != _OTHER_VALUE else _ANY_VALUE)
        elif condition not in match.place:
            return None
    request = Request(path, headers)
    return request if meets(request, match) is not False else None


def _literal(condition: Condition) -> str | None:
    if condition.kind in ("exact", "prefix"):
        return condition.value
    text = condition.value.removeprefix("^").removesuffix("$")
    for end in (".*", "(/.*)?"):
        text = text.removesuffix(end)
    return text if condition.kind == "regex" and _PLAIN_PATTERN.fullmatch(text) else None


def meets(request: Request, match: Match) -> bool | None:
    """Whether a GET request meets a block: None where a pattern, the client or the gateway decides."""
    found: list[bool | None] = [_meets(request, condition) for condition in match.conditions]
    if match.gateways is not None:
        found.append(None)
    return False if False in found else None if None in found else True


def _meets(request: Request, condition: Condition) -> bool | None:
    match condition.field:
        case "headers":
            return _value_meets((request.headers or {}).get(condition.name), condition)
        case "withoutHeaders":
            found = (request.headers or {}).get(condition.name)
            met = _value_meets(found, condition)
            return None if met is None or (found is None and condition.kind != "present") else not met
        case "uri":
            return _value_meets(request.path, condition)
        case "method":
            return _value_meets("GET", condition)
        case "queryParams":
            return False
        case _:
            return None


def _value_meets(value: str | None, condition: Condition) -> bool | None:
    if value is None:
        return False
    wanted = condition.value
    if condition.folded:
        value, wanted = value.lower(), wanted.lower()
    match condition.kind:
        case "exact":
            return value == wanted
        case "prefix":
            return value.startswith(wanted)
        case "present":
            return True
        case "regex":
            plain = _literal(condition)
            return True if wanted in (".*", ".+") and value else value == plain if plain == wanted else None
        case _:
            return None


def implied(later: Match, earlier: Match) -> bool:
    """Whether every request that meets `later` also meets `earlier`: conditions are compared one by one."""
    if earlier.gateways is not None and earlier.gateways != later.gateways:
        return False
    return all(any(_stricter(c, wide) for c in later.conditions) for wide in earlier.conditions)


def _stricter(narrow: Condition, wide: Condition) -> bool:
    if (narrow.field, narrow.name) != (wide.field, wide.name):
        return False
    if narrow == wide:
        return True
    if narrow.field == "withoutHeaders" or narrow.folded != wide.folded:
        return False
    if wide.kind == "present":
        return True
    return wide.kind == "prefix" and narrow.kind in ("exact", "prefix") and narrow.value.startswith(wide.value)
