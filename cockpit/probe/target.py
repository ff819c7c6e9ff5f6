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
_ADDRESS = re.compile(r"(\[[^\]]*\]|[^:\[\]/?#@\s]+)(?::([0-9]{1,5}))?")
# A value in quotes may hold spaces; a quote elsewhere is a character like any other, as in a regex or in JSON.
_WORD = re.compile(r"""[a-z-]+=(?:"[^"]*"|'[^']*')(?!\S)|\S+""")
_OPTIONS = ("proxy", "host", "version-from", "header")
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


def door_from_text(text: str, entrance: Door | None) -> Door:
    """The door that one line of text names; raises ProbeTargetError.

    The line is a URL, or `ADDRESS[:PORT]` (IPv6 in brackets), which completes `entrance` and keeps its host, path
    and TLS; either followed by any of `proxy=URL`, `host=NAME`, `version-from=SPEC`, `header=KEY=VALUE`
    (repeatable) and `insecure`. A value with spaces stands in quotes: `header="KEY=VALUE"`. Such words alone
    change `entrance`.
    """
    if len(text) > 4 * URL_LIMIT:
        raise ProbeTargetError(f"the target is longer than {4 * URL_LIMIT} characters")
    words = _WORD.findall(text)
    if not words:
        raise ProbeTargetError("the target is empty: write ADDRESS[:PORT] or a URL")
    place = "" if _is_option(words[0]) else words[0]
    overrides = _overrides(words[1:] if place else words)
    if "/" in place:
        door = parse_door(place, overrides)
        kept = entrance.version_from if entrance and not overrides.version_from else door.version_from
        return replace(door, version_from=kept)
    if entrance is None:
        if place:
            _address_and_port(place)
        raise ProbeTargetError("nothing says what to ask for: write a URL, such as http://ADDRESS:PORT/path")
    return enter(_completed(entrance, place) if place else entrance, overrides, aimed=bool(place))


def enter(entrance: Door, overrides: Overrides, *, aimed: bool = False) -> Door:
    """The door of what requests ask for; raises ProbeTargetError where nothing says where to connect.

    A proxy finds what has no address by its name, and reaches a cluster IP; without one, the user has to say
    where to connect (`aimed`, or `resolve`).
    """
    proxied = bool(overrides.proxy or entrance.proxy)
    named = replace(entrance, address=entrance.host) if proxied and not entrance.address else entrance
    made = override_door(named, overrides)
    if not made.address or not (aimed or proxied or overrides.resolve):
        raise ProbeTargetError("nothing says where to connect: give ADDRESS[:PORT] or a proxy")
    return made if made.host else replace(made, host=made.address)


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
        raise ProbeTargetError("--proxy with https reaches a host by its name only: give no address, host or --resolve")
    return made


def _is_option(word: str) -> bool:
    name, sign, _ = word.partition("=")
    return word == "insecure" or (bool(sign) and name in _OPTIONS)


def _overrides(words: list[str]) -> Overrides:
    """What the words after the place ask for."""
    values: dict[str, list[str]] = {name: [] for name in _OPTIONS}
    for number, word in enumerate(words, 1):
        name, sign, value = word.partition("=")
        if not _is_option(word):
            # The word is not repeated: it may be the rest of a credential that was to stand in quotes.
            usual = ", ".join(f"{option}=" for option in _OPTIONS)
            raise ProbeTargetError(
                f"word {number} after the address is none of {usual}, insecure; a value with spaces stands in quotes"
            )
        if value[:1] in ('"', "'") and len(value) > 1 and value[-1] == value[0]:
            value = value[1:-1]
        if sign and not value:
            raise ProbeTargetError(f"{name}= is empty")
        if sign:
            values[name].append(value)
    for name in ("proxy", "host", "version-from"):
        if len(values[name]) > 1:
            raise ProbeTargetError(f"{name}= is given more than once")
    return Overrides(
        host="".join(values["host"]),
        headers=tuple(values["header"]),
        version_from="".join(values["version-from"]),
        proxy="".join(values["proxy"]),
        insecure="insecure" in words,
    )


def _completed(entrance: Door, place: str) -> Door:
    """The entrance at this address. One that was asked for by its own address is asked for by the other one."""
    address, port = _address_and_port(place)
    named = entrance.host not in ("", entrance.address)
    return replace(entrance, address=address, port=port or entrance.port, host=entrance.host if named else address)


def _address_and_port(place: str) -> tuple[str, int | None]:
    match = _ADDRESS.fullmatch(place)
    if match is None:
        raise ProbeTargetError(f"{_shown(place)}: write ADDRESS[:PORT], with IPv6 in brackets, or a URL")
    if match[2] and not 1 <= int(match[2]) <= 65535:
        raise ProbeTargetError(f"{_shown(place)}: {match[2]} is no port")
    return _host(match[1], "the address"), int(match[2]) if match[2] else None


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
