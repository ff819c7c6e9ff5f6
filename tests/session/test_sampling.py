"""Which rollouts a session samples, and how its budget is shared, on a scripted API server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from cockpit.model.health import AnswerHealth, Health
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Verdict
from cockpit.model.sampling import SampleScope
from cockpit.model.view import FleetView, RolloutView
from cockpit.model.view import Stage as Done
from cockpit.session.probing.choices import SampleChoices
from cockpit.session.settings import ProbeSettings, Settings
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open, ScriptedProbe, Stage, deployment, pod, service

TIGHT = Settings(probe=ProbeSettings(rate=10.0, budget=10.0))


def key(name: str) -> RolloutKey:
    return RolloutKey("test", "shop", name, "manual")


def stock(server: ApiServer, *names: str) -> None:
    """More apps like shop."""
    for name in names:
        server.put(f"/api/v1/namespaces/shop/services/{name}", service("v1", name))
        server.put(f"/apis/apps/v1/namespaces/shop/deployments/{name}-v1", deployment("v1", name))
        server.put(f"/api/v1/namespaces/shop/pods/{name}-v1-0", pod("v1", name))


def seen(view: FleetView, name: str) -> RolloutView:
    return next(shown for shown in view.rollouts if shown.rollout.key.name == name)


def running(view: FleetView) -> set[str]:
    return {shown.rollout.key.name for shown in view.rollouts if shown.probe.running}


def probe_of(on: Stage, *, first: bool) -> ScriptedProbe:
    (found,) = [probe for probe in on.probes if probe.view().running and probe.first is first]
    return found


def chosen(scope: SampleScope | None = None) -> SampleChoices:
    return SampleChoices(given=scope)


async def test_nothing_is_sent_until_somebody_decides(server: ApiServer, stage: Open) -> None:
    stock(server, "cart")
    on = await stage(server, choices=chosen())
    view = await on.until(lambda view: len(view.rollouts) == 2)
    assert view.clusters[0].sampling.scope is SampleScope.UNDECIDED
    health = seen(view, "cart").health
    assert health.health is Health.NOT_MEASURED
    assert health.reason.startswith("nobody decided yet what to sample: press o")
    await on.clock.advance(60)
    assert on.probes == []
    await on.session.probe(key("cart"), True)
    view = await on.until(running)
    assert running(view) == {"cart"}
    await on.session.sample(("test",), SampleScope.NONE)
    view = await on.until(lambda view: not running(view))
    assert seen(view, "cart").health.reason == "the probe is off"


async def test_all_are_sampled_by_turns_and_the_selected_one_at_once(server: ApiServer, stage: Open) -> None:
    stock(server, "cart", "news")
    on = await stage(server, settings=TIGHT, choices=chosen(SampleScope.ALL))
    view = await on.until(lambda view: len(view.rollouts) == 3 and running(view))
    assert running(view) == {"cart"}
    assert seen(view, "news").health.reason == "waits for its turn to be sampled"
    on.session.select([key("news")])
    view = await on.until(lambda view: "news" in running(view))
    assert running(view) == {"news"}, "it leaves nothing to the others"
    assert probe_of(on, first=True).rates == [10.0]
    on.session.select([])
    for name in ("cart", "shop", "news"):
        await on.until(lambda view, name=name: running(view) == {name})


async def test_what_a_person_stopped_stays_stopped_until_all_is_decided_again(server: ApiServer, stage: Open) -> None:
    on = await stage(server, choices=chosen(SampleScope.ALL))
    await on.until(running)
    await on.session.probe(KEY, False)
    view = await on.until(lambda view: not running(view))
    await on.clock.advance(10)
    assert not running(on.session.view())
    assert view.rollouts[0].health.reason == "the probe is off"
    await on.session.sample(("test",), SampleScope.ALL)
    await on.until(running)


async def test_what_moves_is_sampled_and_what_rests_is_not(server: ApiServer, stage: Open) -> None:
    stock(server, "cart")
    on = await stage(server, choices=chosen(SampleScope.MOVING))
    view = await on.until(lambda view: len(view.rollouts) == 2)
    assert seen(view, "cart").health.reason == "only what moves is sampled: press o to sample it"
    await on.clock.advance(10)
    assert on.probes == []
    await on.session.probe(key("cart"), True)
    await on.until(running)
    on.probes[0].see(Verdict.OFF, 812, v1=0.4)
    await on.until(lambda view: seen(view, "cart").health.health is Health.HURT)
    # Without the person who asked for it, it is sampled because it is hurt.
    on.session._probes.forget_asked(("test",))
    await on.clock.advance(10)
    assert running(on.session.view()) == {"cart"}


async def test_a_rollout_is_sampled_while_an_act_takes_effect(server: ApiServer, stage: Open) -> None:
    on = await stage(server, choices=chosen(SampleScope.MOVING))
    await on.clock.advance(1)
    assert on.probes == []
    prepared = await on.passing(on.session.prepare(KEY, Ask(Act.FLIP, version="v2")))
    sending = asyncio.ensure_future(on.session.send(prepared, wait=60))
    await on.until(lambda view: running(view) and len({epoch for _, epoch in on.probes[0].targets}) == 2)
    on.probes[0].see(Verdict.ON, 400, v1=0.0, v2=1.0)
    outcome = await on.passing(sending)
    assert (outcome.stage, "answers agree" in outcome.why) == (Done.VERIFIED, True)
    await on.until(lambda view: not running(view))


async def test_a_doubt_raises_the_rate_within_the_budget(server: ApiServer, stage: Open) -> None:
    on = await stage(server, settings=Settings(probe=ProbeSettings(rate=2.0, budget=15.0)))
    await on.session.probe(KEY, True)
    probe = on.probes[0]
    assert probe.rates == [2.0]
    probe.doubtful = True
    view = await on.until(lambda view: len(probe.rates) == 2)
    assert probe.rates[-1] == 15.0
    assert view.rollouts[0].probe.asked_rate == 2.0
    probe.doubtful = False
    await on.until(lambda view: probe.rates[-1] == 2.0)


async def test_a_choice_is_remembered_for_this_cluster_only(server: ApiServer, stage: Open, tmp_path: Path) -> None:
    path = tmp_path / "state" / "sampling.json"
    on = await stage(server, choices=SampleChoices(path, {"test": "https://a:6443"}))
    kept = await on.session.sample(("test",), SampleScope.MOVING)
    assert (kept.place, kept.problem) == (str(path), "")
    view = await on.until(lambda view: view.clusters[0].sampling.scope is SampleScope.MOVING)
    assert (view.clusters[0].sampling.rate, view.clusters[0].sampling.budget) == (10.0, 50.0)
    assert SampleChoices(path, {"test": "https://a:6443"}).scope("test") is SampleScope.MOVING
    assert SampleChoices(path, {"test": "https://b:6443"}).scope("test") is SampleScope.UNDECIDED
    assert SampleChoices(path, {"other": "https://a:6443"}).scope("other") is SampleScope.UNDECIDED
    given = SampleChoices(path, {"test": "https://a:6443"}, SampleScope.NONE)
    assert given.scope("test") is SampleScope.NONE, "a flag comes before what is remembered"


async def test_a_choice_that_cannot_be_remembered_holds_for_the_session(
    server: ApiServer, stage: Open, tmp_path: Path
) -> None:
    path = tmp_path / "sampling.json"
    path.mkdir()
    on = await stage(server, choices=SampleChoices(path))
    kept = await on.session.sample(("test",), SampleScope.ALL)
    assert "sampling.json: cannot be written" in kept.problem
    await on.until(running)


def test_a_file_of_choices_that_makes_no_sense_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "sampling.json"
    for text in ("[", '{"test": {"server": "a", "sample": "everything"}}'):
        path.write_text(text)
        choices = SampleChoices(path, {"test": "a"})
        assert choices.scope("test") is SampleScope.UNDECIDED
        assert text in {kept.read_text() for kept in path.parent.glob("*.unreadable*")}
    choices.remember(("test",), SampleScope.ALL)
    assert json.loads(path.read_text()) == {"test": {"server": "a", "sample": "all"}}


async def test_the_health_that_is_shown_tolerates_as_many_errors_as_the_settings(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server, settings=Settings(probe=ProbeSettings(max_errors=0.05)))
    await on.session.probe(KEY, True)
    await on.until(lambda view: view.rollouts[0].probe.running)
    on.probes[0].see(Verdict.ON, 2000, v1=1.0, v2=0.0)
    on.probes[0].know(AnswerHealth("default", "v1", 2000.0, 40.0, on.clock.now()))
    await on.until(lambda view: view.rollouts[0].health.health is Health.FINE)
