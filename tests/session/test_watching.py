"""What a session shows of clusters that come, go, refuse and misbehave."""

from __future__ import annotations

import asyncio
import itertools
import random
from pathlib import Path

import pytest

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import INGRESSES, PODS, SERVICES, Ref
from cockpit.model.rollout import Verdict
from cockpit.model.view import FleetView, Kept, Sync
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import ManualClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.reads import Reads
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, PATIENCE, SHOP, Open, ScriptedProbe, connection, deployment, pod, service, shop
from tests.session.flip import Flip


async def test_a_rollout_shows_and_follows_its_objects(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    view = on.session.view()
    assert [v.rollout.key for v in view.rollouts] == [KEY]
    assert view.user == "ann"
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)
    server.remove(SHOP)
    await on.until(lambda view: not view.rollouts)


async def test_only_what_a_change_touches_is_read_again(server: ApiServer, stage: Open) -> None:
    for number in range(30):
        app = f"app{number}"
        server.put(f"/api/v1/namespaces/shop/services/{app}", service("v1", app))
        server.put(f"/apis/apps/v1/namespaces/shop/deployments/{app}-v1", deployment("v1", app))
    on = await stage(server)
    view = await on.until(lambda view: len(view.rollouts) == 31)
    rollouts = on.session.cluster("test").rollouts
    before = rollouts.read
    server.put("/api/v1/namespaces/shop/pods/app7-v1-0", pod("v1", "app7"))
    after = await on.until(
        lambda view: any(v.rollout.key.name == "app7" and v.rollout.versions[0].ready for v in view.rollouts)
    )
    # Its own, and the one that asked about the other label of the pod.
    assert before < rollouts.read <= before + 2
    changed = [new for old, new in zip(view.rollouts, after.rollouts, strict=True) if new is not old]
    assert [v.rollout.key.name for v in changed] == ["app7"]


async def test_a_cluster_that_was_away_and_comes_back_has_nothing_read_again(server: ApiServer, stage: Open) -> None:
    on = await stage(server, adapters=ADAPTERS)
    rollouts = on.session.cluster("test").rollouts
    await on.until(lambda view: view.rollouts)
    before = rollouts.read
    server.die()
    await on.until(lambda view: view.clusters[0].state is Sync.RETRYING)
    server.dead = False
    await on.until(lambda view: view.clusters[0].state is Sync.LIVE)
    assert rollouts.read == before


async def test_nothing_is_published_while_nothing_changes(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.clock.advance(5)
    heard: list[FleetView] = []
    end = on.session.subscribe(heard.append)
    await on.clock.advance(50)
    assert heard == []
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    await on.until(lambda _: heard)
    end()
    count = len(heard)
    server.change(SHOP, {"spec": {"selector": {"version": "v1"}}})
    await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[0].written == 1.0)
    assert len(heard) == count


async def test_a_storm_of_changes_is_published_at_most_ten_times_a_second(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.clock.advance(1)
    at: list[float] = []
    on.session.subscribe(lambda view: at.append(on.clock.monotonic()))
    for number in range(200):
        server.put(f"/api/v1/namespaces/shop/pods/more-{number}", pod("v1"))
        await on.clock.advance(0.01)
        if number % 50 == 49:  # the network is real, and may deliver them all when the storm is over
            await on.until(lambda view, ready=number + 2: view.rollouts[0].rollout.versions[0].ready == ready)
    assert len(at) >= 4
    assert all(later - earlier >= Reads.FOLLOWING.pause - 1e-9 for earlier, later in itertools.pairwise(at))


async def test_a_listener_that_fails_does_not_blind_the_others(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    heard: list[FleetView] = []

    def fails(view: FleetView) -> None:
        raise RuntimeError("a face with a defect")

    on.session.subscribe(fails)
    on.session.subscribe(heard.append)
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    await on.until(lambda _: heard)


async def test_a_kind_that_may_not_be_listed_leaves_the_rest_working(server: ApiServer, stage: Open) -> None:
    server.forbidden = {"pods"}
    on = await stage(server)
    cluster = on.session.view().clusters[0]
    assert cluster.state is Sync.LIVE
    assert cluster.message == "no permission to read Pod"
    assert [k.state for k in cluster.kinds if k.kind == "Pod"] == [Sync.FORBIDDEN]
    assert [v.rollout.key for v in on.session.view().rollouts] == [KEY]


async def test_a_wrong_token_is_a_state(server: ApiServer, stage: Open) -> None:
    on = await stage(server, tokens=("wrong",), live=False)
    view = await on.until(lambda view: view.clusters[0].state is Sync.REFUSED)
    assert "credentials rejected" in view.clusters[0].message
    assert view.clusters[0].stale_since is not None


async def test_an_api_that_cannot_be_reached_is_a_state_and_comes_back(stage: Open) -> None:
    server = ApiServer()
    server.url = "http://127.0.0.1:9"
    on = await stage(server, live=False)
    view = await on.until(lambda view: view.clusters[0].state is Sync.RETRYING)
    assert view.clusters[0].message.startswith("test cannot be reached: http://127.0.0.1:9: ")


async def test_one_cluster_that_goes_away_does_not_disturb_the_other(stage: Open) -> None:
    staying = ApiServer()
    async with staying.serving():
        shop(staying)
        async with ApiServer().serving() as leaving:
            shop(leaving)
            on = await stage(staying, leaving, contexts=("eu", "us"))
            await on.until(lambda view: len(view.rollouts) == 2)
        view = await on.until(lambda view: view.clusters[1].state is not Sync.LIVE)
        assert view.clusters[0].state is Sync.LIVE
        assert len(view.rollouts) == 2, "what was seen stays on the screen"
        flips = {v.rollout.key.context: v.rollout.acts[0] for v in view.rollouts}
        assert flips["eu"].enabled
        assert not flips["us"].enabled
        assert "us is not up to date (retrying since" in flips["us"].why
        staying.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
        await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[1].written == 1.0)


async def test_an_object_that_an_adapter_cannot_bear_hides_no_other(server: ApiServer, stage: Open) -> None:
    server.put("/api/v1/namespaces/shop/services/bad", service("v1") | {"metadata": {"labels": {"poison": ""}}})
    on = await stage(server)
    view = await on.until(lambda view: len(view.rollouts) == 2)
    bad, good = (v.rollout for v in view.rollouts)
    assert good.key == KEY
    assert good.findings == ()
    assert [f.id for f in bad.findings] == ["unreadable"]
    assert "Service shop/bad in test" in bad.findings[0].text
    assert "\x1b" not in bad.findings[0].evidence
    assert on.session.cluster("test").rollouts.failures >= 1


async def test_production_is_known_by_the_name_of_the_context(server: ApiServer, stage: Open) -> None:
    on = await stage(server, server, contexts=("eu-PROD-1", "staging"))
    assert [c.production for c in on.session.view().clusters] == [True, False]


async def test_a_probe_starts_stops_and_follows_the_split(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    view = await on.until(lambda view: view.rollouts[0].probe.running)
    assert view.rollouts[0].probe.probe_target == ProbeTarget("127.0.0.1", 80, "shop.test")
    probe = on.probes[0]
    probe.see(Verdict.OFF, 812, v1=0.56, v2=0.44)
    view = await on.until(lambda view: view.rollouts[0].rollout.findings)
    finding = view.rollouts[0].rollout.findings[0]
    assert (finding.id, finding.text) == ("split-off", "v2 answers 44% of requests, 0% is written")
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    view = await on.until(lambda view: not view.rollouts[0].rollout.findings)
    assert len({epoch for _, epoch in probe.targets}) == 2
    await on.session.probe(KEY, False)
    await on.until(lambda view: not view.rollouts[0].probe.running)
    server.remove(SHOP)
    await on.until(lambda view: not view.rollouts)


async def test_where_a_probe_sends_is_remembered_without_its_secrets(
    server: ApiServer, stage: Open, tmp_path: Path
) -> None:
    on = await stage(server)
    probe_target = ProbeTarget(
        "127.0.0.1", 8080, "other.test", headers=(("X-Lane", "a"), ("Authorization", "Bearer hush"))
    )
    kept = await on.session.set_target(KEY, probe_target, rate=3.0)
    assert kept == Kept(str(tmp_path / "state" / "targets.json"), ("Authorization",))
    view = await on.until(lambda view: view.rollouts[0].probe.probe_target == probe_target)
    assert "Authorization" in view.rollouts[0].probe.message
    await on.session.probe(KEY, True)
    assert on.probes[0].rates[-1] == 3.0
    assert "hush" not in (tmp_path / "state" / "targets.json").read_text()

    later = await stage(server)
    remembered = later.session.view().rollouts[0].probe
    assert remembered.probe_target == ProbeTarget("127.0.0.1", 8080, "other.test", headers=(("X-Lane", "a"),))
    assert "Authorization" in remembered.message
    assert (await later.session.set_target(KEY, None)).withheld == ()
    view = await later.until(
        lambda view: view.rollouts[0].probe.probe_target == ProbeTarget("127.0.0.1", 80, "shop.test")
    )


async def test_a_target_that_cannot_be_remembered_is_aimed_at_and_told(
    server: ApiServer, stage: Open, tmp_path: Path
) -> None:
    (tmp_path / "state" / "targets.json").mkdir(parents=True)
    on = await stage(server)
    probe_target = ProbeTarget("127.0.0.1", 8080, "other.test")
    kept = await on.session.set_target(KEY, probe_target)
    assert (kept.place, kept.withheld) == ("", ())
    assert "targets.json: cannot be written" in kept.problem
    view = await on.until(lambda view: view.rollouts[0].probe.probe_target == probe_target)
    assert view.rollouts[0].probe.message == kept.problem


async def test_a_probe_that_fails_is_told_and_ends_nothing_else(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.session.probe(KEY, True)
    on.probes[0].failure = RuntimeError("a defect")
    on.probes[0].broken.set()
    view = await on.until(lambda view: "internal error" in view.rollouts[0].probe.message)
    assert not view.rollouts[0].probe.running
    await on.session.probe(KEY, True)
    await on.until(lambda view: view.rollouts[0].probe.running)
    assert len(on.probes) == 2


async def test_objects_events_and_logs_are_read_as_safe_text(server: ApiServer, stage: Open) -> None:
    server.change(SHOP, {"metadata": {"managedFields": [{"manager": "x"}], "annotations": {"a": "b\x1b[31mred"}}})
    event = {"type": "Warning", "reason": "Bad", "message": "no \x1b]0;x\x07way", "count": 3}
    server.put("/api/v1/namespaces/shop/events/e", {**event, "lastTimestamp": "2026-01-01T10:00:02Z"})
    server.put("/api/v1/namespaces/shop/events/d", {"type": "Normal", "lastTimestamp": "2026-01-01T10:00:01Z"})
    server.log = "one\n\x1b[2Jtwo\n"
    on = await stage(server)
    text = await on.session.yaml("test", Ref(SERVICES, "shop", "shop"))
    assert "version: v1" in text
    assert "managedFields" not in text
    assert "\x1b" not in text
    events = await on.session.events("test", Ref(SERVICES, "shop", "shop"))
    assert [(e.type, e.reason, e.messages, e.count, e.last) for e in events] == [
        ("Warning", "Bad", ("no way",), 3, "2026-01-01T10:00:02Z"),
        ("Normal", "", ("",), 1, "2026-01-01T10:00:01Z"),
    ]
    assert await on.session.logs("test", Ref(PODS, "shop", "shop-v1-0")) == ("one", "two")


async def test_what_cannot_be_read_is_said_in_its_place(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    secret = Ref(SERVICES.__class__("", "v1", "secrets", "Secret"), "shop", "s")
    assert "never read" in await on.session.yaml("test", secret)
    assert "not found" in await on.session.yaml("test", Ref(INGRESSES, "shop", "none"))
    assert "not among the contexts" in await on.session.yaml("other", Ref(SERVICES, "shop", "shop"))
    assert "not found" in (await on.session.logs("test", Ref(PODS, "shop", "none")))[0]


def session_on(server: ApiServer, clock: ManualClock) -> Session:
    return Session(
        [connection(server, clock)],
        adapters=(Flip(),),
        make_probe=ScriptedProbe,
        settings=Settings(),
        journal=Journal(None),
        clock=clock,
        rng=random.Random(1),
    )


async def test_leaving_ends_everything_it_started(server: ApiServer) -> None:
    clock = ManualClock()
    before = asyncio.all_tasks()
    async with session_on(server, clock) as session:
        while not session.view().rollouts:
            await clock.advance(0.1)
            await asyncio.sleep(0)
        await session.probe(KEY, True)
    ours = [task for task in asyncio.all_tasks() - before if "RequestHandler" not in repr(task)]
    assert ours == []
    assert server.writes == []


async def test_what_its_holder_raises_comes_out_as_it_is(server: ApiServer) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with session_on(server, ManualClock()):
            raise KeyError("mine")


async def test_a_session_that_fails_interrupts_its_holder_with_the_reason(server: ApiServer) -> None:
    class Broken(ManualClock):
        async def sleep(self, seconds: float) -> None:
            raise RuntimeError("the clock broke")

    session = session_on(server, Broken())
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(ExceptionGroup) as raised:
            await hold(session)
    assert raised.group_contains(RuntimeError, match="the clock broke")
    task = asyncio.current_task()
    assert task
    assert not task.cancelling()


async def hold(session: Session) -> None:
    async with session:
        session.touch()
        await asyncio.Event().wait()
