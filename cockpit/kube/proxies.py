"""Whether a proxy stands between here and an API server."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from cockpit.kube.errors import ConfigError
from cockpit.kube.target import Target


def proxy_for(target: Target) -> str | None:
    """The proxy's URL: `proxy-url` of the cluster entry, else HTTPS_PROXY, HTTP_PROXY and NO_PROXY.

    Loopback addresses are never proxied by the environment, as in Go's net/http.
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
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def is_loopback(server: str) -> bool:
    """True for a server on this machine."""
    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
