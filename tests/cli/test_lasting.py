"""A sentence of `watch` is worth one: doubts by chance come and go on a healthy rollout, a few in an hour."""

from __future__ import annotations

import itertools
from dataclasses import replace

from cockpit.cli.changes import changes
from cockpit.cli.lasting import LASTING_SECONDS, Lasting
from cockpit.model.health import Health, Level, RolloutHealth
from cockpit.model.rollout import Finding, Lane, Severity, Verdict
from cockpit.model.view import FleetView
from cockpit.probe.split_detector import SplitDetector
from tests.cli.fakes import fleet, rollout
from tests.probe.simulation import by_chance

FAILS = Finding("errors", Severity.WARNING, "v2 may be failing: 4% of its requests", "", "v2 default")
CRASH = Finding("failing-pods", Severity.WARNING, "pods of v2 crash", "", "v2")


def seen(health: Health, at: float, *findings: Finding) -> FleetView:
    """The view of a moment, with the verdict that goes with the health."""
    shown = rollout()
    verdict = Verdict.ON if health is Health.FINE else Verdict.DOUBTFUL
    shown = replace(shown, lanes=(replace(shown.lanes[0], verdict=verdict),), findings=findings)
    view = fleet([shown])
    (only,) = view.rollouts
    return replace(view, at=at, rollouts=(replace(only, health=RolloutHealth(health, "figures")),))


def sentences(*views: FleetView) -> list[str]:
    lasting, last, found = Lasting(), views[0], []
    for view in views[1:]:
        told = lasting.told(last, view)
        found += [text for text, _ in changes(last, told)]
        last = told
    return found


def test_a_doubt_that_passes_is_no_news_and_one_that_lasts_is() -> None:
    fine, doubt = seen(Health.FINE, 0), seen(Health.DOUBTFUL, 1, FAILS)
    assert sentences(fine, doubt, seen(Health.FINE, 20)) == []
    lasts = seen(Health.DOUBTFUL, 1 + LASTING_SECONDS, FAILS)
    first, verdict, found = sentences(fine, doubt, lasts)
    assert first == "demo:shop/web: fine -> doubtful: figures"
    assert "verdict on -> doubtful" in verdict
    assert found.endswith(FAILS.text)
    assert sentences(fine, doubt, lasts, seen(Health.FINE, 99))[3] == "demo:shop/web: doubtful -> fine: figures"


def test_what_hurts_is_told_at_once_and_so_is_what_objects_say() -> None:
    fine, doubt = seen(Health.FINE, 0), seen(Health.DOUBTFUL, 1)
    assert sentences(fine, doubt, seen(Health.HURT, 2))[0] == "demo:shop/web: fine -> hurt: figures"
    assert sentences(fine, seen(Health.DOUBTFUL, 1, FAILS, CRASH))[0] == "demo:shop/web: fine -> doubtful: figures"
    assert sentences(seen(Health.NOT_MEASURED, 0), doubt)[0].startswith("demo:shop/web: not measured -> doubtful")


def test_doubts_beside_what_hurts_are_not_told_one_by_one() -> None:
    certain = replace(FAILS, severity=Severity.CRITICAL, text="v2 fails 6% of its requests")
    other = replace(FAILS, about="v1 default", text="v1 may be failing: 5% of its requests")
    hurt, both = seen(Health.HURT, 2, certain), seen(Health.HURT, 3, certain, other)
    told = sentences(seen(Health.FINE, 0), hurt, both, hurt, both, seen(Health.HURT, 9, certain, CRASH))
    assert [text for text in told if "v1 may be failing" in text] == []
    assert [text for text in told if CRASH.text in text] == [f"demo:shop/web: warning: {CRASH.text}"]


def test_a_doubt_that_was_told_is_not_resolved_by_what_hurts() -> None:
    """It goes on: what hurts now is another version."""
    crash = replace(CRASH, id="no-ready-pods", severity=Severity.CRITICAL)
    views = [seen(Health.NOT_MEASURED, 0), seen(Health.DOUBTFUL, 1, FAILS), seen(Health.HURT, 2, crash, FAILS)]
    told = sentences(*views, seen(Health.HURT, 3, crash, FAILS))
    assert [text for text in told if FAILS.text in text] == [f"demo:shop/web: warning: {FAILS.text}"]
    over = sentences(*views, seen(Health.HURT, 4, crash))
    assert over[-1] == f"demo:shop/web: resolved: {FAILS.text}"


def test_a_split_that_is_certainly_off_is_told_at_once() -> None:
    off = Finding("split-off", Severity.WARNING, "v2 answers 60% of requests, 30% is written", "", "default")
    view = seen(Health.DOUBTFUL, 1, off)
    (shown,) = view.rollouts
    lanes = (replace(shown.rollout.lanes[0], verdict=Verdict.OFF),)
    view = replace(view, rollouts=(replace(shown, rollout=replace(shown.rollout, lanes=lanes)),))
    told = sentences(seen(Health.FINE, 0), view)
    assert told[0] == "demo:shop/web: fine -> doubtful: figures"
    assert told[-1].endswith(off.text)


def test_other_changes_do_not_wait_for_a_doubt() -> None:
    doubt = seen(Health.DOUBTFUL, 1)
    (shown,) = doubt.rollouts
    moved = replace(shown.rollout, lanes=replace_written(shown.rollout.lanes))
    told = sentences(seen(Health.FINE, 0), replace(doubt, rollouts=(replace(shown, rollout=moved),)))
    assert told == ["demo:shop/web: written v1=70% v2=30% -> v1=50% v2=50%"]


def replace_written(lanes: tuple[Lane, ...]) -> tuple[Lane, ...]:
    return tuple(replace(lane, shares=tuple(replace(s, written=0.5) for s in lane.shares)) for lane in lanes)


def test_a_shift_on_a_healthy_split_says_almost_nothing() -> None:
    views = [seen(Health.FINE, 0)]
    detector = SplitDetector({"v1": 0.9, "v2": 0.1})
    level = Level.CALM
    for number, name in enumerate(itertools.islice(by_chance({"v1": 0.9, "v2": 0.1}, 3), 8 * 18_000)):
        detector.see(name)
        if detector.level is not level or number % 50 == 0:
            level = detector.level
            views.append(seen(Health.FINE if level is Level.CALM else Health.DOUBTFUL, number / 5))
    doubts = [one for one, then in itertools.pairwise(views) if one.rollouts[0].health != then.rollouts[0].health]
    assert len(doubts) > 20, "by chance there are many"
    assert len(sentences(*views)) <= 4
