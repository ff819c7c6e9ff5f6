"""What may only be unread is told as a doubt."""

from __future__ import annotations

import pytest

from cockpit.model.finding_catalogue import CATALOGUE
from cockpit.model.refs import DAEMONSETS, PODS, SERVICES, TRAFFICROUTINGS
from cockpit.model.rollout import Finding, Severity
from cockpit.workloads.unread import DECIDING, RESTS_ON, with_doubts


@pytest.mark.parametrize("kind", RESTS_ON)
def test_what_may_only_be_unread_is_no_alarm(kind: str) -> None:
    assert kind in CATALOGUE
    found = (Finding(kind, Severity.CRITICAL, "Service pay-v1 does not exist"),)
    for resource in DECIDING:
        (told,) = with_doubts(found, frozenset({resource}))
        if resource in RESTS_ON[kind]:
            assert told.severity is Severity.WARNING
            assert told.text.startswith(f"not certain, as {resource.plural} could not be read: Service pay-v1")
        else:
            assert told == found[0]


def test_what_was_read_stays_an_alarm() -> None:
    found = (
        Finding("errors", Severity.CRITICAL, "v2 fails"),
        Finding("dangling-canary", Severity.CRITICAL, "Service pay-v1 does not exist"),
        Finding("no-ready-pods", Severity.INFO, "v3 has no ready pods"),
    )
    assert with_doubts(found, frozenset()) == found
    assert with_doubts(found, frozenset({TRAFFICROUTINGS, DAEMONSETS}))[:2] == found[:2]
    told = with_doubts(found, frozenset({SERVICES, PODS}))
    assert [each.severity for each in told] == [Severity.CRITICAL, Severity.WARNING, Severity.INFO]
    assert told[2].text.startswith("not certain, as pods and services could not be read: ")
