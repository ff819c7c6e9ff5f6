"""IstioMatch blocks of a VirtualService as conditions: in words, as an example request, and compared with one.

Source: istio/api, networking/v1/virtual_service.proto (HTTPMatchRequest, StringMatch): the blocks of a route are
alternatives, all conditions in a block must hold; a regular expression (RE2) must match the whole value;
a header condition without a value asks for the header's presence. What a `withoutHeaders` condition with a value
means for a request without the header differs between versions of Istio, so it counts as unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.model.lazy_re import lazy_re
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.header_rule import is_name, is_value
from cockpit.workloads.patterns import example_of, takes

_PLAIN_PATTERN = lazy_re(r"[A-Za-z0-9 _/-]+")
_PATH = lazy_re(r"(?:/[A-Za-z0-9._~-]*)+")
_KINDS = ("exact", "prefix", "regex")
_ANY_VALUE, _OTHER_VALUE = "1", "0"


@dataclass(frozen=True, slots=True)
class MatchCondition:
    """One condition. `field` is the name in the API ("headers", "uri", ...), `name` the header's or parameter's.

    `kind` is exact, prefix, regex, present or, if it is none of these, odd. `folded`: case-insensitive.
    """

    field: str
    kind: str
    value: str = ""
    name: str = ""
    folded: bool = False

    @property
    def is_absence(self) -> bool:
        """Whether it only asks for the absence of a header, which holds for a plain request."""
        return self.field == "withoutHeaders" and self.kind == "present"

    @property
    def text(self) -> str:
        """In words, such as "header x-canary=1" or "uri /api*"."""
        word = {"headers": "header ", "withoutHeaders": "without header ", "queryParams": "query "}.get(self.field)
        sign = {"exact": f"={self.value}", "prefix": f"={self.value}*", "regex": f"~{self.value}"}.get(self.kind, "")
        what = f"{word}{self.name}{sign}" if word else f"{self.field} {sign.removeprefix('=') or '(odd)'}"
        return safe_text(what, 120)


@dataclass(frozen=True, slots=True)
class IstioMatch:
    """One block: all of `conditions` must hold; no conditions mean every request.

    `gateways` are those that it applies to (None: those of the VirtualService).
    """

    conditions: tuple[MatchCondition, ...] = ()
    gateways: tuple[str, ...] | None = None

    @property
    def text(self) -> str:
        """In words; "" for a block that every request matches."""
        where = f" at {', '.join(self.gateways)}" if self.gateways else ""
        return safe_text(" and ".join(c.text for c in self.conditions) + where, 300)

    @property
    def place(self) -> frozenset[MatchCondition]:
        """The conditions on where a request goes."""
        return frozenset(c for c in self.conditions if c.field in _PLACE)

    @property
    def singles_out(self) -> bool:
        """Whether it needs something of the request or the client that a plain request does not have."""
        return any(c not in self.place and not c.is_absence for c in self.conditions)


_PLACE = frozenset({"uri", "authority", "scheme", "port", "sniHosts", "destinationSubnets"})


@dataclass(frozen=True, slots=True)
class ExampleRequest:
    """A request that a probe could send; header names in lower case."""

    path: str = "/"
    headers: Mapping[str, str] | None = None


def matches_of(route: Mapping[str, Any]) -> tuple[IstioMatch, ...]:
    """The blocks of a route; one that matches every request if it has none."""
    blocks = route.get("match")
    found = tuple(_match(b) for b in blocks if isinstance(b, dict)) if isinstance(blocks, list) else ()
    return found or (IstioMatch(),)


def _match(block: Mapping[str, Any]) -> IstioMatch:
    gateways = block.get("gateways")
    at = tuple(g for g in gateways if isinstance(g, str)) if isinstance(gateways, list) and gateways else None
    return IstioMatch(tuple(_conditions(block)), at)


def _conditions(block: Mapping[str, Any]) -> Iterator[MatchCondition]:
    for field, value in block.items():
        if field in ("headers", "withoutHeaders", "queryParams"):
            for name, wanted in value.items() if isinstance(value, dict) else ():
                kind, text = _wanted(wanted)
                yield MatchCondition(field, kind, text, str(name) if field == "queryParams" else str(name).lower())
        elif field == "sourceLabels":
            for name, wanted in value.items() if isinstance(value, dict) else ():
                yield MatchCondition(field, "exact", f"{name}={wanted}")
        elif field in ("port", "sourceNamespace"):
            if value:
                yield MatchCondition(field, "exact", str(value))
        elif field in ("sniHosts", "destinationSubnets") and isinstance(value, list):
            yield MatchCondition(field, "exact", ", ".join(map(str, value)))
        elif field in ("uri", "scheme", "method", "authority") and not _is_any(field, value):
            kind, text = _wanted(value)
            yield MatchCondition(field, kind, text, folded=field == "uri" and bool(block.get("ignoreUriCase")))


def _is_any(field: str, value: Any) -> bool:
    """A condition on a field that every request has, and that every value matches."""
    if not value or not isinstance(value, dict):
        return not value
    return value.get("prefix") == "" or value.get("regex") == ".*" or (field == "uri" and value.get("prefix") == "/")


def _wanted(value: Any) -> tuple[str, str]:
    if not value:
        return "present", ""
    for kind in _KINDS if isinstance(value, dict) else ():
        if isinstance(text := value.get(kind), str):
            # An empty prefix or pattern matches everything, even a missing header.
            return ("odd", "") if kind != "exact" and not text else (kind, text)
    return "odd", ""


def example(match: IstioMatch) -> ExampleRequest | None:
    """A request that matches a block; None if it takes more than a path and headers, or no example can be derived."""
    path, headers = "/", {}
    for condition in match.conditions:
        if condition.field == "uri":
            found = _literal(condition) or (example_of(condition.value) if condition.kind == "regex" else None)
            if found is None or not _PATH.fullmatch(found):
                return None
            path = found
        elif condition.field == "headers":
            value = _ANY_VALUE if condition.kind == "present" else _literal(condition)
            if value is None or not is_name(condition.name) or not is_value(value):
                return None
            headers[condition.name] = value
        elif condition.field == "withoutHeaders":
            if not condition.is_absence and condition.kind not in ("exact", "prefix"):
                return None
            if not condition.is_absence:
                # Another value matches in every version of Istio, a missing header does not.
                headers.setdefault(condition.name, _OTHER_VALUE if condition.value[:1] != _OTHER_VALUE else _ANY_VALUE)
        elif condition not in match.place:
            return None
    request = ExampleRequest(path, headers)
    return request if meets(request, match) is not False else None


def _literal(condition: MatchCondition) -> str | None:
    if condition.kind in ("exact", "prefix"):
        return condition.value
    text = condition.value.removeprefix("^").removesuffix("$")
    for end in (".*", "(/.*)?"):
        text = text.removesuffix(end)
    return text if condition.kind == "regex" and _PLAIN_PATTERN.fullmatch(text) else None


def meets(request: ExampleRequest, match: IstioMatch) -> bool | None:
    """Whether a GET request matches a block; None if a pattern, the client or the gateway decides."""
    found: list[bool | None] = [_meets(request, condition) for condition in match.conditions]
    if match.gateways is not None:
        found.append(None)
    return False if False in found else None if None in found else True


def _meets(request: ExampleRequest, condition: MatchCondition) -> bool | None:
    match condition.field:
        case "headers":
            return _value_meets((request.headers or {}).get(condition.name), condition)
        case "withoutHeaders":
            found = (request.headers or {}).get(condition.name)
            met = _value_meets(found, condition)
            return None if met is None or (found is None and condition.kind != "present") else not met
        case "uri":
            met = _value_meets(request.path, condition)
            # The example path was made from the pattern; changing its case would change the pattern's meaning.
            by_pattern = met is None and condition.kind == "regex" and not condition.folded
            return True if by_pattern and takes(condition.value, request.path) else met
        case "method":
            return _value_meets("GET", condition)
        case "queryParams":
            return False
        case _:
            return None


def _value_meets(value: str | None, condition: MatchCondition) -> bool | None:
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


def implied(later: IstioMatch, earlier: IstioMatch) -> bool:
    """Whether every request that matches `later` also matches `earlier`: conditions are compared one by one."""
    if earlier.gateways is not None and earlier.gateways != later.gateways:
        return False
    return all(any(_stricter(c, wide) for c in later.conditions) for wide in earlier.conditions)


def _stricter(narrow: MatchCondition, wide: MatchCondition) -> bool:
    if (narrow.field, narrow.name) != (wide.field, wide.name):
        return False
    if narrow == wide:
        return True
    if narrow.field == "withoutHeaders" or narrow.folded != wide.folded:
        return False
    if wide.kind == "present":
        return True
    return wide.kind == "prefix" and narrow.kind in ("exact", "prefix") and narrow.value.startswith(wide.value)
