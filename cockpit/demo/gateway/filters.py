"""What the filters of an HTTPRoute's rule do to requests and answers.

Source: Gateway API, apis/v1/httproute_types.go (HTTPRouteFilter, HTTPPathModifier with its table of prefixes). The
host and the headers that a pod gets are left as they are: no pod of an embedded cluster tells them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.demo.controllers.attachment import mappings
from cockpit.demo.gateway.decisions import Decision, Forward, HeaderChange, Redirect, url
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream

Json = Mapping[str, Any]
FOUND, BROKEN = 302, 500
KNOWN = ("RequestRedirect", "URLRewrite", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "CORS")


@dataclass(frozen=True)
class Mirror:
    """A backend that gets a copy of a share (of 1) of the requests; its answers are dropped."""

    upstream: Upstream
    share: float


@dataclass(frozen=True)
class Filters:
    """The filters of one rule; `broken` if one of them is not supported: every request fails."""

    redirect: Json | None = None
    rewrite: Json | None = None
    headers: HeaderChange = field(default_factory=HeaderChange)
    mirrors: tuple[Mirror, ...] = ()
    broken: bool = False

    def answer(self, request: Request, prefix: str) -> Redirect | int | None:
        """What answers a request before any backend; `prefix` is the path that the rule matched."""
        if self.broken:
            return BROKEN
        if self.redirect is None:
            return None
        wish = self.redirect
        scheme, port, status = str(wish.get("scheme") or ""), wish.get("port"), wish.get("statusCode")
        if not isinstance(port, int):
            port = None if scheme else request.port
        path = modified(request.path, prefix, _mapping(wish.get("path")))
        location = url(request, path, scheme=scheme, host=str(wish.get("hostname") or ""), port=port)
        return Redirect(status if isinstance(status, int) else FOUND, location)

    def sent(self, upstream: Upstream, request: Request, prefix: str, rng: random.Random) -> Decision:
        """The request as the backend gets it."""
        path = modified(request.path, prefix, _mapping((self.rewrite or {}).get("path")))
        mirrors = tuple(m.upstream for m in self.mirrors if m.share >= 1 or rng.random() < m.share)
        found = Forward(upstream, "" if path == request.path else path, self.headers, mirrors)
        return found if found != Forward(upstream) else upstream


def modified(path: str, prefix: str, modifier: Json) -> str:
    """A path after an HTTPPathModifier; a prefix is replaced where the path lies under it."""
    full, new = modifier.get("replaceFullPath"), modifier.get("replacePrefixMatch")
    if modifier.get("type") == "ReplaceFullPath" and isinstance(full, str):
        return full if full.startswith("/") else f"/{full}"
    if modifier.get("type") != "ReplacePrefixMatch" or not isinstance(new, str):
        return path
    old = prefix.rstrip("/")
    if path != old and not path.startswith(f"{old}/"):
        return path
    rest = path[len(old) :]
    whole = new.rstrip("/") + rest
    return whole if whole.startswith("/") else f"/{whole}"


def read(entries: Any, target: Callable[[Json], Upstream | None]) -> Filters:
    """The filters of a rule; `target` resolves a backendRef, None where it leads nowhere."""
    found = Filters()
    for entry in mappings(entries):
        match entry.get("type"):
            case "RequestRedirect":
                found = replace(found, redirect=_mapping(entry.get("requestRedirect")))
            case "URLRewrite":
                found = replace(found, rewrite=_mapping(entry.get("urlRewrite")))
            case "ResponseHeaderModifier":
                found = replace(found, headers=_change(_mapping(entry.get("responseHeaderModifier"))))
            case "RequestMirror":
                wish = _mapping(entry.get("requestMirror"))
                upstream = target(_mapping(wish.get("backendRef")))
                mirror = (Mirror(upstream, _share(wish)),) if upstream else ()
                found = replace(found, mirrors=(*found.mirrors, *mirror))
            case kind if kind not in KNOWN:
                found = replace(found, broken=True)
    return found


def _share(wish: Json) -> float:
    percent, fraction = wish.get("percent"), _mapping(wish.get("fraction"))
    if isinstance(percent, int | float):
        return percent / 100
    above, below = fraction.get("numerator"), fraction.get("denominator", 100)
    return above / below if isinstance(above, int) and isinstance(below, int) and below > 0 else 1.0


def _change(wish: Json) -> HeaderChange:
    removed = wish.get("remove")
    names = removed if isinstance(removed, list) else []
    return HeaderChange(
        _headers(mappings(wish.get("set"))),
        _headers(mappings(wish.get("add"))),
        frozenset(name.lower() for name in names if isinstance(name, str)),
    )


def _headers(entries: Iterable[Json]) -> dict[str, str]:
    return {str(entry.get("name")): str(entry.get("value", "")) for entry in entries}


def _mapping(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}
