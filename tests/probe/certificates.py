"""A certificate authority for servers and clients on loopback."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)
_PEM = serialization.Encoding.PEM


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Signs certificates and writes them to a folder, each with its key in one PEM file."""

    def __init__(self, folder: Path, name: str = "test CA") -> None:
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        made = self._builder(name, self._key, timedelta()).add_extension(x509.BasicConstraints(True, None), True)
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(_PEM))

    def issue(self, host: str, *, age: timedelta = timedelta(), passphrase: bytes = b"") -> Path:
        """A certificate for a host, valid from a day before to a day after `age` ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = (
            self._builder(host, key, age)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        path = self._folder / f"{self._name} {host} {age.days} {bool(passphrase)}.pem"
        path.write_bytes(key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, locked) + signed.public_bytes(_PEM))
        return path

    def _builder(self, name: str, key: ec.EllipticCurvePrivateKey, age: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(UTC) - age
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self._name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
        )


def server_context(chain: Path, *protocols: str, clients: Path | None = None) -> ssl.SSLContext:
    """The TLS of a server that offers these protocols; with `clients` it wants a certificate signed by that CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context
