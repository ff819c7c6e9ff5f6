"""Label and field selectors as the query of a request writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.demo.errors import BadRequest
from cockpit.demo.schemas.kinds import EVENTS, EVENTS_V1, NAMESPACES, NODES, PODS, REPLICASETS, SECRETS, Kind
from cockpit.demo.schemas.objects import Object

Labels = Mapping[str, str]
LabelSelector = Callable[[Labels], bool]
FieldSelector = Callable[[Object], bool]

TOKEN = re.compile(r"\s*(?:(==|!=|=|,|\(|\)|!|>|<)|([^\s=!,()<>]+))")
NAME = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$")
FIELDS: dict[Kind, tuple[str, ...]] = {
    PODS: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    EVENTS: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    EVENTS_V1: (
        *("reason", "reportingController", "type", "regarding.kind", "regarding.namespace", "regarding.name"),
        *("regarding.uid", "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath"),
    ),
    NAMESPACES: ("status.phase",),
    NODES: ("spec.unschedulable",),
    SECRETS: ("type",),
    REPLICASETS: ("status.replicas",),
}


def label_selector(text: str) -> LabelSelector | None:
    """The test behind `labelSelector=`; None when it selects everything."""
    tokens = _tokens(text)
    if not tokens:
        return None
    tests: list[LabelSelector] = []
    while tokens:
        tests.append(_requirement(tokens))
        if tokens and tokens.pop(0) != ",":
            raise BadRequest("unable to parse requirement: found unexpected token after a requirement, expected: ','")
    return lambda labels: all(test(labels) for test in tests)


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise BadRequest(f"unable to parse requirement: found {text[at:]!r}")
        tokens.append(match.group(1) or match.group(2))
        at = match.end()
    return tokens


def _requirement(tokens: list[str]) -> LabelSelector:
    first = tokens.pop(0)
    if first == "!":
        key = _key(tokens.pop(0) if tokens else "")
        return lambda labels: key not in labels
    key = _key(first)
    if not tokens or tokens[0] == ",":
        return lambda labels: key in labels
    operator = tokens.pop(0)
    if operator in ("=", "=="):
        value = _value(tokens)
        return lambda labels: labels.get(key) == value
    if operator == "!=":
        value = _value(tokens)
        return lambda labels: labels.get(key) != value
    if operator in ("in", "notin"):
        values = _values(tokens)
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if operator in (">", "<"):
        return _ordering(key, operator, _value(tokens))
    raise BadRequest(f"unable to parse requirement: found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def _ordering(key: str, operator: str, bound: str) -> LabelSelector:
    if not bound.lstrip("-").isdigit():
        raise BadRequest(
            f"unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer: {bound}"
        )

    def test(labels: Labels) -> bool:
        text = labels.get(key, "")
        if not text.lstrip("-").isdigit():
            return False
        return int(text) > int(bound) if operator == ">" else int(text) < int(bound)

    return test


def _key(text: str) -> str:
    prefix, _, name = text.rpartition("/")
    if not NAME.match(name) or (prefix and not NAME.match(prefix)):
        raise BadRequest(
            f'unable to parse requirement: <nil>: Invalid value: "{text}": name part must consist of alphanumeric '
            "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
            "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        )
    return text


def _value(tokens: list[str]) -> str:
    if not tokens or tokens[0] == ",":
        return ""
    return tokens.pop(0)


def _values(tokens: list[str]) -> frozenset[str]:
    if not tokens or tokens.pop(0) != "(":
        raise BadRequest("unable to parse requirement: found '', expected: '('")
    values = []
    while tokens and tokens[0] != ")":
        token = tokens.pop(0)
        if token != ",":
            values.append(token)
    if not tokens:
        raise BadRequest("unable to parse requirement: found '', expected: ',' or ')'")
    tokens.pop(0)
    return frozenset(values)


def field_selector(text: str, kind: Kind) -> FieldSelector | None:
    """The test behind `fieldSelector=`; BadRequest for a field this kind cannot be selected by."""
    tests: list[FieldSelector] = []
    for part in filter(None, text.split(",")):
        match = re.match(r"^([^=!]+)(==|=|!=)(.*)$", part)
        if match is None:
            raise BadRequest(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = match.groups()
        known = ("metadata.name", *(("metadata.namespace",) if kind.namespaced else ()), *FIELDS.get(kind, ()))
        if field not in known:
            raise BadRequest(f"field label not supported: {field}")
        negated = operator == "!="
        if field == "source":
            tests.append(lambda event, value=value, negated=negated: (_source(event) == value) is not negated)  # type: ignore[misc]
        else:
            tests.append(_field_test(field.split("."), value, negated))
    if not tests:
        return None
    return lambda obj: all(test(obj) for test in tests)


def _source(event: Object) -> str:
    """What an Event is selected by as its source: the component, else the controller that reported it."""
    return str((event.get("source") or {}).get("component") or event.get("reportingComponent") or "")


def _field_test(path: list[str], value: str, negated: bool) -> FieldSelector:
    def test(obj: Object) -> bool:
        found: Any = obj
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        text = "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)
        return (text == value) is not negated

    return test
