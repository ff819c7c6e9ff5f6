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
# The eleven letters that are left belong to the time that the name of each Job ends in.
LONGEST_CRON_JOB = 52
LONGEST_PORT_NAME = 15


def invalid_value(value: object, why: str) -> str:
    """`Invalid value: "x": why`."""
    return f"Invalid value: {json.dumps(value, separators=(',', ':'))}: {why}"


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value) is not None


def _too_long(most: int) -> str:
    return f"must be no more than {most} characters"


def broken_label(value: str) -> str:
    """Why `value` is not a DNS label; nothing if it is one."""
    if len(value) > LONGEST_LABEL:
        return _too_long(LONGEST_LABEL)
    if _matches(LABEL, value):
        return ""
    return (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
        f"end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
    )


def broken_label_name(value: str) -> str:
    """Why `value` cannot name a Namespace or a StatefulSet, or nothing."""
    return "must not contain dots" if "." in value and len(value) <= LONGEST_LABEL else broken_label(value)


def broken_cron_job_name(value: str) -> str:
    """Why `value` cannot name a CronJob, or nothing."""
    why = broken_subdomain(value)
    return why or (_too_long(LONGEST_CRON_JOB) if len(value) > LONGEST_CRON_JOB else "")


def broken_port_name(value: str) -> str:
    """Why `value` cannot name a port of a container, or nothing (IANA_SVC_NAME)."""
    if len(value) > LONGEST_PORT_NAME:
        return _too_long(LONGEST_PORT_NAME)
    if not _matches("[-a-z0-9]+", value):
        return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if not any(letter.isalpha() for letter in value):
        return "must contain at least one letter (a-z)"
    if "--" in value:
        return "must not contain consecutive hyphens"
    return "must not begin or end with a hyphen" if value.startswith("-") or value.endswith("-") else ""


def broken_subdomain(value: str) -> str:
    """Why `value` is not a DNS subdomain; nothing if it is one."""
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


def broken_nothing(value: str) -> str:
    """Every name will do."""
    return ""


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
    """Why `value` is not a wildcard host (`*.example.com`); nothing if it is one."""
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
