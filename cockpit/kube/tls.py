"""TLS settings from a kubeconfig; no key stays on disk."""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError
from cockpit.kube.plugin import Credential


def tls_context(target: ConnectTarget, credential: Credential | None) -> ssl.SSLContext | None:
    """None for plain HTTP. Raises ConfigError that names the unusable entry."""
    if not target.server.startswith("https://"):
        return None
    authority = _material(target, target.cluster, "certificate-authority")
    if target.in_cluster is not None:
        authority = _read(target, target.in_cluster / "ca.crt", "certificate-authority")
    try:
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"{target.context}: certificate-authority of {target.server} is not a PEM certificate ({error})."
        ) from None
    # kubectl accepts CAs without the extensions that Python 3.13 started to require, such as older EKS ones.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if target.cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    _load_client_certificate(context, target, credential)
    return context


def _load_client_certificate(context: ssl.SSLContext, target: ConnectTarget, credential: Credential | None) -> None:
    if credential and credential.certificate:
        certificate, key = credential.certificate.encode(), credential.key.encode()
    else:
        certificate = _material(target, target.account, "client-certificate")
        key = _material(target, target.account, "client-key")
    if not certificate:
        return
    import tempfile

    with tempfile.TemporaryDirectory(prefix="cockpit-") as folder:  # mode 0700
        chain, secret = Path(folder, "chain.pem"), Path(folder, "key.pem")
        chain.write_bytes(certificate)
        secret.write_bytes(key)
        try:
            context.load_cert_chain(chain, secret)
        except (ssl.SSLError, OSError) as error:
            why = error.strerror or type(error).__name__
            raise ConfigError(
                f"{target.context}: the client certificate and key of {target.user} cannot be used ({why})."
            ) from None


def _material(target: ConnectTarget, entry: Mapping[str, Any], name: str) -> bytes:
    """PEM from `NAME-data` (base64), which takes precedence over the file `NAME`, as in client-go."""
    inline = entry.get(f"{name}-data")
    if inline:
        try:
            return base64.b64decode("".join(str(inline).split()), validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError(f"{target.context}: {name}-data in {target.source} is not valid base64.") from None
    path = entry.get(name)
    return _read(target, Path(str(path)), name) if path else b""


def _read(target: ConnectTarget, path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{target.context}: {name} cannot be read: {path}: {error.strerror}.") from None
