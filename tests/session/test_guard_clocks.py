"""Armed guards of each kind where time goes on without them, or the clock is set: nothing old counts, all new does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cockpit.model.clock import LastingTime
from cockpit.model.guard import GuardState
from cockpit.model.health import AnswerHealth, Level
from cockpit.model.rollout import Finding, Severity
from cockpit.model.view import RolloutView
from cockpit.session.clock import ManualClock
from cockpit.session.guarding.evaluate import BLIND_SECONDS, Seen, Watch, judged, why_not_due
from cockpit.session.guarding.guards import LOOK_SECONDS
from tests.session.test_guard_acts import Fleet, table
from tests.session.test_guard_evaluate import CALM, FINE, HURT, NOW, guard, shown

HOURS, MINUTES = 3 * 3600.0, 300.0
# Seconds for which a condition must hold, and in which a machine that wakes finds out what it missed.
HOLDS, WAKING = 30.0, 30.0
WORSE = AnswerHealth("default", "v2", 100.0, 27.0, NOW, Level.ALARM, worse=Level.ALARM, baseline="v1")
SLOWER = replace(CALM[1], baseline="v1", slower=Level.ALARM, p50_ms=30.0, baseline_p50_ms=10.0)
NOBODY = AnswerHealth("default", "", 100.0, 99.0, NOW, Level.ALARM)


def critical(kind: str, about: str = "default") -> Finding:
    return Finding(kind, Severity.CRITICAL, "so it is", about=about)


@dataclass(frozen=True)
class Kind:
    """A condition, and what a view says where it holds."""

    condition: str
    finding: Finding | None = None
    health: tuple[AnswerHealth, ...] = CALM

    @property
    def rests_on_failures(self) -> bool:
        return any(one.errors for one in self.health)

    @property
    def by_objects(self) -> bool:
        return self.finding is not None and self.health is CALM and self.finding.id != "split-off"

    def __str__(self) -> str:
        return f"{self.condition}, {self.finding.id}" if self.finding else self.condition


KINDS = (
    Kind("hurt", critical("errors", "v2 default"), (CALM[0], WORSE)),
    Kind("hurt", critical("nobody-answers"), (*CALM, NOBODY)),
    Kind("hurt", critical("split-off")),
    Kind("hurt", critical("no-ready-pods", "v2")),
    Kind("hurt", critical("failing-pods", "v2")),
    Kind("errors worse", None, (CALM[0], WORSE)),
    Kind("errors > 1% worse", None, (CALM[0], WORSE)),
    Kind("slower", None, (CALM[0], SLOWER)),
    Kind("p50 ratio > 2", None, (CALM[0], SLOWER)),
    Kind("p99 ratio > 2", None, (CALM[0], SLOWER)),
    Kind("split off", critical("split-off")),
    Kind("nobody answers", critical("nobody-answers"), (*CALM, NOBODY)),
)


@dataclass
class Machine:
    """A guard on a machine whose clocks are its own. `bad` is whether the release hurts, `answered` whether a request
    ends each time the guard looks; an alarm that came before stays as long as `alarm` says."""

    kind: Kind
    watch: Watch
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    bad: bool = False
    alarm: bool = False
    answered: bool = True
    missed: float = 0.0
    failed: float | None = None
    _view: RolloutView = field(default_factory=shown)

    def __post_init__(self) -> None:
        self._lasting = LastingTime(self.clock)

    def _ask(self) -> None:
        """A request ends: the probe makes a view of what it knows then, and keeps it until the next one."""
        lasting, now = self._lasting.seconds(), self.clock.now()
        self.failed = lasting if self.bad else self.failed
        failed = None if self.failed is None else now - (lasting - self.failed)
        holds = self.bad or self.alarm
        known = self.kind.health if holds else CALM
        found = (self.kind.finding,) if holds and self.kind.finding else ()
        view = shown(HURT if holds else FINE, known, findings=found)
        health = tuple(replace(one, at=now, failed_at=failed if one.errors else None) for one in view.probe.health)
        self._view = replace(view, probe=replace(view.probe, health=health))

    def look(self) -> GuardState:
        self.clock.stop(LOOK_SECONDS)
        if self.answered:
            self._ask()
        if self.watch.state is not GuardState.ACTING:
            self.watch = judged(self.watch, self.seen())
        self.missed = 0.0
        return self.watch.state

    def seen(self) -> Seen:
        return Seen(self._view, "", self.clock.monotonic(), self.clock.now(), missed=self.missed)

    def looks(self, seconds: float) -> set[GuardState]:
        return {self.look() for _ in range(round(seconds / LOOK_SECONDS))}


def ahead(on: Machine) -> None:
    on.clock.suspend(HOURS)  # a suspended machine's clocks differ by the same


def back(on: Machine) -> None:
    on.clock.suspend(-HOURS)


def stopped(on: Machine) -> None:
    on.clock.stop(MINUTES)
    on.missed = MINUTES


Event = Callable[[Machine], None]
EVENTS = pytest.mark.parametrize("event", [ahead, back, stopped])
EACH = pytest.mark.parametrize("kind", KINDS, ids=str)


def on_machine(kind: Kind, seconds: float = HOLDS) -> Machine:
    condition = f"{kind.condition} for {seconds:g}s" if seconds else kind.condition
    return Machine(kind, guard(condition))


@EACH
@EVENTS
def test_what_held_before_is_no_reason_to_act_after(kind: Kind, event: Event) -> None:
    on = on_machine(kind)
    on.looks(2.0)
    on.bad = on.alarm = True
    assert GuardState.HOLDING in on.looks(HOLDS - 5.0)
    event(on)
    on.bad = False
    assert GuardState.ACTING not in on.looks(8.0)  # all is well, and the alarm outlasts some good answers
    on.alarm = False
    assert GuardState.ACTING not in on.looks(2 * HOLDS)


@pytest.mark.parametrize("kind", [each for each in KINDS if each.rests_on_failures or each.by_objects], ids=str)
@EVENTS
def test_one_that_acts_at_once_waits_for_something_new(kind: Kind, event: Event) -> None:
    """The alarm is there and good answers come: no request failed since."""
    on = on_machine(kind, 0.0)
    on.looks(2.0)
    on.alarm, on.failed = True, on.clock.monotonic()
    event(on)
    assert GuardState.ACTING not in on.looks(8.0)


@EACH
@EVENTS
def test_it_is_not_blind_to_what_comes_after(kind: Kind, event: Event) -> None:
    on = on_machine(kind)
    on.looks(20.0)
    event(on)
    on.looks(1.0)
    on.bad = True
    assert GuardState.ACTING not in on.looks(HOLDS - 1.0)
    assert GuardState.ACTING in on.looks(WAKING + 3.0)


@EACH
def test_answers_that_a_clock_set_back_dates_later_are_none(kind: Kind) -> None:
    """Its probe hangs from then on: that nothing is measured is told after a minute."""
    on = on_machine(kind)
    on.looks(2.0)
    on.bad = True
    on.looks(10.0)
    on.answered = False
    back(on)
    states = on.looks(BLIND_SECONDS + 2.0)
    if not kind.by_objects:
        assert GuardState.ACTING not in states
        assert on.watch.state is GuardState.BLIND


@EVENTS
def test_a_minute_without_a_measurement_begins_anew(event: Event) -> None:
    on = on_machine(KINDS[0])
    on.looks(2.0)
    on.answered = False
    event(on)
    assert GuardState.BLIND not in on.looks(BLIND_SECONDS - 1.0)
    assert GuardState.BLIND in on.looks(3.0)


def test_a_clock_that_is_set_back_gives_nobody_more_time() -> None:
    on = Machine(KINDS[0], guard("hurt", seconds=600.0))
    on.looks(100.0)
    back(on)
    on.looks(1.0)
    assert on.watch.until is not None
    assert on.watch.until - on.clock.now() == pytest.approx(499.0)
    on.looks(500.0)
    assert on.watch.timed_out


@EVENTS
def test_a_way_back_that_is_under_way_is_not_sent_then(event: Event) -> None:
    on = on_machine(KINDS[0])
    on.bad = True
    on.looks(HOLDS + 1.0)
    assert on.watch.state is GuardState.ACTING
    assert why_not_due(on.watch, on.seen()) == ""
    event(on)
    assert "has to hold anew" in why_not_due(on.watch, on.seen())
    assert "has to hold anew" in why_not_due(judged(on.watch, on.seen()), replace(on.seen(), missed=0.0))


async def test_a_program_that_was_stopped_looks_anew(tmp_path: Path) -> None:
    """Ctrl-Z, or a virtual machine that is paused: both clocks go on, and nobody looks."""
    fleet = Fleet()
    on = await table(tmp_path, fleet)
    fleet.view = shown()
    running = asyncio.ensure_future(on.guards.run())
    try:
        await fleet.clock.advance(2.0)
        fleet.view = shown(HURT, CALM, findings=(critical("no-ready-pods", "v2"),))
        fleet.clock.stop(MINUTES)
        await fleet.clock.advance(WAKING - 1.0)
        assert (on.view.state, fleet.prepared) == (GuardState.WATCHING, 0)
        for _ in range(20):
            await fleet.clock.advance(0.25)
            await asyncio.sleep(0.01)
        assert fleet.sent == 1
    finally:
        running.cancel()


async def test_nothing_is_sent_by_a_program_that_was_stopped_while_it_planned(tmp_path: Path) -> None:
    fleet = Fleet()
    on = await table(tmp_path, fleet)
    fleet.on_send = lambda: fleet.clock.stop(MINUTES)
    running = asyncio.ensure_future(on.guards.run())
    try:
        for _ in range(4):
            await fleet.clock.advance(0.25)
            await asyncio.sleep(0.02)
        assert (fleet.prepared, fleet.sent) == (1, 0)
        assert "has to hold anew" in on.view.words
    finally:
        running.cancel()
