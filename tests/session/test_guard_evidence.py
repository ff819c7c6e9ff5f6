"""What an armed guard takes for evidence: what the release does to users, in answers that came since it was set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.guard import GuardOrder, GuardState, parse_conditions
from cockpit.model.health import AnswerHealth, Health, Level, RolloutHealth
from cockpit.model.rollout import Finding, Severity
from cockpit.model.view import Cell, CellKind, RolloutView
from cockpit.session.guarding.evaluate import Seen, Watch, judged, started
from tests.session.test_guard_evaluate import CALM, FAILING, HURT, NOW, guard, look, shown, state


def found(kind: str, about: str = "", text: str = "so it is") -> Finding:
    return Finding(kind, Severity.CRITICAL, text, about=about)


@pytest.mark.parametrize(
    "finding",
    [
        found("errors", "v1 default"),
        found("failing-pods", "v1"),
        found("empty-destination", text="v1 takes 70% of requests and has no pods"),
        found("two-virtual-services"),
        found("not-accepted"),
        found("replica-failure"),
        found("no-answers", "probe"),
    ],
)
def test_an_armed_guard_leaves_a_release_alone_that_hurts_nobody(finding: Finding) -> None:
    view = shown(RolloutHealth(Health.HURT, "so it is"), findings=(finding,))
    assert state("hurt", view) is GuardState.WATCHING
    assert look(guard("hurt", armed=False), 1.0, view).state is GuardState.PROPOSING


@pytest.mark.parametrize(
    "finding",
    [
        found("errors", "v2 default"),
        found("failing-pods", "v2"),
        found("empty-destination", text="v2 takes 30% of requests and has no pods"),
        found("split-off", "default"),
    ],
)
def test_an_armed_guard_goes_back_where_the_release_hurts(finding: Finding) -> None:
    assert state("hurt", shown(HURT, findings=(finding,))) is GuardState.ACTING


def test_what_was_so_when_it_was_armed_is_only_proposed_until_it_comes_again() -> None:
    failing, calm = shown(HURT), shown()
    watch = started(GuardOrder(parse_conditions(["hurt"]), True), failing.rollout, 0.0, NOW)
    watch = look(watch, 1.0, failing)
    assert (watch.state, watch.rings) == (GuardState.PROPOSING, 1)
    assert watch.words.endswith("it does not act by itself: that was already so when the guard was set")
    assert look(look(watch, 2.0, calm), 3.0, failing).state is GuardState.ACTING


@pytest.mark.parametrize(
    ("old", "kind", "about", "expected"),
    [
        (replace(CALM[0], errors=60.0), "errors", "v2 default", GuardState.PROPOSING),
        (replace(CALM[0], answers=4.0, errors=4.0), "errors", "v2 default", GuardState.ACTING),
        (replace(CALM[0], errors=20.0), "errors", "v2 default", GuardState.ACTING),
        (replace(CALM[0], errors=60.0), "service-fails", "default", GuardState.PROPOSING),
    ],
)
def test_where_the_way_back_fails_as_much_it_only_proposes(
    old: AnswerHealth, kind: str, about: str, expected: GuardState
) -> None:
    watch = look(guard("hurt"), 1.0, shown(HURT, (old, FAILING), findings=(found(kind, about),)))
    assert watch.state is expected
    assert ("the way back leads to" in watch.words) is (expected is GuardState.PROPOSING)


WORSE = replace(FAILING, baseline="v1", worse=Level.ALARM, slower=Level.ALARM)


@pytest.mark.parametrize("condition", ["hurt", "errors worse", "slower", "split off", "nobody answers"])
@pytest.mark.parametrize(
    ("answered", "failed", "running", "expected"),
    [
        (100.0, 100.0, True, GuardState.ACTING),
        (100.0, 100.0, False, GuardState.BLIND),  # the probe was stopped
        (50.0, 50.0, True, GuardState.BLIND),  # nothing is answered any more
    ],
)
def test_old_answers_are_no_evidence(
    condition: str, answered: float, failed: float, running: bool, expected: GuardState
) -> None:
    nobody = AnswerHealth("default", "", 100.0, 40.0, NOW, failing=Level.ALARM)
    kinds = (found("errors", "v2 default"), found("split-off", "default"), found("nobody-answers", "default"))
    view = shown(HURT, (CALM[0], WORSE, nobody), running=running, findings=kinds)
    health = tuple(replace(one, at=NOW + answered, failed_at=NOW + failed) for one in view.probe.health)
    view = replace(view, probe=replace(view.probe, health=health))
    assert judged(guard(condition), Seen(view, "", 100.0, NOW + 100.0)).state is expected


@pytest.mark.parametrize(("rejected", "state"), [(NOW + 99.0, GuardState.ACTING), (NOW - 1.0, GuardState.WATCHING)])
def test_a_new_version_that_alone_rejects_requests_hurts(rejected: float, state: GuardState) -> None:
    view = shown(
        HURT, (CALM[0], replace(CALM[1], rejecting=Level.ALARM)), findings=(found("client-errors", "v2 default"),)
    )
    health = tuple(replace(one, at=NOW + 100.0, rejected_at=rejected) for one in view.probe.health)
    view = replace(view, probe=replace(view.probe, health=health))
    assert judged(guard("hurt"), Seen(view, "", 100.0, NOW + 100.0)).state is state


@pytest.mark.parametrize("condition", ["hurt", "errors worse"])
def test_errors_of_an_earlier_attempt_are_no_evidence(condition: str) -> None:
    view = shown(HURT, (CALM[0], WORSE))
    health = tuple(replace(one, at=NOW + 100.0, failed_at=NOW - 1.0) for one in view.probe.health)
    view = replace(view, probe=replace(view.probe, health=health))
    assert judged(guard(condition), Seen(view, "", 100.0, NOW + 100.0)).state is GuardState.WATCHING


def unanswered(watch: Watch, at: float, failed: float, stale: str = "", asleep: float = 0.0) -> Watch:
    """A look while requests go unanswered, the newest at `failed`; `asleep` seconds were spent in a suspend."""
    now = NOW + at + asleep
    nobody = AnswerHealth("default", "", 100.0, 100.0, NOW, Level.ALARM)
    view = shown(HURT, (*CALM, nobody), findings=(found("nobody-answers", "default"),))
    health = tuple(replace(one, at=now, failed_at=NOW + failed + asleep) for one in view.probe.health)
    return judged(watch, Seen(replace(view, probe=replace(view.probe, health=health)), stale, at, now))


@pytest.mark.parametrize(("condition", "holds"), [("hurt", 0.0), ("hurt for 30s", 30.0), ("nobody answers", 0.0)])
def test_a_machine_that_was_offline_is_no_evidence_when_it_is_back(condition: str, holds: float) -> None:
    offline = guard(condition)
    for seconds in (10.0, 40.0, 70.0):
        offline = unanswered(offline, seconds, seconds, "t is not up to date")
        assert offline.state is GuardState.STALE
    # Requests that were under way fail a little later, and the alarm outlasts the first good answers.
    back = unanswered(unanswered(offline, 71.0, 70.5), 78.0, 74.9)
    assert back.state is GuardState.WATCHING
    # Where the service itself is gone, requests go on failing.
    back = unanswered(back, 79.0, 78.9)
    assert unanswered(back, 79.0 + holds, 78.9 + holds).state is GuardState.ACTING


def test_a_machine_that_wakes_up_without_a_network_is_no_evidence() -> None:
    awake = look(guard("nobody answers"), 10.0, shown())
    for seconds in (11.0, 20.0, 40.0):
        awake = unanswered(awake, seconds, seconds, asleep=3600.0)
        assert awake.state is GuardState.WATCHING
    assert unanswered(awake, 42.0, 41.5, asleep=3600.0).state is GuardState.ACTING


def probed(finding: Finding, *cells: Cell, **fields: object) -> RolloutView:
    """Users are hurt, as the probe's newest answers say."""
    nobody = AnswerHealth("default", "", 100.0, 99.0, NOW, failing=Level.ALARM)
    view = shown(HURT, (*CALM[:1], FAILING, nobody), findings=(finding, *fields.pop("beside", ())))  # type: ignore[misc]
    return replace(view, probe=replace(view.probe, strip=cells))


def failed(note: str, count: int = 20) -> tuple[Cell, ...]:
    return tuple(Cell(CellKind.ERROR, None, "default", note) for _ in range(count))


def rejected(note: str, count: int = 20) -> tuple[Cell, ...]:
    return tuple(Cell(CellKind.ANSWER, "v2", "default", note) for _ in range(count))


NOBODY = found("nobody-answers", "default", "99% of requests fail, and no version answers them")
REJECTS = found("client-errors", "v2 default", "v2 answers 40% of requests with a status of 4xx")


@pytest.mark.parametrize(
    ("finding", "cells", "says"),
    [
        (NOBODY, failed("dns"), "seen from here, the name does not resolve"),
        (NOBODY, failed("tls"), "seen from here, TLS fails"),
        (NOBODY, failed("unreachable"), "seen from here, the address cannot be reached"),
        (NOBODY, failed("511"), "seen from here, the network asks for a login first"),
        (NOBODY, failed("407"), "seen from here, a proxy asks for credentials"),
        (
            NOBODY,
            (*failed("503", 9), *failed("dns", 11)),
            "seen from here, the name does not resolve: that may be this machine",
        ),
        (REJECTS, rejected("429"), "most of them are 429: a rate limiter may turn away only the probe"),
    ],
)
@pytest.mark.parametrize("condition", ["hurt", "nobody answers"])
def test_a_probe_that_may_itself_be_at_fault_is_no_ground_to_act(
    finding: Finding, cells: tuple[Cell, ...], says: str, condition: str
) -> None:
    if condition == "nobody answers" and finding is not NOBODY:
        condition = "hurt"
    view = rejecting(probed(finding, *cells))
    watch = look(guard(condition), 1.0, view)
    assert watch.state is GuardState.PROPOSING
    assert f"it does not act by itself: {says}" in watch.words


@pytest.mark.parametrize(
    ("finding", "cells"),
    [
        (NOBODY, failed("503")),
        (NOBODY, failed("refused")),
        (NOBODY, failed("timeout")),
        (NOBODY, (*failed("dns", 9), *failed("503", 11))),
        (NOBODY, (*failed("dns"), *failed("503"))),
        (REJECTS, rejected("404")),
        (REJECTS, (*rejected("429", 9), *rejected("401", 11))),
    ],
)
def test_a_fault_of_the_release_is_one(finding: Finding, cells: tuple[Cell, ...]) -> None:
    assert look(guard("hurt"), 1.0, rejecting(probed(finding, *cells))).state is GuardState.ACTING


def test_a_split_beside_answers_of_nobody_is_not_known() -> None:
    """A login page, or a limiter, that answers a part of the requests takes it from every version."""
    off = found("split-off", "default")
    nobodys = Finding("answers-of-others", Severity.WARNING, "40% of answers name no version", about="default")
    for condition in ("hurt", "split off"):
        watch = look(guard(condition), 1.0, probed(off, beside=(nobodys,)))
        assert watch.state is GuardState.PROPOSING
        assert "part of the answers name no version" in watch.words
        elsewhere = replace(nobodys, about="beta")
        assert look(guard(condition), 1.0, probed(off, beside=(elsewhere,))).state is GuardState.ACTING


def test_the_figures_that_decided_are_part_of_the_evidence() -> None:
    counted = replace(found("errors", "v2 default", "v2 fails 27% of its requests"), evidence="27 of the last 100")
    assert look(guard("hurt"), 1.0, probed(counted)).words == "hurt: v2 fails 27% of its requests (27 of the last 100)"


def rejecting(view: RolloutView) -> RolloutView:
    """With answers of 4xx and requests that failed since the guard was set."""
    health = (replace(one, rejected_at=NOW + 0.5, failed_at=NOW + 0.5) for one in view.probe.health)
    return replace(view, probe=replace(view.probe, health=tuple(health)))


@pytest.mark.parametrize("condition", ["hurt", "nobody answers"])
def test_a_route_that_is_gone_is_no_ground_to_act(condition: str) -> None:
    """Going back brings no route back, and a limiter or a login may turn away the probe alone."""
    cells = tuple(Cell(CellKind.UNKNOWN, None, "default", "404", 0.2 * number) for number in range(40))
    view = rejecting(probed(NOBODY, *cells))
    nobody = (replace(one, failed_at=None) for one in view.probe.health)
    view = replace(view, probe=replace(view.probe, health=tuple(nobody)))
    watch = look(guard(condition), 1.0, view)
    assert watch.state is GuardState.PROPOSING
    assert "it does not act by itself: the answers are of no version" in watch.words


def test_a_split_beside_a_route_that_is_gone_is_not_known() -> None:
    cells = tuple(Cell(CellKind.UNKNOWN, None, "default", "404", 0.2 * number) for number in range(40))
    assert look(guard("hurt"), 1.0, probed(found("split-off", "default"), *cells)).state is GuardState.PROPOSING
