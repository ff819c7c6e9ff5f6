"""Targets through API servers: who may use them, how few questions that takes, and what probes make of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cockpit.cli.waiting import decided
from cockpit.kube.errors import Unreachable
from cockpit.model.probe_answer import Answer, Failure, ProbeRequest
from cockpit.model.probe_target import ProbeTarget, ProxiedService, proxied_target
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Rollout, Share
from cockpit.model.sampling import SampleScope
from cockpit.model.view import ClusterView, FleetView, KindSync, RolloutView, Sync
from cockpit.session.clock import ManualClock
from cockpit.session.facts.assemble import IDLE
from cockpit.session.probing.api_rights import ApiRights
from cockpit.session.probing.probes import Probes
from cockpit.session.probing.transports import TransportPerTarget
from tests.session.conftest import ScriptedProbe


def rollout(name: str = "web", namespace: str = "shop", context: str = "test") -> Rollout:
    lane = Lane("default", "", (Share("v1", 1.0, 1.0),))
    return Rollout(
        RolloutKey(context, namespace, name, "service"), "service", Phase.AT_REST, "", (), (lane,), (), "1",
        probe_target_missing="no address",
        api_target=proxied_target(ProxiedService(context, namespace, name, "80"), 80),
    )  # fmt: skip


class Rights:
    """Allows what a test says; notes each question."""

    def __init__(self, *allowed: tuple[str, str]) -> None:
        self.allowed = set(allowed)
        self.asked: list[tuple[str, str]] = []
        self.told: list[RolloutKey] = []
        self.failing = False
        self.clock = ManualClock()
        self.made = ApiRights(self.answer, self.told.append, self.clock)

    async def answer(self, context: str, services: Ref) -> str:
        self.asked.append((services.namespace, services.name))
        await asyncio.sleep(0)
        if self.failing or services.name == "down:80":
            raise Unreachable("gone", context=context, what="rights", sent=False)
        return "" if self.asked[-1] in self.allowed else "you may not get services/proxy"

    async def resolved(self, found: Rollout) -> Rollout:
        for _ in range(20):
            self.made.resolved(found)
            await asyncio.sleep(0)
        return self.made.resolved(found)


async def test_who_may_use_all_services_is_asked_about_once() -> None:
    rights = Rights(("", ""))
    for name in ("a", "b", "c"):
        found = await rights.resolved(rollout(name))
        assert found.probe_target == rollout(name).api_target
    assert rights.asked == [("", "")]
    assert rights.told == [rollout("a").key]


async def test_the_missing_right_is_named_beside_the_missing_address() -> None:
    rights = Rights()
    found = await rights.resolved(rollout())
    assert found.probe_target is None
    why = "not through the API server either: you may not get services/proxy"
    assert found.probe_target_missing == f"no address; {why}"
    assert rights.asked == [("", ""), ("shop", "")]


async def test_a_right_on_one_service_is_found_when_it_is_to_be_probed() -> None:
    rights = Rights(("shop", "web:80"))
    assert (await rights.resolved(rollout())).probe_target is None
    await rights.made.settle(rollout())
    assert rights.made.resolved(rollout()).probe_target == rollout().api_target
    assert rights.made.resolved(rollout("other")).probe_target is None


async def test_an_api_server_that_does_not_answer_the_question_is_no_permission() -> None:
    rights = Rights()
    await rights.made.settle(rollout("down"))
    assert "is not known" in rights.made.resolved(rollout("down")).probe_target_missing


async def test_an_error_is_asked_about_again_after_a_minute_and_a_refusal_is_not() -> None:
    rights = Rights(("shop", ""))
    rights.failing = True
    for name in ("a", "b"):
        assert "is not known: " in (await rights.resolved(rollout(name))).probe_target_missing
    assert rights.asked == [("", ""), ("shop", "")]
    rights.failing = False
    await rights.clock.advance(59)
    assert len(rights.asked) == 2
    rights.told.clear()
    await rights.clock.advance(2)
    assert sorted(rights.asked[2:]) == [("", ""), ("shop", "")]
    assert {rollout("a").key, rollout("b").key} <= set(rights.told)
    for name in ("a", "b"):
        assert rights.made.resolved(rollout(name)).probe_target == rollout(name).api_target
    await rights.clock.advance(200)
    assert len(rights.asked) == 4
    await rights.made.close()


async def test_an_error_that_concerns_no_rollout_any_more_is_not_asked_about() -> None:
    rights = Rights()
    rights.failing = True
    await rights.resolved(rollout())
    await rights.clock.advance(61)
    assert len(rights.asked) == 4
    await rights.clock.advance(200)  # nobody looked at the second error
    assert len(rights.asked) == 4
    await rights.made.close()


async def test_an_address_is_better_than_the_api_server() -> None:
    rights = Rights(("", ""))
    outside = replace(rollout(), probe_target=ProbeTarget("10.0.0.9", 80, "web"))
    assert await rights.resolved(outside) == outside
    await rights.made.settle(outside)
    assert rights.asked == []


class Ways:
    def __init__(self) -> None:
        self.sent: list[ProbeTarget] = []

    async def send(self, request: ProbeRequest) -> Answer:
        self.sent.append(request.probe_target)
        return Answer(200)

    async def close(self) -> None:
        return


async def test_each_target_takes_its_own_way() -> None:
    direct, through = Ways(), Ways()
    way = TransportPerTarget(direct, {"test": through})
    outside, inside, elsewhere = ProbeTarget("a", 80, "a"), rollout().api_target, rollout(context="far").api_target
    assert inside
    assert elsewhere
    answers = [await way.send(ProbeRequest(target)) for target in (outside, inside, elsewhere)]
    assert (direct.sent, through.sent) == ([outside], [inside])
    assert answers[2].failure is Failure.NO_WAY


def probes(*found: Rollout) -> tuple[Probes, list[ScriptedProbe]]:
    made: list[ScriptedProbe] = []

    def make() -> ScriptedProbe:
        made.append(ScriptedProbe())
        return made[-1]

    running = Probes(
        make, ManualClock(), rate=50.0, budget=1000.0, scope=lambda _: SampleScope.ALL, on_change=lambda: None
    )
    by_key = {each.key: replace(each, probe_target=each.api_target) for each in found}
    running.plan([RolloutView(each, IDLE) for each in by_key.values()], by_key.get)
    return running, made


@pytest.mark.parametrize(("count", "rate"), [(1, 5.0), (4, 5.0), (10, 2.0)])
async def test_probes_through_one_api_server_share_its_rate(count: int, rate: float) -> None:
    found = [rollout(f"web{n}") for n in range(count)]
    running, made = probes(*found)
    running.follow(lambda key: next(replace(f, probe_target=f.api_target) for f in found if f.key == key))
    assert [probe.rates[-1] for probe in made] == [rate] * count
    await running.close()


async def test_a_split_that_the_service_does_not_decide_is_never_judged() -> None:
    judged = rollout()
    routed = replace(judged, api_target=None)
    running, made = probes(judged)
    running.choose(routed.key, rollout().api_target)
    running.follow(lambda _: routed)
    lanes, view = running.seen(routed)
    assert lanes == routed.lanes
    assert made[0].lanes() == ()
    assert "not the split of this rollout" in view.message
    running.follow(lambda _: judged)
    assert [lane.name for lane in made[0].lanes()] == ["default"]
    assert running.seen(judged)[1].message == ""
    await running.close()


def cluster() -> ClusterView:
    kinds = (KindSync("services", Sync.LIVE, 0.0, last_event=0.0, objects=1),)
    return ClusterView("test", "https://10.0.0.1", "ann", None, False, Sync.LIVE, "", None, kinds)


def fleet(read: ClusterView) -> FleetView:
    return FleetView(0.0, (read,), (), (), False, "ann")


async def test_a_cluster_is_not_known_before_its_last_rollout_is_read() -> None:
    rights, read = Rights(("", "")), cluster()
    assert rights.made.held(replace(read, unfinished=1)).unfinished
    rights.made.resolved(rollout())
    assert not decided(fleet(rights.made.held(read))), "the last rollout asked something"


async def test_commands_wait_until_it_is_known_which_way_requests_take() -> None:
    """Everything was read, and before the answers come a rollout without an address would seem to have no target."""
    rights, read = Rights(("", "")), cluster()
    rights.made.resolved(rollout())
    assert not decided(fleet(rights.made.held(read)))
    await rights.resolved(rollout())
    assert decided(fleet(rights.made.held(read)))
