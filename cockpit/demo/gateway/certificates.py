"""The certificates that a gateway shows: those of Secrets, by the name that a client asks for, else its own."""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from cockpit.demo import tls
from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers.attachment import mappings
from cockpit.demo.gateway.match import Hosts
from cockpit.demo.gateway.rules import Ingress
from cockpit.demo.schemas.kinds import SECRETS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.storage import Storage

OWN_NAME = "Kubernetes Ingress Controller Fake Certificate"
Key = tuple[str, str]
# The context for a name that a client requests, if that name has a certificate.
Lookup = Callable[[str], ssl.SSLContext | None]


@dataclass(frozen=True)
class Shown:
    """A certificate that can be shown, and the names that it is for, in lower case."""

    context: ssl.SSLContext
    names: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """Whether it is for a host; `*.x` is for one label more than x."""
        parent = host.partition(".")[2]
        return host in self.names or (bool(parent) and f"*.{parent}" in self.names)


class Certificates:
    """Secrets of type kubernetes.io/tls, read again only after a change."""

    def __init__(self, storage: Storage, clock: DemoClock) -> None:
        self._storage = storage
        self._own = tls.self_signed(OWN_NAME, "ingress.local", clock.now())
        self._read: dict[Key, tuple[str, Shown | None]] = {}

    def context(self, lookup: Lookup) -> ssl.SSLContext:
        """A server context that presents what `lookup` finds for the requested name, else the gateway's certificate."""
        context = tls.server_context(self._own)

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            chosen = lookup(name.lower().rstrip(".")) if name else None
            if chosen is not None:
                connection.context = chosen

        context.sni_callback = choose
        return context

    def shown(self, secret: Key | None, host: str) -> ssl.SSLContext | None:
        """The context of a Secret for a host; None where its certificate is for other names."""
        found = self.of(secret) if secret else None
        return found.context if found and found.covers(host) else None

    def of(self, secret: Key) -> Shown | None:
        """The certificate in a Secret; None where there is none that fits its key."""
        stored = self._storage.peek(SECRETS, *secret)
        if stored is None:
            self._read.pop(secret, None)
            return None
        version = str(stored["metadata"].get("resourceVersion"))
        known = self._read.get(secret)
        if known is None or known[0] != version:
            known = self._read[secret] = (version, _shown(stored))
        return known[1]

    def for_ingresses(self, ingresses: Iterable[Ingress]) -> Hosts[Key]:
        """The Secret of each host of Ingresses with TLS, the oldest first (createServers of ingress-nginx)."""
        found: dict[str, Key] = {}
        for ingress in ingresses:
            for host in ingress.hosts if ingress.tls else ():
                secret = self._secret_for(ingress, host)
                if host and secret:
                    found.setdefault(host, (ingress.namespace, secret))
        return Hosts(found)

    def _secret_for(self, ingress: Ingress, host: str) -> str:
        named = next((one.secret for one in ingress.tls if host in one.hosts), None)
        if named is not None:
            return named
        secrets = (one.secret for one in ingress.tls if one.secret)
        return next((name for name in secrets if (s := self.of((ingress.namespace, name))) and s.covers(host)), "")


def hosts_of_listeners(gateways: Iterable[Mapping[str, Any]], port: int | None = None) -> Hosts[Key]:
    """The Secret of each host name of HTTPS listeners, "" for one without; with `port` of those on that port."""
    found: dict[str, Key] = {}
    for gateway in gateways:
        for listener in mappings((gateway.get("spec") or {}).get("listeners")):
            secret = _secret_of(gateway, listener)
            if secret and listener.get("protocol") == "HTTPS" and port in (None, listener.get("port")):
                found.setdefault(str(listener.get("hostname") or "").lower(), secret)
    return Hosts(found)


def _shown(secret: Object) -> Shown | None:
    data = secret.get("data") or {}
    try:
        chain, key = (base64.b64decode(data[field], validate=True) for field in ("tls.crt", "tls.key"))
        certificate = x509.load_pem_x509_certificate(chain)
        return Shown(tls.server_context(chain + b"\n" + key), tuple(_names(certificate)))
    except (KeyError, TypeError, ValueError, binascii.Error, ssl.SSLError, OSError):
        return None


def _names(certificate: x509.Certificate) -> Iterator[str]:
    yield from (str(one.value).lower() for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    try:
        names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, ValueError):
        return
    if isinstance(names, x509.SubjectAlternativeName):
        yield from (name.lower() for name in names.get_values_for_type(x509.DNSName))


def _secret_of(gateway: Mapping[str, Any], listener: Mapping[str, Any]) -> Key | None:
    """The Secret that a listener of a Gateway names first; None if it names none in its namespace."""
    wish = listener.get("tls")
    refs = wish.get("certificateRefs") if isinstance(wish, Mapping) else None
    first = refs[0] if isinstance(refs, list) and refs and isinstance(refs[0], Mapping) else {}
    namespace = str(gateway["metadata"].get("namespace", ""))
    if first.get("kind", "Secret") != "Secret" or first.get("namespace", namespace) != namespace:
        return None
    return (namespace, str(first["name"])) if first.get("name") else None
