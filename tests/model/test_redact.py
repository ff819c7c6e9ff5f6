"""What may be a credential is in no preview and no journal, wherever in a body it stands."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.redact import redacted
from cockpit.model.refs import DEPLOYMENTS, Ref

SECRET = "hush-hush"
CONTAINER = {
    "name": "web",
    "image": "web:2",
    "env": [{"name": "PASSWORD", "value": SECRET}, {"name": "T", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
    "args": ["--token", SECRET],
    "command": ["sh", "-c", SECRET],
}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_names_stay_and_values_are_hidden() -> None:
    template = {"spec": {"containers": [CONTAINER]}}
    before = copy.deepcopy(template)
    assert redacted(template)["spec"]["containers"][0] == {
        "name": "web",
        "image": "web:2",
        "env": [
            {"name": "PASSWORD", "value": "(hidden)"},
            {"name": "T", "valueFrom": {"secretKeyRef": {"name": "s"}}},
        ],
        "args": ["(hidden)", "(hidden)"],
        "command": ["(hidden)", "(hidden)", "(hidden)"],
    }
    assert template == before, "what is sent stays as it is"


@pytest.mark.parametrize(
    "body",
    [
        [{"op": "replace", "path": "/spec/template", "value": {"spec": {"containers": [CONTAINER]}}}],
        [{"op": "test", "path": "/spec/template/spec/containers/0/env/0/value", "value": SECRET}],
        [{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": SECRET}],
        [
            {
                "op": "add",
                "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
                "value": SECRET,
            }
        ],
        [{"op": "replace", "path": "/data", "value": {"name": SECRET}}],
        {"metadata": {"annotations": {LAST_APPLIED: json.dumps({"env": SECRET})}}},
        {"data": {"key": SECRET}, "stringData": {"key": [SECRET]}},
    ],
)
@pytest.mark.parametrize("verb", [Verb.PATCH, Verb.CREATE])
def test_no_command_line_tells_them(body: Any, verb: Verb) -> None:
    request = Request(verb, Ref(DEPLOYMENTS, "shop", "web"), body, PatchType.JSON)
    assert SECRET not in request.command("test")
    assert "(hidden)" in request.command("test")


def test_what_holds_no_credential_is_told_as_it_is() -> None:
    body = [{"op": "replace", "path": "/spec/replicas", "value": 3}, {"op": "remove", "path": "/spec/x"}]
    assert redacted(body) == body
    assert redacted({"data": None, "spec": {"selector": {"v": "1"}}}) == {
        "data": None,
        "spec": {"selector": {"v": "1"}},
    }


fields = st.sampled_from(["spec", "env", "data", "args", "name", "value", "op", "path", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=3),
    max_leaves=12,
)
around = st.lists(st.sampled_from(["spec", "template", "name", "x", 0]), max_size=6)


@given(around, st.sampled_from(["args", "command", "data", "stringData", "binaryData"]), around)
def test_nothing_below_a_confidential_field_is_told(outside: list[Any], field: str, inside: list[Any]) -> None:
    body: Any = SECRET
    for key in inside:
        body = [body] if key == 0 else {key: body}
    body = {field: body}
    for key in outside:
        body = [body] if key == 0 else {key: body}
    assert SECRET not in json.dumps(redacted(body))


@given(values)
def test_any_body_is_told_in_its_own_shape(body: Any) -> None:
    found = redacted(body)
    assert type(found) is type(body) or found == "(hidden)"
    json.dumps(found)
    assert redacted(found) == found


def test_a_body_without_end_is_cut() -> None:
    body: Any = SECRET
    for _ in range(5000):
        body = {"x": body}
    assert SECRET not in json.dumps(redacted(body))


@pytest.mark.parametrize(
    "body",
    [
        {"spec": {"selector": {"env": "blue", "data": "hot"}}},
        {"spec": {"selector": {"matchLabels": {"env": "blue"}}, "template": {"metadata": {"labels": {"env": "blue"}}}}},
        [{"op": "test", "path": "/spec/selector", "value": {"env": "green"}}],
        [{"op": "replace", "path": "/metadata/labels/env", "value": "green"}],
    ],
)
def test_labels_stay_whatever_they_are_called(body: Any) -> None:
    assert redacted(body) == body


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"selector": {"env": SECRET}}},
        {"env": [{"labels": {"x": SECRET}, "value": SECRET}]},
        {"selector": {"matchLabels": {"a": "b"}, "env": [{"name": "P", "value": SECRET}]}},
        [{"op": "add", "path": "/data/labels", "value": {"env": SECRET}}],
    ],
)
def test_what_only_looks_like_labels_is_hidden(body: Any) -> None:
    assert SECRET not in json.dumps(redacted(body))
