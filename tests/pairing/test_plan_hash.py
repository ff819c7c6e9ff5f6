"""The hash of a plan: equal where two cockpits mean the same, different where anything of it differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, Expected, PatchType, Plan, Request, Verb
from cockpit.model.refs import INGRESSES, PODS, SERVICES, Ref, RolloutKey
from cockpit.model.second import Second
from cockpit.pairing.plan_hash import kinds_of, plan_hash

KEY = RolloutKey("prod", "shop", "web", "service")
SERVICE, CANARY = Ref(SERVICES, "shop", "web"), Ref(INGRESSES, "shop", "web")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text(max_size=5), json_values, max_size=5)


def service(version: str = "v1", rv: str = "7", uid: str = "u1", **more: Any) -> dict[str, Any]:
    metadata = {"name": "web", "uid": uid, "resourceVersion": rv, "generation": int(rv), "managedFields": [rv]}
    return {"kind": "Service", "metadata": metadata, "spec": {"selector": {"version": version}}, **more}


def flip(rv: str = "7", to: str = "v2", **more: Any) -> Plan:
    body = {"metadata": {"resourceVersion": rv}, "spec": {"selector": {"version": to}}}
    request = Request(Verb.PATCH, SERVICE, body, PatchType.MERGE, guard=f"version {rv}")
    plan = Plan(Act.FLIP, KEY, "flip", (), (request,), (Expected("default", "v2", 1.0),), raises=True)
    return replace(plan, **more)


def expects(path: str, value: Any) -> dict[str, Any]:
    return {"op": "test", "path": path, "value": value}


def turned(value: Any) -> Any:
    """The same JSON with the members of each object in the other order."""
    if isinstance(value, dict):
        return {key: turned(each) for key, each in reversed(list(value.items()))}
    return [turned(each) for each in value] if isinstance(value, list) else value


@given(json_objects, json_objects)
def test_the_order_of_members_says_nothing(body: dict[str, Any], read: dict[str, Any]) -> None:
    def of(body: Any, read: Any, objects: list[Ref]) -> str:
        request = Request(Verb.PATCH, SERVICE, body, PatchType.MERGE)
        return plan_hash(flip(requests=(request,)), dict.fromkeys(objects, read))

    first = of(body, read, [SERVICE, CANARY])
    assert len(first) == 64
    assert of(turned(body), turned(read), [CANARY, SERVICE]) == first


@given(json_values, json_values)
def test_another_body_is_another_plan(one: Any, two: Any) -> None:
    def of(value: Any) -> str:
        request = Request(Verb.PATCH, SERVICE, {"spec": value}, PatchType.MERGE)
        return plan_hash(flip(requests=(request,)), {})

    same = repr(turned_sorted(one)) == repr(turned_sorted(two))
    assert (of(one) == of(two)) is same


def turned_sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: turned_sorted(value[key]) for key in sorted(value)}
    return [turned_sorted(each) for each in value] if isinstance(value, list) else value


@given(st.integers(1, 10**6), json_values)
def test_what_the_server_writes_says_nothing(rv: int, status: Any) -> None:
    later = service(rv=str(rv), status=status)
    assert plan_hash(flip(str(rv)), {SERVICE: later}) == plan_hash(flip(), {SERVICE: service()})


def test_a_context_has_another_name_on_another_machine() -> None:
    elsewhere = replace(flip(), rollout=replace(KEY, context="production-eu"))
    assert plan_hash(elsewhere, {SERVICE: service()}) == plan_hash(flip(), {SERVICE: service()})
    other_system = replace(flip(), rollout=replace(KEY, system="deployment"))
    assert plan_hash(other_system, {SERVICE: service()}) == plan_hash(flip(), {SERVICE: service()})


@pytest.mark.parametrize(
    ("plan", "objects"),
    [
        (flip(to="v3"), {SERVICE: service()}),
        (flip(rollout=replace(KEY, name="pay")), {SERVICE: service()}),
        (flip(), {SERVICE: service("v0")}),
        (flip(), {SERVICE: service(uid="u2")}),
        (flip(), {SERVICE: service(extra=1)}),
        (flip(), {SERVICE: None}),
        (flip(), {}),
        (flip(requests=()), {SERVICE: service()}),
        (flip(requests=flip().requests * 2), {SERVICE: service()}),
        (flip(requests=(replace(flip().requests[0], ref=CANARY),)), {SERVICE: service()}),
        (flip(requests=(replace(flip().requests[0], subresource="status"),)), {SERVICE: service()}),
        (flip(requests=(replace(flip().requests[0], context="another"),)), {SERVICE: service()}),
        (flip(requests=(replace(flip().requests[0], verb=Verb.CREATE, patch=None),)), {SERVICE: service()}),
    ],
)
def test_anything_else_is_another_plan(plan: Plan, objects: Any) -> None:
    assert plan_hash(plan, objects) != plan_hash(flip(), {SERVICE: service()})


@pytest.mark.parametrize(
    ("verb", "patch", "body", "other"),
    [
        (
            Verb.PATCH, PatchType.JSON,
            [expects("/metadata/resourceVersion", "7"), expects("/spec/x", 1)],
            [expects("/metadata/resourceVersion", "8"), expects("/spec/x", 1)],
        ),
        (
            Verb.DELETE, None,
            {"preconditions": {"uid": "u1", "resourceVersion": "7"}},
            {"preconditions": {"uid": "u1", "resourceVersion": "8"}},
        ),
    ],
)  # fmt: skip
def test_the_version_in_a_precondition_is_told_by_the_object(verb: Any, patch: Any, body: Any, other: Any) -> None:
    def of(body: Any) -> str:
        return plan_hash(flip(requests=(Request(verb, SERVICE, body, patch),)), {SERVICE: service()})

    assert of(body) == of(other)
    changed: Any = [*body[:1], {**body[1], "value": 2}] if verb is Verb.PATCH else {"preconditions": {"uid": "u2"}}
    assert of(changed) != of(body), "every other precondition counts"


def test_what_cannot_be_compared_has_no_hash() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert plan_hash(flip(), {SERVICE: {"spec": deep}}) == ""
    assert plan_hash(flip(), {SERVICE: {"spec": float("nan")}}) == ""


DELETE = Request(Verb.DELETE, SERVICE, {})
CASES: list[tuple[Plan, set[Second]]] = [
    (flip(), {Second.RAISE, Second.PROMOTE}),
    (flip(raises=True, expected=(Expected("default", "v2", 0.3),)), {Second.RAISE}),
    (flip(raises=False), set()),
    (flip(raises=False, final=True), {Second.RAISE, Second.PROMOTE}),
    (flip(act=Act.FINISH, raises=False, requests=(DELETE,)), {Second.DELETE}),
    (flip(raises=False, requests=(replace(DELETE, ref=Ref(PODS, "shop", "p")),)), set()),
]


@pytest.mark.parametrize(("plan", "kinds"), CASES)
def test_which_plans_can_need_a_second_person(plan: Plan, kinds: set[Second]) -> None:
    assert kinds_of(plan) == kinds


@pytest.mark.parametrize("act", [Act.ROLLBACK, Act.ABORT])
def test_a_way_back_needs_nobody_unless_it_exposes_everybody(act: Act) -> None:
    assert kinds_of(flip(act=act, raises=False, requests=(DELETE,))) == set()
    assert Second.PROMOTE in kinds_of(flip(act=act)), "a way back to a version that nobody had"


def test_a_probe_needs_nobody() -> None:
    assert kinds_of(flip(act=Act.PROBE, raises=False, requests=(DELETE,))) == set()
