"""Acts that this user may not send are not offered: what is reviewed, when, and what an open answer means."""

from __future__ import annotations

from cockpit.model.plan import Act, ActState
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.settings import Settings
from cockpit.tui.acting import SENT
from tests.session.acting import prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open, Stage, service

MISSING = "test does not allow you to patch services in namespace shop"


def flip(view: FleetView) -> ActState:
    shown: RolloutView = next(each for each in view.rollouts if each.rollout.key == KEY)
    return next(state for state in shown.rollout.acts if state.act is Act.FLIP)


async def settled(on: Stage) -> FleetView:
    return await on.until(lambda view: not view.clusters[0].asking)


async def test_an_act_without_its_right_says_which_is_missing(server: ApiServer, stage: Open) -> None:
    server.denied = {"patch"}
    on = await stage(server)
    found = flip(await settled(on))
    assert not found.enabled
    assert found.why == MISSING
    assert next(s for s in on.session.view().rollouts[0].rollout.acts if s.act is Act.ABORT).why == "nothing to abort"
    assert server.writes == server.dry_runs == []


async def test_who_may_do_everything_is_asked_once_for_the_cluster(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert flip(await settled(on)).enabled
    assert server.reviewed == []


async def test_a_right_for_something_else_takes_nothing_away(server: ApiServer, stage: Open) -> None:
    server.denied = {"delete"}
    on = await stage(server)
    assert flip(await settled(on)).enabled
    assert server.reviewed == ["shop"]


async def test_one_review_answers_for_all_rollouts_of_a_namespace(server: ApiServer, stage: Open) -> None:
    server.denied = {"patch"}
    server.put("/api/v1/namespaces/shop/services/second", service("v1"))
    server.put("/api/v1/namespaces/away/services/third", service("v1"))
    on = await stage(server)
    view = await settled(on)
    assert [state.enabled for each in view.rollouts for state in each.rollout.acts] == [False] * 6
    assert server.reviewed == ["away", "shop"]


async def test_what_the_review_leaves_open_is_tried_by_the_dry_run(server: ApiServer, stage: Open) -> None:
    for fault in ("vague", "silent"):
        server.denied = {"patch"}
        setattr(server, fault, True)
        on = await stage(server, machine=fault)
        assert flip(await settled(on)).enabled, fault
        assert (await prepared(on)).blocked == f"{MISSING}: by a test"
        setattr(server, fault, False)


async def test_a_right_that_was_granted_is_seen_within_a_minute(server: ApiServer, stage: Open) -> None:
    server.denied = {"patch"}
    on = await stage(server)
    assert not flip(await settled(on)).enabled
    server.denied = {"delete"}
    began = on.clock.monotonic()
    await on.until(lambda view: flip(view).enabled)
    assert on.clock.monotonic() - began <= 61
    server.denied = {"patch"}
    await on.until(lambda view: not flip(view).enabled)


async def test_a_rollout_in_a_namespace_that_comes_later_is_reviewed_too(server: ApiServer, stage: Open) -> None:
    server.denied = {"patch"}
    on = await stage(server)
    await settled(on)
    server.put("/api/v1/namespaces/late/services/shop", service("v1"))
    await on.until(lambda view: len(view.rollouts) == 2 and not any(s.enabled for s in view.rollouts[0].rollout.acts))
    assert server.reviewed == ["shop", "late"]


async def test_a_session_that_only_reads_asks_nothing(server: ApiServer, stage: Open) -> None:
    server.denied = {"patch"}
    on = await stage(server, settings=Settings(read_only=True))
    await settled(on)
    await on.clock.advance(120)
    assert server.reviewed == []
    assert "read-only" in flip(on.session.view()).why


async def test_a_rollout_that_is_not_read_again_is_not_judged_again(server: ApiServer, stage: Open) -> None:
    server.denied = {"delete"}
    on = await stage(server)
    await settled(on)
    cluster = on.session.cluster("test")
    assert cluster
    rollout = cluster.rollout(KEY)
    assert rollout
    assert cluster.denied(rollout) is cluster.denied(rollout)


def beside(view: FleetView, act: Act) -> str:
    return next(each for each in view.rollouts if each.rollout.key == KEY).why_denied(act)


async def test_an_undo_whose_right_was_taken_away_says_which_is_missing(server: ApiServer, stage: Open) -> None:
    server.denied = {"delete"}
    on = await stage(server)
    await settled(on)
    assert (await sent(on)).stage in SENT
    assert beside(on.session.view(), Act.UNDO) == ""
    server.denied = {"patch"}
    await on.until(lambda view: beside(view, Act.UNDO) == MISSING)
    server.denied = {"delete"}
    await on.until(lambda view: beside(view, Act.UNDO) == "")


async def test_a_probe_from_inside_names_the_first_right_that_is_missing(server: ApiServer, stage: Open) -> None:
    server.denied = {"delete"}
    on = await stage(server)
    await settled(on)
    why = "test does not allow you to delete jobs in namespace shop"
    assert beside(on.session.view(), Act.PROBE) == why
    server.denied = {"patch"}
    await on.until(lambda view: beside(view, Act.PROBE) == "")


async def test_who_may_do_everything_is_told_of_no_missing_right(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await settled(on)
    await sent(on)
    assert on.session.view().rollouts[0].denied == ()
