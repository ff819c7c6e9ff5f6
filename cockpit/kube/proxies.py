"""Which proxy, if any, to use for an API server."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError


def proxy_for(target: ConnectTarget) -> str | None:
    """The proxy's URL: `proxy-url` of the cluster entry, else HTTPS_PROXY, HTTP_PROXY and NO_PROXY.

    The environment never applies to loopback addresses, as in Go's net/http.
    """
    configured = target.cluster.get("proxy-url")
    if configured:
        scheme = urlsplit(str(configured)).scheme
        if scheme not in ("http", "https"):
            raise ConfigError(
                f"{target.context}: proxy-url with {scheme or 'no scheme'} is not supported. Use an http:// proxy."
            )
        return str(configured)
    parts = urlsplit(target.server)
    if is_loopback(target.server):
        return None
    # It loads what HTTP servers, cookies and mail take, for clusters elsewhere alone.
    from urllib.request import getproxies, proxy_bypass

    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def is_loopback(server: str) -> bool:
    """True for a server on this machine."""
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
