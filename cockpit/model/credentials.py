"""Credentials inside of a text: in a URL, in a header that is quoted, in the path of a webhook. Pure.

Every text that is shown or written is looked through by `model.text` and by `model.redact`, so that a message of a
controller or a URL in a spec gives none away.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from cockpit.model.lazy_re import lazy_re
from cockpit.model.secret_headers import carries_secret

HIDDEN = "(hidden)"

# User and password in front of a host (RFC 3986, 3.2.1). "git" is the user of every clone URL, and no secret.
_USER = lazy_re(r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://)(?!git@)[^\s/?#\"'<>]*@")
# A parameter of a query or a fragment, and what may stand around a URL in a sentence or in JSON, where Go writes an "&"
# as \u0026.
_PARAMETER = lazy_re(r"([?&;#]|\\u0026)([^\s=?&;#\"'<>\\]{1,100})=((?:(?!\\u0026)[^\s&;#\"'<>])+)")
# Names that are short words of their own: as parts of other names they mean something else.
_SECRET_PARAMETERS = frozenset(
    {"auth", "code", "jwt", "key", "pass", "passwd", "pwd", "sig", "signature", "x-amz-signature", "x-goog-signature"}
)
# The value of a header Authorization (RFC 7235, 2.1). A word of letters alone is one of a sentence.
_SCHEME = lazy_re(r"(?i)\b(bearer|basic)(\s+)(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{6,}")
# Hooks whose path is all that it takes to write to them.
_HOOK = lazy_re(r"(?i)(hooks\.slack\.com/|discord(?:app)?\.com/api/webhooks/|\.webhook\.office\.com/)[^\s\"'<>]+")
# Fields, flags and annotations with a secret for a value; a name of a Secret ends in another word, such as secretName.
_WORDS = (
    r"(?i)(?:token|secret|passw(?:or)?d|(?:api|access|private|secret)[-_]?key|access[-_]?key[-_]?id|credentials?"
    r"|authorization)"
)
_SECRET_NAME = lazy_re(_WORDS + r"\Z")
_SECRET_FIELD = lazy_re(_WORDS.encode() + rb'"\s*:\s*"')
# These name a Secret (ingress-nginx, annotations of authentication).
_NAMES_A_SECRET = ("auth-secret", "tls-secret", "auth-tls-secret")


def without_credentials(text: str) -> str:
    """The text with "(hidden)" in place of users and passwords of URLs, of secret parameters, tokens and hooks."""
    if "://" in text:
        text = _USER.sub(rf"\1{HIDDEN}@", text)
    if "=" in text:
        text = _PARAMETER.sub(_shown_parameter, text)
    folded = text.lower()
    if ".com/" in folded:
        text = _HOOK.sub(rf"\1{HIDDEN}", text)
    if "bearer" in folded or "basic" in folded:
        text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    return text


def names_a_credential(field: str) -> bool:
    """Whether the value of a field or an annotation is a credential, by its name."""
    bare = field.rpartition("/")[2]
    return _SECRET_NAME.search(bare) is not None and not bare.lower().endswith(_NAMES_A_SECRET)


def is_secret_parameter(name: str) -> bool:
    """Whether a parameter of a URL, as it is written there, carries a credential by its name."""
    plain = unquote_plus(name)
    return plain.lower() in _SECRET_PARAMETERS or carries_secret(plain)


def _shown_parameter(found: re.Match[str]) -> str:
    sign, name, _ = found.groups()
    return f"{sign}{name}={HIDDEN}" if is_secret_parameter(name) else found[0]


def may_hold_credentials(text: bytes) -> bool:
    """Whether a text of JSON can have a credential in one of its strings, or a field whose name says so."""
    if _SECRET_FIELD.search(text):
        return True
    plain = text.decode(errors="replace")
    return without_credentials(plain) != plain
