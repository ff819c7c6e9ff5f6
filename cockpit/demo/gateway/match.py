"""Which rule of an Ingress a request meets, by host and path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

T = TypeVar("T")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Request:
    """What a routing decision may depend on.

    `host` is lower-case without port, `path` normalised as `normal_path` does; `headers` have lower-case names,
    the values of a repeated name are joined with ", ". `query` is what follows the question mark, as it was sent;
    `scheme` and `port` are those of the listener that took the request, `tls_port` is where the gateway serves TLS,
    `target` is path and query as they came.
    """

    host: str
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    query: str = ""
    scheme: str = "http"
    port: int | None = None
    tls_port: int | None = None
    target: str = ""

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies; the first of a repeated name counts."""
        found: dict[str, str] = {}
        for part in self.headers.get("cookie", "").split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                found.setdefault(name, value)
        return found


def host_of(text: str) -> str:
    """The name in a Host header: lower-case, without port and trailing dot."""
    name = text.strip().lower()
    name = name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0]
    return name.rstrip(".")


def port_of(text: str) -> int | None:
    """The port in a Host header."""
    digits = text.strip().rpartition(":")[2] if "]" not in text else text.strip().rpartition("]:")[2]
    return int(digits) if ":" in text and digits.isascii() and digits.isdecimal() and len(digits) < 6 else None


def normal_path(target: str) -> str | None:
    """The path of a request target: decoded, `//` merged, dot segments resolved; None for what makes no sense."""
    path = target.partition("?")[0].partition("#")[0]
    if not path.startswith("/") or _ESCAPE.search(path):
        return None
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return None
    if "\0" in decoded:
        return None
    kept: list[str] = []
    parts = decoded.split("/")
    for part in parts:
        if part == "..":
            if not kept:
                return None
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    slash = "/" if kept and parts[-1] in ("", ".", "..") else ""
    return "/" + "/".join(kept) + slash


@dataclass
class Paths(Generic[T]):
    """The locations of one host: whole paths, and prefixes by element."""

    exact: dict[str, T] = field(default_factory=dict)
    prefixes: dict[str, T] = field(default_factory=dict)

    def add(self, path: str, path_type: str, place: T) -> None:
        """Put a location in; the first one of its kind stays. Types other than Exact count as Prefix."""
        if path_type == "Exact":
            self.exact.setdefault(path, place)
        else:
            self.prefixes.setdefault(path.rstrip("/"), place)

    def find(self, path: str) -> T | None:
        """The location for a path: the whole path first, then the longest prefix."""
        if path in self.exact:
            return self.exact[path]
        prefix = path.rstrip("/")
        while True:
            if prefix in self.prefixes:
                return self.prefixes[prefix]
            if not prefix:
                return None
            prefix = prefix[: prefix.rindex("/")]


@dataclass
class Hosts(Generic[T]):
    """Hosts of a gateway: exact names, `*.x` for one label, and "" for every other."""

    names: dict[str, T] = field(default_factory=dict)

    def find(self, host: str) -> T | None:
        """What serves a host; once a name or wildcard matches there is no fall-through."""
        found = self.find_named(host)
        return self.names.get("") if found is None else found

    def find_named(self, host: str) -> T | None:
        """What serves a host by its name or a wildcard."""
        if host in self.names and host:
            return self.names[host]
        label, dot, rest = host.partition(".")
        return self.names.get(f"*.{rest}") if label and dot else None
