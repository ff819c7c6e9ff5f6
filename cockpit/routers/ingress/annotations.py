"""What the annotations of one canary Ingress ask for, and which of them cannot be read."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

from cockpit.model.lazy_re import lazy_re
from cockpit.model.objects import Ingress
from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.header_rule import is_name, is_value
from cockpit.routers.ingress.dialects import BareHeader, Dialect
from cockpit.workloads.findings import finding
from cockpit.workloads.probe_targets import TRUE

USUAL_TOTAL = 100
# What ingress-nginx accepts in rules unless its check of annotations is off, as it is by default before 1.12 (its
# annotations/parser/validators.go, BasicCharsRegex and IsValidRegex); a value may have spaces too, a pattern not.
_PLAIN = lazy_re(r"[/\-._~a-zA-Z0-9: ]*")
_PATTERN = lazy_re(r"[/\-._~a-zA-Z0-9:^$\[\](){}*+?|&=\\]*")
_NGINX = "nginx.ingress.kubernetes.io/"
_INTEGER = lazy_re(r"[+-]?[0-9]{1,18}")
_LONGEST_PATTERN = 1000
_LITERAL = lazy_re(r"[A-Za-z0-9 _-]+")


@dataclass(frozen=True, slots=True)
class CanaryMatch:
    """A rule on a header, a cookie or a query. `headers` make a request match; None if no example can be derived.

    `values` are those that certainly match; None if any value does. `doubtful`: the gateway may drop the rule.
    """

    kind: str
    name: str
    text: str
    headers: tuple[tuple[str, str], ...] | None
    values: frozenset[str] | None = frozenset()
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class CanaryRules:
    """The rules of one canary: matches decide first, then `weight` out of `total`."""

    weight: int
    total: int
    matches: tuple[CanaryMatch, ...]
    problems: tuple[Finding, ...]
    whole_percent: bool = False

    @property
    def share(self) -> float:
        """The share of requests that no match decides: weight of total, at most all of them."""
        weight = min(max(self.weight, 0), self.total)
        return weight * 100 // self.total / 100 if self.whole_percent else weight / self.total


def enabled(ingress: Ingress, dialect: Dialect) -> bool:
    """True for an Ingress that is an alternative of another, never a separate route."""
    return (dialect.value(ingress.metadata.annotations or {}, "") or "") in TRUE


def keeps_sessions(main: Ingress, dialect: Dialect) -> bool:
    """Whether clients keep a cookie that names their backend, which comes before every rule."""
    return dialect.has_affinity and (main.metadata.annotations or {}).get(f"{_NGINX}affinity", "").strip() == "cookie"


def shares_sessions(canary: Ingress) -> bool:
    """Whether the canary takes part in the sessions of its main: unless it says `legacy`."""
    behaviour = (canary.metadata.annotations or {}).get(f"{_NGINX}affinity-canary-behavior", "")
    return behaviour.strip() != "legacy"


def redirected_by(ingress: Ingress, dialect: Dialect) -> str:
    """The annotation by which a gateway that reads those of ingress-nginx redirects every request; "" if none does."""
    marks = (ingress.metadata.annotations or {}) if _NGINX in dialect.prefixes else {}
    return next((key for key in ("permanent-redirect", "temporal-redirect") if marks.get(_NGINX + key, "").strip()), "")


def by_address(ingress: Ingress, dialect: Dialect) -> bool:
    """Whether requests go to the Service's own address: then it never counts as empty, and they fail instead."""
    return dialect.has_address and (ingress.metadata.annotations or {}).get(f"{_NGINX}service-upstream", "") in TRUE


def main_guards(main: Ingress, dialect: Dialect) -> bool:
    """Whether a main without ready pods takes all requests with it, the canary's too."""
    return dialect.main_guards and not by_address(main, dialect)


def may_be_dropped(name: str, value: str, pattern: str = "") -> bool:
    """Whether ingress-nginx may drop a rule's name, value or pattern for its characters."""
    return not (_PLAIN.fullmatch(name) and _PLAIN.fullmatch(value) and _PATTERN.fullmatch(pattern))


def rules_of(ingress: Ingress, dialect: Dialect) -> CanaryRules:
    annotations = ingress.metadata.annotations or {}
    what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
    problems: list[Finding] = []
    total = USUAL_TOTAL
    written_total = dialect.value(annotations, "weight-total") if dialect.has_total else None
    if written_total is not None:
        total = max(_number(written_total, USUAL_TOTAL, what, "weight-total", problems), dialect.least_total)
    weight = _number(dialect.value(annotations, "weight") or "0", 0, what, "weight", problems)
    if weight > total or weight < 0:
        counts = "all requests" if weight > 0 else "none"
        problems.append(
            finding(
                "weight-out-of-range",
                Severity.WARNING,
                f"{what} has weight {weight} of {total}: the gateway reads it as {counts}",
                f"{dialect.key('weight')}: {weight}",
            )
        )
    if _has_rule(annotations, dialect) and not dialect.weight_with_rule:
        if weight:
            text = f"{what} has a rule and a weight: {dialect.title} ignores a weight next to a rule; give the rule"
            problems.append(finding("weight-ignored", Severity.WARNING, f"{text} its own Ingress"))
        weight = 0
    return CanaryRules(
        weight, total, _matches(annotations, dialect, what, problems), tuple(problems), dialect.whole_percent
    )


def is_ruled(ingress: Ingress, dialect: Dialect) -> bool:
    """Whether a rule makes this canary one for single requests only."""
    return not dialect.weight_with_rule and _has_rule(ingress.metadata.annotations or {}, dialect)


def _has_rule(annotations: dict[str, str], dialect: Dialect) -> bool:
    """Whether the key of a rule is present, whatever its value."""
    names = {"by-header": True, "by-cookie": dialect.has_cookie, "by-query": dialect.has_query}
    return any(known and dialect.value(annotations, name) for name, known in names.items())


def _matches(
    annotations: dict[str, str], dialect: Dialect, what: str, problems: list[Finding]
) -> tuple[CanaryMatch, ...]:
    header = _header(annotations, dialect, what, problems)
    found = [header, _cookie(annotations, dialect), _query(annotations, dialect)]
    if dialect.checks_values:
        found = [match and _checked(match, annotations, dialect, what, problems) for match in found]
    if dialect.one_rule:
        names = ("by-header", "by-cookie", "by-query")
        first = next((m for m, name in zip(found, names, strict=True) if dialect.value(annotations, name)), None)
        return (first,) if first else ()
    return tuple(match for match in found if match)


def _checked(
    match: CanaryMatch, annotations: dict[str, str], dialect: Dialect, what: str, problems: list[Finding]
) -> CanaryMatch:
    """The match, in doubt if the gateway may drop it."""
    header = match.kind == "header"
    value = (dialect.value(annotations, "by-header-value") or "") if header else ""
    pattern = (dialect.value(annotations, "by-header-pattern") or "") if header and not value else ""
    if not may_be_dropped(match.name, value, pattern):
        return match
    left = f"{safe_text(match.name, 60)}=always" if header and not may_be_dropped(match.name, "") else "no rule"
    text = (
        f"{what}: ingress-nginx drops the characters in the rule {match.text} unless its check of annotations is off"
        f" (on since 1.12): what is left is {left}"
    )
    problems.append(finding("rule-may-be-dropped", Severity.WARNING, text))
    return replace(match, doubtful=True)


def _number(text: str, otherwise: int, what: str, name: str, problems: list[Finding]) -> int:
    if _INTEGER.fullmatch(text):
        return int(text)
    why = f"{what}: canary-{name} {safe_text(text, 60)!r} is not a whole number and counts as {otherwise}"
    if _INTEGER.fullmatch(text.strip()):
        why = f"{what}: canary-{name} {safe_text(text, 60)!r} has space around it and counts as {otherwise}"
    problems.append(
        finding("weight-total-not-a-number" if name == "weight-total" else "weight-not-a-number", Severity.WARNING, why)
    )
    return otherwise


def _header(annotations: dict[str, str], dialect: Dialect, what: str, problems: list[Finding]) -> CanaryMatch | None:
    name = dialect.value(annotations, "by-header")
    if not name:
        return None
    value = dialect.value(annotations, "by-header-value")
    pattern = dialect.value(annotations, "by-header-pattern") if dialect.has_pattern else None
    shown = safe_text(name, 60)
    if value and dialect.value_is_pattern:
        return _value_pattern(name, value, what, problems)
    if value:
        return CanaryMatch("header", name, f"{shown}={safe_text(value, 60)}", _example(name, value), frozenset({value}))
    if pattern:
        return _pattern(name, pattern, what, problems)
    if dialect.bare_header is BareHeader.PRESENT:
        return CanaryMatch("header", name, f"{shown} present", _example(name, "1"), None)
    return CanaryMatch("header", name, f"{shown}=always", _example(name, "always"), frozenset({"always"}))


def _value_pattern(name: str, value: str, what: str, problems: list[Finding]) -> CanaryMatch | None:
    """A value that is the pattern `always|VALUE` for the whole header."""
    if _is_broken(value, what, problems):
        return None
    literal = value if _LITERAL.fullmatch(value) else "always"
    values = frozenset({"always", literal})
    return CanaryMatch("header", name, f"{safe_text(name, 60)}={safe_text(value, 60)}", _example(name, literal), values)


def _pattern(name: str, pattern: str, what: str, problems: list[Finding]) -> CanaryMatch | None:
    if _is_broken(pattern, what, problems):
        return None
    shown = f"{safe_text(name, 60)}~{safe_text(pattern, 60)}"
    literal = pattern.removeprefix("^").removesuffix("$")
    if not _LITERAL.fullmatch(literal):
        return CanaryMatch("header", name, shown, None)
    return CanaryMatch("header", name, shown, _example(name, literal), frozenset({literal}))


def is_pattern(text: str) -> bool:
    """Whether a text can be read as a regular expression."""
    return not _complaint(text)


def _is_broken(pattern: str, what: str, problems: list[Finding]) -> bool:
    """The gateway uses another engine; what Python cannot read counts as broken, such as unbalanced brackets."""
    complaint = _complaint(pattern)
    if complaint:
        problems.append(
            finding(
                "bad-pattern",
                Severity.WARNING,
                f"{what}: the header pattern {safe_text(pattern, 60)!r} cannot be read as a regular expression;"
                " a gateway that cannot read it either sends such requests to main",
                complaint,
            )
        )
    return bool(complaint)


def _complaint(pattern: str) -> str:
    """Why a pattern cannot be read; "" if it can."""
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(pattern[:_LONGEST_PATTERN])
    except (re.error, RecursionError, OverflowError) as error:
        return str(error) or type(error).__name__
    return ""


def _cookie(annotations: dict[str, str], dialect: Dialect) -> CanaryMatch | None:
    name = dialect.value(annotations, "by-cookie") if dialect.has_cookie else None
    if not name:
        return None
    headers = (("Cookie", f"{name}=always"),) if is_name(name) else None
    return CanaryMatch("cookie", name, f"cookie {safe_text(name, 60)}=always", headers, frozenset({"always"}))


def _query(annotations: dict[str, str], dialect: Dialect) -> CanaryMatch | None:
    """A rule on a query parameter, which no example header can match."""
    name = dialect.value(annotations, "by-query") if dialect.has_query else None
    if not name:
        return None
    value, pattern = dialect.value(annotations, "by-query-value"), dialect.value(annotations, "by-query-pattern")
    shown = f"={safe_text(value, 60)}" if value else f"~{safe_text(pattern, 60)}" if pattern else "=always"
    return CanaryMatch("query", name, f"query {safe_text(name, 60)}{shown}", None)


def _example(name: str, value: str) -> tuple[tuple[str, str], ...] | None:
    """None for what cannot be sent. nginx reads `_` in a rule's name as `-` and drops headers that have one."""
    sent = name.replace("_", "-")
    return ((sent, value),) if is_name(sent) and is_value(value) else None
