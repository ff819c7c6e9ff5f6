"""Which proxy, if any, to use for an API server."""

from __future__ import annotations

import ipaddress
import os
import sys
from urllib.parse import urlsplit

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError


def proxy_for(target: ConnectTarget) -> str | None:
    """The proxy's URL: `proxy-url` of the cluster entry, else HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Raises ConfigError.

    The environment never applies to loopback addresses, as in Go's net/http.
    """
    configured = target.cluster.get("proxy-url")
    if configured:
        return _spoken(str(configured), "proxy-url", target)
    parts = urlsplit(target.server)
    if is_loopback(target.server) or not _any_configured():
        return None
    # It loads what HTTP servers, cookies and mail take.
    from urllib.request import getproxies, proxy_bypass

    found = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if not found:
        return None
    # Go's net/http takes an address alone for that of an HTTP proxy.
    return _spoken(found if "://" in found else f"http://{found}", f"{parts.scheme.upper()}_PROXY", target)


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
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
