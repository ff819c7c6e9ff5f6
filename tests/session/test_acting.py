"""Acts from the ask to the journal, on an API server that does what the test says."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout, Verdict
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.session.settings import Settings
from tests.session.acting import FLIP, PROMOTE, UNDO, active, prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, V1, Open
from tests.session.flip import Flip


async def test_a_flip_is_tried_sent_and_seen_to_take_effect(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    assert plan.blocked == ""
    assert plan.diff == ("spec.selector.version v1 -> v2",)
    assert server.dry_runs == [("PATCH", SHOP)]
    assert server.writes == []
    heard: list[Outcome] = []
    outcome = await on.passing(on.session.send(plan, report=heard.append))
    assert outcome.stage is Stage.VERIFIED, outcome
    assert "probe is not running" in outcome.why
    assert [o.stage for o in heard] == [Stage.SENDING, Stage.SENT, Stage.VERIFIED]
    assert server.writes == [("PATCH", SHOP)]
    assert active(server) == "v2"


async def test_the_journal_says_who_asked_what_was_sent_and_what_came_of_it(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await sent(on)
    lines = [json.loads(line) for line in on.journal.read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["sending", "sent", "verified"]
    assert {line["who"] for line in lines} == {"ann@test"}
    assert {line["id"] for line in lines} == {lines[0]["id"]}
    assert lines[0]["commands"][0].startswith("kubectl --context test -n shop patch service/shop --type=merge")
    view = await on.until(lambda view: view.journal and view.journal[-1].stage is Stage.VERIFIED)
    assert len(view.journal) == 1


async def test_a_change_by_somebody_else_is_refused_with_what_changed(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.change(SHOP, {"spec": {"selector": {"version": "v3"}}})
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert "spec.selector.version v1 -> v3" in outcome.why
    assert server.writes == []
    assert active(server) == "v3"


async def test_a_change_in_the_instant_of_sending_is_refused_by_the_server(server: ApiServer, stage: Open) -> None:
    """The store cannot know it yet: the precondition in the request has to hold."""
    on = await stage(server)
    plan = await prepared(on)

    def meddle() -> None:
        server.on_write = lambda: None
        server.change(SHOP, {"metadata": {"labels": {"team": "other"}}})

    server.on_write = meddle
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert "metadata.labels added" in outcome.why or "metadata.labels.team added: other" in outcome.why
    assert server.writes == []
    assert active(server) == "v1"


async def test_a_status_that_moved_on_is_no_reason_to_refuse(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.change(SHOP, {"status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.9"}]}}})
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.VERIFIED, outcome
    assert server.writes == [("PATCH", SHOP)]


async def test_what_the_plan_relied_on_without_touching_it_is_looked_at_again(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.remove("/api/v1/namespaces/shop/pods/shop-v2-0")
    await on.until(lambda view: view.rollouts[0].rollout.version("v2").ready == 0)
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert "v2 has no ready pods" in outcome.why
    assert server.writes == []


async def test_a_plan_is_sent_once(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    first, second = await on.passing(asyncio.gather(on.session.send(plan), on.session.send(plan)))
    assert first.stage is Stage.VERIFIED
    assert second.stage is Stage.REFUSED
    assert "sent before" in second.why
    assert server.writes == [("PATCH", SHOP)]


async def test_while_an_act_is_being_sent_another_is_refused(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    one, other = await prepared(on), await prepared(on)
    server.gate.clear()
    running = asyncio.ensure_future(on.session.send(one))
    view = await on.until(lambda view: view.rollouts[0].acting)
    flip = next(act for act in view.rollouts[0].rollout.acts if act.act is Act.FLIP)
    assert not flip.enabled
    assert flip.why == "under way: flip v2"
    outcome = await on.session.send(other)
    assert outcome.stage is Stage.REFUSED
    assert "under way" in outcome.why
    server.gate.set()
    assert (await on.passing(running)).stage is Stage.VERIFIED
    await on.until(lambda view: not view.rollouts[0].acting and view.rollouts[0].rollout.acts[0].enabled)


async def test_a_lost_answer_is_found_out_and_the_write_not_repeated(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.lose_answers = 1
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.VERIFIED, outcome
    assert server.writes == [("PATCH", SHOP)]


async def test_a_request_that_was_lost_is_told_from_a_lost_answer(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.lose_requests = 1
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED, outcome
    assert "did not happen" in outcome.why
    assert server.writes == []
    assert (await on.passing(on.session.prepare(KEY, UNDO))).why.startswith("nothing was sent")


async def test_unknown_is_said_only_where_the_object_cannot_be_read_either(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)

    def cut_off() -> None:
        server.fail_reads = True

    server.lose_answers = 1
    server.on_write = cut_off
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNKNOWN, outcome
    assert "may or may not have happened" in outcome.why
    assert server.writes == [("PATCH", SHOP)]


async def test_read_only_shows_the_plan_and_sends_nothing(server: ApiServer, stage: Open) -> None:
    on = await stage(server, settings=Settings(read_only=True))
    view = on.session.view()
    assert view.read_only
    assert all(not act.enabled for act in view.rollouts[0].rollout.acts)
    plan = await prepared(on)
    assert "read-only" in plan.blocked
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert server.writes == []


async def test_a_right_that_is_missing_is_told_before_sending(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    server.denied = {"delete"}
    plan = await prepared(on, PROMOTE)
    assert "does not allow you to delete deployments" in plan.blocked
    assert (await on.session.send(plan)).stage is Stage.REFUSED
    assert server.writes == []


async def test_one_request_of_two_fails_and_what_was_done_can_be_taken_back(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on, PROMOTE)
    server.refuse[("DELETE", V1)] = 403
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNVERIFIED
    assert "done: patch Service shop/shop" in outcome.why
    assert "not done: delete Deployment shop/shop-v1" in outcome.why
    assert outcome.partial
    assert active(server) == "v2"
    await on.until(lambda view: not view.rollouts[0].acting)
    undone = await sent(on, UNDO)
    assert undone.stage is Stage.VERIFIED, undone
    assert active(server) == "v1"
    assert V1 in server.docs


async def test_undo_makes_a_deleted_object_again(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    server.change(V1, {"metadata": {"labels": {"team": "red"}, "managedFields": [{"manager": "x"}]}, "status": {}})
    before = server.docs[V1]
    assert (await sent(on)).stage is Stage.VERIFIED
    finished = await sent(on, Ask(Act.FINISH))
    assert finished.stage is Stage.VERIFIED, finished
    assert V1 not in server.docs
    undone = await sent(on, UNDO)
    assert undone.stage is Stage.VERIFIED, undone
    undone = await sent(on, UNDO)
    assert undone.stage is Stage.VERIFIED, undone
    assert active(server) == "v1"
    assert server.docs[V1]["spec"] == before["spec"]
    assert server.docs[V1]["metadata"]["labels"] == {"team": "red"}
    assert server.docs[V1]["metadata"]["uid"] != before["metadata"]["uid"]
    again = await on.passing(on.session.prepare(KEY, UNDO))
    assert isinstance(again, Refused)


async def test_undo_is_refused_where_somebody_else_moved_on(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    server.change(SHOP, {"spec": {"selector": {"version": "v3"}}})
    plan = await on.passing(on.session.prepare(KEY, UNDO))
    assert isinstance(plan, Prepared)
    assert plan.blocked
    assert (await on.session.send(plan)).stage is Stage.REFUSED
    assert active(server) == "v3"


async def test_verified_means_that_the_probe_agrees(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    await on.until(lambda view: view.rollouts[0].probe.running)
    running = asyncio.ensure_future(on.session.send(await prepared(on)))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    for _ in range(20):
        await on.clock.advance(0.1)
    assert not running.done(), "the objects agree, the probe has seen nothing yet"
    on.probes[0].see(Verdict.ON, 60, v2=1.0)
    outcome = await on.passing(running)
    assert outcome.stage is Stage.VERIFIED
    assert outcome.why == "took effect: written, and 60 answers agree"


async def test_accepted_is_told_from_took_effect(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=5.0))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    on.probes[0].see(Verdict.OFF, 90, v1=0.9, v2=0.1)
    outcome = await on.passing(running)
    assert outcome.stage is Stage.UNVERIFIED
    assert "accepted, but not seen to take effect within 5 s" in outcome.why
    assert "v1 90%, v2 10%" in outcome.why
    assert active(server) == "v2"


class TakenUp(Flip):
    """Its writes are for a controller to take up."""

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        plan = super().plan(rollout, ask, objects)
        assert isinstance(plan, Plan)
        return replace(plan, requests=tuple(replace(request, consumed=True) for request in plan.requests))


async def test_where_only_the_probe_disagrees_no_controller_has_to_be_woken(server: ApiServer, stage: Open) -> None:
    on = await stage(server, adapters=(TakenUp(),))
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=5.0))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    on.probes[0].see(Verdict.OFF, 90, v1=0.9, v2=0.1)
    outcome = await on.passing(running)
    assert "90 answers say otherwise" in outcome.why
    assert "woken" not in outcome.why


class Promising(Flip):
    """Promises no share, so that only the object itself can tell."""

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        plan = super().plan(rollout, ask, objects)
        return replace(plan, expected=()) if isinstance(plan, Plan) else plan


async def test_a_write_that_something_takes_back_did_not_take_effect(server: ApiServer, stage: Open) -> None:
    on = await stage(server, adapters=(Promising(),))
    plan = await prepared(on)

    def reconcile() -> None:
        revert = {"spec": {"selector": {"version": "v1"}}}
        asyncio.get_running_loop().call_soon(server.change, SHOP, revert)

    server.on_write = reconcile
    outcome = await on.passing(on.session.send(plan, wait=3.0))
    assert outcome.stage is Stage.UNVERIFIED
    assert "something writes it back" in outcome.why


async def test_without_waiting_an_act_ends_as_sent(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    outcome = await sent(on, wait=0)
    assert outcome.stage is Stage.SENT
    assert server.writes == [("PATCH", SHOP)]


async def test_a_face_that_gives_up_waiting_does_not_cut_a_plan_in_two(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on, PROMOTE)
    running = asyncio.ensure_future(on.session.send(plan))
    server.on_write = running.cancel
    await on.until(lambda view: V1 not in server.docs)
    assert running.cancelled()
    assert server.writes == [("PATCH", SHOP), ("DELETE", V1)]
    await on.until(lambda view: view.journal[-1].stage is Stage.VERIFIED)


async def test_what_does_not_exist_is_refused_with_a_reason(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    for key, words in (
        (KEY.__class__("other", "shop", "shop", "manual"), "not among the contexts"),
        (KEY.__class__("test", "shop", "nowhere", "manual"), "there is no rollout test:shop/nowhere"),
    ):
        answer = await on.session.prepare(key, FLIP)
        assert isinstance(answer, Refused)
        assert words in answer.why
    answer = await on.session.prepare(KEY, Ask(Act.FLIP, version="v9"))
    assert isinstance(answer, Refused)
    same = await prepared(on, Ask(Act.FLIP, version="v1"))
    assert "as asked for already" in same.blocked


async def test_an_act_right_after_another_plans_on_what_the_first_wrote(server: ApiServer, stage: Open) -> None:
    """A command line does not wait for the watch."""
    on = await stage(server)
    assert (await sent(on, wait=0)).stage is Stage.SENT
    back = await sent(on, Ask(Act.FLIP, version="v1"))
    assert back.stage is Stage.VERIFIED, back
    assert active(server) == "v1"


@pytest.mark.parametrize("fails", ["raises", "blocks nobody"])
async def test_a_report_that_fails_does_not_stop_the_act(server: ApiServer, stage: Open, fails: str) -> None:
    on = await stage(server)

    def report(outcome: Outcome) -> None:
        if fails == "raises":
            raise RuntimeError("the screen is gone")

    outcome = await on.passing(on.session.send(await prepared(on), report=report))
    assert outcome.stage is Stage.VERIFIED


async def test_a_journal_that_cannot_be_written_stops_no_act(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    on.journal.parent.mkdir(parents=True, exist_ok=True)
    on.journal.mkdir()
    outcome = await sent(on)
    assert outcome.stage is Stage.VERIFIED
    assert "journal.jsonl cannot be written" in outcome.why
    await on.until(lambda view: view.journal[-1].stage is Stage.VERIFIED)


async def test_the_way_back_is_open_while_an_act_waits_for_its_effect(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=60.0))
    view = await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    assert not view.rollouts[0].acting
    assert not running.done(), "the probe has not agreed"
    back = await sent(on, UNDO, wait=0)
    assert back.stage is Stage.SENT, back
    assert active(server) == "v1"
    older = await on.passing(running)
    assert older.stage is Stage.UNVERIFIED
    assert older.why == "superseded by: undo: flip v2"
    lines = [json.loads(line) for line in on.journal.read_text().splitlines()]
    assert ("flip v2", "unverified") in [(line["title"], line["stage"]) for line in lines]


async def test_an_act_that_is_refused_ends_no_wait(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=60.0))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    back = await prepared(on, UNDO)
    server.refuse[("PATCH", SHOP)] = 403
    assert (await on.passing(on.session.send(back))).stage is Stage.REFUSED
    assert not running.done()
    on.probes[0].see(Verdict.ON, 60, v2=1.0)
    assert (await on.passing(running)).stage is Stage.VERIFIED
