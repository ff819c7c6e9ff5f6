"""Which HTTP headers may carry credentials, so that their values must not be stored where others can read them."""

from __future__ import annotations

from cockpit.model.lazy_re import lazy_re

# Exactly these names, and any name with one of the words in it.
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
SECRET_WORDS = ("token", "secret", "api-key", "apikey", "password", "session", "credential")


# These never hold a credential.
PLAIN_HEADERS = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-type", "dnt"),
        *("host", "origin", "pragma", "range", "te", "user-agent", "via", "x-forwarded-host", "x-forwarded-proto"),
    }
)
# What canary rules ask for: a word, a version, a small number. A key or a token is longer, and mixes the two.
_PLAIN_VALUE = lazy_re(r"[A-Za-z]{1,12}(-[A-Za-z]{1,12})?|[A-Za-z]?\d{1,4}(\.\d{1,4}){0,3}")


def may_be_stored(header: str, value: str) -> bool:
    """Whether a header's value can be written to a file: by its name, else by what it looks like."""
    if carries_secret(header):
        return False
    return header.lower() in PLAIN_HEADERS or _PLAIN_VALUE.fullmatch(value) is not None


def carries_secret(header: str) -> bool:
    """True for headers, and parameters of a URL, whose name says that they carry a credential."""
    name = header.lower().replace("_", "-")
    return name in SECRET_HEADERS or any(word in name for word in SECRET_WORDS)
