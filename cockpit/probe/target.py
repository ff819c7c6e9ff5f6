"""A probe's door from what a user types."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from cockpit.model.door import Door
from cockpit.model.text import safe_text
from cockpit.probe.recognise import VersionFromError, extractor

URL_LIMIT = 4096
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}")
# The probe's own business: a request of known length on a connection of its own.
_OWN_HEADERS = {"connection", "content-length", "transfer-encoding", "te", "upgrade", "keep-alive", "expect"}


class ProbeTargetError(ValueError):
    """What was typed names no target; the text says which part and why, and repeats no credentials."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a user wants different, as typed; empty is not given.

    `headers` are `NAME=VALUE` or `NAME: VALUE`, `resolve` are `HOST:PORT:ADDRESS[:PORT]`.
    """

    host: str = ""
    headers: tuple[str, ...] = ()
    resolve: tuple[str, ...] = ()
    version_from: str = ""
    proxy: str = ""
    insecure: bool = False


NOTHING = Overrides()


def parse_door(url: str, overrides: Overrides = NOTHING) -> Door:
    """The door of a URL; without a scheme it is http. Raises ProbeTargetError."""
    parts = _split(url, "the URL")
    if parts.scheme not in ("http", "https"):
        raise ProbeTargetError(f"the URL {_shown(url)}: scheme {_shown(parts.scheme)} is not http or https")
    if parts.username is not None or parts.password is not None:
        raise ProbeTargetError("the URL holds credentials: give them with --header 'Authorization: ...'")
    tls = parts.scheme == "https"
    host = _host(parts.hostname or "", f"the URL {_shown(url)}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return override_door(Door(host, _port(parts, url) or (443 if tls else 80), host, path, tls), overrides)


def override_door(door: Door, overrides: Overrides) -> Door:
    """The door with what the user wants different; raises ProbeTargetError."""
    address, port = _resolved(door, overrides.resolve)
    named = dict.fromkeys(name.lower() for name, _ in map(_header, overrides.headers))
    kept = tuple((name, value) for name, value in door.headers if name.lower() not in named)
    made = replace(
        door,
        address=address,
        port=port,
        host=_host(overrides.host, "--host") if overrides.host else door.host,
        headers=kept + tuple(map(_header, overrides.headers)),
        version_from=_version_from(overrides.version_from) if overrides.version_from else door.version_from,
        proxy=_proxy(overrides.proxy) if overrides.proxy else door.proxy,
        insecure=door.insecure or overrides.insecure,
    )
    if made.proxy and made.tls and made.address != made.host:
        raise ProbeTargetError("--proxy with https reaches a host by its name only: leave out --host and --resolve")
    return made


def _split(url: str, what: str) -> SplitResult:
    if not url.strip():
        raise ProbeTargetError(f"{what} is empty")
    if len(url) > URL_LIMIT:
        raise ProbeTargetError(f"{what} is longer than {URL_LIMIT} characters")
    if not url.isprintable() or " " in url.strip():
        raise ProbeTargetError(f"{what} {_shown(url)} holds a space or a control character")
    try:
        parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
        parts.port  # noqa: B018  # reading it checks it
    except ValueError as error:
        raise ProbeTargetError(f"{what} {_shown(url)}: {error}") from None
    return parts


def _port(parts: SplitResult, url: str) -> int | None:
    if parts.port == 0:
        raise ProbeTargetError(f"the URL {_shown(url)}: port 0 cannot be connected to")
    return parts.port


def _host(text: str, what: str) -> str:
    """A host name (international ones as IDNA) or an IP address, without brackets."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    if not bare:
        raise ProbeTargetError(f"{what} names no host")
    try:
        name = bare.encode("idna").decode("ascii") if not bare.isascii() else bare
    except UnicodeError:
        raise ProbeTargetError(f"{what}: {_shown(bare)} is no host name") from None
    if not _HOST.fullmatch(name) or len(name) > 253:
        hint = ", without port" if ":" in name else ""
        raise ProbeTargetError(f"{what}: {_shown(bare)} is no host name{hint}")
    return name.lower()


def _header(text: str) -> tuple[str, str]:
    match = re.match(r"([^=:]*)(?:=|:[ \t]*)(.*)", text, re.DOTALL)
    if match is None:
        raise ProbeTargetError("--header needs NAME=VALUE")
    name, value = match[1].strip(), match[2].strip(" \t")
    if not _HEADER_NAME.fullmatch(name):
        raise ProbeTargetError(f"--header {_shown(name)}: this is no name of a header")
    if name.lower() == "host":
        raise ProbeTargetError("--header Host: give the host with --host")
    if name.lower() in _OWN_HEADERS:
        raise ProbeTargetError(f"--header {name}: the probe sets this one itself")
    if len(value) > URL_LIMIT or any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ProbeTargetError(f"--header {name}: the value is too long or holds a control character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ProbeTargetError(f"--header {name}: the value is no text") from None
    return name, value


def _resolved(door: Door, resolve: tuple[str, ...]) -> tuple[str, int]:
    """Where to connect, by the first --resolve that fits the door's host and port."""
    asked = []
    for text in resolve:
        host, port, address, other = _resolve_parts(text)
        if (host, port) == (door.host, door.port):
            return address, other or port
        asked.append(f"{host}:{port}")
    if asked:
        raise ProbeTargetError(f"--resolve is for {', '.join(asked)}, but the target is {door.host}:{door.port}")
    return door.address, door.port


def _resolve_parts(text: str) -> tuple[str, int, str, int | None]:
    match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]+):(\d{1,5}):(\[[^\]]*\]|[^:\[\]]+)(?::(\d{1,5}))?", text)
    if match is None:
        raise ProbeTargetError(f"--resolve {_shown(text)}: needs HOST:PORT:ADDRESS or HOST:PORT:ADDRESS:PORT")
    what = f"--resolve {_shown(text)}"
    for port in (match[2], match[4]):
        if port is not None and not 1 <= int(port) <= 65535:
            raise ProbeTargetError(f"{what}: {port} is no port")
    return _host(match[1], what), int(match[2]), _host(match[3], what), int(match[4]) if match[4] else None


def _version_from(text: str) -> str:
    try:
        extractor(text)
    except VersionFromError as error:
        raise ProbeTargetError(f"--version-from {_shown(text)}: {error}") from None
    return text


def _proxy(url: str) -> str:
    parts = _split(url, "--proxy")
    if parts.scheme != "http":
        raise ProbeTargetError("--proxy: only http:// proxies are supported")
    _host(parts.hostname or "", "--proxy")
    return url.strip() if "://" in url else f"http://{url.strip()}"


def _shown(text: str) -> str:
    """The text as an error may repeat it: safe, short, and without what stands before an @."""
    return safe_text(re.sub(r"(://|^).*@", r"\1", text), 100)
