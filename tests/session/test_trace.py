"""Whether an object that does not show a request can have been written by it."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import SERVICES, Ref
from cockpit.session.acts.trace import cannot_have_been_made, trace

REF = Ref(SERVICES, "shop", "shop")
REPLACE = Request(Verb.PATCH, REF, [{"op": "replace", "path": "/spec/a", "value": 1}], PatchType.JSON)
REMOVE = Request(
    Verb.PATCH, REF, [{"op": "test", "path": "/spec/a"}, {"op": "remove", "path": "/spec/a"}], PatchType.JSON
)
NULLS = Request(Verb.PATCH, REF, {"metadata": {"resourceVersion": "7", "annotations": {"x": None}}}, PatchType.MERGE)
MERGE = Request(Verb.PATCH, REF, {"metadata": {"resourceVersion": "7"}, "spec": {"a": 1, "b": None}}, PatchType.MERGE)


def obj(version: str, *entries: tuple[str, str, str]) -> dict[str, Any]:
    fields = [
        {"manager": manager, "operation": "Update", "subresource": part, "time": time}
        for manager, part, time in entries
    ]
    return {"metadata": {"resourceVersion": version, "managedFields": fields}}


MINE, CONTROLLER = ("cockpit", "", "10:00"), ("rollouts-controller", "status", "10:00")


@pytest.mark.parametrize("request_", [REPLACE, MERGE], ids=["json", "merge"])
@pytest.mark.parametrize(
    ("later", "certain"),
    [
        (obj("8", MINE, CONTROLLER), True),
        (obj("9", MINE, ("rollouts-controller", "status", "10:05")), True),
        (obj("9", MINE, CONTROLLER, ("kubectl", "", "10:05")), True),
        (obj("9", ("cockpit", "", "10:05"), CONTROLLER), False),
        (obj("9", MINE, ("cockpit", "status", "10:05")), False),
        (None, False),
    ],
)
def test_a_write_of_a_cockpit_leaves_its_time(request_: Request, later: dict[str, Any] | None, certain: bool) -> None:
    before = trace(request_, obj("8", MINE, CONTROLLER))
    assert cannot_have_been_made(request_, before, later) is certain


@pytest.mark.parametrize("request_", [REMOVE, NULLS], ids=["json", "merge"])
def test_a_write_that_only_removes_leaves_the_version_alone(request_: Request) -> None:
    before = trace(request_, obj("8", MINE))
    assert cannot_have_been_made(request_, before, obj("8", MINE))
    assert not cannot_have_been_made(request_, before, obj("9", MINE))


def test_without_managed_fields_the_version_counts() -> None:
    before = trace(REPLACE, {"metadata": {"resourceVersion": "8"}})
    assert cannot_have_been_made(REPLACE, before, {"metadata": {"resourceVersion": "8"}})
    assert not cannot_have_been_made(REPLACE, before, {"metadata": {"resourceVersion": "9"}})


def test_an_object_that_is_still_there_was_not_deleted() -> None:
    delete = Request(Verb.DELETE, REF, {"preconditions": {"uid": "1"}})
    assert cannot_have_been_made(delete, trace(delete, obj("8")), obj("9", MINE))


@pytest.mark.parametrize("found", [{}, {"metadata": None}, {"metadata": {"managedFields": [None, 3]}}])
def test_an_object_without_any_form_has_a_trace_too(found: dict[str, Any]) -> None:
    assert trace(REPLACE, found) == ""
