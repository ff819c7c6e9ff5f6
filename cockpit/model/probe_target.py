"""Where a probe sends requests: the address to connect to and the host name to send."""

from __future__ import annotations

from dataclasses import field

from cockpit.model.secret_parameters import shown_path
from cockpit.model.values import dataclass

# The User-Agent of the probe's requests, unless the target or the lane gives another one.
USER_AGENT = "rollout-cockpit"
# Said wherever a target that uses the API server's Service proxy is shown.
THROUGH_API_SERVER = "through the API server: not through mesh or Ingress"

# Requests per second that go through an API server: to one Service, and all together. It audits each one with the
# user's name, and its own limits on concurrency (API Priority and Fairness) exempt the subresource `proxy`.
PROXIED_RATE = 5.0
PROXIED_TOGETHER = 20.0


@dataclass(frozen=True, slots=True)
class ProxiedService:
    """A Service port that is reached through the Service proxy of the API server of `context`.

    `port` is the number or name of a Service port.
    """

    context: str
    namespace: str
    name: str
    port: str

    @property
    def host(self) -> str:
        """The Service's name inside the cluster."""
        return f"{self.name}.{self.namespace}.svc"

    def is_of(self, other: ProxiedService) -> bool:
        """Whether both are ports of one Service."""
        return (self.context, self.namespace, self.name) == (other.context, other.namespace, other.name)


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """`address` is where to connect; `host` is the Host header (and SNI); both without port.

    `proxy` is the URL of an HTTP proxy, for Services that are reachable only through one.
    `version_from` is `auto`, `json:PATH`, `header:NAME`, `regex:RE` or `body`. `insecure` skips the check of
    a TLS certificate, for a gateway with a self-signed one. `ca_file` is a file of the CAs to trust instead of the
    system's, `cert_file` and `key_file` are the client's certificate and its key ("" if it is in `cert_file`); the
    files are read when a request is sent. `http2` offers HTTP/2, and without TLS expects it. With `cookies` every
    other request is that of a client that keeps its cookies.
    With `service` requests go through the API server to that Service; `tls` is then between API server and pod, and
    `address` and `port` only describe the target.
    """

    address: str
    port: int
    host: str
    path: str = "/"
    tls: bool = False
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may contain credentials
    version_from: str = "auto"
    proxy: str | None = field(default=None, repr=False)
    insecure: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    http2: bool = False
    cookies: bool = False
    service: ProxiedService | None = None

    @property
    def place(self) -> str:
        """The URL, and whether requests bypass mesh and Ingress."""
        return f"{self.url} ({THROUGH_API_SERVER})" if self.service else self.url

    @property
    def url(self) -> str:
        """The URL as typed by a user, without the values of parameters that carry credentials."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        port = "" if self.port == usual else f":{self.port}"
        return f"{scheme}://{self.host}{port}{shown_path(self.path)}"


def proxied_target(
    service: ProxiedService, number: int, path: str = "/", *, tls: bool = False, version_from: str = "auto"
) -> ProbeTarget:
    """The probe target of a Service through the API server; `number` is the port that is shown."""
    return ProbeTarget(service.host, number, service.host, path, tls, version_from=version_from, service=service)
