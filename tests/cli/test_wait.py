"""`wait`, and `watch --until`: one sentence and an exit code at the end."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.rollout import Phase, Role, Rollout, Step
from cockpit.model.view import FleetView, KindSync, Sync
from tests.cli.fakes import FakeCockpit, FakeProgram, cluster, fleet, rollout, version

WEB = replace(rollout(), findings=())
REST = replace(WEB, phase=Phase.AT_REST)
FIRST = replace(WEB, phase=Phase.PROGRESSING, step=Step(1, 4, 0.2, "20%"))
WAITS = replace(WEB, phase=Phase.WAITING, step=Step(2, 4, 0.2, "20% pause", asks=True))
PAST = replace(FIRST, step=Step(4, 4, 0.8, "80%"))
ABORTED = replace(WEB, phase=Phase.ABORTED, message="v2 fails")
DEGRADED = replace(WEB, phase=Phase.DEGRADED, message="pods are not ready")
BACK = replace(FIRST, versions=(version("v1", Role.STABLE), version("v2", Role.OLD, 1)))
OTHER = replace(FIRST, versions=(*WEB.versions, version("v3", Role.CANARY)))
FINE = RolloutHealth(Health.FINE, "users get what is written")
HURT = RolloutHealth(Health.HURT, "v2 fails 27%")


def program(*rollouts: Rollout) -> FakeProgram:
    return FakeProgram(FakeCockpit(*(fleet([each]) for each in rollouts)))


def judged(health: RolloutHealth, stale: str = "") -> FleetView:
    view = fleet([WEB])
    return replace(view, rollouts=(replace(view.rollouts[0], health=health, stale=stale),))


def run(made: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=made)


@pytest.mark.parametrize(
    ("goal", "seen", "code", "said"),
    [
        ("waiting", [FIRST, WAITS], 0, "waiting, step 2/4 20% pause, waits for approval"),
        ("done", [REST], 0, "it is at rest: no release is under way"),
        ("done", [FIRST, WAITS, REST], 0, "the release ended: at rest on v1"),
        ("done", [FIRST, ABORTED], 3, "aborted: v2 fails"),
        ("waiting", [FIRST, DEGRADED], 3, "degraded: pods are not ready"),
        ("done", [FIRST, BACK], 3, "the release was taken back"),
        ("done", [FIRST, OTHER], 7, "another release began: v3"),
        ("waiting", [FIRST, REST], 1, "the release ended: at rest on v1, without waiting for approval"),
        ("step=1", [REST, FIRST], 0, "progressing, step 1/4 20%"),
        ("step=3", [FIRST, WAITS, PAST], 0, "progressing, step 4/4 80%"),
        ("step=3", [FIRST, REST], 0, "the release ended: at rest on v1"),
        ("step=5", [FIRST, WAITS], 1, "it has 4 steps, so step 5 never comes"),
    ],
)
def test_one_sentence_and_a_code(goal: str, seen: list[Rollout], code: int, said: str) -> None:
    made = program(*seen)
    result = run(made, "wait", "web", f"--for={goal}")
    assert (result.stdout, result.exit_code) == (f"demo:shop/web: {said}\n", code)
    assert made.closed == 1
    assert made.cockpit.probed == []


@pytest.mark.parametrize(
    ("goal", "seen", "said"),
    [
        ("waiting", FIRST, "not waiting after 0.01s: progressing, step 1/4 20%"),
        ("done", WAITS, "not done after 0.01s: waiting, step 2/4 20% pause, waits for approval"),
        ("step=3", REST, "not step=3 after 0.01s: at rest"),
    ],
)
def test_time_is_up(goal: str, seen: Rollout, said: str) -> None:
    result = run(program(seen), "wait", "web", f"--for={goal}", "--timeout", "0.01s")
    assert (result.stdout, result.exit_code) == (f"demo:shop/web: {said}\n", 4)


def test_health_is_measured_and_may_recover() -> None:
    made = FakeProgram(FakeCockpit(judged(HURT), judged(HURT), judged(FINE)))
    result = run(made, "wait", "web", "--for", "healthy")
    assert (result.stdout, result.exit_code) == ("demo:shop/web: fine: users get what is written\n", 0)
    assert made.cockpit.probed == [(WEB.key, True)]
    late = run(FakeProgram(FakeCockpit(judged(HURT))), "wait", "web", "--for=healthy", "--timeout=0.01")
    assert (late.stdout, late.exit_code) == ("demo:shop/web: not healthy after 0.01s: hurt: v2 fails 27%\n", 4)


def test_health_without_a_target_is_an_error_that_says_what_to_do() -> None:
    made = program(replace(WEB, probe_target=None))
    result = run(made, "wait", "web", "--for=healthy")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "set one: cockpit probe shop/web --at" in result.stderr
    assert made.cockpit.probed == []


def test_what_is_old_decides_nothing() -> None:
    old = fleet([WAITS])
    old = replace(old, rollouts=(replace(old.rollouts[0], stale="demo is retrying: connection lost"),))
    made = FakeProgram(FakeCockpit(fleet([FIRST]), fleet([FIRST]), old))
    result = run(made, "wait", "web", "--for=waiting", "--timeout=0.05")
    assert (result.stdout, result.exit_code) == ("", 8)
    assert "what is known may be old: demo is retrying: connection lost" in result.stderr


def test_what_was_never_read_is_told_at_once() -> None:
    kinds = (KindSync("Pod", Sync.LIVE, 0), KindSync("Ingress", Sync.RETRYING, 0, "refused"))
    view = fleet([FIRST], [cluster(state=Sync.RETRYING, kinds=kinds)])
    view = replace(view, rollouts=(replace(view.rollouts[0], stale="Ingress not read"),))
    result = run(FakeProgram(FakeCockpit(view)), "wait", "web", "--for=done", "--request-timeout", "0.01")
    assert result.exit_code == 8
    assert "not everything about it could be read: Ingress in demo (retrying): refused" in result.stderr


def test_a_rollout_that_goes_meanwhile_is_an_error() -> None:
    result = run(FakeProgram(FakeCockpit(fleet([FIRST]), fleet([FIRST]), fleet())), "wait", "web", "--for=done")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "demo:shop/web is gone" in result.stderr


@pytest.mark.parametrize("goal", ["step", "step=0", "step=x", "step=-1", "step=1234567", "well", ""])
def test_what_cannot_be_waited_for_is_named(goal: str) -> None:
    result = run(program(FIRST), "wait", "web", f"--for={goal}")
    assert result.exit_code == 2
    assert "write one of waiting, healthy, done, step=N" in result.stderr


def test_watch_tells_the_changes_until_the_goal() -> None:
    made = program(FIRST, FIRST, WAITS, PAST)
    result = run(made, "watch", "web", "--until", "waiting")
    assert result.exit_code == 0
    texts = [line.split(" ", 1)[1] for line in result.stdout.splitlines()]
    assert texts[0].startswith("demo:shop/web: not measured; progressing")
    assert texts[1:] == [
        "demo:shop/web: progressing -> waiting",
        "demo:shop/web: step 1/4 -> 2/4 20% pause, waits for approval",
        "demo:shop/web: waiting, step 2/4 20% pause, waits for approval",
    ]


def test_watch_ends_with_the_codes_of_wait() -> None:
    lost = run(program(FIRST, FIRST, ABORTED), "watch", "web", "--until=done", "-o", "json")
    assert lost.exit_code == 3
    last = json.loads(lost.stdout.splitlines()[-1])
    assert (last["change"], last["rollout"]["phase"]) == ("demo:shop/web: aborted: v2 fails", "aborted")
    late = run(program(FIRST), "watch", "web", "--until=done", "--timeout=0.01")
    assert late.exit_code == 4
    assert late.stdout.splitlines()[-1].endswith("not done after 0.01s: progressing, step 1/4 20%")


@pytest.mark.parametrize("words", [["--until", "done"], ["web", "--timeout", "5"], ["web", "--until", "healthy"]])
def test_watch_refuses_what_makes_no_sense(words: list[str]) -> None:
    assert run(program(FIRST), "watch", *words).exit_code == 2


def test_an_interrupt_ends_it() -> None:
    made = program(FIRST)
    made.cockpit.at_end = lambda: signal.raise_signal(signal.SIGINT)
    assert run(made, "wait", "web", "--for=done").exit_code == 130
    assert made.closed == 1
