"""Who needs somebody, why, and since when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.guard import GuardOrder, GuardState, GuardView
from cockpit.model.health import AnswerHealth, Health, Level, RolloutHealth
from cockpit.model.rollout import Finding, Phase, Severity, Step
from cockpit.model.view import FleetView, RolloutView
from cockpit.tui.damage import hurt_share
from cockpit.tui.filtering import Filter
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.rows import Grouping, Order, blocks_of, rows_of, sections_of
from cockpit.tui.since import FirstSeen, Since, short_age, since_words
from cockpit.tui.standing import Cause, Standing, cause_of, reasons, sign_of, standing_of
from tests.tui.fake import DOUBTFUL, FINE, QUIET, START, fleet, lane, probing, rollout
from tests.tui.fleets import NOW, hurt, moving, placed, plain_at_rest, resting, unmeasured, usual, waiting


def words(view: RolloutView) -> list[str]:
    return [span.text for span in reasons(view, NOW)]


def with_parts(view: RolloutView, **parts: object) -> RolloutView:
    return replace(view, rollout=replace(view.rollout, **parts))  # type: ignore[arg-type]


PROPOSING = GuardView(GuardOrder(), "ann", START, None, state=GuardState.PROPOSING, words="hurt: v2 fails 27%")
QUOTA = Finding("replica-failure", Severity.WARNING, "exceeded quota")
STUCK = Finding("stuck-step", Severity.WARNING, "step 2 makes no progress")


CRASHING = Finding("failing-pods", Severity.WARNING, "2 of 2 pods of v2 fail: CrashLoopBackOff; no requests go to it")
LATE = Finding("not-observed", Severity.WARNING, "Argo has not picked up the last change since 12:00:00 UTC")


def failing() -> RolloutView:
    """Its pods fail, and that is all that is doubtful."""
    view = with_parts(moving(), findings=(CRASHING,), step=None)
    return replace(view, health=RolloutHealth(Health.DOUBTFUL, CRASHING.text))


@pytest.mark.parametrize(
    ("view", "cause", "standing"),
    [
        (hurt(), Cause.HURT, Standing.NEEDS_YOU),
        (replace(moving(), guard=PROPOSING), Cause.GUARD, Standing.NEEDS_YOU),
        (with_parts(moving(), phase=Phase.DEGRADED), Cause.DEGRADED, Standing.NEEDS_YOU),
        (with_parts(moving(), phase=Phase.ABORTED), Cause.ABORTED, Standing.NEEDS_YOU),
        (with_parts(moving(), findings=(STUCK,)), Cause.STUCK, Standing.NEEDS_YOU),
        (with_parts(moving(), findings=(QUOTA,)), Cause.STUCK, Standing.NEEDS_YOU),
        (with_parts(moving(), findings=(CRASHING,)), Cause.FAILING, Standing.NEEDS_YOU),
        (with_parts(waiting(), findings=(CRASHING,)), Cause.FAILING, Standing.NEEDS_YOU),
        (with_parts(moving(), findings=(LATE,)), Cause.STUCK, Standing.NEEDS_YOU),
        (with_parts(moving(), findings=(replace(LATE, severity=Severity.INFO),)), Cause.MOVING, Standing.MOVING),
        (waiting(), Cause.APPROVAL, Standing.NEEDS_YOU),
        (replace(waiting(), health=DOUBTFUL), Cause.APPROVAL, Standing.NEEDS_YOU),
        (replace(moving(), health=DOUBTFUL), Cause.DOUBTFUL, Standing.MOVING),
        (moving(), Cause.MOVING, Standing.MOVING),
        (replace(resting(), acting="v2 0% -> 10%"), Cause.MOVING, Standing.MOVING),
        (resting(), Cause.AT_REST, Standing.AT_REST),
    ],
)
def test_who_needs_somebody(view: RolloutView, cause: Cause, standing: Standing) -> None:
    assert cause_of(view) is cause
    assert standing_of(cause_of(view)) is standing


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (hurt(), ["errors 21%", "by hand", "1 warning"]),
        (waiting(), ["approve", "step 2/6"]),
        (replace(waiting(), health=DOUBTFUL), ["doubtful", "approve", "step 2/6"]),
        (with_parts(moving(), findings=(LATE,), step=None), ["not picked up", "pods 2/2"]),
        (failing(), ["pods fail", "pods 2/2"]),
        (with_parts(waiting(), acts=()), ["waits", "step 2/6"]),
        (unmeasured(), ["step 4/6", "4m left", "not measured"]),
        (with_parts(unmeasured(), step=None), ["paused", "not measured"]),
        (with_parts(moving(), step=None), ["pods 2/2"]),
        (resting(), ["v2 behind"]),
        (plain_at_rest("web"), ["not measured"]),
        (plain_at_rest("web", 4), ["1 warning", "not measured"]),
        (replace(plain_at_rest("web"), health=FINE), ["fine"]),
        (replace(resting(), acting="x"), ["act under way"]),
    ],
)
def test_why(view: RolloutView, said: list[str]) -> None:
    assert words(view) == said


@pytest.mark.parametrize(
    ("id", "said"),
    [("split-off", "split off"), ("nobody-answers", "no answers"), ("dangling-canary", "dangling canary")],
)
def test_every_critical_finding_has_short_words(id: str, said: str) -> None:
    view = with_parts(hurt(), findings=(Finding(id, Severity.CRITICAL, "a sentence"),))
    assert words(view)[0] == said


def test_a_slow_version_says_how_slow() -> None:
    view = with_parts(hurt(), findings=(Finding("slower", Severity.CRITICAL, "a sentence"),))
    assert words(view)[0] == "11x slower"


@given(st.sampled_from(list(Phase)), st.sampled_from(list(Health)), st.booleans(), st.booleans())
def test_any_rollout_has_a_sign_and_a_reason(phase: Phase, health: Health, acting: bool, asks: bool) -> None:
    step = Step(1, 3, 0.2, asks=asks)
    view = RolloutView(
        rollout("web", "x", phase, (), versions=(), step=step), QUIET, "act" * acting, RolloutHealth(health)
    )
    assert reasons(view, NOW)
    for glyphs in (UNICODE, ASCII):
        assert len(sign_of(view, glyphs).sign) == 1
    if health is Health.HURT:
        assert standing_of(cause_of(view)) is Standing.NEEDS_YOU


@pytest.mark.parametrize(
    "text",
    [None, "", "yesterday", "2026-01-01T00:00:00", "9999-99-99T00:00:00Z", "9999-12-31T23:59:59-23:00", "x" * 10_000],
)
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert seconds_since_epoch(text) is None


def noted(*views: tuple[RolloutView, float]) -> FirstSeen:
    seen = FirstSeen(START)
    for view, at in views:
        seen.note(replace(fleet(), rollouts=(view,)), at)
    return seen


def test_what_the_objects_say_counts_before_what_was_seen() -> None:
    seen = noted((waiting(), NOW))
    assert seen.since(waiting()) == Since(START - 540, True)
    assert short_age(seen.since(waiting()), NOW, "-") == "14m"
    rest = placed(resting(), "shop", born="2025-12-31T22:00:00Z")
    assert since_words(rest, noted((rest, NOW)).since(rest), NOW) == "at rest, rolled out 2h ago"


def test_a_change_that_was_seen_is_known_and_a_first_sight_says_that_it_may_be_longer() -> None:
    calm = replace(hurt(), health=FINE)
    first = noted((hurt(), START)).since(hurt())
    assert short_age(first, START + 300, "-") == ">5m"
    assert since_words(hurt(), first, START + 300) == "hurt, seen for 5m"
    changed = noted((calm, START), (hurt(), START + 100)).since(hurt())
    assert short_age(changed, START + 300, "-") == "3m"
    assert since_words(hurt(), changed, START + 300) == "hurt for 3m"


def test_it_is_since_the_reason_that_is_told_and_one_that_was_there_before_keeps_its_time() -> None:
    empty = Finding("main-empty", Severity.CRITICAL, "Service main has no ready pods")
    also = with_parts(hurt(), findings=(empty, *hurt().rollout.findings))
    calm = replace(hurt(), health=FINE)
    story = ((calm, START), (hurt(), START + 100), (also, START + 700))
    assert noted(*story).since(also) == Since(START + 700, True)
    assert noted(*story).whole(also) == Since(START + 100, True)
    assert noted(*story, (hurt(), START + 800)).since(hurt()) == Since(START + 100, True)
    again = with_parts(also, message="figures moved")
    assert noted(*story, (again, START + 760)).since(again) == Since(START + 700, True)


def test_who_was_not_measured_before_may_have_been_hurt_for_longer() -> None:
    unknown = replace(hurt(), health=RolloutHealth(Health.NOT_MEASURED))
    assert noted((unknown, START), (hurt(), START + 100)).since(hurt()) == Since(START + 100, False)


def test_figures_that_move_do_not_begin_a_new_state_and_another_share_does() -> None:
    view = replace(hurt(), health=FINE)
    other = replace(view, probe=probing(cells=3))
    assert noted((view, START), (other, START + 50)).since(other) == Since(START, False)
    weight = with_parts(view, lanes=(lane(0.5, 0.5),))
    assert noted((view, START), (weight, START + 50)).since(weight) == Since(START + 50, True)


def test_a_rollout_made_while_the_screen_is_open_is_as_old_as_it_looks() -> None:
    made = with_parts(replace(hurt(), health=FINE), created="2026-01-01T00:00:09Z")
    assert noted((made, START + 10)).since(made) == Since(START + 9, True)


def test_a_rollout_that_another_system_takes_over_was_seen_before() -> None:
    before = plain_at_rest("web")
    after = replace(hurt("web"), health=FINE)
    key = replace(before.rollout.key, system="ingress")
    after = with_parts(after, key=key)
    assert noted((before, START), (after, START + 50)).since(after) == Since(START + 50, True)


@given(st.floats(0, 4e9), st.booleans())
def test_ages_fit_their_column(seconds: float, known: bool) -> None:
    assert 1 <= len(short_age(Since(0.0, known), seconds, "-")) <= 5


def test_ages_do_not_tick() -> None:
    since = Since(START, True)
    assert len({short_age(since, START + second, "-") for second in range(60)}) == 6
    assert len({short_age(since, START + 60 + second, "-") for second in range(600)}) == 10


def names(view: FleetView, grouping: Grouping, order: Order) -> list[tuple[str, list[str]]]:
    seen = FirstSeen(START)
    seen.note(view, NOW)
    found = sections_of(blocks_of(view, ()), grouping, order, seen, 1)
    assert sum(len(section.rows) for section in found) == len(rows_of(found)) == len(view.rollouts)
    return [(section.title, [row.rollout.key.name for row in section.rows]) for section in found]


def test_groups_and_orders() -> None:
    view = usual()
    assert [title for title, _ in names(view, Grouping.STANDING, Order.WHY)] == ["needs you", "moving", "at rest"]
    assert names(view, Grouping.STANDING, Order.WHY)[0][1] == ["pay", "cart"]
    assert names(view, Grouping.STANDING, Order.NAME)[0][1] == ["cart", "pay"]
    assert names(view, Grouping.STANDING, Order.USERS)[0][1] == ["pay", "cart"]
    assert names(view, Grouping.STANDING, Order.SINCE)[1][1] == ["rollouts-demo", "podinfo"]
    spaces = [title for title, _ in names(view, Grouping.NAMESPACE, Order.WHY)]
    assert spaces == sorted(spaces)
    assert names(view, Grouping.SYSTEM, Order.NAME)[0] == ("argo", ["cart", "rollouts-demo"])
    assert names(view, Grouping.CONTEXT, Order.RELEASE)[0][0] == "prod-eu"


def test_of_those_that_are_hurt_the_one_with_the_most_users_is_first_and_figures_that_move_move_no_row() -> None:
    few, more = hurt("few"), hurt("more")
    rates = tuple(replace(one, errors=one.errors * 1.05) for one in few.probe.health)
    more = replace(more, probe=replace(more.probe, health=rates))
    down = Finding("nobody-answers", Severity.CRITICAL, "100% of requests fail", about="default")
    gone = with_parts(hurt("down"), findings=(down,))
    gone = replace(gone, probe=probing(health=(AnswerHealth("default", "", 90.0, 90.0, NOW, Level.ALARM),)))
    redirected = replace(with_parts(gone, key=replace(gone.rollout.key, name="turned")), probe=probing())
    beside = Finding("errors", Severity.CRITICAL, "v2 fails", about="v2 beta")
    lane_only = with_parts(hurt("lane"), findings=(beside,))
    lane_only = replace(lane_only, probe=probing(health=(AnswerHealth("beta", "v2", 90.0, 90.0, NOW, Level.ALARM),)))
    view = replace(usual(), rollouts=(lane_only, few, more, gone, redirected))
    assert names(view, Grouping.STANDING, Order.WHY) == [("needs you", ["down", "turned", "few", "more", "lane"])]
    empty = with_parts(hurt(), findings=(Finding("no-ready-pods", Severity.CRITICAL, "selects none"),))
    crash = with_parts(hurt(), findings=(replace(CRASHING, severity=Severity.CRITICAL, about="v2"),))
    assert hurt_share(empty) == 1.0
    assert hurt_share(crash) == pytest.approx(0.26)
    assert hurt_share(hurt()) == pytest.approx(0.26 * 26 / 121)


def test_every_order_and_grouping_comes_round() -> None:
    order, grouping = Order.WHY, Grouping.STANDING
    for _ in Order:
        order = order.next
    for _ in Grouping:
        grouping = grouping.next
    assert (order, grouping) == (Order.WHY, Grouping.STANDING)


def test_a_filter_asks_for_words_and_leaves_others_out() -> None:
    view = fleet().rollouts[0]
    assert Filter("http ingress").matches(view)
    assert not Filter("http istio").matches(view)
    assert not Filter("http !ingress").matches(view)
    assert Filter("!istio").matches(view)
    assert Filter("!").matches(view) == ("!" in str(view.rollout.key)), "a lone mark is looked for as it is"
