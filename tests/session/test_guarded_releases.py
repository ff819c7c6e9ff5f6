"""A hundred releases, answer by answer through the real detectors: every broken one goes back, no healthy one does."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest

from cockpit.model.guard import GuardOrder, GuardState, parse_conditions
from cockpit.model.plan import Act, ActState
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Lane, Phase, Role, Rollout, Share, Version
from cockpit.model.view import Cell, CellKind, RolloutView
from cockpit.probe.answer_health import AnswerRecord
from cockpit.probe.recognise import VersionReading
from cockpit.probe.record import LaneRecord
from cockpit.session.facts.assemble import IDLE, Circumstances, rollout_view
from cockpit.session.guarding.evaluate import Seen, Watch, judged, started

pytestmark = pytest.mark.simulation

V1 = Version("v1", Role.STABLE, ("web:v1",), None, 4, 4, identity=("1",))
V2 = Version("v2", Role.CANARY, ("web:v2",), None, 4, 4, identity=("2",))
WEIGHTS = (0.1, 0.3, 0.5)
SECONDS, RATE, A_LOOK = 60, 10, 20  # of each step, answers a second, answers between two looks
CONDITIONS = parse_conditions(["hurt for 10s", "errors worse", "slower", "split off", "nobody answers"])
EPOCH = 1_700_000_000.0


@dataclass(frozen=True)
class Fault:
    """What v2 does to users; `astray` is the part of all requests that goes to it on top of its weight."""

    errors: float = 0.0
    slowness: float = 1.0
    astray: float = 0.0
    unanswered: float = 0.0


HEALTHY = Fault()


def broken(rng: random.Random) -> Fault:
    return rng.choice(
        (
            Fault(errors=rng.uniform(0.08, 0.6)),
            Fault(slowness=rng.uniform(2.5, 10.0)),
            Fault(astray=rng.uniform(0.15, 0.4)),
            Fault(unanswered=rng.uniform(0.05, 0.5)),
        )
    )


class Release:
    """One release, played without HTTP: what the probe would have counted, and what the session makes of it."""

    def __init__(self, rng: random.Random, fault: Fault) -> None:
        self.rng, self.fault = rng, fault
        self.health, self.at = AnswerRecord(), 0.0
        self.strip: list[Cell] = []
        self.lane = self.split(WEIGHTS[0])
        self.record = LaneRecord(self.lane, now=EPOCH)
        # Both versions fail now and then, in a healthy release too.
        self.usual = rng.uniform(0.0, 0.004)

    def split(self, weight: float) -> Lane:
        return Lane("default", "", (Share("v1", 1 - weight, 1 - weight), Share("v2", weight, weight)))

    def go_to(self, weight: float) -> None:
        self.lane = self.split(weight)
        self.record = LaneRecord(self.lane, self.record, self.at, 2.0, EPOCH + self.at)

    def answer(self, weight: float) -> None:
        self.at += 1 / RATE
        new = self.rng.random() < weight + self.fault.astray
        version = V2 if new else V1
        ms = self.rng.lognormvariate(3.0, 0.4) * (self.fault.slowness if new else 1.0)
        if self.rng.random() < self.fault.unanswered:
            self.take(None, True, ms)
        else:
            self.take(version, self.rng.random() < self.usual + (self.fault.errors if new else 0.0), ms)

    def take(self, version: Version | None, failed: bool, ms: float) -> None:
        kind = CellKind.ERROR if failed else CellKind.ANSWER
        name = version.name if version else None
        self.record.count(VersionReading(kind, name, "500" if failed else ""), ms, self.at)
        self.health.count("default", version, (V1, V2), failed, ms, self.at)
        self.strip = [*self.strip[-30:], Cell(kind, name, "default", "500" if failed else "", self.at)]

    def view(self) -> RolloutView:
        now = EPOCH + self.at
        rollout = Rollout(
            RolloutKey("t", "shop", "web", "argo"), "argo", Phase.PROGRESSING, "", (V1, V2), (self.lane,), (), "1",
            acts=(ActState(Act.ABORT, True),), probe_target=ProbeTarget("127.0.0.1", 80, ""),
        )  # fmt: skip
        probe = replace(
            IDLE,
            running=True,
            probe_target=rollout.probe_target,
            asked_rate=float(RATE),
            total=round(self.at * RATE),
            strip=tuple(self.strip),
            health=self.health.of(["default"], (V1, V2), self.at, now),
        )
        return rollout_view(rollout, (self.record.filled(self.lane, True),), probe, Circumstances(), now)


def guarded(seed: int, fault: Fault) -> Watch:
    """The guard after the release, or when it acted."""
    release = Release(random.Random(seed), fault)
    watch = started(GuardOrder(CONDITIONS, armed=True), release.view().rollout, 0.0, EPOCH)
    for weight in WEIGHTS:
        if weight != WEIGHTS[0]:
            release.go_to(weight)
        for number in range(SECONDS * RATE):
            release.answer(weight)
            if number % A_LOOK:
                continue
            watch = judged(watch, Seen(release.view(), "", release.at, EPOCH + release.at))
            if watch.state is GuardState.ACTING:
                return watch
    return watch


@pytest.mark.parametrize("decade", range(5))
def test_every_broken_release_goes_back(decade: int) -> None:
    for seed in range(decade * 10, decade * 10 + 10):
        fault = broken(random.Random(seed))
        watch = guarded(seed, fault)
        assert watch.state is GuardState.ACTING, (seed, fault)


@pytest.mark.parametrize("decade", range(5, 10))
def test_no_healthy_release_goes_back(decade: int) -> None:
    for seed in range(decade * 10, decade * 10 + 10):
        watch = guarded(seed, HEALTHY)
        assert watch.state is not GuardState.ACTING, (seed, watch.words)
