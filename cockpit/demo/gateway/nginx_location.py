"""What the annotations of an Ingress do to the requests of its paths: rewriting, patterns, redirects to TLS.

Source: ingress-nginx, annotations/rewrite/main.go, controller/location.go, controller/template/template.go
(enforceRegexModifier, buildLocation, buildProxyPass) and rootfs/etc/nginx/lua/lua_ingress.lua.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cockpit.demo.gateway.canary import PREFIX, flag
from cockpit.demo.gateway.decisions import Decision, Forward, Redirect
from cockpit.demo.gateway.match import Paths, Request
from cockpit.demo.gateway.patterns import groups
from cockpit.demo.gateway.rules import Upstream

PREFIX_TYPE, EXACT_TYPE = "Prefix", "Exact"
MOVED = 308
_TARGET = re.compile(r"/?[-._~a-zA-Z0-9/:$]*", re.ASCII)
_CAPTURE = re.compile(r"\$([1-9])")


@dataclass(frozen=True)
class PathOptions:
    """What the annotations request. `rewrite` is "" if the path is not changed."""

    rewrite: str = ""
    regex: bool = False
    to_tls: bool = True
    force_tls: bool = False
    keeps_slash: bool = False
    with_port: bool = False


def read(annotations: Mapping[str, str]) -> PathOptions:
    """The options of an Ingress; a value that makes no sense is taken for none."""
    target = annotations.get(f"{PREFIX}rewrite-target", "").strip()
    return PathOptions(
        rewrite=target if _TARGET.fullmatch(target) else "",
        regex=flag(annotations, "use-regex", otherwise=False),
        to_tls=flag(annotations, "ssl-redirect", otherwise=True),
        force_tls=flag(annotations, "force-ssl-redirect", otherwise=False),
        keeps_slash=flag(annotations, "preserve-trailing-slash", otherwise=False),
        with_port=flag(annotations, "use-port-in-redirects", otherwise=False),
    )


@dataclass
class Location:
    """One path of a server; without upstream it is the default backend's."""

    path: str
    path_type: str
    upstream: Upstream | None
    is_default: bool = False
    options: PathOptions = field(default_factory=PathOptions)

    @property
    def needs_regex(self) -> bool:
        """Whether the server needs patterns because of it."""
        return self.options.regex or self.rewrites

    @property
    def rewrites(self) -> bool:
        """Whether the pod gets another path."""
        return self.options.rewrite not in ("", self.path)

    def redirect(self, request: Request, secured: bool) -> Redirect | None:
        """Where a plain request is sent instead; `secured` says that the host has a certificate."""
        options = self.options
        if request.scheme != "http" or not (options.force_tls or (options.to_tls and secured)):
            return None
        asked = request.target or "?".join(filter(None, (request.path, request.query)))
        asked = asked if options.keeps_slash else asked.removesuffix("/")
        port = f":{request.tls_port}" if options.with_port and request.tls_port else ""
        return Redirect(MOVED, f"https://{request.host}{port}{asked}")

    def sent(self, upstream: Upstream, request: Request) -> Decision:
        """The request as the pod gets it."""
        found = groups(self.path, request.path) if self.rewrites else None
        if found is None:
            return upstream

        def captured(mark: re.Match[str]) -> str:
            number = int(mark[1])
            return found[number] if number < len(found) else ""

        return Forward(upstream, _CAPTURE.sub(captured, self.options.rewrite))


@dataclass(frozen=True)
class Patterns:
    """The locations of a server whose paths are patterns: the longest first, the first that fits counts."""

    ordered: tuple[tuple[str, Location], ...]

    def find(self, path: str) -> Location | None:
        """The location for a path; patterns hold from its start, whatever the case."""
        return next((one for text, one in self.ordered if groups(text, path, from_start=True) is not None), None)


def looked_up(locations: list[Location]) -> Paths[Location] | Patterns:
    """The locations of one server as they are looked up.

    One path that is a pattern, or is rewritten, makes patterns of all the paths of the host.
    """
    if not any(location.needs_regex for location in locations):
        paths: Paths[Location] = Paths()
        for location in locations:
            paths.add(location.path, location.path_type, location)
        return paths
    exact = {location.path for location in locations if location.path_type == EXACT_TYPE}
    found: list[tuple[str, Location]] = []
    for location in locations:
        plain = location.path == "/" or location.path_type != PREFIX_TYPE or location.needs_regex
        found += [] if not plain and location.path in exact else [(location.path, location)]
        found += [] if plain else [(f"{location.path.rstrip('/')}/", location)]
    found.sort(key=lambda entry: entry[0], reverse=True)
    found.sort(key=lambda entry: len(entry[0]), reverse=True)
    return Patterns(tuple(found))
