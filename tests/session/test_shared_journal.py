"""Two sessions on one cluster: each sees the other's acts, by name, and can undo them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.model.journal import Origin
from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.view import Entry, FleetView, Prepared, Stage, Undoing
from cockpit.planning.act_event import ACT_ANNOTATION
from cockpit.session.acts.journal import Journal
from cockpit.session.settings import Settings
from tests.session.acting import UNDO, active, prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, V1, Open
from tests.session.conftest import Stage as Opened

EVENTS = "/api/v1/namespaces/shop/events"


def events(server: ApiServer) -> list[dict[str, Any]]:
    return [doc for path, doc in server.docs.items() if path.startswith(f"{EVENTS}/")]


def acts(view: FleetView, origin: Origin = Origin.EVENT) -> list[Entry]:
    return [entry for entry in view.journal if entry.origin is origin]


async def two(server: ApiServer, stage: Open) -> tuple[Opened, Opened]:
    """Ann's session, and Bob's on another machine."""
    server.users["bobs"] = "bob"
    ann = await stage(server)
    bob = await stage(server, tokens=("bobs",), machine="elsewhere")
    ann.session.follow_others()
    bob.session.follow_others()
    return ann, bob


async def test_an_act_becomes_one_event_that_says_who_what_and_how_it_ended(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    await on.until(lambda view: events(server) and events(server)[0]["message"].count("verified"))
    [event] = events(server)
    assert event["reason"] == "CockpitFlip"
    assert event["involvedObject"]["name"] == "shop"
    assert event["involvedObject"]["uid"] == server.docs[SHOP]["metadata"]["uid"]
    assert event["reportingComponent"] == event["source"]["component"] == "rollout-cockpit"
    assert event["message"].startswith("ann: flip v2 (selector version v1 -> v2); verified: took effect")
    assert event["type"] == "Normal"


async def test_the_other_sees_it_by_name_and_keeps_it(server: ApiServer, stage: Open) -> None:
    ann, bob = await two(server, stage)
    await sent(ann)
    view = await bob.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    [entry] = acts(view)
    assert (entry.who, entry.title, entry.rollout) == ("ann@test", "flip v2", KEY)
    kept = [entry for entry in Journal(bob.journal).everything() if entry.origin is Origin.EVENT]
    assert {entry.id for entry in kept} == {entry.id}
    await ann.until(lambda view: len(events(server)) == 1)
    assert not acts(ann.session.view()), "an own act is not told to oneself"


async def test_one_who_comes_later_sees_the_last_hour(server: ApiServer, stage: Open) -> None:
    ann = await stage(server)
    await sent(ann)
    server.users["bobs"] = "bob"
    bob = await stage(server, tokens=("bobs",), machine="elsewhere")
    await bob.passing(bob.session.read_others(["test"]))
    assert [e.who for e in acts(bob.session.view())] == ["ann@test"]


async def test_undo_undoes_what_the_other_did_with_their_name_in_the_plan(server: ApiServer, stage: Open) -> None:
    ann, bob = await two(server, stage)
    await sent(ann)
    await bob.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    plan = await bob.passing(bob.session.prepare(KEY, UNDO))
    assert isinstance(plan, Prepared), plan
    assert plan.plan.title == "undo flip v2, sent by ann as its Event says"
    assert plan.plan.act is Act.UNDO
    assert not plan.blocked
    outcome = await bob.passing(bob.session.send(plan))
    assert outcome.stage is Stage.VERIFIED, outcome
    assert active(server) == "v1"
    # Ann's own cockpit learns that nothing is left to undo.
    await ann.until(lambda view: [e for e in acts(view) if e.act == "undo" and e.stage is Stage.VERIFIED])
    for on in (ann, bob):
        assert isinstance(await on.passing(on.session.prepare(KEY, UNDO)), Refused)


async def test_the_latest_act_of_anybody_is_undone_first(server: ApiServer, stage: Open) -> None:
    ann, bob = await two(server, stage)
    await sent(bob)
    for on in (ann, bob):
        await on.clock.advance(60)
    await ann.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    await sent(ann, Ask(Act.FLIP, version="v1"))
    await bob.until(lambda view: [e for e in acts(view) if e.title == "flip v1"])
    first = await bob.passing(bob.session.prepare(KEY, UNDO))
    assert isinstance(first, Prepared)
    assert first.plan.title == "undo flip v1, sent by ann as its Event says"


async def test_an_act_by_a_clock_that_is_ahead_does_not_get_later_by_each_word_about_it(
    server: ApiServer, stage: Open
) -> None:
    ann, bob = await two(server, stage)
    await ann.clock.advance(600)
    await sent(ann)
    await bob.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    heard = acts(bob.session.view())[0].at
    await bob.clock.advance(10)
    await sent(bob, Ask(Act.FLIP, version="v1"))
    await bob.clock.advance(10)
    [path] = [path for path, doc in server.docs.items() if path.startswith(EVENTS) and "flip v2" in doc["message"]]
    told = json.loads(server.docs[path]["metadata"]["annotations"][ACT_ANNOTATION])
    again = json.dumps({**told, "why": "said again"})
    server.change(path, {"metadata": {"annotations": {ACT_ANNOTATION: again}}})
    view = await bob.until(lambda view: [e for e in acts(view) if e.why == "said again"])
    assert acts(view)[0].at == heard
    assert (await prepared(bob, UNDO)).plan.title == "undo: flip v1"


async def test_what_was_changed_since_is_not_undone(server: ApiServer, stage: Open) -> None:
    ann, bob = await two(server, stage)
    await sent(ann)
    await bob.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    server.change(SHOP, {"spec": {"selector": {"version": "v1"}}})
    await bob.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[0].written == 1.0)
    refused = await bob.passing(bob.session.prepare(KEY, UNDO))
    assert isinstance(refused, Refused)
    assert refused.why.startswith(
        "undo flip v2, sent by ann as its Event says: it was changed since: v1 is at 100%, v2 is at 0%"
    )


async def test_what_an_event_does_not_hold_is_said(server: ApiServer, stage: Open) -> None:
    ann, bob = await two(server, stage)
    await sent(ann)
    await sent(ann, Ask(Act.FINISH))
    assert V1 not in server.docs
    await bob.until(lambda view: [e for e in acts(view) if e.act == "finish" and e.stage is Stage.VERIFIED])
    refused = await bob.passing(bob.session.prepare(KEY, UNDO))
    assert isinstance(refused, Refused)
    assert "it deleted Deployment shop/shop-v1" in refused.why
    assert "no Event holds objects" in refused.why
    assert "ann can undo it in the cockpit that sent it" in refused.why
    shown = await bob.until(lambda view: view.rollouts[0].undoing == Undoing("finish v2", by="ann"))
    assert "no Event holds objects" in shown.rollouts[0].why_denied(Act.UNDO)
    own = await ann.until(lambda view: view.rollouts[0].undoing == Undoing("finish v2"))
    assert not own.rollouts[0].why_denied(Act.UNDO)


async def test_a_missing_right_is_said_once_and_nothing_else_changes(server: ApiServer, stage: Open) -> None:
    server.forbidden_writes.add("events")
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    assert (await sent(on, UNDO)).stage is Stage.VERIFIED
    view = await on.until(lambda view: [e for e in view.journal if e.act == "events"])
    await on.passing(on.session.note(KEY, "a note all the same"))
    [said] = [e for e in view.journal if e.act == "events"]
    assert said.title == "acts in test are not told to other cockpits; all else goes on"
    assert "forbidden" in said.why
    assert not events(server)


async def test_events_that_may_not_be_read_are_said_once(server: ApiServer, stage: Open) -> None:
    server.forbidden.add("events")
    on = await stage(server)
    on.session.follow_others()
    view = await on.until(lambda view: [e for e in view.journal if e.act == "events"])
    assert "not read" in view.journal[-1].title
    await on.clock.advance(400)
    assert len([e for e in on.session.view().journal if e.act == "events"]) == 1


async def test_a_session_that_may_not_change_anything_tells_nothing(server: ApiServer, stage: Open) -> None:
    on = await stage(server, settings=Settings(read_only=True))
    why = await on.passing(on.session.note(KEY, "users report errors"))
    assert "noted on this machine only" in why
    view = await on.until(lambda view: view.journal)
    assert view.journal[-1].title == "users report errors"
    assert not events(server)


async def test_a_note_is_told_to_others(server: ApiServer, stage: Open) -> None:
    ann, bob = await two(server, stage)
    assert await ann.passing(ann.session.note(KEY, "users report \x1b[31merrors")) == ""
    view = await bob.until(acts)
    [note] = acts(view)
    assert (note.who, note.title, note.stage) == ("ann@test", "users report errors", Stage.NOTED)
    assert events(server)[0]["reason"] == "CockpitNote"
    assert events(server)[0]["message"] == "ann: users report errors"
    refused = await bob.passing(bob.session.prepare(KEY, UNDO))
    assert isinstance(refused, Refused), "a note is nothing to undo"


@pytest.mark.parametrize(
    "told",
    [
        "{}",
        "[" * 50_000,
        '{"id": 1}',
        json.dumps({"version": 9, "id": "x"}),
        json.dumps(
            {
                "id": "x",
                "session": "y",
                "who": "mallory",
                "name": "shop",
                "system": "manual",
                "act": "flip",
                "title": "flip",
                "stage": "verified",
                "before": {"shares": [["default", "v1", 1e308]]},
            }
        ),
    ],
)
async def test_what_no_cockpit_wrote_is_left_out(server: ApiServer, stage: Open, told: str) -> None:
    server.put(
        f"{EVENTS}/odd", {"metadata": {"annotations": {ACT_ANNOTATION: told}}, "eventTime": "2026-01-01T00:00:00Z"}
    )
    on = await stage(server)
    on.session.follow_others()
    assert isinstance(await on.passing(on.session.prepare(KEY, UNDO)), Refused)
    assert not acts(on.session.view())


async def test_an_event_of_a_day_to_come_is_not_the_last_act_for_ever(server: ApiServer, stage: Open) -> None:
    """Its time is what its writer claims: it would come first in undo and last in the journal, whatever is done."""
    ann, bob = await two(server, stage)
    await sent(ann)
    await bob.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    [event] = events(server)
    told = json.loads(event["metadata"]["annotations"][ACT_ANNOTATION])
    annotations = {ACT_ANNOTATION: json.dumps({**told, "id": "odd", "session": "odd", "who": "mallory"})}
    metadata = {**event["metadata"], "name": "odd", "annotations": annotations}
    server.put(f"{EVENTS}/odd", {**event, "metadata": metadata, "eventTime": "2999-01-01T00:00:00Z"})
    view = await bob.until(lambda view: [e for e in acts(view) if "mallory" in e.who])
    assert {entry.at <= view.at for entry in acts(view)} == {True}


def claim(server: ApiServer, undoes: str, name: str = "claim") -> None:
    """An Event that says that an act was undone, as anybody may write it who may create Events."""
    [event] = [event for event in events(server) if event["reason"] == "CockpitFlip"]
    told = json.loads(event["metadata"]["annotations"][ACT_ANNOTATION])
    forged = {**told, "id": name, "session": name, "who": "mallory", "act": "undo", "undoes": undoes, "before": None}
    metadata = {**event["metadata"], "name": name, "annotations": {ACT_ANNOTATION: json.dumps(forged)}}
    server.put(f"{EVENTS}/{name}", {**event, "metadata": metadata})


async def test_a_claim_that_an_act_was_undone_takes_no_undo_away_while_the_objects_show_the_act(
    server: ApiServer, stage: Open
) -> None:
    ann, bob = await two(server, stage)
    await sent(ann)
    await bob.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    told = json.loads(events(server)[0]["metadata"]["annotations"][ACT_ANNOTATION])
    claim(server, told["id"])
    for on in (ann, bob):
        await on.until(lambda view: [e for e in acts(view) if "mallory" in e.who])
    mine = await ann.passing(ann.session.prepare(KEY, UNDO))
    assert isinstance(mine, Prepared), mine
    assert mine.plan.title == "undo: flip v2", "ann's exact undo"
    theirs = await bob.passing(bob.session.prepare(KEY, UNDO))
    assert isinstance(theirs, Prepared), theirs
    assert theirs.plan.title == "undo flip v2, sent by ann as its Event says"


async def test_a_claim_is_believed_once_the_objects_show_it(server: ApiServer, stage: Open) -> None:
    ann, _ = await two(server, stage)
    await sent(ann)
    await ann.until(lambda view: events(server))
    told = json.loads(events(server)[0]["metadata"]["annotations"][ACT_ANNOTATION])
    server.change(SHOP, {"spec": {"selector": {"version": "v1"}}})
    claim(server, told["id"])
    await ann.until(lambda view: [e for e in acts(view) if "mallory" in e.who])
    refused = await ann.passing(ann.session.prepare(KEY, UNDO))
    assert isinstance(refused, Refused)
    assert refused.why.startswith("nothing to undo")


async def test_what_hurt_before_the_act_of_another_is_a_concern_on_their_word_alone(
    server: ApiServer, stage: Open
) -> None:
    ann, bob = await two(server, stage)
    await sent(ann)
    await bob.until(lambda view: [e for e in acts(view) if e.stage is Stage.VERIFIED])
    [path] = [path for path in server.docs if path.startswith(f"{EVENTS}/")]
    told = json.loads(server.docs[path]["metadata"]["annotations"][ACT_ANNOTATION])
    assert told["hurt"] == []
    told["hurt"], told["why"] = ["20% of the requests to v1 fail"], "took effect and more"
    server.change(path, {"metadata": {"annotations": {ACT_ANNOTATION: json.dumps(told)}}})
    await bob.until(lambda view: [e for e in acts(view) if e.why == "took effect and more"])
    plan = await bob.passing(bob.session.prepare(KEY, UNDO))
    assert isinstance(plan, Prepared)
    assert "before this act: 20% of the requests to v1 fail, as the Event of ann says" in plan.concerns
