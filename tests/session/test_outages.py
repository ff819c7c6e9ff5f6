"""Acts that could leave users without an answer, and defects on the way: refused, told, nothing forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import REPLICASETS, Resource
from cockpit.model.rollout import Rollout
from cockpit.model.view import Stage, Sync
from cockpit.session.acts.prepare import Preparation
from cockpit.session.acts.send import transmit
from tests.session.acting import PROMOTE, UNDO, prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, V1, Open
from tests.session.flip import Flip


async def test_nothing_is_deleted_that_takes_traffic_again_where_the_watch_was_silent(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    plan = await prepared(on, Ask(Act.FINISH))
    assert plan.plan.requests[0].ref.name == "shop-v1"
    assert plan.blocked == ""
    server.mute = True
    server.change(SHOP, {"spec": {"selector": {"version": "v1"}}})
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED, outcome
    assert "Service shop/shop: spec.selector.version v2 -> v1" in outcome.why
    assert V1 in server.docs


async def test_a_deletion_is_not_planned_from_an_old_picture_of_the_traffic(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    server.mute = True
    server.change(SHOP, {"spec": {"selector": {"version": "v1"}}})
    plan = await prepared(on, Ask(Act.FINISH))
    assert "Service shop/shop in test changed, and the view does not show it yet" in plan.blocked
    assert (await on.session.send(plan)).stage is Stage.REFUSED
    assert V1 in server.docs


async def test_a_status_that_moved_on_does_not_stop_a_deletion(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    plan = await prepared(on, Ask(Act.FINISH))
    server.mute = True
    server.change(SHOP, {"status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.9"}]}}})
    await on.passing(on.session.send(plan, wait=0))
    assert V1 not in server.docs


async def test_a_cluster_that_is_lost_after_the_plan_was_shown_gets_nothing(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.token = "another"
    server.hang_up()
    await on.until(lambda view: view.clusters[0].stale_since is not None)
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert "this data may be stale" in outcome.why
    assert server.writes == []


class Elsewhere(Flip):
    """Looks at a kind that the others do without."""

    id = "elsewhere"
    roots: tuple[Resource, ...] = (REPLICASETS,)
    needs: tuple[Resource, ...] = (REPLICASETS,)

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return ()


async def test_a_broken_kind_that_a_rollout_does_without_stops_no_act_on_it(server: ApiServer, stage: Open) -> None:
    server.broken = {"replicasets"}
    on = await stage(server, adapters=(Flip(), Elsewhere()), live=False)
    view = await on.until(lambda view: view.rollouts and view.clusters[0].state is Sync.RETRYING)
    assert all(act.enabled for act in view.rollouts[0].rollout.acts if act.act is Act.FLIP)
    assert (await sent(on)).stage is Stage.VERIFIED
    server.broken = {"replicasets", "pods"}
    server.hang_up()
    view = await on.until(lambda view: "under way" not in (why := view.rollouts[0].rollout.acts[0].why) and why)
    assert "this data may be stale" in view.rollouts[0].rollout.acts[0].why
    assert "this data may be stale" in (await prepared(on, Ask(Act.FLIP, version="v1"))).blocked


async def test_undo_brings_no_traffic_to_a_version_without_ready_pods(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    pod = "/api/v1/namespaces/shop/pods/shop-v1-0"
    kept = server.docs[pod]
    server.remove(pod)
    await on.until(lambda view: view.rollouts[0].rollout.version("v1").ready == 0)
    answer = await on.passing(on.session.prepare(KEY, UNDO))
    assert isinstance(answer, Refused)
    assert "v1 has no ready pods: it cannot answer requests; look at why, or wait: 1 pod not ready" in answer.why
    server.put(pod, kept)
    await on.until(lambda view: view.rollouts[0].rollout.version("v1").ready == 1)
    assert (await sent(on, UNDO)).stage is Stage.VERIFIED


class Faulty(Flip):
    """Has a defect in planning one act."""

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        if ask.act is Act.PAUSE:
            raise KeyError("weights\x1b[31m")
        plan = super().plan(rollout, ask, objects)
        if ask.act is Act.JUMP and isinstance(plan, Plan):
            return replace(plan, requests=(replace(plan.requests[0], body=object()),))
        return plan


async def test_a_defect_in_planning_is_told_and_nothing_sent(server: ApiServer, stage: Open) -> None:
    on = await stage(server, adapters=(Faulty(),))
    answer = await on.passing(on.session.prepare(KEY, Ask(Act.PAUSE)))
    assert isinstance(answer, Refused)
    assert "flip could not plan pause on test:shop/shop" in answer.why
    assert "this is a bug; nothing was sent" in answer.why
    assert "\x1b" not in answer.why
    answer = await on.passing(on.session.prepare(KEY, Ask(Act.JUMP, version="v2")))
    assert isinstance(answer, Refused)
    assert "jump on test:shop/shop could not be prepared: this is a bug" in answer.why
    assert (await sent(on)).stage is Stage.VERIFIED


async def test_a_defect_after_the_first_write_forgets_nothing_of_what_was_done(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on, PROMOTE)
    cluster = on.session.cluster("test")
    assert cluster
    patch, delete = plan.plan.requests
    odd = replace(plan, plan=replace(plan.plan, requests=(patch, replace(delete, body={"preconditions": object()}))))
    passage = await on.passing(transmit(cluster, on.clock, Preparation(odd, PROMOTE, {}, None), asyncio.Event().wait))
    assert server.writes == [("PATCH", SHOP)]
    assert [done.request.verb for done in passage.done] == ["patch", "delete"]
    assert passage.failed
    assert passage.unknown
    assert "this is a bug" in passage.why


async def test_a_frozen_server_is_stale_within_45_seconds_and_gets_nothing(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    heard = on.clock.now()
    server.frozen = True
    view = await on.until(lambda view: view.clusters[0].stale_since is not None)
    assert view.clusters[0].stale_since <= heard
    assert on.clock.now() - heard < 45
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert "this data may be stale" in outcome.why
    shown = on.session.view().rollouts[0]
    assert shown.stale
    assert not any(act.enabled for act in shown.rollout.acts)
    server.frozen = False
    await on.until(lambda view: view.clusters[0].state is Sync.LIVE)
    assert server.writes == []
