"""The forms of names, as kube-apiserver explains them when they are broken."""

from __future__ import annotations

import json
import re

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = LABEL + r"(\." + LABEL + ")*"
DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
LONGEST_LABEL, LONGEST_SUBDOMAIN = 63, 253


def invalid_value(value: object, why: str) -> str:
    """`Invalid value: "x": why`."""
    return f"Invalid value: {json.dumps(value, separators=(',', ':'))}: {why}"


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value) is not None


def _too_long(most: int) -> str:
    return f"must be no more than {most} bytes"


def broken_label(value: str) -> str:
    """Why `value` is no DNS label, or nothing."""
    if len(value) > LONGEST_LABEL:
        return _too_long(LONGEST_LABEL)
    if _matches(LABEL, value):
        return ""
    return (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
        f"end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
    )


def broken_subdomain(value: str) -> str:
    """Why `value` is no DNS subdomain, or nothing."""
    if len(value) > LONGEST_SUBDOMAIN:
        return _too_long(LONGEST_SUBDOMAIN)
    if _matches(SUBDOMAIN, value):
        return ""
    return (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
        f"start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
    )


def broken_path_segment(value: str) -> str:
    """Why `value` cannot stand in a URL path, as the names of roles have to, or nothing."""
    if value in (".", ".."):
        return f"may not be '{value}'"
    return next((f"may not contain '{sign}'" for sign in "/%" if sign in value), "")


def broken_dns_1035(value: str) -> str:
    """Why `value` cannot name a Service, or nothing."""
    if len(value) > LONGEST_LABEL:
        return _too_long(LONGEST_LABEL)
    if _matches(DNS_1035, value):
        return ""
    return (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        f"is '{DNS_1035}')"
    )


def broken_wildcard_host(value: str) -> str:
    """Why `value` is no wildcard host (`*.example.com`), or nothing."""
    if _matches(r"\*\." + SUBDOMAIN, value):
        return ""
    return (
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
        "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
        r"regex used for validation is '\*\." + SUBDOMAIN + "')"
    )


def broken_key(value: str) -> str:
    """Why `value` cannot be the key of a label or annotation, or nothing."""
    prefix, slash, name = value.rpartition("/")
    if slash and (broken_subdomain(prefix) if prefix else "empty"):
        return "prefix part " + (broken_subdomain(prefix) if prefix else "must be non-empty")
    if not name:
        return "name part must be non-empty"
    if len(name) > LONGEST_LABEL:
        return "name part " + _too_long(LONGEST_LABEL)
    if _matches(QUALIFIED, name):
        return ""
    return (
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        f"'{QUALIFIED}')"
    )


def broken_label_value(value: str) -> str:
    """Why `value` cannot be the value of a label, or nothing."""
    if len(value) > LONGEST_LABEL:
        return _too_long(LONGEST_LABEL)
    if _matches(LABEL_VALUE, value):
        return ""
    return (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
        f"validation is '{LABEL_VALUE}')"
    )
