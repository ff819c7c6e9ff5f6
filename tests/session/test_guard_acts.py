"""How an armed guard takes the way back: on the release that it was set for, and until that is confirmed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cockpit.model.guard import GuardOrder, GuardState, GuardView, parse_conditions
from cockpit.model.health import AnswerHealth, Level
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, Role, Severity
from cockpit.model.view import Outcome, Prepared, RolloutView, Stage
from cockpit.session.acts.conductor import Actor
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.journal_lines import JournalLines
from cockpit.session.clock import ManualClock
from cockpit.session.facts.cluster import Cluster
from cockpit.session.guarding.guards import Guards
from cockpit.session.guarding.on_demand import GuardsOnDemand
from tests.session.test_guard_evaluate import CALM, HURT, NEW, NOW, OTHER, ROLLOUT, STABLE, shown, stamped

KEY = ROLLOUT.key
WAY = Plan(Act.ABORT, KEY, "abort to v1", (), (), ())
ANOTHER = shown(HURT, versions=(STABLE, OTHER))


class LiveCluster:
    """A cluster that is up to date, of a user who may write."""

    api = SimpleNamespace(user="ann")
    sender = SimpleNamespace(read_only=False)
    user_at_context = "ann@test"

    def stale(self, key: RolloutKey) -> str:
        return ""


@dataclass
class Fleet:
    """What guards need of a session. `on_prepare` and `on_send` happen while it plans, and right before it sends.

    `newest` is how many seconds ago the newest answer of a version came, now if it is not named.
    """

    view: RolloutView = field(default_factory=shown)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    stages: list[Stage] = field(default_factory=lambda: [Stage.VERIFIED])
    on_prepare: Callable[[], None] = lambda: None
    on_send: Callable[[], None] = lambda: None
    newest: dict[str, float] = field(default_factory=dict)
    plan: Plan = WAY
    prepared: int = 0
    sent: int = 0
    others: dict[RolloutKey, RolloutKey] = field(default_factory=dict)

    def cluster(self, context: str) -> Cluster:
        return cast("Cluster", LiveCluster())

    def became(self, key: RolloutKey) -> RolloutKey | None:
        return self.others.get(key)

    def shown(self, key: RolloutKey) -> RolloutView | None:
        probe, now = self.view.probe, self.clock.now()
        health = [stamped((one,), now - self.newest.get(one.version, 0.0))[0] for one in probe.health]
        return replace(self.view, probe=replace(probe, health=tuple(health)))

    async def refresh(self) -> None: ...

    def next_view(self) -> asyncio.Event:
        return asyncio.Event()

    def follow(self) -> None: ...

    def touch(self, key: RolloutKey | None = None) -> None: ...

    async def probe(self, key: RolloutKey, running: bool, by_guard: bool = False) -> None: ...

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        self.prepared += 1
        self.on_prepare()
        return Prepared(self.plan, ())

    async def send_as(self, who: Actor, prepared: Prepared, wait: float, report: Any) -> Outcome:
        self.on_send()
        if why := who.why_not():
            return Outcome(Stage.REFUSED, why, prepared.plan)
        self.sent += 1
        return Outcome(self.stages.pop(0), "so it went", prepared.plan)


@dataclass
class Table:
    """An armed guard on a fleet, on a clock that moves on request."""

    guards: Guards
    fleet: Fleet
    clock: ManualClock

    async def look(self, seconds: float = 0.25) -> GuardView:
        await self.clock.advance(seconds)
        self.guards.look()
        for _ in range(200):
            await asyncio.sleep(0.001 if self.busy else 0)
        return self.view

    @property
    def busy(self) -> bool:
        return self.view.state is GuardState.ACTING

    @property
    def view(self) -> GuardView:
        found = self.guards.view(KEY, self.fleet.view.rollout)
        assert found
        return found


async def table(tmp_path: Path, fleet: Fleet) -> Table:
    clock = fleet.clock
    logbook = JournalLines(Journal(tmp_path / "journal.jsonl"), clock, random.Random(1))
    guards = Guards(fleet, clock, logbook)
    assert await guards.order(KEY, GuardOrder(parse_conditions(["hurt"]), armed=True)) == ""
    fleet.view = shown(HURT)
    return Table(guards, fleet, clock)


def becomes(fleet: Fleet, view: RolloutView) -> Callable[[], None]:
    def change() -> None:
        fleet.view = view

    return change


@pytest.mark.parametrize("moment", ["on_prepare", "on_send"])
async def test_a_release_that_begins_while_it_prepares_is_left_alone(tmp_path: Path, moment: str) -> None:
    fleet = Fleet()
    setattr(fleet, moment, becomes(fleet, ANOTHER))
    on = await table(tmp_path, fleet)
    found = await on.look()
    assert (found.state, found.words) == (GuardState.ENDED, "another release began: v3")
    assert (fleet.prepared, fleet.sent) == (1, 0)


async def test_nothing_is_sent_where_requests_are_answered_again_by_then(tmp_path: Path) -> None:
    nobody = AnswerHealth("default", "", 100.0, 99.0, NOW, Level.ALARM)
    finding = Finding("nobody-answers", Severity.CRITICAL, "99% fail, and no version answers them", about="default")
    fleet = Fleet()
    on = await table(tmp_path, fleet)
    fleet.view, fleet.newest = shown(HURT, (*CALM, nobody), findings=(finding,)), {"v1": 60.0, "v2": 60.0}
    fleet.on_send = lambda: fleet.newest.update({"": 0.2, "v1": 0.0})
    found = await on.look()
    assert (found.state, fleet.prepared, fleet.sent) == (GuardState.FAILED, 1, 0)
    assert found.words == "requests are answered again"
    fleet.view, fleet.newest = shown(), {}
    assert (await on.look(10.0)).state is GuardState.WATCHING
    assert fleet.sent == 0


async def test_nothing_is_sent_that_brings_the_new_version_back(tmp_path: Path) -> None:
    fleet = Fleet(plan=replace(WAY, raises=True))
    found = await (await table(tmp_path, fleet)).look()
    assert found.state is GuardState.FAILED
    assert "nothing was sent: abort to v1 brings the new version back" in found.words
    assert fleet.sent == 0


async def test_nothing_is_sent_that_leads_to_a_version_that_may_not_serve(tmp_path: Path) -> None:
    fleet = Fleet(plan=replace(WAY, risky=True, warnings=("v1 has no ready pods",)))
    found = await (await table(tmp_path, fleet)).look()
    assert found.state is GuardState.FAILED
    assert "may leave users without an answer; v1 has no ready pods; decide by hand" in found.words
    assert fleet.sent == 0


@pytest.mark.parametrize("stage", [Stage.SENT, Stage.UNVERIFIED, Stage.UNKNOWN])
async def test_what_is_not_confirmed_is_no_success_and_is_planned_again(tmp_path: Path, stage: Stage) -> None:
    fleet = Fleet(stages=[stage, Stage.VERIFIED])
    on = await table(tmp_path, fleet)
    found = await on.look()
    assert (found.state, found.rings, fleet.sent) == (GuardState.FAILED, 1, 1)
    assert "so it went" in found.words
    assert (await on.look(1.0)).state is GuardState.FAILED
    assert (await on.look(5.0)).state is GuardState.ACTED
    assert fleet.sent == 2


@pytest.mark.parametrize("phase", [Phase.ABORTED, Phase.AT_REST])
async def test_what_is_not_confirmed_counts_where_the_release_has_ended(tmp_path: Path, phase: Phase) -> None:
    fleet = Fleet(stages=[Stage.UNVERIFIED])
    on = await table(tmp_path, fleet)
    await on.look()
    fleet.view = shown(HURT, phase=phase)
    found = await on.look(1.0)
    assert (found.state, "so it went" in found.words) == (GuardState.ACTED, True)


async def test_it_has_not_acted_where_the_release_went_on_all_the_same(tmp_path: Path) -> None:
    fleet = Fleet(stages=[Stage.UNKNOWN])
    on = await table(tmp_path, fleet)
    await on.look()
    fleet.view = shown(HURT, phase=Phase.AT_REST, versions=(replace(NEW, role=Role.STABLE),))
    found = await on.look(1.0)
    assert (found.state, found.words) == (GuardState.ENDED, "the release ended: at rest on v2")


async def test_an_unexpected_error_does_not_leave_it_acting(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("no such thing")

    fleet = Fleet(on_send=fail)
    found = await (await table(tmp_path, fleet)).look()
    assert found.state is GuardState.FAILED
    assert "RuntimeError: no such thing" in found.words


async def test_a_guard_that_is_first_ordered_while_the_session_ends_sends_nothing(tmp_path: Path) -> None:
    fleet = Fleet()
    logbook = JournalLines(Journal(tmp_path / "journal.jsonl"), fleet.clock, random.Random(1))
    guards = GuardsOnDemand(fleet, fleet.clock, logbook)
    running = asyncio.create_task(guards.run())
    guards.stop()
    assert await guards.order(KEY, GuardOrder(parse_conditions(["hurt"]), armed=True)) == ""
    fleet.view = shown(HURT)
    for _ in range(40):
        await fleet.clock.advance(0.25)
        await asyncio.sleep(0)
        guard = guards.shown(fleet.view).guard
        assert guard is not None
        assert guard.state is GuardState.WATCHING
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await guards.close()
