"""When a sent act counts as done: the objects and the probe agree, within the time that it is given."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.rollout import Rollout, Verdict
from cockpit.model.view import Counting, Outcome, Stage
from tests.session.acting import UNDO, active, prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, Open
from tests.session.flip import Flip


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
    assert "accepted, but the effect was not confirmed within 5 s" in outcome.why
    assert "v1 90%, v2 10%" in outcome.why
    assert active(server) == "v2"


async def test_an_act_after_which_nobody_is_answered_ends_as_failed(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=5.0))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    on.probes[0].fail("503", 40)
    outcome = await on.passing(running)
    assert (outcome.stage, outcome.failed) == (Stage.UNVERIFIED, True)
    assert outcome.why == (
        "accepted and in effect, but after 5 s: written, but the last 20 requests failed: answered 503"
    )


async def test_answers_that_are_missing_are_counted_until_they_agree(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    heard: list[Outcome] = []
    running = asyncio.ensure_future(on.session.send(await prepared(on), report=heard.append))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    for seen in (20, 40):
        on.probes[0].see(Verdict.NOT_YET, seen, missing=59 - seen, v2=1.0)
        await on.until(lambda view, seen=seen: f"{seen} answers seen" in view.journal[-1].why)
    words = "verified in the objects, traffic still being counted: 40 answers seen, about 19 more needed to be sure"
    assert (heard[-1].stage, heard[-1].why, heard[-1].counting) == (Stage.SENT, words, Counting(40, 19))
    on.probes[0].see(Verdict.ON, 60, v2=1.0)
    outcome = await on.passing(running)
    assert (outcome.stage, outcome.counting) == (Stage.VERIFIED, None)
    assert [line["stage"] for line in map(json.loads, on.journal.read_text().splitlines())] == [
        *("sending", "sent", "verified")
    ]


async def test_when_time_is_up_and_only_answers_are_missing_the_objects_are_verified(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=5.0))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    on.probes[0].see(Verdict.NOT_YET, 20, missing=39, v2=1.0)
    outcome = await on.passing(running)
    assert (outcome.stage, outcome.counting) == (Stage.VERIFIED, Counting(20, 39))
    assert outcome.why == "took effect: verified in the objects; 20 answers seen, about 39 more needed to be sure"


async def test_answers_that_speak_against_it_when_time_is_up_leave_it_unverified(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=5.0))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    on.probes[0].see(Verdict.NOT_YET, 20, missing=39, v2=1.0)
    await on.until(lambda view: "20 answers seen" in view.journal[-1].why)
    on.probes[0].see(Verdict.DOUBTFUL, 40, v1=0.05, v2=0.95)
    outcome = await on.passing(running)
    assert outcome.stage is Stage.UNVERIFIED
    assert "v1 answered 2 of 40 requests, 0% is written" in outcome.why


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
    assert "90 answers disagree" in outcome.why
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
    assert "something reverts it" in outcome.why


async def test_without_waiting_an_act_ends_as_sent(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    outcome = await sent(on, wait=0)
    assert outcome.stage is Stage.SENT
    assert server.writes == [("PATCH", SHOP)]


async def test_the_way_back_is_open_while_an_act_waits_for_its_effect(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    running = asyncio.ensure_future(on.session.send(await prepared(on), wait=60.0))
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    # The watch may tell of the write before the response to it does.
    await on.until(lambda view: not view.rollouts[0].acting)
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
