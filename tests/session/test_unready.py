"""Pods that wait: how long that is usual, whose clock says so, and who looks again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cockpit.model.objects.pods import Container, StartTime
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, PodCell, PodState, Role, Rollout, Severity, Version
from cockpit.session.clock import ManualClock
from cockpit.session.facts.assemble import IDLE, Circumstances, rollout_view
from cockpit.session.facts.overdue import Overdue

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SINCE = "2026-01-01T00:00:00Z"
KEY = RolloutKey("t", "shop", "web", "deployment")
STARTING = PodCell("web-1", "u1", PodState.STARTING, since=SINCE)
HELD_UP = replace(STARTING, reason="Unschedulable", held_up="0/2 nodes are available")
READY = PodCell("web-2", "u2", PodState.READY)


def moving(*pods: PodCell, phase: Phase = Phase.PROGRESSING) -> Rollout:
    new = Version("v2", Role.NEW, (), None, sum(pod is READY for pod in pods), len(pods), pods)
    return Rollout(KEY, "pods", phase, "", (new,), (), (), "1")


def told(rollout: Rollout, seconds: float, around: Circumstances | None = None) -> list[tuple[Severity, str]]:
    view = rollout_view(rollout, (), IDLE, around or Circumstances(), NOW + seconds)
    return [(found.severity, found.text) for found in view.rollout.findings if found.id == "waiting-pods"]


@pytest.mark.parametrize(
    ("pod", "usual", "reason"),
    [
        (HELD_UP, 120, "Unschedulable"),
        (STARTING, 180, "not ready"),
        (replace(STARTING, reason="ContainerCreating"), 180, "ContainerCreating"),
        (replace(STARTING, patience=300), 480, "not ready"),
    ],
)
def test_what_waits_for_longer_than_usual_is_a_warning_with_the_reason(pod: PodCell, usual: int, reason: str) -> None:
    assert Severity.WARNING not in dict(told(moving(pod, READY), usual - 1))
    (found,) = told(moving(pod, READY), usual)
    assert found == (Severity.WARNING, f"1 of 2 pods of v2 wait since 00:00:00 UTC: {reason}")


def test_a_pod_that_lost_its_readiness_just_now_or_that_no_user_needs_is_no_alarm() -> None:
    assert not told(moving(replace(STARTING, since="2026-01-01T00:59:50Z")), 3600)
    assert not told(moving(STARTING, phase=Phase.AT_REST), 3600)


def test_nothing_becomes_late_on_old_data_or_by_a_clock_that_is_ahead() -> None:
    assert not told(moving(STARTING), 3600, Circumstances(stale="t is not up to date"))
    assert not told(moving(STARTING), 200, Circumstances(ahead=75))


def test_a_slow_start_that_its_probes_allow_is_usual() -> None:
    slow = Container("web", startup_probe=StartTime(10, 10, 30), readiness_probe=StartTime(20))
    assert (slow.patience, Container("web").patience) == (330, 0)
    assert Container("web", startup_probe=StartTime(period_seconds=10**9)).patience == 3600


async def test_it_is_looked_at_again_when_a_pod_is_late_without_any_event() -> None:
    clock, touched = ManualClock(NOW), list[float]()
    overdue = Overdue(clock, lambda key: touched.append(clock.now() - NOW))
    task = asyncio.create_task(overdue.run())
    overdue.told(moving(STARTING), "")
    await asyncio.sleep(0)
    for _ in range(179):
        await clock.advance(1)
    assert not touched
    for _ in range(16):
        await clock.advance(1)
    assert len(touched) == 1
    task.cancel()
