"""Acts from the ask to the journal, on an API server that does what the test says."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.view import Outcome, Stage
from cockpit.session.settings import Settings
from tests.session.acting import FLIP, PROMOTE, active, prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, Open


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
    assert "already sent" in second.why
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


@pytest.mark.parametrize("settings", [Settings(read_only=True), Settings(read_only_contexts=("none", "TE*"))])
async def test_read_only_shows_the_plan_and_sends_nothing(server: ApiServer, stage: Open, settings: Settings) -> None:
    on = await stage(server, settings=settings)
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


async def test_what_does_not_exist_is_refused_with_a_reason(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    for key, words in (
        (KEY.__class__("other", "shop", "shop", "manual"), "is not a context of this session"),
        (KEY.__class__("test", "shop", "nowhere", "manual"), "no rollout test:shop/nowhere"),
    ):
        answer = await on.session.prepare(key, FLIP)
        assert isinstance(answer, Refused)
        assert words in answer.why
    answer = await on.session.prepare(KEY, Ask(Act.FLIP, version="v9"))
    assert isinstance(answer, Refused)
    same = await prepared(on, Ask(Act.FLIP, version="v1"))
    assert "it is already set" in same.blocked


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


async def test_an_outline_is_the_plan_without_a_word_to_the_cluster(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await on.session.outline(KEY, FLIP)
    assert not isinstance(plan, Refused)
    assert plan.changes == (await prepared(on)).plan.changes
    elsewhere = await on.session.outline(replace(KEY, context="elsewhere"), FLIP)
    assert isinstance(elsewhere, Refused)
    assert "elsewhere is not a context of this session" in elsewhere.why
    assert server.writes == []
    assert len(server.dry_runs) == 1, "of the plan that was prepared"


@pytest.mark.parametrize(
    ("path", "change", "why"),
    [
        (SHOP, {"spec": {"selector": {"version": "v3"}}}, "spec.selector.version v1 -> v3"),
        (SHOP, {"metadata": {"labels": {"team": "other"}}}, "metadata.labels"),
        (SHOP, {"status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.9"}]}}}, ""),
    ],
)
async def test_a_plan_on_screen_is_outdated_when_sending_it_would_be_refused(
    server: ApiServer, stage: Open, path: str, change: dict[str, object], why: str
) -> None:
    on = await stage(server)
    plan = await prepared(on)
    assert await on.passing(on.session.outdated(plan)) == ""
    server.change(path, change)
    async with asyncio.timeout(30):
        while not (found := await on.passing(on.session.outdated(plan))) and why:
            await on.clock.advance(0.1)
            await asyncio.sleep(0)
    assert why in found
    outcome = await on.passing(on.session.send(plan))
    assert (outcome.stage is Stage.REFUSED) == bool(why)
    assert await on.session.outdated(plan) == "", "what was sent is not outdated any more"


async def test_a_plan_whose_pods_are_gone_is_outdated(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.remove("/api/v1/namespaces/shop/pods/shop-v2-0")
    await on.until(lambda view: view.rollouts[0].rollout.version("v2").ready == 0)
    assert "v2 has no ready pods" in await on.passing(on.session.outdated(plan))
