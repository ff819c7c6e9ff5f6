"""What the canary annotations of an Ingress say, and the draw they lead to."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.patterns import search

PREFIX = "nginx.ingress.kubernetes.io/"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Policy:
    """The rules of one canary. Empty strings are rules that are not set."""

    weight: int = 0
    total: int = 100
    header: str = ""
    value: str = ""
    pattern: str = ""
    cookie: str = ""
    query: str = ""
    query_value: str = ""
    query_pattern: str = ""


def is_canary(annotations: Mapping[str, str], prefixes: Sequence[str] = (PREFIX,)) -> bool:
    """Whether `canary` is on under the first prefix that has it, in any spelling that Go takes for true."""
    return _written(annotations, prefixes, "canary") in _TRUE


def flag(annotations: Mapping[str, str], key: str, *, otherwise: bool) -> bool:
    """An nginx annotation that is true or false, in Go's spelling; `otherwise` where it is neither."""
    text = annotations.get(PREFIX + key, "")
    return True if text in _TRUE else False if text in _FALSE else otherwise


def _value(annotations: Mapping[str, str], prefixes: Sequence[str], key: str) -> str:
    return _written(annotations, prefixes, key).strip()


def _written(annotations: Mapping[str, str], prefixes: Sequence[str], key: str) -> str:
    """As it is written: Go takes no boolean and no number with space around it."""
    return next((annotations[p + key] for p in prefixes if p + key in annotations), "")


def policy_of(annotations: Mapping[str, str], prefixes: Sequence[str] = (PREFIX,)) -> Policy:
    """The rules in the annotations; a weight that is not an integer is 0, such a total is 100."""

    def text(key: str) -> str:
        return _value(annotations, prefixes, f"canary-{key}")

    return Policy(
        weight=integer(_written(annotations, prefixes, "canary-weight"), 0),
        total=integer(_written(annotations, prefixes, "canary-weight-total"), 100),
        header=text("by-header"),
        value=text("by-header-value"),
        pattern=text("by-header-pattern"),
        cookie=text("by-cookie"),
        query=text("by-query"),
        query_value=text("by-query-value"),
        query_pattern=text("by-query-pattern"),
    )


def integer(text: str, otherwise: int) -> int:
    """A decimal integer as Go reads it."""
    return int(text) if _INTEGER.fullmatch(text) else otherwise


def takes(policy: Policy, request: Request, rng: random.Random) -> bool:
    """Whether a request goes to the canary by the rules of ingress-nginx: header, cookie, weight.

    Source: ingress-nginx, rootfs/etc/nginx/lua/balancer.lua, `route_to_alternative_balancer`.
    """
    decided = by_rules(policy, request)
    # Totals of 100 and less do not count.
    return rng.randint(1, max(100, policy.total)) <= policy.weight if decided is None else decided


def by_rules(policy: Policy, request: Request) -> bool | None:
    """What header and cookie say: canary, main, or None if the weight decides."""
    header = request.headers.get(header_key(policy.header)) if policy.header else None
    if header is not None:
        if policy.value:
            if header == policy.value:
                return True
        elif policy.pattern:
            found = search(policy.pattern, header)
            if found is None:
                return False
            if found:
                return True
        elif header in ("always", "never"):
            return header == "always"
    cookie = request.cookies.get(policy.cookie) if policy.cookie else None
    return cookie == "always" if cookie in ("always", "never") else None


def header_key(name: str) -> str:
    """The request header that a rule's name means: nginx reads `_` and `-` alike and drops headers with `_`."""
    return name.lower().replace("_", "-")
