"""Where a probe's request enters: the address to connect to and the name to ask for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Door:
    """`address` is connected to; `host` is the Host header (and SNI); both without port.

    `proxy` is the URL of an HTTP proxy to send through, for Services that only a proxy can reach.
    `version_from` is `auto`, `json:PATH`, `header:NAME`, `regex:RE` or `body`. `insecure` skips the check of
    a TLS certificate, as a gateway with a self-signed one needs.
    """

    address: str
    port: int
    host: str
    path: str = "/"
    tls: bool = False
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # they may hold credentials
    version_from: str = "auto"
    proxy: str | None = field(default=None, repr=False)
    insecure: bool = False

    @property
    def url(self) -> str:
        """The URL as a user would type it."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        port = "" if self.port == usual else f":{self.port}"
        return f"{scheme}://{self.host}{port}{self.path}"
