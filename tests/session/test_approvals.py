"""Approvals that a controller takes up and clears: seen to take effect, sent once, never called done when unknown."""

from __future__ import annotations

import asyncio
import json

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.view import Stage
from tests.session.acting import prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import SHOP, Open
from tests.session.conftest import Stage as On
from tests.session.gated import STEPS, Gated, going_on_when_let, release, steps_taken, taking_up

APPROVE = Ask(Act.APPROVE)


async def waiting(server: ApiServer, stage: Open) -> On:
    release(server)
    on = await stage(server, adapters=(Gated(),))
    assert isinstance(on, On)
    return on


def journal(on: On) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in on.journal.read_text().splitlines()]
    return [(line["stage"], line["why"]) for line in lines]


async def test_accepted_is_told_from_taken_up(server: ApiServer, stage: Open) -> None:
    on = await waiting(server, stage)
    heard: list[str] = []
    plan = await prepared(on, APPROVE)
    outcome = await on.passing(on.session.send(plan, wait=3.0, report=lambda o: heard.append(f"{o.stage}: {o.why}")))
    assert "sent: accepted by the API server; effect not confirmed yet" in heard
    assert (outcome.stage, outcome.failed) == (Stage.UNVERIFIED, False)
    assert outcome.why.startswith(
        "accepted, but the effect was not confirmed within 3 s: expected: step 2 is left; now: waiting at step 2"
    )


async def test_a_write_that_nobody_takes_up_says_how_to_wake_the_controller(server: ApiServer, stage: Open) -> None:
    on = await waiting(server, stage)
    outcome = await sent(on, APPROVE, wait=3.0)
    assert "Service shop/shop still shows what was written" in outcome.why
    assert '-n shop annotate --overwrite service/shop woken="$(date)"' in outcome.why
    taking_up(server, by=0)  # cleared, and nothing moves
    again = await sent(on, APPROVE, wait=3.0)
    assert again.stage is Stage.UNVERIFIED
    assert "woken" not in again.why


@pytest.mark.parametrize("by", [1, 2, STEPS])
async def test_an_approval_took_effect_once_its_step_is_left_however_far(
    server: ApiServer, stage: Open, by: int
) -> None:
    on = await waiting(server, stage)
    taking_up(server, by=by)
    outcome = await sent(on, APPROVE)
    assert (outcome.stage, outcome.why) == (Stage.VERIFIED, "took effect: confirmed by the objects: step 2 is left")


async def test_a_release_that_is_aborted_instead_ends_the_wait_with_its_reason(server: ApiServer, stage: Open) -> None:
    on = await waiting(server, stage)
    taking_up(server, by=0, phase="aborted", why="the analysis failed")
    outcome = await sent(on, APPROVE, wait=3600.0)
    assert (outcome.stage, outcome.failed) == (Stage.UNVERIFIED, True)
    assert outcome.why == (
        "accepted, but it did not reach the expected state (step 2 is left): it is"
        " aborted at step 2: the analysis failed"
    )


@pytest.mark.parametrize("faster", [True, False])
async def test_an_approval_that_its_controller_was_faster_than_took_effect_all_the_same(
    server: ApiServer, stage: Open, faster: bool
) -> None:
    """Once it is no longer held it goes on by itself, so that the approval finds another step, or is taken up."""
    release(server, held="by hand")
    on = await stage(server, adapters=(Gated(),))
    plan = await prepared(on, APPROVE)
    assert len(plan.plan.requests) == 2
    going_on_when_let(server, by=1) if faster else taking_up(server, by=1)
    outcome = await on.passing(on.session.send(plan, wait=30.0))
    assert outcome.stage is Stage.VERIFIED, outcome.why
    assert steps_taken(server) == 3, "one step, whoever took it"


async def test_a_plan_that_is_cut_off_tells_its_requests_apart_and_what_came_between(
    server: ApiServer, stage: Open
) -> None:
    release(server, held="by hand")
    on = await stage(server, adapters=(Gated(),))
    plan = await prepared(on, APPROVE)
    going_on_when_let(server, by=1)
    outcome = await on.passing(on.session.send(plan, wait=0.0))
    assert outcome.stage is Stage.UNVERIFIED
    assert "done: patch Service shop/shop (1 of 2)" in outcome.why
    assert "not done: patch Service shop/shop (2 of 2)" in outcome.why
    assert "since the previous request of this plan wrote it: metadata.annotations.step 2 -> 3" in outcome.why


@pytest.mark.parametrize("taken_up", [True, False])
async def test_a_lost_answer_is_unknown_whether_or_not_it_was_taken_up(
    server: ApiServer, stage: Open, taken_up: bool
) -> None:
    on = await waiting(server, stage)
    taking_up(server)
    if taken_up:
        server.lose_answers = 1
    else:
        server.lose_requests = 1
    outcome = await sent(on, APPROVE)
    assert outcome.stage is Stage.UNKNOWN
    assert "may or may not have happened" in outcome.why
    assert journal(on)[-1] == ("unknown", outcome.why)
    assert server.writes == [("PATCH", SHOP)] * taken_up, "an approval is never repeated by itself"
    assert steps_taken(server) == 2 + taken_up


async def test_a_server_that_dies_between_request_and_answer(server: ApiServer, stage: Open) -> None:
    on = await waiting(server, stage)
    taking_up(server)
    take_up = server.controller

    def last_words() -> None:
        take_up()
        server.die()

    server.controller = last_words
    outcome = await sent(on, APPROVE)
    assert outcome.stage is Stage.UNKNOWN
    assert [stage for stage, _ in journal(on)] == ["sending", "unknown"]
    server.dead = False
    server.controller = take_up
    view = await on.until(lambda view: view.rollouts and (step := view.rollouts[0].rollout.step) and step.index == 3)
    assert view.journal[-1].stage is Stage.UNKNOWN


async def test_approved_twice_takes_one_step(server: ApiServer, stage: Open) -> None:
    on = await waiting(server, stage)
    taking_up(server)
    first, second = await prepared(on, APPROVE), await prepared(on, APPROVE)
    assert (await on.passing(on.session.send(first))).stage is Stage.VERIFIED
    outcome = await on.passing(on.session.send(second))
    assert outcome.stage is Stage.REFUSED
    assert steps_taken(server) == 3


async def test_approved_in_two_terminals_at_once_takes_one_step(server: ApiServer, stage: Open) -> None:
    here = await waiting(server, stage)
    there = await stage(server, adapters=(Gated(),))
    taking_up(server)
    plans = [await prepared(on, APPROVE) for on in (here, there)]
    server.gate.clear()
    sending = [asyncio.ensure_future(on.session.send(plan)) for on, plan in zip((here, there), plans, strict=True)]
    server.gate.set()
    stages = {(await on.passing(task)).stage for on, task in zip((here, there), sending, strict=True)}
    assert stages == {Stage.VERIFIED, Stage.REFUSED}
    assert server.writes == [("PATCH", SHOP)]
    assert steps_taken(server) == 3
