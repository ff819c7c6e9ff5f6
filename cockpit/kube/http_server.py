"""Where an API server is, and what stands in each request to it: from a target's URL and proxy."""

from __future__ import annotations

import base64
import ssl
from urllib.parse import SplitResult, quote, unquote, urlsplit

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError
from cockpit.kube.http_connection import Headers
from cockpit.kube.http_wire import Place
from cockpit.kube.proxies import is_loopback, proxy_for

# What may stand in a path as it is (RFC 3986, section 3.3), and quotes of what may not.
_IN_A_PATH = "/%:@!$&'()*+,;=~-._"
_PORTS = {"https": 443, "http": 80}
# So long may a part of a name be (RFC 1035, section 2.3.4).
_LABEL = 63


class HttpServer:
    """The server of a target. `url` is for people, `to_proxy` are headers for the proxy alone."""

    proxy: Place | None
    to_proxy: Headers

    def __init__(self, target: ConnectTarget) -> None:
        self._target = target
        self.url = target.server.rstrip("/")
        self.loopback = is_loopback(self.url)
        self._parts = urlsplit(self.url)
        self._path = quote(self._parts.path, safe=_IN_A_PATH)
        url = proxy_for(target)
        self.proxy, self.to_proxy = self._find_proxy(url) if url else (None, ())
        name = target.cluster.get("tls-server-name")
        self._name = str(name) if name else None

    def place(self, tls: ssl.SSLContext | None) -> Place:
        """Where to connect. Raises ConfigError for a URL that names no host."""
        return self._place(self._parts, tls, self._name)

    @property
    def proxy_url(self) -> str:
        """The proxy's URL for people, without a user and a password; "" without a proxy."""
        return "" if self.proxy is None else f"{'https' if self.proxy.tls else 'http'}://{self.proxy.authority}"

    @property
    def host(self) -> str:
        """For the header Host: a port only where it is not the usual one."""
        place = self.place(None)
        usual = place.port == _PORTS.get(self._parts.scheme)
        return place.authority.rpartition(":")[0] if usual else place.authority

    @property
    def read_by_the_proxy(self) -> bool:
        """True if a proxy reads the requests; it only passes on what is encrypted."""
        return self.proxy is not None and self._parts.scheme == "http"

    def target_of(self, url_path: str) -> str:
        """What stands in the request line: a proxy that reads it wants the whole URL."""
        path = self._path + url_path
        return f"http://{self.host}{path}" if self.read_by_the_proxy else path

    def _find_proxy(self, url: str) -> tuple[Place, Headers]:
        """Where a proxy is, and the headers for it alone. Raises ConfigError for a URL that names no host."""
        parts = urlsplit(url)
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        if parts.username is None:
            return self._place(parts, tls, None), ()
        password = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        secret = base64.b64encode(password.encode()).decode()
        return self._place(parts, tls, None), (("Proxy-Authorization", f"Basic {secret}"),)

    def _place(self, parts: SplitResult, tls: ssl.SSLContext | None, name: str | None) -> Place:
        try:
            host = _ascii(parts.hostname or "")
            # The dot that ends a complete name is not in a certificate.
            certified = (_ascii(name) if name else host).removesuffix(".")
            return Place(host, parts.port or _PORTS.get(parts.scheme, 80), tls, certified)
        except ValueError:
            # The URL of a proxy can hold a password.
            url = self.url if parts is self._parts else "proxy-url"
            raise ConfigError(f"{self._target.context}: {url} is not a valid server URL.") from None


def _ascii(host: str) -> str:
    """A host name as it is asked for. Raises ValueError for what is none."""
    if not host.isascii():
        return host.encode("idna").decode()
    if not host or not host.isprintable() or any(sign in host for sign in " <>\"'`{}|\\^,;"):
        raise ValueError("no host name")
    if not all(0 < len(label) <= _LABEL for label in host.removesuffix(".").split(".")) and ":" not in host:
        raise ValueError("no host name")
    return host
