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
# How such a field's name ends: most texts have none, and are not searched for the whole.
_FIELD_ENDS = (
    b'token"',
    b'secret"',
    b'passwd"',
    b'password"',
    b'key"',
    b'id"',
    b'credential"',
    b'credentials"',
    b'authorization"',
)
# These name a Secret (ingress-nginx, annotations of authentication).
_NAMES_A_SECRET = ("auth-secret", "tls-secret", "auth-tls-secret")
# A name with a value: `DB_PASSWORD=x`, `x-api-key: x`, `"token":"x"`, also with its quotes escaped, and `--token x`.
_NAMED = lazy_re(
    r"""(?ix)
    ( (?: token | (?<!auth-)(?<!tls-)(?<!because[ ])secret | passw(?:or)?d | passphrase | (?<![a-z])(?:pwd|pass|jwt)
      | (?:api|access|private|secret|account|auth)[-_]?key | access[-_]?key[-_]?id | credentials?
      | signature | authorization )
      (?: \\{0,4}["']? [ \t]{0,9} (?P<sign>[:=]) [ \t]{0,9} (?:Invalid[ ]value:[ ])? ) )
    (?: (?P<quote>\\{0,4}["']) (?P<quoted>(?:(?!(?P=quote))[^\n])+)
      | (?P<scheme>(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)[ \t]{1,9})?
        (?P<plain>[^\s,;&"'<>{}\[\]\\]+) (?P<more>[ \t]{1,9}[a-z])? )
    """
)
# What follows a flag is its value, but for the words that a sentence about the flag goes on with.
_FLAG = lazy_re(
    r"(?i)(--[a-z0-9-]{0,40}(?:token|secret|passw(?:or)?d|passphrase|(?:api|access|private|secret)-?key))"
    r"([ \t]{1,9})(?!-|(?:is|has|does|goes|names|needs|and|or)[ \t])[^\s\"']+"
)
# What one of these says of itself: a JWT (RFC 7519), keys of AWS, GitHub, GitLab, Slack, Google.
_KNOWN = lazy_re(
    r"(?<![A-Za-z0-9_-])(?:eyJ[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]*){0,4}|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{16,}|xox[abeprs]-[A-Za-z0-9-]{10,}"
    r"|AIza[A-Za-z0-9_-]{30,})"
)
_MARKS = ("eyJ", "AKIA", "ASIA", "ABIA", "ACCA", "gh", "glpat-", "xox", "AIza")
# A part of every name above, and what may stand from there to its value: most texts have none, and are left at once.
_PARTS = ("token", "secret", "pass", "pwd", "jwt", "key", "credential", "signature", "authorization")
_SAYS = lazy_re(r"""(?:word|wd|phrase|s|[-_]?key|[-_]?id){0,2}\\{0,4}["']?[ \t]{0,9}[:=]""")
_KEYS = ("api", "access", "private", "secret", "account", "auth")
_NO_VALUES = frozenset({"true", "false", "null", "none", "nil"})


def without_credentials(text: str) -> str:
    """The text with "(hidden)" in place of users and passwords of URLs, of secret parameters, tokens and hooks.

    And of what a name such as `password` is said to be (`password=x`, `x-api-key: x`), and of keys and tokens that are
    known by how they begin. A word of letters alone that a sentence goes on after is none: "token: not found".
    """
    if "://" in text:
        text = _USER.sub(rf"\1{HIDDEN}@", text)
    if "=" in text:
        text = _PARAMETER.sub(_shown_parameter, text)
    folded = text.lower()
    if ".com/" in folded:
        text = _HOOK.sub(rf"\1{HIDDEN}", text)
    if "bearer" in folded or "basic" in folded:
        text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    if _says_a_value(folded):
        text = _NAMED.sub(_shown_named, text)
    if "--" in text:
        text = _FLAG.sub(rf"\1\2{HIDDEN}", text)
    for mark in _MARKS:
        if mark in text:
            return _KNOWN.sub(HIDDEN, text)
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


def _says_a_value(folded: str) -> bool:
    """Whether a value may follow a name with one of the parts: a look at each place where one stands."""
    for part in _PARTS:
        place = folded.find(part)
        while place >= 0:
            end = place + len(part)
            named = part != "key" or folded[max(place - 8, 0) : place].rstrip("-_").endswith(_KEYS)
            if named and _SAYS.match(folded, end):
                return True
            place = folded.find(part, end)
    return False


def _shown_named(found: re.Match[str]) -> str:
    """A name with its value hidden, unless it is a word of a sentence, or says that there is none."""
    name, quote = found[1], found["quote"]
    if quote:
        return f"{name}{quote}{HIDDEN}"
    plain, more = found["plain"], found["more"] or ""
    if plain.lower() in _NO_VALUES:
        return found[0]
    if found["sign"] == ":" and not found["scheme"] and plain.isalpha() and more:
        return found[0]
    return f"{name}{HIDDEN}{more}"


def may_hold_credentials(text: bytes) -> bool:
    """Whether a text of JSON can have a credential in one of its strings, or a field whose name says so."""
    folded = text.lower()
    for end in _FIELD_ENDS:
        if end in folded and _SECRET_FIELD.search(text):
            return True
    plain = text.decode(errors="replace")
    return without_credentials(plain) != plain
