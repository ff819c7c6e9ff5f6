"""The probe target that a user's input names."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_target import ProbeTarget, ProxiedService, proxied_target
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.probe.names import is_address
from cockpit.probe.recognise import VersionFromError, extractor

URL_LIMIT = 4096
_HOST = lazy_re(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")
_ADDRESS = lazy_re(r"(\[[^\]]*\]|[^:\[\]/?#@\s]+)(?::([0-9]{1,5}))?")
# A value in quotes can contain spaces; a quote elsewhere is an ordinary character, as in a regex or in JSON.
_WORD = lazy_re(r"""[a-z-]+=(?:"[^"]*"|'[^']*')(?!\S)|\S+""")
_OPTIONS = ("proxy", "host", "version-from", "header", "cacert", "cert", "key")
_FLAGS = ("insecure", "http2", "cookies")
# As in `kubectl get --raw`: [SCHEME:]NAME[:PORT], with the kind before it as in other kubectl commands.
_SERVICE = lazy_re(
    r"(?:svc|service)/(?:(https?):)?([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?::([a-z0-9-]{1,63}))?(/\S*)?"
)
_HEADER_NAME = lazy_re(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}")
# The probe sets these itself: a request of known length on its own connection.
_OWN_HEADERS = {"connection", "content-length", "transfer-encoding", "te", "upgrade", "keep-alive", "expect"}


class ProbeTargetError(ValueError):
    """The input names no target; the message says which part and why, and repeats no credentials."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a user overrides, as typed; empty means not given.

    `headers` are `NAME=VALUE` or `NAME: VALUE`, `resolve` are `[+]HOST:PORT:ADDRESS[:PORT]`, where `*` is any host.
    `ca_file`, `cert_file` and `key_file` are paths.
    """

    host: str = ""
    headers: tuple[str, ...] = ()
    resolve: tuple[str, ...] = ()
    version_from: str = ""
    proxy: str = ""
    insecure: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    http2: bool = False
    cookies: bool = False


NOTHING = Overrides()


def parse_target(url: str, overrides: Overrides = NOTHING) -> ProbeTarget:
    """The probe target of a URL; the default scheme is http. Raises ProbeTargetError."""
    parts = _split(url, "the URL")
    if parts.scheme not in ("http", "https"):
        raise ProbeTargetError(f"the URL {_shown(url)}: scheme {_shown(parts.scheme)} is not http or https")
    if parts.username is not None or parts.password is not None:
        raise ProbeTargetError("the URL contains credentials: pass them with --header 'Authorization: ...' instead")
    tls = parts.scheme == "https"
    host = _host(parts.hostname or "", f"the URL {_shown(url)}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return override_target(ProbeTarget(host, _port(parts, url) or (443 if tls else 80), host, path, tls), overrides)


def target_from_text(
    text: str, incomplete_target: ProbeTarget | None, rollout: RolloutKey | None = None
) -> ProbeTarget:
    """The probe target that one line of text names. Raises ProbeTargetError.

    The line starts with a URL, with `svc/[https:]NAME[:PORT][/PATH]` (a Service in the namespace of `rollout`, through
    the API server), or with `ADDRESS[:PORT]` (IPv6 in brackets), which completes the host, path and TLS of
    `incomplete_target`. Any of `proxy=URL`, `host=NAME`, `version-from=SPEC`, `header=KEY=VALUE` (repeatable),
    `cacert=FILE`, `cert=FILE`, `key=FILE`, `insecure`, `http2` and `cookies` may follow. A value with spaces is
    quoted: `header="KEY=VALUE"`. A line of options alone changes `incomplete_target`.
    """
    if len(text) > 4 * URL_LIMIT:
        raise ProbeTargetError(f"the target is longer than {4 * URL_LIMIT} characters")
    words = _WORD.findall(text)
    if not words:
        raise ProbeTargetError("the target is empty: enter ADDRESS[:PORT] or a URL")
    place = "" if _is_option(words[0]) else words[0]
    overrides = _overrides(words[1:] if place else words)
    if rollout and (named := _SERVICE.fullmatch(place)):
        return override_target(_in_cluster(named, rollout, incomplete_target), overrides)
    if incomplete_target and incomplete_target.service and not place:
        return override_target(incomplete_target, overrides)
    if "/" in place:
        probe_target = parse_target(place, overrides)
        kept = (
            incomplete_target.version_from
            if incomplete_target and not overrides.version_from
            else probe_target.version_from
        )
        return replace(probe_target, version_from=kept, host=_host_of(probe_target, incomplete_target, overrides))
    if incomplete_target is None:
        if place:
            _address_and_port(place)
        raise ProbeTargetError("host and path are not known: enter a URL, such as http://ADDRESS:PORT/path")
    return enter(_completed(incomplete_target, place) if place else incomplete_target, overrides, addressed=bool(place))


def _host_of(named: ProbeTarget, known: ProbeTarget | None, overrides: Overrides) -> str:
    """The Host for a URL that has only an address: that of the route, without which a gateway knows no such place."""
    if known is None or known.service or overrides.host or not is_address(named.host) or is_address(known.host):
        return named.host
    return known.host


def enter(incomplete_target: ProbeTarget, overrides: Overrides, *, addressed: bool = False) -> ProbeTarget:
    """The incomplete target with the overrides. Raises ProbeTargetError if it is not known where to connect.

    A proxy resolves names and can reach a cluster IP. Without a proxy, the user has to say where to connect
    (`addressed`, or `resolve`).
    """
    proxied = bool(overrides.proxy or incomplete_target.proxy)
    named = (
        replace(incomplete_target, address=incomplete_target.host)
        if proxied and not incomplete_target.address
        else incomplete_target
    )
    made = override_target(named, overrides)
    if not made.address or not (addressed or proxied or overrides.resolve):
        raise ProbeTargetError("the address to connect to is not known: give ADDRESS[:PORT] or a proxy")
    return made if made.host else replace(made, host=made.address)


def override_target(probe_target: ProbeTarget, overrides: Overrides) -> ProbeTarget:
    """The probe target with the user's overrides. Raises ProbeTargetError."""
    if probe_target.service and overrides != Overrides(headers=overrides.headers, version_from=overrides.version_from):
        raise ProbeTargetError("through the API server only headers and version-from can be set: it does the rest")
    address, port = _resolved(probe_target, overrides.resolve)
    named = dict.fromkeys(name.lower() for name, _ in map(_header, overrides.headers))
    kept = tuple((name, value) for name, value in probe_target.headers if name.lower() not in named)
    made = replace(
        probe_target,
        address=address,
        port=port,
        host=_host(overrides.host, "--host") if overrides.host else probe_target.host,
        headers=kept + tuple(map(_header, overrides.headers)),
        version_from=_version_from(overrides.version_from) if overrides.version_from else probe_target.version_from,
        proxy=_proxy(overrides.proxy) if overrides.proxy else probe_target.proxy,
        insecure=probe_target.insecure or overrides.insecure,
        ca_file=_file(overrides.ca_file) or probe_target.ca_file,
        cert_file=_file(overrides.cert_file) or probe_target.cert_file,
        # Another certificate does not have the key of the former one.
        key_file=_file(overrides.key_file) or ("" if overrides.cert_file else probe_target.key_file),
        http2=probe_target.http2 or overrides.http2,
        cookies=probe_target.cookies or overrides.cookies,
    )
    _check_together(made)
    return made


def _check_together(target: ProbeTarget) -> None:
    """Raise ProbeTargetError for settings that exclude each other."""
    if target.proxy and target.tls and target.address != target.host:
        raise ProbeTargetError("--proxy with https connects by host name only: remove the address, host or --resolve")
    if target.proxy and target.http2 and not target.tls:
        raise ProbeTargetError(
            "--http2 through a proxy needs an https URL: a proxy passes plain requests on as HTTP/1.1"
        )
    if target.key_file and not target.cert_file:
        raise ProbeTargetError("--key needs --cert: the client certificate that the key belongs to")
    if (target.ca_file or target.cert_file) and not target.tls:
        raise ProbeTargetError("--cacert, --cert and --key are for TLS: give an https URL")


def _is_option(word: str) -> bool:
    name, sign, _ = word.partition("=")
    return word in _FLAGS or (bool(sign) and name in _OPTIONS)


def _overrides(words: list[str]) -> Overrides:
    """The overrides in the words after the address."""
    values: dict[str, list[str]] = {name: [] for name in _OPTIONS}
    for number, word in enumerate(words, 1):
        name, sign, value = word.partition("=")
        if not _is_option(word):
            # The word is not repeated: it may be part of a credential that should have been quoted.
            usual = ", ".join([*(f"{option}=" for option in _OPTIONS), *_FLAGS])
            raise ProbeTargetError(
                f"word {number} after the address is none of {usual}; put a value with spaces in quotes"
            )
        if value[:1] in ('"', "'") and len(value) > 1 and value[-1] == value[0]:
            value = value[1:-1]
        if sign and not value:
            raise ProbeTargetError(f"{name}= is empty")
        if sign:
            values[name].append(value)
    for name in _OPTIONS:
        if name != "header" and len(values[name]) > 1:
            raise ProbeTargetError(f"{name}= is given more than once")
    return Overrides(
        host="".join(values["host"]),
        headers=tuple(values["header"]),
        version_from="".join(values["version-from"]),
        proxy="".join(values["proxy"]),
        insecure="insecure" in words,
        ca_file="".join(values["cacert"]),
        cert_file="".join(values["cert"]),
        key_file="".join(values["key"]),
        http2="http2" in words,
        cookies="cookies" in words,
    )


def _completed(incomplete_target: ProbeTarget, place: str) -> ProbeTarget:
    """The incomplete target at this address, which is the host too unless the target names another."""
    address, port = _address_and_port(place)
    named = incomplete_target.host not in ("", incomplete_target.address)
    return replace(
        incomplete_target,
        service=None,
        address=address,
        port=port or incomplete_target.port,
        host=incomplete_target.host if named else address,
    )


def _in_cluster(match: re.Match[str], rollout: RolloutKey, incomplete_target: ProbeTarget | None) -> ProbeTarget:
    """A Service of the rollout's namespace; without a port and a path, those of the incomplete target."""
    scheme, name, port, path = match.groups()
    number = port or str(incomplete_target.port if incomplete_target else 80)
    if number.isdecimal() and not 1 <= int(number) <= 65535:
        raise ProbeTargetError(f"{number} is not a valid port")
    if path:
        _split(f"http://{name}{path}", "the path")
    return proxied_target(
        ProxiedService(rollout.context, rollout.namespace, name, number),
        int(number) if number.isdecimal() else 80,
        path or (incomplete_target.path if incomplete_target else "/"),
        tls=scheme == "https",
    )


def _address_and_port(place: str) -> tuple[str, int | None]:
    match = _ADDRESS.fullmatch(place)
    if match is None:
        raise ProbeTargetError(f"{_shown(place)}: enter ADDRESS[:PORT], with IPv6 in brackets, or a URL")
    if match[2] and not 1 <= int(match[2]) <= 65535:
        raise ProbeTargetError(f"{_shown(place)}: {match[2]} is not a valid port")
    return _host(match[1], "the address"), int(match[2]) if match[2] else None


def _split(url: str, what: str) -> SplitResult:
    if not url.strip():
        raise ProbeTargetError(f"{what} is empty")
    if len(url) > URL_LIMIT:
        raise ProbeTargetError(f"{what} is longer than {URL_LIMIT} characters")
    if not url.isprintable() or " " in url.strip():
        raise ProbeTargetError(f"{what} {_shown(url)} contains a space or a control character")
    try:
        parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
        parts.port  # noqa: B018  # reading it validates it
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
        raise ProbeTargetError(f"{what}: {_shown(bare)} is not a valid host name") from None
    if not _HOST.fullmatch(name) or len(name) > 253:
        hint = ": leave out the port" if ":" in name else ""
        raise ProbeTargetError(f"{what}: {_shown(bare)} is not a valid host name{hint}")
    return name.lower()


def _header(text: str) -> tuple[str, str]:
    match = re.match(r"([^=:]*)(?:=|:[ \t]*)(.*)", text, re.DOTALL)
    if match is None:
        raise ProbeTargetError("--header needs NAME=VALUE")
    name, value = match[1].strip(), match[2].strip(" \t")
    if not _HEADER_NAME.fullmatch(name):
        raise ProbeTargetError(f"--header {_shown(name)}: not a valid header name")
    if name.lower() == "host":
        raise ProbeTargetError("--header Host: give the host with --host")
    if name.lower() in _OWN_HEADERS:
        raise ProbeTargetError(f"--header {name}: the probe sets this one itself")
    if len(value) > URL_LIMIT or any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ProbeTargetError(f"--header {name}: the value is too long or contains a control character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ProbeTargetError(f"--header {name}: the value is not valid text") from None
    return name, value


def _resolved(probe_target: ProbeTarget, resolve: tuple[str, ...]) -> tuple[str, int]:
    """Where to connect, by the first --resolve that matches the probe target's host and port."""
    asked = []
    for text in resolve:
        host, port, address, other = _resolve_parts(text)
        if host in ("*", probe_target.host) and port == probe_target.port:
            return address, other or port
        asked.append(f"{host}:{port}")
    if asked:
        raise ProbeTargetError(
            f"--resolve is for {', '.join(asked)}, but the target is {probe_target.host}:{probe_target.port}"
        )
    return probe_target.address, probe_target.port


def _resolve_parts(text: str) -> tuple[str, int, str, int | None]:
    """The parts of one --resolve; curl's `+` makes no difference, because no address is remembered for long."""
    what = f"--resolve {_shown(text)}"
    if "," in text:
        raise ProbeTargetError(f"{what}: give one address, so that it is known where requests go")
    if text.startswith("-"):
        raise ProbeTargetError(f"{what}: there is nothing to remove")
    match = re.fullmatch(r"\+?(\[[^\]]*\]|[^:\[\]]+):(\d{1,5}):(\[[^\]]*\]|[^:\[\]]+)(?::(\d{1,5}))?", text)
    # curl takes an IPv6 address without brackets too; a port after it could not be told from it.
    match = match or re.fullmatch(r"\+?(\[[^\]]*\]|[^:\[\]]+):(\d{1,5}):([0-9A-Fa-f.]*(?::[0-9A-Fa-f.]*){2,})()", text)
    if match is None:
        raise ProbeTargetError(f"{what}: needs HOST:PORT:ADDRESS or HOST:PORT:ADDRESS:PORT")
    for port in (match[2], match[4]):
        if port and not 1 <= int(port) <= 65535:
            raise ProbeTargetError(f"{what}: {port} is not a valid port")
    host = "*" if match[1] == "*" else _host(match[1], what)
    return host, int(match[2]), _host(match[3], what), int(match[4]) if match[4] else None


def _file(path: str) -> str:
    """The absolute path, because a remembered target is used in another folder; "" for none."""
    if not path:
        return ""
    if len(path) > URL_LIMIT or not path.isprintable():
        raise ProbeTargetError(f"the file {_shown(path)} has a name that is too long or contains a control character")
    return os.path.abspath(os.path.expanduser(path))


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
    """The text in a form that an error can repeat: safe, short, and without anything before an @."""
    return safe_text(re.sub(r"(://|^).*@", r"\1", text), 100)
