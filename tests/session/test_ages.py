"""What a stopped probe saw gets older on the screen by itself, and costs nothing where no text changes."""

from __future__ import annotations

from cockpit.model.health import AnswerHealth, Health
from cockpit.model.rollout import Verdict
from cockpit.model.view import FleetView
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open, Stage


async def stopped(on: Stage) -> None:
    """A probe that measured a good split and was stopped."""
    await on.session.probe(KEY, True)
    await on.until(lambda view: view.rollouts[0].probe.running)
    on.probes[0].see(Verdict.ON, 100, v1=1.0, v2=0.0)
    on.probes[0].know(AnswerHealth("default", "v1", 100.0, 0.0, on.clock.now()))
    await on.until(lambda view: view.rollouts[0].health.health is Health.FINE)
    await on.session.probe(KEY, False)
    await on.until(lambda view: not view.rollouts[0].probe.running)


async def test_what_was_measured_ages_and_ends_as_not_measured(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await stopped(on)
    await on.clock.advance(130)
    health = on.session.view().rollouts[0].health
    assert health.health is Health.FINE
    assert health.reason == "users get what is written: 100 answers, none failed, measured 2m ago"
    await on.clock.advance(200)
    health = on.session.view().rollouts[0].health
    assert health.health is Health.NOT_MEASURED
    assert health.reason == "the probe is off, last measured 5m ago"


async def test_an_age_is_published_only_when_its_text_changes(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await stopped(on)
    await on.clock.advance(400)
    heard: list[FleetView] = []
    on.session.subscribe(heard.append)
    await on.clock.advance(600)
    reasons = [view.rollouts[0].health.reason for view in heard]
    assert len(reasons) == len(set(reasons)) == 10


async def test_without_a_stopped_probe_nothing_is_looked_at_again(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.clock.advance(5)
    looks: list[object] = []
    on.session.touch = looks.append
    await on.clock.advance(120)
    assert looks == []
