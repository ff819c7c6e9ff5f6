"""Routes of a VirtualService that answer plain requests themselves, or fail a part of them on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Phase, Severity
from tests.objects import Cluster
from tests.routers.istio_objects import reviews, split, virtual_service
from tests.routers.istio_reading import findings, read

CLOSED = {"directResponse": {"status": 503}}


def severities(cluster: Cluster) -> dict[str, Severity]:
    return {found.id: found.severity for found in read(cluster).findings}


@pytest.mark.parametrize(
    ("first", "severity", "words"),
    [
        (CLOSED, Severity.CRITICAL, "route 1 answers all plain requests with status 503"),
        ({"directResponse": {"status": 200}}, Severity.WARNING, "with status 200"),
        ({"redirect": {"authority": "other.test"}}, Severity.WARNING, "route 1 redirects all plain requests"),
    ],
)
def test_a_route_that_answers_everybody_itself_is_told(first: dict[str, Any], severity: Severity, words: str) -> None:
    """On the lab all of 80 requests got the 503, or the redirect."""
    cluster = reviews(virtual_service(first, split()))
    assert severities(cluster)["answered-by-route"] is severity
    assert words in findings(cluster)["answered-by-route"]
    assert "no-default-route" not in findings(cluster)
    assert read(cluster).phase is Phase.DEGRADED


@pytest.mark.parametrize("match", [{"headers": {"x-closed": {"exact": "1"}}}, {"uri": {"prefix": "/api"}}])
def test_one_for_some_requests_is_no_alarm(match: dict[str, Any]) -> None:
    cluster = reviews(virtual_service({**CLOSED, "match": [match]}, split()))
    assert "answered-by-route" not in findings(cluster)
    assert read(cluster).phase is Phase.CANARY


@pytest.mark.parametrize(("percentage", "severity"), [(50, Severity.CRITICAL), (0.5, Severity.WARNING)])
def test_failing_a_part_of_the_plain_requests_hurts(percentage: float, severity: Severity) -> None:
    """On the lab 48 of 80 requests got the 500 with 50%."""
    abort = {"abort": {"httpStatus": 500, "percentage": {"value": percentage}}}
    cluster = reviews(virtual_service({**split(), "fault": abort}))
    assert severities(cluster)["fault-injection"] is severity
    assert read(cluster).phase is Phase.CANARY
