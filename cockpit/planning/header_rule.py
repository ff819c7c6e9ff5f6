"""What a header rule may ask for, the same for every router that reads or writes one."""

from __future__ import annotations

from cockpit.model.lazy_re import lazy_re
from cockpit.model.text import safe_text

# A token of RFC 9110, 5.6.2; as long as the Gateway API allows (HTTPHeaderName).
_NAME = lazy_re(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}")
# Visible characters with spaces only between them: what every gateway passes on unchanged.
_VALUE = lazy_re(r"[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?")


def is_name(name: str) -> bool:
    """Whether a request can have a header of this name."""
    return _NAME.fullmatch(name) is not None


def is_value(value: str) -> bool:
    """Whether a header can have this value, and reach every router unchanged."""
    return _VALUE.fullmatch(value) is not None


def why_not_sendable(name: str, value: str) -> str:
    """Why no request can have this header; "" if one can. An empty value matches any."""
    if not is_name(name):
        return f"{safe_text(name, 60)!r} is not a valid header name: use letters, digits and -"
    if value and not is_value(value):
        return f"{safe_text(value, 60)!r} is not a valid header value: use visible ASCII characters"
    return ""
