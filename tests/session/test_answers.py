"""What is reported about answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cockpit.model.health import HALF_LIFE, AnswerHealth, Level
from cockpit.model.rollout import Followed, Lane, Observed, Severity, Share, Verdict
from cockpit.model.view import Cell, CellKind
from cockpit.probe.recognise import VersionReading
from cockpit.probe.record import LaneRecord
from cockpit.session.facts.answers import answer_findings
from cockpit.session.facts.assemble import IDLE
from cockpit.session.facts.failing import failing_in_a_row, why_all_fail

NOW = 1000.0


def lane(verdict: Verdict, samples: int, *shares: Share, name: str = "default", p: float | None = None) -> Lane:
    return Lane(name, "", shares, verdict=verdict, samples=samples, p_value=p)


def share(version: str, written: float | None, seen: float, samples: int, errors: int = 0) -> Share:
    return Share(version, written, written, Observed(seen, 0.0, 1.0, samples, errors))


def known(version: str, answers: float, errors: float, failing: Level = Level.CALM, **more: Any) -> AnswerHealth:
    return replace(AnswerHealth("default", version, answers, errors, NOW, failing), **more)


@pytest.mark.parametrize("rates", [(0.4, 0.45), (0.11, 0.3)])
def test_a_finding_with_other_figures_is_about_the_same(rates: tuple[float, float]) -> None:
    """By id, version and lane: who follows findings says each once."""

    def found(rate: float) -> list[tuple[str, str]]:
        seen = lane(Verdict.OFF, 812, share("v1", 0.7, 1 - rate, 812), share("v2", 0.3, rate, 812))
        versions = [known(name, 200.0, 200 * rate, Level.ALARM, worse=Level.ALARM) for name in ("v1", "v2", "")]
        probe = replace(IDLE, health=tuple(versions))
        findings = answer_findings((seen, replace(seen, name="beta")), probe, NOW + 600 * rate)
        return [each.subject for each in findings]

    first, later = map(found, rates)
    assert first == later
    assert len(first) == len(set(first)) == 5


HALVES = lane(Verdict.ON, 200, share("v1", 0.5, 0.5, 200), share("v2", 0.5, 0.5, 200))


def test_a_split_that_is_off_is_reported_with_its_evidence() -> None:
    seen = lane(Verdict.OFF, 812, share("v1", 0.7, 0.56, 812), share("v2", 0.3, 0.44, 812), p=0.00001)
    (finding,) = answer_findings((seen,), IDLE, NOW)
    assert finding.severity is Severity.CRITICAL
    assert finding.text == "v2 answers 44% of requests, 30% is written"
    assert finding.evidence == "812 samples, p<0.001"
    other = lane(Verdict.OFF, 90, share("v2", 1.0, 0.5, 90), name="foo=bar", p=0.0123)
    assert answer_findings((other,), IDLE, NOW)[0].text == "v2 answers 50% of requests in lane foo=bar, 100% is written"
    assert answer_findings((other,), IDLE, NOW)[0].evidence == "90 samples, p=0.012"


@pytest.mark.parametrize(
    ("followed", "seconds", "severity", "words"),
    [
        (Followed.NOT_YET, 60, Severity.WARNING, "not yet followed"),
        (Followed.NOT_YET, 600, Severity.CRITICAL, "not yet followed"),
        (Followed.PARTLY, 60, Severity.WARNING, "one of the gateways"),
    ],
)
def test_a_slow_gateway_is_named_and_critical_only_after_a_while(
    followed: Followed, seconds: int, severity: Severity, words: str
) -> None:
    seen = replace(lane(Verdict.OFF, 90, share("v1", 0.5, 1.0, 90), share("v2", 0.5, 0.0, 90)), followed=followed)
    seen = replace(seen, awaited_since=NOW - seconds)
    (found,) = answer_findings((seen,), IDLE, NOW)
    assert (found.id, found.severity) == ("split-off", severity)
    assert words in found.text


@pytest.mark.parametrize("verdict", [Verdict.ON, Verdict.NOT_YET, Verdict.UNKNOWN, Verdict.DOUBTFUL])
def test_a_split_that_is_not_off_is_not_reported(verdict: Verdict) -> None:
    assert answer_findings((lane(verdict, 812, share("v2", 0.3, 0.44, 812)),), IDLE, NOW) == ()


def test_a_version_that_fails_is_named_with_its_rate_and_that_of_the_stable_one() -> None:
    v2 = known("v2", 121, 26, Level.ALARM, worse=Level.ALARM, baseline="v1")
    probe = replace(IDLE, running=True, health=(known("v1", 360, 0), v2))
    (found,) = answer_findings((HALVES,), probe, NOW)
    assert (found.id, found.severity) == ("errors", Severity.CRITICAL)
    assert found.text == "v2 fails 21% of its requests; v1 fails 0%"
    assert found.evidence == "26 of the last 121 answers of v2"


def test_a_version_that_may_be_failing_is_a_warning() -> None:
    probe = replace(IDLE, running=True, health=(known("v2", 40, 3, Level.DOUBTFUL),))
    (found,) = answer_findings((HALVES,), probe, NOW)
    assert (found.id, found.severity) == ("errors", Severity.WARNING)
    assert "may be failing" in found.text


def test_where_all_versions_fail_alike_the_service_fails() -> None:
    alike = (known("v1", 300, 60, Level.ALARM), known("v2", 100, 21, Level.ALARM, baseline="v1"))
    (found,) = answer_findings((HALVES,), replace(IDLE, running=True, health=alike), NOW)
    assert (found.id, found.severity) == ("service-fails", Severity.CRITICAL)
    assert found.text == "the service fails its requests, whatever the version: v1 20%, v2 21%"
    worse = (alike[0], replace(alike[1], worse=Level.ALARM))
    found_worse = answer_findings((HALVES,), replace(IDLE, running=True, health=worse), NOW)
    assert [one.id for one in found_worse] == ["errors", "errors"]


@pytest.mark.parametrize(
    ("level", "severity", "words"),
    [
        (Level.DOUBTFUL, Severity.WARNING, "v2 seems to answer 40% of requests with a status of 4xx, v1 1%"),
        (Level.ALARM, Severity.CRITICAL, "v2 answers 40% of requests with a status of 4xx, v1 1%"),
    ],
)
def test_a_version_that_alone_rejects_requests_is_reported(level: Level, severity: Severity, words: str) -> None:
    rates: dict[str, Any] = {"rejected_rate": 0.4, "baseline_rejected_rate": 0.01, "baseline": "v1"}
    probe = replace(IDLE, health=(known("v1", 200, 0), known("v2", 100, 0, rejecting=level, **rates)))
    (found,) = answer_findings((HALVES,), probe, NOW)
    assert (found.id, found.severity, found.text, found.about) == ("client-errors", severity, words, "v2 default")
    old = lane(Verdict.UNKNOWN, 0, share("v1", 1.0, 1.0, 0), share("v2", 0.0, 0.0, 0))
    assert not answer_findings((old,), probe, NOW), "it takes no traffic"


def test_a_slower_version_is_reported_with_both_times() -> None:
    slow = known("v2", 100, 0, slower=Level.ALARM, baseline="v1", p50_ms=254.0, baseline_p50_ms=24.0)
    (found,) = answer_findings((HALVES,), replace(IDLE, running=True, health=(slow,)), NOW)
    assert (found.id, found.severity) == ("slower", Severity.WARNING)
    assert found.text == "v2 is slower than v1: it takes 254 ms, v1 24 ms (median)"


@pytest.mark.parametrize("statuses", [("502",), ("502", "200")])
def test_that_every_request_fails_is_told_apart_from_some(statuses: tuple[str, ...]) -> None:
    health = (known("", 100, 100, Level.ALARM),)
    found = answer_findings((HALVES,), replace(IDLE, running=True, health=health, strip=gone(*statuses)), NOW)
    [nobody] = [each for each in found if each.id == "nobody-answers"]
    assert nobody.whatever_version is (statuses == ("502",))


def test_requests_that_fail_before_any_version_answers_are_reported() -> None:
    probe = replace(IDLE, running=True, health=(known("", 500, 100, Level.ALARM),))
    (found,) = answer_findings((HALVES,), probe, NOW)
    assert (found.id, found.severity) == ("nobody-answers", Severity.CRITICAL)
    assert found.evidence == "100 of the last 500 requests"


def test_a_version_that_fails_in_one_lane_only_is_reported_there() -> None:
    testers = lane(Verdict.ON, 100, share("v2", 1.0, 1.0, 100, 40), name="testers")
    probe = replace(IDLE, running=True, health=(known("v2", 100, 40, Level.ALARM, lane="testers"),))
    (found,) = answer_findings((HALVES, testers), probe, NOW)
    assert found.text == "v2 fails 40% of its requests in lane testers"


@pytest.mark.parametrize(
    ("written", "severity", "words"),
    [
        (0.5, Severity.WARNING, "v2 failed 45% of its requests before the split changed; it answered none since"),
        (0.0, Severity.INFO, "v2 failed 45% of its requests when it took traffic"),
    ],
)
def test_a_version_that_failed_is_reported_right_after_the_split_changed(
    written: float, severity: Severity, words: str
) -> None:
    begun = lane(Verdict.NOT_YET, 3, share("v1", 1 - written, 1.0, 3), share("v2", written, 0.0, 3))
    probe = replace(IDLE, running=True, health=(known("v2", 100, 45, Level.ALARM, at=NOW - 120),))
    (found,) = answer_findings((begun,), probe, NOW)
    assert (found.id, found.severity, found.text) == ("errors", severity, words)
    assert found.evidence == "45 of the last 100 answers of v2, the newest 2m ago"


def test_an_answer_since_the_split_changed_says_that_a_version_still_fails() -> None:
    probe = replace(IDLE, running=True, health=(known("v2", 100, 45, Level.ALARM, at=NOW - 120),))
    counted = share("v2", 0.5, 0.25, 4)
    begun = lane(Verdict.NOT_YET, 4, share("v1", 0.5, 0.75, 4), counted)
    silent = lane(Verdict.NOT_YET, 4, share("v1", 0.5, 1.0, 4), share("v2", 0.5, 0.0, 4))
    just = replace(probe, health=(replace(probe.health[0], at=NOW - 5),))
    for seen, heard in ((begun, probe), (silent, just)):
        (found,) = answer_findings((seen,), heard, NOW)
        assert (found.severity, found.text) == (Severity.CRITICAL, "v2 fails 45% of its requests")


def test_answers_of_4xx_of_before_hurt_nobody_now() -> None:
    told = known("v2", 100, 0, rejecting=Level.ALARM, rejected_rate=0.73, baseline="v1", at=NOW - 60)
    begun = lane(Verdict.NOT_YET, 3, share("v1", 0.8, 1.0, 3), share("v2", 0.2, 0.0, 3))
    (found,) = answer_findings((begun,), replace(IDLE, running=True, health=(told,)), NOW)
    assert (found.id, found.severity) == ("client-errors", Severity.WARNING)
    assert found.text == (
        "v2 answered 73% of requests with a status of 4xx before the split changed; it answered none since"
    )


@pytest.mark.parametrize("who", ["", "v2"])
def test_requests_that_fail_are_told_before_a_split_that_is_off(who: str) -> None:
    off = lane(Verdict.OFF, 200, share("v1", 0.9, 0.91, 200), share("v2", 0.1, 0.09, 200))
    probe = replace(IDLE, running=True, health=(known(who, 200, 22, Level.ALARM),))
    found = answer_findings((off,), probe, NOW)
    assert [each.id for each in found] == ["errors" if who else "nobody-answers", "split-off"]


def test_what_is_too_old_says_nothing_any_more() -> None:
    old = known("v2", 100, 45, Level.ALARM, at=NOW - 6 * HALF_LIFE)
    assert answer_findings((HALVES,), replace(IDLE, health=(old,)), NOW) == ()


@pytest.mark.parametrize(
    ("rate", "failures", "told"), [(5, 8, 0), (5, 11, 11), (100, 150, 0), (100, 201, 201), (1000, 500, 500)]
)
def test_failures_in_a_row_count_once_they_last(rate: int, failures: int, told: int) -> None:
    good = Cell(CellKind.ANSWER, "v1", "default", "200")
    strip = tuple(Cell(CellKind.ERROR, None, "default", "503", number / rate) for number in range(failures))
    probe = replace(IDLE, running=True, total=failures, errors=failures, strip=(good, *strip))
    assert failing_in_a_row(probe) == told
    seen = lane(Verdict.UNKNOWN, failures)
    assert bool(why_all_fail(seen, probe)) is bool(told)


def test_a_probe_that_learns_nothing_is_reported() -> None:
    running = replace(IDLE, running=True, total=50)
    refused = tuple(Cell(CellKind.ERROR, None, "default", "connection refused", number / 5) for number in range(50))
    dead = replace(running, errors=50, strip=refused)
    (finding,) = answer_findings((), dead, NOW)
    assert (finding.id, finding.severity, finding.evidence) == ("no-answers", Severity.CRITICAL, "connection refused")
    (finding,) = answer_findings((), replace(running, unknown=50), NOW)
    assert finding.id == "no-version"
    assert answer_findings((), running, NOW) == ()
    assert answer_findings((), replace(dead, total=5, errors=5, strip=refused[:5]), NOW) == ()
    assert answer_findings((), replace(dead, running=False), NOW) == ()


def gone(*notes: str, count: int = 40, seconds: float = 0.2) -> tuple[Cell, ...]:
    """Answers of no version with these statuses in turn, one after the other."""
    kinds = [CellKind.ERROR if note.startswith("5") else CellKind.UNKNOWN for note in notes]
    turns = [number % len(notes) for number in range(count)]
    return tuple(Cell(kinds[turn], None, "default", notes[turn], seconds * at) for at, turn in enumerate(turns))


ONCE = (known("v1", 240.0, 0), known("v2", 60.0, 0), known("", 340.0, 3, Level.DOUBTFUL))
FOREIGN = replace(
    lane(
        Verdict.UNKNOWN,
        400,
        share("v1", 0.8, 0.4, 400),
        Share("others", None, None, Observed(0.5, 0.4, 0.6, 400), True),
    ),
)


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        (("404",), "get 404 (is the route gone, or the host another?)"),
        (("404", "404", "503"), "get 404 or 503 (is the route gone, or the host another?)"),
        (("403",), "get 403 (are the probe's credentials still right?)"),
        (("410",), "get 410"),
    ],
)
def test_where_no_version_answers_any_more_a_status_of_4xx_hurts(notes: tuple[str, ...], words: str) -> None:
    view = replace(IDLE, running=True, health=ONCE, strip=gone(*notes))
    (found,) = answer_findings((FOREIGN,), view, NOW)
    assert (found.id, found.severity) == ("nobody-answers", Severity.CRITICAL)
    assert found.text == f"no version answers: 100% of the last 40 requests {words}"


@pytest.mark.parametrize(
    ("health", "strip"),
    [
        (ONCE[2:], gone("404")),  # no version was ever recognised
        (ONCE, gone("404", count=19)),
        (ONCE, gone("404", seconds=0.01)),  # for a moment
        (ONCE, gone("200")),  # something else answers
        (ONCE, gone("404", "200")),
        (ONCE, (*gone("404"), Cell(CellKind.ANSWER, "v1", "default", "404", 9.0))),  # the application's own
        (ONCE, tuple(replace(cell, lane="beta") for cell in gone("404"))),
    ],
)
def test_a_status_of_4xx_is_no_outage_by_itself(health: tuple[AnswerHealth, ...], strip: tuple[Cell, ...]) -> None:
    found = answer_findings((FOREIGN,), replace(IDLE, running=True, health=health, strip=strip), NOW)
    assert not [each for each in found if each.severity is Severity.CRITICAL]


@pytest.mark.parametrize(
    ("followed", "newest", "severity"),
    [
        (Followed.NOT_YET, "v2", Severity.CRITICAL),
        (Followed.PARTLY, "v2", Severity.CRITICAL),
        (Followed.NOT_YET, "v1", Severity.INFO),
        (Followed.YES, "v2", Severity.INFO),
    ],
)
def test_a_version_that_fails_hurts_until_requests_follow_the_split_that_spares_it(
    followed: Followed, newest: str, severity: Severity
) -> None:
    moved = replace(lane(Verdict.NOT_YET, 0, Share("v1", 1.0, 1.0), Share("v2", 0.0, 0.0)), followed=followed)
    strip = tuple(Cell(CellKind.ERROR, newest, "default", "503", 0.2 * number) for number in range(5))
    probe = replace(IDLE, running=True, health=(known("v2", 60, 60, Level.ALARM),), strip=strip)
    (found,) = answer_findings((moved,), probe, NOW)
    assert (found.id, found.severity) == ("errors", severity)


@pytest.mark.parametrize(("requests", "unnamed", "told"), [(4, 3, False), (36, 3, False), (30, 20, True)])
def test_a_few_answers_without_a_version_are_no_doubt_yet(requests: int, unnamed: int, told: bool) -> None:
    """A gateway that takes up a route again answers the first requests without it."""
    well = VersionReading(CellKind.ANSWER, "v1", "200")
    nameless = VersionReading(CellKind.UNKNOWN, None, "404", rejected=True)
    whole = Lane("default", "", (Share("v1", 1.0, 1.0),))
    record = LaneRecord(whole)
    for number in range(requests):
        record.count(nameless if number < unnamed else well, 1.0, number / 5)
    found = answer_findings((record.filled(whole, True),), IDLE, NOW)
    assert bool([each for each in found if each.id == "answers-of-others"]) is told
