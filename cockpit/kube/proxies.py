"""Which proxy, if any, to use for an API server."""

from __future__ import annotations

import ipaddress
import os
import sys
from urllib.parse import SplitResult, urlsplit

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError

_PORTS = {"https": "443", "http": "80"}


def proxy_for(target: ConnectTarget) -> str | None:
    """The proxy's URL: `proxy-url` of the cluster entry, else HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Raises ConfigError.

    The environment never applies to loopback addresses, and NO_PROXY means what it means to kubectl
    (golang.org/x/net/http/httpproxy).
    """
    configured = target.cluster.get("proxy-url")
    if configured:
        return _spoken(str(configured), "proxy-url", target)
    parts = urlsplit(target.server)
    if is_loopback(target.server) or not _any_configured():
        return None
    # It loads what HTTP servers, cookies and mail take.
    from urllib.request import getproxies, proxy_bypass

    exempt = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    direct = is_exempt(parts, exempt) if exempt else proxy_bypass(parts.hostname or "")
    found = None if direct else getproxies().get(parts.scheme)
    if not found:
        return None
    # Go's net/http takes an address alone for that of an HTTP proxy.
    return _spoken(found if "://" in found else f"http://{found}", f"{parts.scheme.upper()}_PROXY", target)


def is_exempt(server: SplitResult, exempt: str) -> bool:
    """Whether a list such as NO_PROXY has the server: `*`, an address or a network, a host with all below it.

    A host that begins with a dot stands only for what is below it. Each but `*` and a network can name a port.
    """
    port = _port(server)
    host, at = (server.hostname or "").lower(), _PORTS.get(server.scheme, "") if port is None else str(port)
    return any(_stands_for(entry.strip().lower(), host, at) for entry in exempt.split(","))


def _stands_for(entry: str, host: str, port: str) -> bool:
    if entry in ("", "*"):
        return entry == "*"
    address = _address(host)
    if "/" in entry:
        network = _network(entry)
        return address is not None and network is not None and address in network
    named, at = _with_port(entry)
    if at not in ("", port) or not named:
        return False
    if (other := _address(named)) is not None or address is not None:
        return other == address
    named = named.removeprefix("*") if named.startswith("*.") else named
    return host.endswith(named) if named.startswith(".") else host == named or host.endswith(f".{named}")


def _with_port(entry: str) -> tuple[str, str]:
    """A host or an address, and the port if one is named; "" for both of what is neither."""
    bracketed = entry.startswith("[")
    if not bracketed and entry.count(":") != 1:
        return entry, ""
    named, sign, port = entry.removeprefix("[").partition("]" if bracketed else ":")
    return named, port.removeprefix(":") if bracketed and sign else port


def _port(server: SplitResult) -> int | None:
    try:
        return server.port
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _spoken(url: str, named: str, target: ConnectTarget) -> str:
    """The URL of a proxy whose protocol is spoken here. Raises ConfigError that says where another one is `named`."""
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https"):
        raise ConfigError(
            f"{target.context}: {named} with {scheme or 'no scheme'} is not supported. Use an http:// proxy."
        )
    return url


def _any_configured() -> bool:
    """Whether the environment or, where there is such a thing, the system can name a proxy at all."""
    return sys.platform != "linux" or any(name.lower().endswith("_proxy") for name in os.environ)


def is_loopback(server: str) -> bool:
    """True for a server on this machine."""
    host = urlsplit(server).hostname or ""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback
