"""Whether a request that got no answer took effect, and whether an inverse would be taken by what is there now."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, SERVICES, Ref
from cockpit.session.acts.effect import took_effect, would_apply
from tests.objects import merged

SERVICE, DEPLOYMENT, CANARY = (Ref(r, "shop", "web") for r in (SERVICES, DEPLOYMENTS, INGRESSES))
PATCH = Request(Verb.PATCH, SERVICE, {"spec": {"x": 2}}, PatchType.MERGE)
BACK = Request(Verb.PATCH, SERVICE, [{"op": "replace", "path": "/spec/x", "value": 1}], PatchType.JSON)
DELETE = Request(Verb.DELETE, DEPLOYMENT, {"preconditions": {"uid": "u1"}})
CREATE = Request(Verb.CREATE, CANARY, {"metadata": {"name": "web"}, "spec": {"a": 1}})
FOUND = {"metadata": {"uid": "u1", "resourceVersion": "9"}, "spec": {"x": 2, "list": ["a", {"n": 1}]}}


def merge(body: dict[str, Any]) -> Request:
    return Request(Verb.PATCH, SERVICE, body, PatchType.MERGE)


def edit(**operation: Any) -> Request:
    return Request(Verb.PATCH, SERVICE, [operation], PatchType.JSON)


@pytest.mark.parametrize(
    ("sent", "found", "took"),
    [
        (DELETE, None, True),
        (DELETE, {"metadata": {"uid": "u1"}}, False),
        (DELETE, {"metadata": {"uid": "other"}}, True),
        (DELETE, {"metadata": {"uid": "u1", "deletionTimestamp": "2026-01-01T00:00:00Z"}}, True),
        (CREATE, None, False),
        (CREATE, {"metadata": {"name": "web", "uid": "x"}, "spec": {"a": 1, "defaulted": True}}, True),
        (CREATE, {"metadata": {"name": "web", "uid": "x"}, "spec": {"a": 2}}, False),
        (PATCH, FOUND, True),
        (PATCH, {"spec": {"x": 1}}, False),
        (PATCH, None, False),
        (merge({"metadata": {"resourceVersion": "8"}, "spec": {"y": None}}), FOUND, True),
        (merge({"spec": {"x": None}}), FOUND, False),
        (BACK, FOUND, False),
        (edit(op="remove", path="/spec/gone~1x"), FOUND, True),
        (edit(op="remove", path="/spec/x"), FOUND, False),
        (edit(op="add", path="/spec/list/-", value={"n": 1}), FOUND, True),
        (edit(op="replace", path="/spec/list/1/n", value=1), FOUND, True),
        (edit(op="replace", path="/spec/list/7/n", value=1), FOUND, False),
    ],
)
def test_whether_a_lost_request_took_effect(sent: Request, found: dict[str, Any] | None, took: bool) -> None:
    assert took_effect(sent, found) is took


values = st.recursive(
    st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(["spec", "data", "x"]), values, max_size=3)


@given(bodies, bodies)
def test_a_merge_patch_that_was_applied_took_effect(before: dict[str, Any], patch: dict[str, Any]) -> None:
    request = Request(Verb.PATCH, SERVICE, patch, PatchType.MERGE)
    assert took_effect(request, merged(before, patch))


@given(bodies, bodies)
def test_a_json_patch_that_was_applied_took_effect(before: dict[str, Any], after: dict[str, Any]) -> None:
    operations = [{"op": "add", "path": f"/{key}", "value": value} for key, value in after.items()]
    operations += [{"op": "remove", "path": f"/{key}"} for key in before if key not in after]
    request = Request(Verb.PATCH, SERVICE, operations, PatchType.JSON)
    assert took_effect(request, jsonpatch.apply_patch(before, operations))


leaves = st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2)


@given(leaves, leaves)
def test_a_value_that_is_not_there_did_not_take_effect(there: Any, wanted: Any) -> None:
    same = type(there) is type(wanted) and there == wanted
    operations = [{"op": "test", "path": "/spec/x", "value": 0}, {"op": "replace", "path": "/spec/x", "value": wanted}]
    for request in (
        Request(Verb.PATCH, SERVICE, {"spec": {"x": wanted}}, PatchType.MERGE),
        Request(Verb.PATCH, SERVICE, operations, PatchType.JSON),
    ):
        assert took_effect(request, {"spec": {"x": there}}) is same


@pytest.mark.parametrize(
    ("request_", "found", "taken"),
    [
        (Request(Verb.CREATE, SERVICE, {}), None, True),
        (Request(Verb.CREATE, SERVICE, {}), {"metadata": {}}, False),
        (Request(Verb.DELETE, SERVICE, {"preconditions": {"uid": "1"}}), {"metadata": {"uid": "1"}}, True),
        (Request(Verb.DELETE, SERVICE, {"preconditions": {"uid": "1"}}), {"metadata": {"uid": "2"}}, False),
        (Request(Verb.DELETE, SERVICE, {}), None, False),
    ],
)
def test_what_an_inverse_finds_says_whether_it_would_be_taken(
    request_: Request, found: dict[str, Any] | None, taken: bool
) -> None:
    assert would_apply(request_, found) is taken


@pytest.mark.parametrize(("value", "taken"), [("v2", True), ("v1", False), (None, False)])
def test_a_patch_would_be_taken_while_its_tests_hold(value: str | None, taken: bool) -> None:
    body = [{"op": "test", "path": "/spec/a~1b", "value": "v2"}, {"op": "replace", "path": "/spec/a~1b", "value": "v1"}]
    patch = Request(Verb.PATCH, SERVICE, body, PatchType.JSON)
    assert would_apply(patch, {"spec": {"a/b": value} if value else {}}) is taken
    absent = Request(Verb.PATCH, SERVICE, [{"op": "test", "path": "/spec/a", "value": None}], PatchType.JSON)
    assert would_apply(absent, {"spec": {}})
