"""The order in which findings are told: the worst first, a cause before what it explains, and that as its evidence."""

from __future__ import annotations

import pytest

from cockpit.model.finding_order import folded, leading, told_for, worst_first
from cockpit.model.rollout import Finding, Severity

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL


def a(kind: str, severity: Severity = CRITICAL, evidence: str = "") -> Finding:
    return Finding(kind, severity, f"text of {kind}", evidence)


def ids(findings: tuple[Finding, ...]) -> list[str]:
    return [found.id for found in findings]


def test_the_worst_come_first_and_else_the_order_stays() -> None:
    found = worst_first([a("sticky", INFO), a("errors"), a("leak", WARNING), a("client-errors")])
    assert ids(found) == ["errors", "client-errors", "leak", "sticky"]
    assert not any(each.because for each in found)


@pytest.mark.parametrize(
    "cause", ["no-ready-pods", "selector-misses", "no-such-port", "pods-without-port", "main-empty"]
)
def test_a_cause_comes_before_requests_that_fail_because_of_it(cause: str) -> None:
    found = worst_first([a("no-answers"), a("nobody-answers"), a(cause, evidence="app=pay")])
    assert ids(found) == [cause, "no-answers", "nobody-answers"]
    assert [each.because for each in found] == ["", cause, cause]
    (told,) = folded(found)
    assert told.text == f"text of {cause}"
    assert told.evidence == "app=pay; text of no-answers; text of nobody-answers"


def test_the_first_cause_of_several_comes_first() -> None:
    found = worst_first([a("no-answers"), a("no-ready-pods"), a("failing-pods")])
    assert ids(found) == ["failing-pods", "no-ready-pods", "no-answers"]
    assert [each.because for each in found] == ["", "failing-pods", "no-ready-pods"]
    assert len(folded(found)) == 1


def test_what_takes_a_part_of_the_requests_does_not_explain_that_none_is_answered() -> None:
    found = worst_first([a("no-answers"), a("empty-backend")])
    assert ids(found) == ["no-answers", "empty-backend"]
    assert folded(found) == found


def test_errors_of_a_version_are_a_cause_whatever_else_is_wrong() -> None:
    found = worst_first([a("errors"), a("main-empty")])
    assert ids(found) == ["errors", "main-empty"]
    assert folded(found) == found


def test_a_cause_counts_as_grave_as_what_it_explains() -> None:
    found = worst_first([a("leak"), a("split-off"), a("sticky", INFO), a("canary-empty", WARNING)])
    assert ids(found) == ["leak", "canary-empty", "split-off", "sticky"]
    first = leading(found[1:])
    assert first is not None
    assert (first.id, first.severity) == ("canary-empty", CRITICAL)
    told = told_for(found, {"split-off"})
    assert told is not None
    assert told.id == "canary-empty"


def test_a_warning_does_not_explain_a_certain_outage() -> None:
    found = worst_first([a("no-answers"), a("pods-without-port", WARNING)])
    assert not any(each.because for each in found)


def test_findings_of_one_cluster_explain_none_of_another() -> None:
    found = worst_first([a("no-answers")], [a("no-ready-pods")])
    assert not any(each.because for each in found)
    again = worst_first(worst_first([a("no-answers"), a("no-ready-pods")]), [a("errors")])
    assert ids(again) == ["no-ready-pods", "no-answers", "errors"]
    assert again[1].because == "no-ready-pods"


def test_an_order_is_made_anew_when_the_cause_is_gone() -> None:
    _, left = worst_first([a("no-answers"), a("no-ready-pods")])
    assert left.because
    assert not worst_first([left])[0].because
