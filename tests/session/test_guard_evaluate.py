"""What a guard makes of the views of a release: it acts once, on live data, and never where nothing hurts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cockpit.model.guard import GuardOrder, GuardState, parse_conditions
from cockpit.model.health import AnswerHealth, Health, Level, RolloutHealth
from cockpit.model.plan import Act, ActState, Expected, Milestone, Plan
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Observed, Phase, Role, Rollout, Severity, Share, Version
from cockpit.model.view import RolloutView
from cockpit.session.facts.assemble import IDLE
from cockpit.session.guarding.evaluate import (
    BLIND_SECONDS,
    Seen,
    Watch,
    judged,
    leads_into_release,
    started,
    way_back,
    why_order_unfit,
)

NOW = 1000.0
STABLE = Version("v1", Role.STABLE, ("web:v1",), None, 2, 2, identity=("1",))
NEW = Version("v2", Role.CANARY, ("web:v2",), None, 2, 2, identity=("2",))
OTHER = Version("v3", Role.CANARY, ("web:v3",), None, 2, 2, identity=("3",))
SHARES = (
    Share("v1", 0.7, 0.7, Observed(0.7, 0.6, 0.8, 300, 0, 10, 50)),
    Share("v2", 0.3, 0.3, Observed(0.3, 0.2, 0.4, 300, 0, 30, 200)),
)
ROLLOUT = Rollout(
    RolloutKey("t", "shop", "web", "argo"),
    "argo",
    Phase.WAITING,
    "",
    (STABLE, NEW),
    (Lane("default", "", SHARES),),
    (),
    "1",
    acts=(ActState(Act.ABORT, True), ActState(Act.ROLLBACK, True)),
)
CALM = (AnswerHealth("default", "v1", 200.0, 0.0, NOW), AnswerHealth("default", "v2", 100.0, 0.0, NOW))
FAILING = replace(CALM[1], errors=27.0, failing=Level.ALARM)
FINE, HURT = RolloutHealth(Health.FINE, "none failed"), RolloutHealth(Health.HURT, "v2 fails 27% of its requests")
NOT_MEASURED = RolloutHealth(Health.NOT_MEASURED, "the probe is off")


def stamped(known: Sequence[AnswerHealth], now: float) -> tuple[AnswerHealth, ...]:
    """Answers that come in now, and errors where there are any."""
    return tuple(replace(one, at=now, failed_at=now if one.errors else None) for one in known)


def shown(
    health: RolloutHealth = FINE,
    known: Sequence[AnswerHealth] = CALM,
    *,
    running: bool = True,
    now: float = NOW,
    **fields: object,
) -> RolloutView:
    if health.health is Health.HURT:
        known = (known[0], FAILING) if known is CALM else known
        fields.setdefault("findings", (Finding("errors", Severity.CRITICAL, health.reason, about="v2 default"),))
    answers = stamped(known, now)
    probe = replace(IDLE, running=running, asked_rate=10.0, probe_target=ProbeTarget("", 80, ""), health=answers)
    return RolloutView(replace(ROLLOUT, **fields), probe, "", health)  # type: ignore[arg-type]


def guard(*conditions: str, armed: bool = True, seconds: float | None = None) -> Watch:
    return started(GuardOrder(parse_conditions(conditions), armed, seconds), ROLLOUT, 0.0, NOW)


def look(watch: Watch, at: float, view: RolloutView | None, stale: str = "") -> Watch:
    """A look while answers come in."""
    if view is not None:
        view = replace(view, probe=replace(view.probe, health=stamped(view.probe.health, NOW + at)))
    return judged(watch, Seen(view, stale, at, NOW + at))


def state(condition: str, view: RolloutView) -> GuardState:
    return look(guard(condition), 1.0, view).state


def test_an_armed_guard_acts_when_its_condition_has_held_long_enough() -> None:
    watch = look(guard("hurt for 30s"), 10.0, shown(HURT))
    assert (watch.state, watch.words) == (GuardState.HOLDING, "hurt for 30s: v2 fails 27% of its requests")
    assert look(watch, 39.9, shown(HURT)).state is GuardState.HOLDING
    watch = look(watch, 40.0, shown(HURT))
    assert (watch.state, watch.words) == (GuardState.ACTING, "hurt for 30s: v2 fails 27% of its requests")


def test_a_pause_in_between_begins_anew() -> None:
    watch = look(look(look(guard("hurt for 30s"), 0.0, shown(HURT)), 20.0, shown()), 21.0, shown(HURT))
    assert look(watch, 40.0, shown(HURT)).state is GuardState.HOLDING
    assert look(watch, 51.0, shown(HURT)).state is GuardState.ACTING


def test_a_guard_that_is_not_armed_proposes_and_rings_once() -> None:
    watch = look(guard("hurt", armed=False), 1.0, shown(HURT))
    assert (watch.state, watch.rings) == (GuardState.PROPOSING, 1)
    again = look(watch, 2.0, shown(replace(HURT, reason="v2 fails 28%")))
    assert (again.state, again.words, again.rings) == (watch.state, watch.words, 1)
    assert look(watch, 3.0, shown()).state is GuardState.WATCHING


@pytest.mark.parametrize(
    ("condition", "answers", "expected"),
    [
        ("errors worse", {"worse": Level.ALARM, "errors": 5.0}, GuardState.ACTING),
        ("errors > 1% worse", {"worse": Level.ALARM, "errors": 5.0}, GuardState.ACTING),
        ("errors > 6% worse", {"worse": Level.ALARM, "errors": 5.0}, GuardState.WATCHING),
        ("errors > 1% worse", {"worse": Level.DOUBTFUL, "errors": 5.0}, GuardState.WATCHING),
        ("v2 errors > 1% worse than v1", {"worse": Level.ALARM, "errors": 5.0}, GuardState.ACTING),
        ("v1 errors > 1% worse", {"worse": Level.ALARM, "errors": 5.0}, GuardState.WATCHING),
        ("slower", {"slower": Level.ALARM}, GuardState.ACTING),
        ("slower", {"slower": Level.DOUBTFUL}, GuardState.WATCHING),
        ("p50 ratio > 2", {"slower": Level.ALARM, "p50_ms": 30.0, "baseline_p50_ms": 10.0}, GuardState.ACTING),
        ("p50 ratio > 3", {"slower": Level.ALARM, "p50_ms": 30.0, "baseline_p50_ms": 10.0}, GuardState.WATCHING),
        ("p50 ratio > 2", {"slower": Level.ALARM}, GuardState.WATCHING),
        ("p99 ratio > 3.9", {"slower": Level.ALARM}, GuardState.ACTING),
        ("p99 ratio > 4", {"slower": Level.ALARM}, GuardState.WATCHING),
        ("p99 ratio > 2", {"slower": Level.CALM}, GuardState.WATCHING),
    ],
)
def test_new_against_old(condition: str, answers: dict[str, object], expected: GuardState) -> None:
    new = replace(CALM[1], baseline="v1", **answers)  # type: ignore[arg-type]
    assert state(condition, shown(known=(CALM[0], new))) is expected


def test_a_version_that_takes_no_traffic_hurts_nobody() -> None:
    lane = Lane("default", "", (SHARES[0], replace(SHARES[1], written=0.0, observed=None)))
    new = replace(CALM[1], baseline="v1", worse=Level.ALARM, errors=50.0)
    assert state("errors worse", shown(known=(CALM[0], new), lanes=(lane,))) is GuardState.WATCHING


@pytest.mark.parametrize(
    ("condition", "kind", "severity", "expected"),
    [
        ("split off", "split-off", Severity.CRITICAL, GuardState.ACTING),
        ("split off", "split-off", Severity.WARNING, GuardState.WATCHING),
        ("nobody answers", "nobody-answers", Severity.CRITICAL, GuardState.ACTING),
        ("nobody answers", "no-answers", Severity.CRITICAL, GuardState.WATCHING),
        ("nobody answers", "errors", Severity.CRITICAL, GuardState.WATCHING),
    ],
)
def test_what_findings_say(condition: str, kind: str, severity: Severity, expected: GuardState) -> None:
    nobody = AnswerHealth("default", "", 100.0, 40.0, NOW, failing=Level.ALARM)
    view = shown(known=(*CALM, nobody), findings=(Finding(kind, severity, "so it is", about="default"),))
    assert state(condition, view) is expected


def test_a_condition_holds_anew_after_a_suspend() -> None:
    view = shown(HURT)
    watch = look(look(guard("hurt for 30s"), 1.0, view), 21.0, view)

    def later(at: float, now: float) -> Watch:
        probe = replace(view.probe, health=stamped(view.probe.health, now))
        return judged(watch, Seen(replace(view, probe=probe), "", at, now))

    assert later(32.0, NOW + 32.0).state is GuardState.ACTING
    watch = later(32.0, NOW + 3632.0)
    assert watch.state is GuardState.HOLDING
    assert later(61.0, NOW + 3661.0).state is GuardState.HOLDING
    assert later(62.0, NOW + 3662.0).state is GuardState.ACTING


def test_its_time_is_up_by_either_clock() -> None:
    for at, now in ((100.0, NOW), (1.0, NOW + 100.0)):
        assert judged(guard(seconds=100.0), Seen(shown(), "", at, now)).timed_out
    assert not judged(guard(seconds=100.0), Seen(shown(), "", 99.0, NOW + 99.0)).timed_out


def test_nothing_is_done_on_stale_data_and_the_time_counts() -> None:
    watch = look(guard("hurt for 30s"), 1.0, shown(HURT))
    watch = look(watch, 60.0, shown(HURT), "t is not up to date")
    assert (watch.state, watch.words) == (GuardState.STALE, "t is not up to date")
    assert look(watch, 61.0, shown(HURT)).state is GuardState.ACTING
    assert look(watch, 61.0, shown()).state is GuardState.WATCHING


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (shown(HURT, phase=Phase.AT_REST), "the release ended: at rest on v1"),
        (shown(HURT, phase=Phase.ABORTED), "the release was aborted, not by this guard"),
        (shown(HURT, versions=(STABLE, OTHER)), "another release began: v3"),
        (None, "the rollout is gone"),
    ],
)
def test_it_ends_with_the_release(view: RolloutView | None, words: str) -> None:
    watch = look(guard("hurt"), 1.0, view)
    assert (watch.state, watch.words) == (GuardState.ENDED, words)
    assert look(watch, 2.0, shown(HURT)) == watch


def test_it_says_which_system_drives_the_rollout_now() -> None:
    became = RolloutKey("t", "shop", "web", "service")
    watch = judged(guard("hurt"), Seen(None, "", 1.0, NOW, became))
    assert watch.state is GuardState.ENDED
    assert watch.words == "the system service drives t:shop/web now; set the guard again"


OLD_AGAIN, NEW_GONE = replace(STABLE, role=Role.NEW), replace(NEW, role=Role.OLD)


@pytest.mark.parametrize("versions", [(OLD_AGAIN, NEW_GONE), (OLD_AGAIN,), (STABLE, NEW_GONE), (STABLE,)])
def test_it_ends_where_somebody_else_takes_the_release_back(versions: tuple[Version, ...]) -> None:
    watch = look(guard("hurt"), 1.0, shown(HURT, versions=versions, phase=Phase.PROGRESSING))
    assert (watch.state, watch.words) == (GuardState.ENDED, "the release was taken back, not by this guard")
    assert watch.aborted


def test_a_release_that_traffic_was_switched_to_is_still_guarded() -> None:
    switched = (replace(STABLE, role=Role.OLD), replace(NEW, role=Role.ACTIVE))
    assert look(guard("hurt"), 1.0, shown(HURT, versions=switched)).state is GuardState.ACTING


def plan(**fields: object) -> Plan:
    return replace(Plan(Act.ROLLBACK, ROLLOUT.key, "web back", (), (), ()), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("way", "forward"),
    [
        (plan(expected=(Expected("default", "v1", 1.0), Expected("default", "v2", 0.0))), False),
        (plan(reaches=Milestone("v1 stable", identity="1")), False),
        (plan(reaches=Milestone("v2 stable", identity="2")), True),
        (plan(expected=(Expected("default", "v2", 1.0),)), True),
        (plan(raises=True), True),
        (plan(risky=True), True),
    ],
)
def test_a_way_back_never_leads_into_the_release(way: Plan, forward: bool) -> None:
    assert bool(leads_into_release(guard("hurt"), way, ROLLOUT)) is forward


def test_a_guard_does_not_go_back_where_no_version_is_at_fault() -> None:
    cause = Finding("not-accepted", Severity.CRITICAL, "the Gateway refuses the route")
    lost = replace(ROLLOUT, findings=(cause,))
    why = leads_into_release(guard("hurt"), plan(), lost)
    assert why == (
        "no version is at fault, so going back does not help: fix what the Gateway says of the route; decide by hand"
    )


def test_a_cause_that_stood_when_it_was_set_does_not_hold_it_back() -> None:
    """Users were answered all the same; what keeps them from an answer began with the release."""
    cause = Finding("two-routes", Severity.CRITICAL, "an older route gets its requests")
    lost = Finding("nobody-answers", Severity.CRITICAL, "nobody answers", about="default")
    before, after = replace(ROLLOUT, findings=(cause,)), replace(ROLLOUT, findings=(lost, cause))
    order = GuardOrder(parse_conditions(["hurt"]), True)
    assert leads_into_release(started(order, before, 0.0, NOW), plan(), after) == ""
    assert "merge the two routes" in leads_into_release(started(order, ROLLOUT, 0.0, NOW), plan(), after)


@pytest.mark.parametrize("condition", ["slower", "errors worse", "p99 ratio > 2"])
def test_no_cause_elsewhere_speaks_for_a_version_that_is_worse_than_the_other(condition: str) -> None:
    cause = Finding("fault-injection", Severity.CRITICAL, "a route injects faults")
    faulty = replace(ROLLOUT, findings=(cause,))
    watch = guard("hurt", condition)
    assert leads_into_release(watch, plan(), faulty)
    assert leads_into_release(replace(watch, held=(1.0, None)), plan(), faulty)
    assert leads_into_release(replace(watch, held=(None, 1.0)), plan(), faulty) == ""


def test_stale_data_ends_no_guard_but_time_does() -> None:
    watch = look(guard("hurt", seconds=100.0), 1.0, None, "t is not up to date")
    assert watch.state is GuardState.STALE
    watch = look(watch, 100.0, None, "t is not up to date")
    assert (watch.state, watch.timed_out) == (GuardState.ENDED, True)


def test_the_versions_of_a_release_that_has_none_yet_belong_to_it() -> None:
    early = started(GuardOrder(), replace(ROLLOUT, versions=(STABLE,)), 0.0, NOW)
    watch = look(early, 1.0, shown())
    assert watch.state is GuardState.WATCHING
    assert look(watch, 2.0, shown(versions=(STABLE, OTHER))).state is GuardState.ENDED


def test_one_that_cannot_measure_says_so_and_rings_if_armed() -> None:
    blind = shown(NOT_MEASURED, (), running=False)
    for armed in (True, False):
        watch = look(guard(armed=armed), BLIND_SECONDS, blind)
        assert watch.state is GuardState.WATCHING
        watch = look(watch, BLIND_SECONDS + 1, blind)
        assert (watch.state, watch.words, watch.rings) == (GuardState.BLIND, "the probe is off", int(armed))
        assert look(watch, BLIND_SECONDS + 2, shown()).state is GuardState.WATCHING


def test_too_few_answers_for_a_verdict_are_no_blindness() -> None:
    measuring = shown(RolloutHealth(Health.NOT_MEASURED, "21 more answers of v2 needed"))
    assert look(guard(), BLIND_SECONDS * 5, measuring).state is GuardState.WATCHING


def test_the_way_back_is_an_abort_or_else_a_rollback() -> None:
    assert way_back(ROLLOUT.acts).act is Act.ABORT
    assert way_back((ActState(Act.ABORT, False, "no"), ActState(Act.ROLLBACK, True))).act is Act.ROLLBACK
    assert way_back((ActState(Act.ROLLBACK, False, "v1 has no pods"),)) == ActState(
        Act.ROLLBACK, False, "v1 has no pods"
    )
    assert not way_back(()).enabled


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("v2 errors worse than v1", ""),
        ("hurt", ""),
        ("v9 slower", "there is no version v9; there are v1, v2"),
        ("p50 ratio > 1.4", "a difference below 1.5 is not decided"),
        ("p99 ratio > 1.5", ""),
        ("errors worse than v2", "compared with the stable one (v1), not with v2"),
    ],
)
def test_conditions_name_versions_that_there_are(condition: str, words: str) -> None:
    found = why_order_unfit(GuardOrder(parse_conditions([condition])), ROLLOUT)
    assert words in found
    assert bool(words) == bool(found)


NO_STABLE = (replace(STABLE, role=Role.OLD), replace(NEW, role=Role.NEW))


@pytest.mark.parametrize("condition", ["errors worse", "slower", "p50 ratio > 2", "p99 ratio > 2"])
def test_versions_are_compared_only_with_one_stable_version(condition: str) -> None:
    order = GuardOrder(parse_conditions([condition]))
    words = f"{condition}: no stable version to compare with: use hurt"
    assert why_order_unfit(order, replace(ROLLOUT, versions=NO_STABLE)) == words
    two = (STABLE, replace(STABLE, name="v0"), NEW)
    assert "more than one stable version (v1, v0)" in why_order_unfit(order, replace(ROLLOUT, versions=two))
    watch = look(guard(condition), BLIND_SECONDS + 1, shown(versions=NO_STABLE))
    assert (watch.state, watch.words) == (GuardState.BLIND, words)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("slower", "slower: the probe itself is too slow to compare times"),
        ("p99 ratio > 2", "p99 ratio > 2: the probe itself is too slow to compare times"),
        ("errors worse", ""),
        ("hurt", ""),
    ],
)
def test_times_are_not_compared_while_the_probe_itself_is_too_slow(condition: str, words: str) -> None:
    view = shown()
    slow = replace(view, probe=replace(view.probe, too_slow="the probe itself is too slow: 41 of 200 beats late"))
    watch = look(guard(condition), BLIND_SECONDS + 1, slow)
    assert (watch.state, watch.words) == (GuardState.BLIND, words) if words else (GuardState.WATCHING, condition)


# What a release can look like; the last is whether it hurts.
