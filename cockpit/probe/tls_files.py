"""The TLS settings of a probe target: which CAs are trusted, and which certificate the client shows."""

from __future__ import annotations

import os
import ssl
import stat

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.text import safe_text

_Stamp = tuple[str, int, int]
# Contexts that are kept: those of the targets in use.
_MOST = 32


class TlsFileError(Exception):
    """A file of the target cannot be used; the text names it and says why, and repeats nothing of its content."""


class TlsContexts:
    """TLS contexts by what a target asks for. A file that has changed is read again."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[bool, bool, _Stamp, _Stamp, _Stamp], ssl.SSLContext] = {}

    def of(self, target: ProbeTarget) -> ssl.SSLContext:
        """The context for a target with TLS. Raises TlsFileError."""
        files = (_stamp(target.ca_file), _stamp(target.cert_file), _stamp(target.key_file))
        key = (target.insecure, target.http2, *files)
        if key not in self._contexts:
            made = _context(target)
            while len(self._contexts) >= _MOST:
                del self._contexts[next(iter(self._contexts))]
            self._contexts[key] = made
        return self._contexts[key]


def check_files(target: ProbeTarget) -> None:
    """Read the files that a target names. Raises TlsFileError."""
    if target.tls:
        TlsContexts().of(target)


def _stamp(path: str) -> _Stamp:
    """What changes when a file does."""
    if not path:
        return "", 0, 0
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise TlsFileError(f"{_shown(path)} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(found.st_mode):
        raise TlsFileError(f"{_shown(path)} is not a file")
    return path, found.st_mtime_ns, found.st_size


def _context(target: ProbeTarget) -> ssl.SSLContext:
    context = _trusting(target)
    if target.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # As libcurl does: an intermediate CA may be trusted by itself, and a CA may lack what RFC 5280 only recommends.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if target.cert_file:
        _show(context, target.cert_file, target.key_file)
    return context


def _trusting(target: ProbeTarget) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=target.ca_file or None)
    except ssl.SSLError:
        raise TlsFileError(f"{_shown(target.ca_file)} holds no CA certificate in PEM form") from None
    except OSError as error:
        raise TlsFileError(f"{_shown(target.ca_file)} cannot be read: {error.strerror or error}") from None


def _show(context: ssl.SSLContext, cert_file: str, key_file: str) -> None:
    """Make the client show this certificate."""
    named = _shown(key_file or cert_file)

    def no_passphrase() -> str:
        # Without this function OpenSSL would ask on the terminal.
        raise TlsFileError(f"the key in {named} is encrypted: give a key without a passphrase")

    try:
        context.load_cert_chain(cert_file, key_file or None, no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsFileError(
                f"the key in {named} does not belong to the certificate in {_shown(cert_file)}"
            ) from None
        both = named if named == _shown(cert_file) else f"{_shown(cert_file)} or {named}"
        raise TlsFileError(f"{both} holds no client certificate and key in PEM form") from None
    except OSError as error:
        raise TlsFileError(f"{_shown(cert_file)} or {named} cannot be read: {error.strerror or error}") from None


def _shown(path: str) -> str:
    return safe_text(path, 200)
