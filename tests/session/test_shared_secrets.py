"""Secrets that stand in objects, plans and answers reach neither an Event nor a line of the journal."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.objects import Event
from cockpit.model.plan import Act, Change, Expected, PatchType, Plan, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, SERVICES, Ref, RolloutKey
from cockpit.model.release_state import ReleaseState
from cockpit.model.view import Stage
from cockpit.planning.act_event import (
    ANNOTATION_BYTES,
    MESSAGE_BYTES,
    Subject,
    ToldAct,
    annotation,
    message,
    new_event,
    others_act,
    told_by,
)
from cockpit.session.acts.seen import record_of
from cockpit.session.acts.undo import SentAct

KEY = RolloutKey("test", "shop", "web", "deployment")
WEB = Ref(DEPLOYMENTS, "shop", "web")
SECRET = "s3cr3t-hunter2"
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
shares = st.lists(st.tuples(text, text, st.floats(0, 1)), max_size=6).map(tuple)
counts = st.lists(st.tuples(text, st.integers(0, 1000)), max_size=6).map(tuple)
states = st.builds(ReleaseState, shares, counts, st.lists(st.tuples(text, text), max_size=4).map(tuple))
acts = st.builds(
    ToldAct,
    id=text.map(lambda each: f"id{each}"),
    session=text,
    who=text,
    name=text,
    system=text,
    act=st.sampled_from([str(act) for act in Act]),
    title=st.text(max_size=3000),
    stage=st.sampled_from([Stage.SENT, Stage.VERIFIED, Stage.UNKNOWN]),
    why=text,
    changes=st.lists(text, max_size=5).map(tuple),
    undoes=text,
    before=st.none() | states,
    expected=st.lists(st.builds(Expected, text, text, st.floats(0, 1)), max_size=5).map(tuple),
    pods=counts,
)


def container(value: str, where: str) -> dict[str, Any]:
    return {
        "name": "web",
        "image": "web:v2",
        "env": [{"name": "TOKEN", "value": value if where == "env" else "plain"}],
        "args": [value if where == "args" else "serve"],
        "command": [value if where == "command" else "web"],
    }


def deployment(value: str, where: str) -> dict[str, Any]:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"env":"{value}"}}'}
    return {
        "metadata": {"name": "web", "resourceVersion": "7", "annotations": annotations},
        "spec": {"template": {"spec": {"containers": [container(value, where)]}}},
    }


@given(st.sampled_from(["env", "args", "command"]), text, st.sampled_from(["merge", "json", "create", "delete"]))
def test_a_planted_secret_is_in_no_record_of_a_request(where: str, other: str, form: str) -> None:
    secret = f"{SECRET}{other}"
    before, after = deployment("plain", where), deployment(secret, where)
    template = after["spec"]["template"]
    patch = [{"op": "replace", "path": "/spec/template", "value": template}]
    request = {
        "merge": Request(Verb.PATCH, WEB, {"spec": {"template": template}}, PatchType.MERGE),
        "json": Request(Verb.PATCH, WEB, patch, PatchType.JSON),
        "create": Request(Verb.CREATE, WEB, after),
        "delete": Request(Verb.DELETE, WEB, {"preconditions": {"uid": "1"}}),
    }[form]
    plan = Plan(Act.SET_IMAGE, KEY, "set image", (Change("image", "v1", "v2"),), (request,), ())
    for objects in ({WEB: before}, {WEB: after}, {WEB: None}):
        kept = msgspec.json.encode(record_of(plan, objects, [SentAct(request, before=after, after=after)]))
        assert SECRET.encode() not in kept


@given(acts)
def test_an_event_is_bounded_and_says_the_same_when_it_is_read(told: ToldAct) -> None:
    assert len(message(told).encode()) <= MESSAGE_BYTES
    assert "\x1b" not in message(told)
    assert len(annotation(told).encode()) <= ANNOTATION_BYTES
    body = new_event(told, Subject(Ref(SERVICES, "shop", "web"), "uid-1"), "2026-01-01T00:00:00.000000Z")
    read = told_by(msgspec.convert(body, Event, strict=False))
    assert read is not None
    assert (read.act, read.stage) == (told.act, told.stage)
    if read.before is not None:
        assert (read.before, read.expected, read.pods) == (told.before, told.expected, told.pods)
    assert (others_act(read) is None) == (read.before is None or read.act in (Act.UNDO, Act.PROBE))


@given(st.text(max_size=2000))
def test_any_annotation_is_survived(claim: str) -> None:
    meta = {"name": "x", "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": {"rollouts.cockpit/act": claim}}
    told_by(msgspec.convert({"metadata": meta}, Event))
