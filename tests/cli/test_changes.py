"""One sentence for a change, and none that says the same again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.cli.changes import changes
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.rollout import Finding, Lane, Phase, PlannedStep, Rollout, Severity, Share, Step
from cockpit.model.view import RolloutView
from tests.cli.fakes import fleet, rollout

WEB = replace(rollout(), findings=())
FINE = RolloutHealth(Health.FINE, "users get what is written")
NO_PODS = "v2 gets 30% and has no ready pods"


def told(old: Rollout, new: Rollout, before: RolloutHealth = FINE, after: RolloutHealth = FINE) -> list[str]:
    first, second = (
        replace(fleet(), rollouts=(RolloutView(each, fleet([WEB]).rollouts[0].probe, health=health),))
        for each, health in ((old, before), (new, after))
    )
    return [text.removeprefix("demo:shop/web: ") for text, _ in changes(first, second)]


def found(text: str, severity: Severity = Severity.WARNING, about: str = "") -> Rollout:
    return replace(WEB, findings=(Finding("pods", severity, text, "", about),))


def test_a_reason_is_given_once_by_the_health_that_follows_from_it() -> None:
    broken = replace(found(NO_PODS, Severity.CRITICAL), phase=Phase.DEGRADED, message=NO_PODS)
    hurt = RolloutHealth(Health.HURT, NO_PODS)
    assert told(WEB, broken, FINE, hurt) == [f"fine -> hurt: {NO_PODS}", "canary -> degraded"]
    assert told(WEB, broken) == [f"canary -> degraded ({NO_PODS})"]
    assert told(broken, WEB, hurt, FINE) == [
        "hurt -> fine: users get what is written",
        "degraded -> canary",
        f"resolved: {NO_PODS}",
    ]


def test_a_finding_for_another_reason_than_the_health_is_told() -> None:
    hurt = RolloutHealth(Health.HURT, "v2 fails 27%")
    assert told(WEB, found("Git reverts it"), FINE, hurt) == ["fine -> hurt: v2 fails 27%", "warning: Git reverts it"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("3 of 5 pods of v2 restart", "4 of 5 pods of v2 restart"),
        ("v2 answers 44%, 30% is written", "v2 answers 7.5%, 30% is written"),
        ("v2 takes 254 ms, v1 24 ms", "v2 takes 1200 ms, v1 25 ms"),
        ("pods 3/5", "pods 4/5"),
    ],
)
def test_figures_of_a_finding_that_move_are_no_change(before: str, after: str) -> None:
    assert told(found(before), found(after)) == []
    worse = told(found(before), found(after, Severity.CRITICAL))
    assert worse == [f"critical: {after}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("v2 has no ready pods", "v3 has no ready pods"),
        ("web-2 is gone", "web-3 is gone"),
        ("10.0.0.1 answers", "10.0.0.2 answers"),
        ("image web:1.2 is missing", "image web:1.3 is missing"),
    ],
)
def test_another_name_is_another_finding(before: str, after: str) -> None:
    assert told(found(before), found(after)) == [f"warning: {after}", f"resolved: {before}"]


def test_findings_of_one_moment_that_differ_in_a_figure_are_told_apart() -> None:
    first, second = (Finding("port", Severity.WARNING, f"nothing answers on port {port}") for port in (80, 443))
    one, both = replace(WEB, findings=(first,)), replace(WEB, findings=(first, second))
    assert told(WEB, both) == [f"warning: {first.text}", f"warning: {second.text}"]
    assert told(one, both) == [f"warning: {second.text}"]
    assert told(both, one) == [f"resolved: {second.text}"]


def test_a_share_that_is_declared_and_written_at_once_is_one_change() -> None:
    def shares(*pairs: tuple[float, float]) -> Rollout:
        split = tuple(Share(f"v{n}", *pair) for n, pair in enumerate(pairs, 1))
        return replace(WEB, lanes=(Lane("default", "", split),))

    low, high, lagging = shares((0.8, 0.8), (0.2, 0.2)), shares((0.5, 0.5), (0.5, 0.5)), shares((0.5, 0.8), (0.5, 0.2))
    assert told(low, high) == ["declared and written v1=80% v2=20% -> v1=50% v2=50%"]
    assert told(low, lagging) == ["declared v1=80% v2=20% -> v1=50% v2=50%"]
    assert told(lagging, high) == ["written v1=80% v2=20% -> v1=50% v2=50%"]


def test_a_step_says_what_changed_and_a_plan_that_reads_the_same_nothing() -> None:
    pause = replace(WEB, step=Step(3, 4, 0.2, "20% pause 10m"), steps=(PlannedStep("20%", 0.2),))
    timed = replace(WEB, step=Step(3, 4, 0.2, "20% pause 10m", until="00:10:00Z"), steps=(PlannedStep("20%"),))
    assert told(pause, timed) == ["step 3/4 20% pause 10m, until 00:10:00Z"]
    assert told(timed, replace(timed, step=Step(4, 4, None, "100%"))) == ["step 3/4 -> 4/4 100%"]
    assert told(timed, replace(timed, step=None)) == ["no step any more, the last was 3/4"]
    assert told(WEB, timed)[0] == "step 3/4 20% pause 10m, until 00:10:00Z"
