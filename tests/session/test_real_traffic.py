"""What users really get, from a Prometheus's counts: certainty of errors, shares, findings, health."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.metrics.readings import Counts, VersionReading
from cockpit.model.health import AnswerHealth, Health, Level
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.real_traffic import RealTraffic, RealView, age_words
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Observed, Phase, Rollout, Severity, Share, Verdict
from cockpit.model.view import ProbeView, RolloutView
from cockpit.session.facts.assemble import IDLE, Circumstances, rollout_view
from cockpit.session.facts.real_traffic import aged, judged, real_findings, real_view, with_real
from cockpit.session.facts.verification import Requirements, Standing, verification
from tests.probe.simulation import MORE

NOW = 10_000.0
TOLERATED = 0.01
CALM, DOUBTFUL, ALARM = Level.CALM, Level.DOUBTFUL, Level.ALARM
BEFORE = RealView("http://prometheus", "Istio")
SHARES = (
    Share("v1", 0.75, 0.75, Observed(0.75, 0.7, 0.8, 300)),
    Share("v2", 0.25, 0.25, Observed(0.25, 0.2, 0.3, 300)),
)
LANE = Lane("default", "", SHARES, verdict=Verdict.ON, samples=300)
PROBE = replace(
    IDLE,
    running=True,
    probe_target=ProbeTarget("127.0.0.1", 80, "a.test"),
    health=tuple(AnswerHealth("default", name, 100.0, 0.0, NOW) for name in ("v1", "v2")),
)
ROLLOUT = Rollout(RolloutKey("t", "shop", "web", "manual"), "ingress", Phase.CANARY, "", (), (LANE,), (), "1")


def counts(requests: float, errors: float) -> Counts:
    return Counts(requests, errors)


def view(*readings: VersionReading, earlier: RealView = BEFORE, now: float = NOW) -> RealView:
    return real_view(readings, ["v1", "v2"], earlier, 120, now, TOLERATED)


def read(version: str, requests: float, errors: float = 0.0, age: float | None = 5.0) -> VersionReading:
    return VersionReading(version, counts(requests, errors), counts(requests, errors), age)


BAD = view(read("v1", 3000), read("v2", 1000, 30))


# How certain errors are


@pytest.mark.parametrize(
    ("now", "before", "level"),
    [
        (counts(1000, 30), counts(1000, 30), ALARM),
        (counts(1000, 30), counts(1000, 10), DOUBTFUL),
        (counts(1000, 30), counts(0, 0), DOUBTFUL),
        (counts(1000, 10), counts(1000, 30), CALM),
        (counts(1000, 10), counts(1000, 10), CALM),
        (counts(0, 0), counts(0, 0), CALM),
        (counts(1, 1), counts(1, 1), CALM),  # one request that fails is no evidence
        (counts(2, 2), counts(2, 2), ALARM),
        (counts(100.4, 20.6), counts(99.7, 19.8), ALARM),  # extrapolated
        (counts(5, 9), counts(5, 9), ALARM),  # more errors than requests, from different scrapes
    ],
)
def test_errors_are_certain_once_two_stretches_say_so(now: Counts, before: Counts, level: Level) -> None:
    assert judged(CALM, now, before, TOLERATED) is level


def test_an_alarm_stays_until_both_stretches_are_tolerable() -> None:
    good, bad = counts(1000, 0), counts(1000, 30)
    assert judged(ALARM, good, bad, TOLERATED) is ALARM
    assert judged(ALARM, counts(1000, 12), good, TOLERATED) is ALARM
    assert judged(ALARM, good, good, TOLERATED) is CALM
    assert judged(ALARM, counts(0, 0), counts(0, 0), TOLERATED) is CALM


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0, 1e7), st.floats(0, 1e7), st.sampled_from(Level))
def test_any_counts_are_judged(a: float, b: float, c: float, d: float, earlier: Level) -> None:
    assert judged(earlier, counts(a, b), counts(c, d), TOLERATED) in Level


@pytest.mark.simulation
def test_a_service_at_the_limit_raises_no_alarm() -> None:
    """Four looks a minute at counts of a service that fails exactly what is tolerated: 100 hours at 5 requests/s."""
    rng = random.Random(7)
    alarms = doubts = 0
    level, slices = CALM, [0] * 16
    looks = 24_000 * MORE
    for _ in range(looks):
        # Each look moves both stretches of 120 s on by 15 s, in which 75 requests come.
        slices = [*slices[1:], sum(rng.random() < TOLERATED for _ in range(75))]
        level = judged(level, counts(600, sum(slices[8:])), counts(600, sum(slices[:8])), TOLERATED)
        alarms += level is ALARM
        doubts += level is DOUBTFUL
    assert alarms == 0
    assert doubts <= looks / 100


def test_how_soon_a_failing_version_is_certain() -> None:
    """Five requests a second, one in five fails: certain with the first look at two stretches."""
    assert judged(CALM, counts(600, 120), counts(600, 120), TOLERATED) is ALARM
    # A stretch that began before the errors: half a minute of them is enough to be doubtful.
    assert judged(CALM, counts(600, 30), counts(600, 0), TOLERATED) is DOUBTFUL


# Readings as a view


def test_shares_are_of_all_real_requests() -> None:
    one, two = BAD.traffic
    assert (one.version, one.share, one.errors, one.failing) == ("v1", 0.75, 0.0, CALM)
    assert (two.version, two.share, two.error_rate, two.failing) == ("v2", 0.25, 0.03, ALARM)
    assert (BAD.newest, BAD.read_at, BAD.stale, BAD.problem) == (NOW - 5, NOW, False, "")


def test_a_version_without_requests_got_none_unless_some_are_not_told() -> None:
    assert [(one.version, one.requests, one.share) for one in view(read("v1", 100)).traffic] == [
        ("v1", 100, 1.0),
        ("v2", 0.0, 0.0),
    ]
    untold = view(read("v1", 100), read("", 50))
    assert [(one.version, round(one.share or 0.0, 3)) for one in untold.traffic] == [("v1", 0.667), ("", 0.333)]
    assert view().traffic == ()


def test_what_is_older_than_two_minutes_is_stale() -> None:
    assert not aged(BAD, NOW + 110).stale
    old = aged(BAD, NOW + 130)
    assert old.stale
    assert all(one.stale for one in old.traffic)
    assert age_words(old) == "stale: no data since 02:46:35 UTC"
    assert age_words(BAD) == "newest 5s old"
    gone = aged(old, NOW + 700)
    assert gone.traffic == ()
    assert view(read("v1", 10, age=130.0)).stale
    assert view(read("v1", 10, age=None), earlier=BAD, now=NOW + 200).newest == NOW - 5


def test_the_default_lane_holds_what_is_known_of_all_lanes() -> None:
    other = Lane("beta", "x=y", SHARES)
    default, beta = with_real((LANE, other), BAD)
    assert [share.real for share in default.shares] == list(BAD.traffic)
    assert beta is other
    assert with_real((LANE,), None) == (LANE,)
    assert with_real((), BAD) == ()


# Findings and health


def shown(
    real: RealView | None = BAD, probe: ProbeView = PROBE, rollout: Rollout = ROLLOUT, now: float = NOW
) -> RolloutView:
    return rollout_view(rollout, rollout.lanes, probe, Circumstances(), now, real)


def found(real: RealView, probe: ProbeView = PROBE, lane: Lane = LANE, now: float = NOW) -> list[Finding]:
    return list(real_findings((lane,), real, probe, now))


def test_a_fine_probe_does_not_hide_what_users_get() -> None:
    assert shown(None).health.health is Health.FINE
    seen = shown()
    assert seen.health.health is Health.HURT
    assert seen.health.reason == "real users get 3% errors from v2; v1 0%; the probe sees no errors"
    (finding,) = seen.rollout.findings
    assert (finding.id, finding.severity) == ("real-errors", Severity.CRITICAL)
    assert finding.evidence == "30 of 1.0k requests in 2m by the metrics of Istio"
    assert seen.real is BAD
    assert seen.rollout.lanes[0].shares[1].real == BAD.of("v2")


def test_what_the_probe_does_not_measure_is_told_beside_what_users_get() -> None:
    calm = view(read("v1", 3000), read("v2", 1000, 5))
    off = replace(PROBE, running=False, health=())
    assert shown(None, off).health.reason == "the probe is off"
    health = shown(calm, off).health
    assert health.health is Health.NOT_MEASURED
    assert health.reason == "the probe is off; of real users' 4.0k requests 5 failed"
    assert shown(aged(calm, NOW + 200), off, now=NOW + 200).health.reason == "the probe is off"
    assert shown(view(read("v1", 10)), off).health.reason == "the probe is off"


def test_doubts_and_old_evidence_are_warnings_with_their_age() -> None:
    doubt = view(read("v1", 3000), VersionReading("v2", counts(1000, 30), counts(1000, 0), 5.0))
    seen = shown(doubt)
    assert seen.health.health is Health.DOUBTFUL
    assert seen.rollout.findings[0].text.startswith("real users may be getting 3% errors from v2")
    (old,) = found(aged(BAD, NOW + 180), now=NOW + 180)
    assert old.severity is Severity.WARNING
    assert old.evidence.endswith("the newest 3m ago")


def test_a_version_that_takes_nothing_any_more_is_only_worth_knowing() -> None:
    away = replace(LANE, shares=(replace(SHARES[0], written=1.0), replace(SHARES[1], written=0.0, observed=None)))
    (finding,) = found(BAD, lane=away)
    assert (finding.severity, finding.text) == (
        Severity.INFO,
        "real users got 3% errors from v2 when it took traffic",
    )


def test_errors_whose_version_is_not_told_are_told_as_such() -> None:
    (finding,) = found(view(read("", 1000, 30)))
    assert finding.severity is Severity.CRITICAL
    assert (
        finding.text == "real users get 3% errors; the metrics do not tell from which version; the probe sees no errors"
    )


def test_the_probe_is_not_quoted_where_it_sees_errors_or_little() -> None:
    failing = replace(PROBE, health=(PROBE.health[0], replace(PROBE.health[1], errors=5.0)))
    assert "probe" not in found(BAD, failing)[0].text
    assert "probe" not in found(BAD, replace(PROBE, health=()))[0].text


def test_the_same_finding_with_other_figures_is_the_same() -> None:
    more = view(read("v1", 3000), read("v2", 1000, 90))
    assert found(BAD)[0].subject == found(more)[0].subject


def test_verify_does_not_pass_what_hurts_real_users() -> None:
    stands = verification(shown(), Requirements(), "", NOW)
    assert (stands.standing, stands.final) == (Standing.HURT, True)
    assert "real users get 3% errors from v2" in stands.reason


def test_a_name_of_a_version_is_made_safe() -> None:
    evil = "v2\x1b[31m"
    bad = replace(BAD, traffic=(BAD.traffic[0], replace(BAD.traffic[1], version=evil)))
    lane = replace(LANE, shares=(SHARES[0], replace(SHARES[1], version=evil)))
    assert "\x1b" not in found(bad, lane=lane)[0].text


def test_nothing_is_known_without_a_prometheus() -> None:
    assert real_findings((LANE,), None, PROBE, NOW) == ()
    assert RealTraffic("v1", 0.0, 0.0, 120).error_rate is None
