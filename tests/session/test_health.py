"""The one health of a rollout: never fine while something speaks against it or while nothing was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.finding_order import worst_first
from cockpit.model.health import AnswerHealth, Health, RolloutHealth
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Observed, Phase, Rollout, Severity, Share, Step, Verdict
from cockpit.model.view import Cell, CellKind, ProbeView
from cockpit.session.facts.assemble import IDLE
from cockpit.session.facts.health import rollout_health, worst_health

NOW = 1000.0
SHARES = (
    Share("v1", 0.7, 0.7, Observed(0.7, 0.6, 0.8, 300)),
    Share("v2", 0.3, 0.3, Observed(0.3, 0.2, 0.4, 300)),
)
LANE = Lane("default", "", SHARES, verdict=Verdict.ON, samples=300)
ROLLOUT = Rollout(RolloutKey("t", "shop", "web", "manual"), "ingress", Phase.CANARY, "", (), (LANE,), (), "1")
PROBE = replace(
    IDLE,
    running=True,
    probe_target=ProbeTarget("127.0.0.1", 80, "a.test"),
    health=tuple(AnswerHealth("default", name, 100.0, 0.0, NOW) for name in ("v1", "v2")),
)


def health(rollout: Rollout = ROLLOUT, probe: ProbeView = PROBE, stale: str = "", now: float = NOW) -> RolloutHealth:
    return rollout_health(rollout, probe, stale, now)


def with_lane(**fields: object) -> Rollout:
    return replace(ROLLOUT, lanes=(replace(LANE, **fields),))  # type: ignore[arg-type]


def with_finding(kind: str, severity: Severity) -> Rollout:
    return replace(ROLLOUT, findings=(Finding(kind, severity, "something is wrong"),))


@pytest.mark.parametrize(
    ("phase", "until", "expected"),
    [
        (Phase.PAUSED, None, Health.FINE),
        (Phase.PAUSED, "2026-01-01T00:00:00Z", Health.DOUBTFUL),
        (Phase.WAITING, None, Health.DOUBTFUL),
        (Phase.PROGRESSING, None, Health.FINE),
    ],
)
def test_a_share_that_a_pause_by_hand_holds_back_is_no_doubt(phase: Phase, until: str | None, expected: Health) -> None:
    late = with_lane(shares=(replace(SHARES[0], declared=0.5), replace(SHARES[1], declared=0.5)))
    assert health(replace(late, phase=phase, step=Step(1, 3, 0.5, until=until))).health is expected


def test_what_is_not_given_is_said_of_the_version_that_gets_less() -> None:
    late = with_lane(shares=(replace(SHARES[0], declared=0.4), replace(SHARES[1], declared=0.6)))
    assert health(late).reason == "v2: 60% is declared, 30% is written"


def test_what_is_not_given_is_told_by_its_reason() -> None:
    """The canary Ingress does say 60%: its pods are what is missing."""
    late = with_lane(
        shares=(replace(SHARES[0], declared=0.4, written=1.0), replace(SHARES[1], declared=0.6, written=0.0))
    )
    empty = Finding("canary-empty", Severity.WARNING, "no ready pods behind 60% of Ingress shop/web-canary")
    assert health(replace(late, findings=(empty,))).reason == empty.text


def test_users_are_not_named_where_nothing_leads_to_it_from_outside() -> None:
    """A Service that no route names was called fine, and that all users get its version."""
    told = health(replace(ROLLOUT, inside_only=True))
    words = "selected: v1 and v2; nothing leads to it from outside: 300 answers, none failed"
    assert told == RolloutHealth(Health.FINE, words)


def test_fine_says_what_was_measured() -> None:
    assert health() == RolloutHealth(Health.FINE, "users get what is written: 300 answers, none failed")


@pytest.mark.parametrize(
    ("rollout", "expected", "words"),
    [
        (with_finding("errors", Severity.CRITICAL), Health.HURT, "something is wrong"),
        (with_finding("dangling-canary", Severity.CRITICAL), Health.HURT, "something is wrong"),
        (with_finding("errors", Severity.WARNING), Health.DOUBTFUL, "something is wrong"),
        (with_finding("slower", Severity.WARNING), Health.DOUBTFUL, "something is wrong"),
        (with_finding("owned-by-git", Severity.WARNING), Health.FINE, "none failed"),
        (with_finding("no-version", Severity.WARNING), Health.NOT_MEASURED, "something is wrong"),
        (with_lane(verdict=Verdict.DOUBTFUL), Health.DOUBTFUL, "30% for v2"),
        (with_lane(verdict=Verdict.NOT_YET), Health.NOT_MEASURED, ""),
        (with_lane(verdict=Verdict.UNKNOWN, samples=0), Health.NOT_MEASURED, "not probed yet"),
        (with_lane(shares=(replace(SHARES[0], declared=0.5), SHARES[1])), Health.DOUBTFUL, "50% is declared"),
        (with_lane(shares=tuple(replace(s, written=None) for s in SHARES)), Health.NOT_MEASURED, "no split is written"),
        (with_lane(headers=None), Health.NOT_MEASURED, "no split is written"),
    ],
)
def test_each_kind_of_evidence(rollout: Rollout, expected: Health, words: str) -> None:
    found = health(rollout)
    assert found.health is expected
    assert words in found.reason


def test_a_doubt_is_told_by_what_explains_it_also_where_that_is_a_note_alone() -> None:
    told = (
        Finding("leak", Severity.WARNING, "a header leaks"),
        Finding("no-ready-pods", Severity.INFO, "the pods start for the first time"),
        Finding("split-off", Severity.WARNING, "v2 answers 0%"),
        Finding("errors", Severity.INFO, "v1 failed when it took traffic"),
    )
    found = health(replace(ROLLOUT, findings=worst_first(told)))
    assert found == RolloutHealth(Health.DOUBTFUL, "the pods start for the first time")


def test_a_share_that_a_controller_is_about_to_write_is_no_doubt() -> None:
    late = with_lane(shares=(replace(SHARES[0], declared=0.5), replace(SHARES[1], declared=0.5)))
    assert health(late).health is Health.DOUBTFUL
    assert health(replace(late, phase=Phase.PROGRESSING)).health is Health.FINE


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (IDLE, "there is nowhere to send requests to"),
        (replace(PROBE, health=()), "waiting for the first answers"),
        (replace(PROBE, running=False, health=()), "the probe is off"),
        (
            replace(PROBE, running=False, health=tuple(replace(one, at=NOW - 600) for one in PROBE.health)),
            "the probe is off, last measured 10m ago",
        ),
        (
            replace(PROBE, health=(PROBE.health[0], replace(PROBE.health[1], answers=9.0))),
            "21 more answers of v2 needed",
        ),
    ],
)
def test_what_was_not_measured_is_never_fine(probe: ProbeView, words: str) -> None:
    found = health(probe=probe)
    assert found.health is Health.NOT_MEASURED
    assert words in found.reason


def test_answers_that_are_needed_only_if_failures_went_on_are_not_counted() -> None:
    failed = AnswerHealth("default", "v1", 1600.0, 640.0, NOW)
    probe = replace(PROBE, health=(failed, AnswerHealth("default", "v2", 100.0, 0.0, NOW)))
    found = health(probe=probe)
    assert found.health is Health.NOT_MEASURED
    assert found.reason == "whether the failures of v1 are over is not known yet"


def test_what_may_be_old_is_not_fine() -> None:
    assert health(stale="test is retrying").health is Health.NOT_MEASURED


def test_lanes_that_cannot_be_tried_are_said() -> None:
    pattern = replace(LANE, name="beta", headers=None)
    found = health(replace(ROLLOUT, lanes=(LANE, pattern)))
    assert found.health is Health.FINE
    assert found.reason.endswith("not measured: lane beta")


def test_answers_that_all_turn_the_probe_away_are_said_to() -> None:
    """A probe of a wrong path gets 404 from every version: no error, and no word that requests work."""
    strip = tuple(Cell(CellKind.ANSWER, "v1", "default", note) for note in ("404", "401") * 20)
    found = health(probe=replace(PROBE, strip=strip))
    assert found.health is Health.FINE
    assert found.reason.endswith("none failed, all with status 401 and 404: whether requests work is not known")
    for well in (strip[:20], (*strip, Cell(CellKind.ANSWER, "v1", "default", "200"))):
        assert health(probe=replace(PROBE, strip=well)).reason.endswith("none failed")


def test_names_of_a_cluster_reach_no_terminal_as_escapes() -> None:
    evil = tuple(replace(share, version=f"{share.version}\x1b]0;owned\x07") for share in SHARES)
    for verdict in Verdict:
        assert "\x1b" not in health(with_lane(shares=evil, verdict=verdict)).reason
    assert "\x1b" not in health(with_lane(shares=(replace(evil[0], declared=0.5), evil[1]))).reason


def test_the_worst_part_is_the_health_of_a_group() -> None:
    parts = [("a", RolloutHealth(Health.FINE, "well")), ("b", RolloutHealth(Health.HURT, "v2 fails"))]
    assert worst_health(parts) == RolloutHealth(Health.HURT, "b: v2 fails")


@given(st.sampled_from(Verdict), st.sampled_from(Severity), st.booleans(), st.floats(0, 200), st.floats(0, 5000))
def test_never_fine_beside_a_critical_finding_or_without_a_verdict(
    verdict: Verdict, severity: Severity, running: bool, answers: float, later: float
) -> None:
    rollout = replace(with_lane(verdict=verdict), findings=(Finding("x", severity, "text"),))
    probe = replace(PROBE, running=running, health=tuple(replace(one, answers=answers) for one in PROBE.health))
    found = health(rollout, probe, now=NOW + later)
    assert found.reason
    if severity is Severity.CRITICAL:
        assert found.health is Health.HURT
    elif verdict is not Verdict.ON or answers < 30:
        assert found.health is not Health.FINE
