"""A probe from inside the cluster as the probe of a rollout: what its pods see, and how they are doing."""

from __future__ import annotations

import asyncio

from cockpit.model.plan import Refused
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.view import Outcome, Prepared, ProbeView, Stage
from cockpit.session.settings import Settings
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open
from tests.session.conftest import Stage as OnStage
from tests.session.test_probe_jobs import jobs, log_of, started

WISH = InsideWish(JobShape(pods=2), rate=4.0, seconds=30.0)


async def planned(on: OnStage, wish: InsideWish = WISH) -> Prepared:
    plan = await on.passing(on.session.prepare_inside(KEY, wish))
    assert isinstance(plan, Prepared), plan
    return plan


def probe(on: OnStage) -> ProbeView:
    (shown,) = on.session.view().rollouts
    return shown.probe


async def test_the_plan_says_what_is_created_what_it_costs_and_what_has_to_be_allowed(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    plan = await planned(on)
    assert [change.after for change in plan.plan.changes] == [
        "2 pods of curlimages/curl:8.10.1, each up to 1 CPU and 256Mi",
        "4/s for at most 30 s",
    ]
    assert "needs in namespace shop: create and delete jobs, list pods, read their logs" in plan.checks
    assert (server.writes, jobs(server)) == ([], [])


async def test_what_the_pods_see_is_shown_as_what_the_probe_sees(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server)
    server.log = log_of("v1", "v2")
    outcomes: list[Outcome] = []
    outcome = await on.passing(on.session.probe_inside(await planned(on), outcomes.append))
    assert (outcome.stage, jobs(server)) == (Stage.VERIFIED, []), outcome
    (scripted,) = on.probes
    assert [answer.body for answer, _, _ in scripted.taken] == [b"version: v1", b"version: v2"] * 2
    assert {headers for _, headers, _ in scripted.taken} == {()}
    assert [target.host for target, _ in scripted.targets if target] == ["shop.test"]
    words = [outcome.why for outcome in outcomes]
    assert words[0].startswith("probe shop from 2 pods")
    assert "2 of 2 pods started" in words
    view = (await on.until(lambda view: "the Job was deleted" in view.rollouts[0].probe.message)).rollouts[0].probe
    assert (view.source, view.running) == ("from the cluster, 2 pods", False)
    assert view.message == "4 answers from 2 of 2 pods; the Job was deleted"


async def test_why_its_pods_do_not_start_is_shown_meanwhile(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}
    started(server, {"phase": "Pending", "conditions": [unscheduled]})
    running = asyncio.ensure_future(on.session.probe_inside(await planned(on), lambda _: None))
    await on.until(lambda view: "Unschedulable: no room" in view.rollouts[0].probe.message)
    assert probe(on).message.startswith("0 of 2 pods started: pod ")
    assert (probe(on).running, probe(on).source) == (True, "from the cluster, 2 pods")
    await on.passing(on.session.probe(KEY, False))
    outcome = await on.passing(running)
    assert (outcome.stage, outcome.why, jobs(server)) == (Stage.UNVERIFIED, "stopped; the Job was deleted", [])
    await on.until(lambda view: not view.rollouts[0].probe.running)
    assert probe(on).message == "stopped; the Job was deleted"


async def test_while_pods_send_the_probe_only_receives_and_afterwards_it_sends_again(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    await on.passing(on.session.probe(KEY, True))
    await on.until(lambda view: view.rollouts[0].probe.running)
    started(server, {"phase": "Pending"})
    running = asyncio.ensure_future(on.session.probe_inside(await planned(on), lambda _: None))
    await on.until(lambda view: view.rollouts[0].probe.source)
    (scripted,) = on.probes
    assert scripted.receiving
    running.cancel()
    await on.until(lambda view: not view.rollouts[0].probe.source and view.rollouts[0].probe.running)
    assert not scripted.receiving
    await on.until(lambda _: not jobs(server))


async def test_a_rollout_has_one_at_a_time(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server, {"phase": "Pending"})
    plan = await planned(on)
    running = asyncio.ensure_future(on.session.probe_inside(plan, lambda _: None))
    await on.until(lambda _: jobs(server))
    again = await on.passing(on.session.prepare_inside(KEY, WISH))
    assert isinstance(again, Refused)
    assert "stop them first" in again.why
    assert (await on.passing(on.session.probe_inside(plan, lambda _: None))).stage is Stage.REFUSED
    await on.passing(on.session.probe(KEY, False))
    await on.passing(running)


async def test_a_creation_that_is_refused_is_said(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await planned(on)
    server.refuse["POST", "/apis/batch/v1/namespaces/shop/jobs"] = 403
    outcome = await on.passing(on.session.probe_inside(plan, lambda _: None))
    assert outcome.stage is Stage.REFUSED
    await on.until(lambda view: "nothing was created" in view.rollouts[0].probe.message)


async def test_a_session_that_only_reads_starts_none(server: ApiServer, stage: Open) -> None:
    on = await stage(server, settings=Settings(read_only=True))
    plan = await planned(on)
    assert "read-only" in plan.blocked
    assert (await on.passing(on.session.probe_inside(plan, lambda _: None))).stage is Stage.REFUSED
    assert jobs(server) == []


async def test_the_jobs_of_a_session_that_ends_are_deleted(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server, {"phase": "Pending"})
    running = asyncio.ensure_future(on.session.probe_inside(await planned(on), lambda _: None))
    await on.until(lambda _: jobs(server))
    await on.session.__aexit__(None, None, None)
    assert (await running).stage is Stage.UNVERIFIED
    assert jobs(server) == []
