"""What routes decide about a request: the pods that get it and what changes on the way, or what answers instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream

# What a path may have beside letters and digits (RFC 3986, pchar and "/").
_PLAIN = "/:@!$&'()*+,;=~-._"
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class HeaderChange:
    """Headers of an answer that are set, added to, and taken away, in this order; names in any case."""

    set: Mapping[str, str] = field(default_factory=dict)
    add: Mapping[str, str] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()

    def applied(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers after the change."""
        named = {name.lower() for name in self.set} | self.remove
        found = {name: value for name, value in headers.items() if name.lower() not in named} | dict(self.set)
        for name, value in self.add.items():
            known = next((old for old in found if old.lower() == name.lower()), name)
            found[known] = f"{found[known]}, {value}" if known in found else value
        return {name: value for name, value in found.items() if name.lower() not in self.remove}


@dataclass(frozen=True)
class Forward:
    """A Service port gets the request, changed on the way.

    `path` is what the pod is asked for instead, "" for what the client asked; `mirrors` get the request as well, and
    nobody waits for their answers.
    """

    upstream: Upstream
    path: str = ""
    headers: HeaderChange = field(default_factory=HeaderChange)
    mirrors: tuple[Upstream, ...] = ()


@dataclass(frozen=True)
class Redirect:
    """The client is sent to another URL."""

    status: int
    location: str


Decision = Upstream | Forward | Redirect | int
HasEndpoints = Callable[[Upstream], bool]


def url(request: Request, path: str, *, scheme: str = "", host: str = "", port: int | None = None) -> str:
    """The URL that a redirect leads to, with the request's query; the port is left out where it is the usual one."""
    scheme = scheme or request.scheme
    shown = "" if port in (None, USUAL_PORTS.get(scheme)) else f":{port}"
    query = f"?{request.query}" if request.query else ""
    return f"{scheme}://{host or request.host}{shown}{quote(path, safe=_PLAIN)}{query}"
