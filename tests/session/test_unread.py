"""What this user may not read is not missing: no alarm, no change in the journal."""

from __future__ import annotations

import pytest

from cockpit.model.finding_catalogue import CATALOGUE
from cockpit.model.refs import DAEMONSETS, PODS, SERVICES, TRAFFICROUTINGS
from cockpit.model.rollout import Finding, Severity
from cockpit.model.view import Sync
from cockpit.session.facts.unread import DECIDING, RESTS_ON, with_doubts
from tests.session.apiserver import ApiServer
from tests.session.conftest import Open
from tests.session.test_foreign_changes import quiet


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


async def test_a_right_that_comes_later_changes_nothing_in_the_release(server: ApiServer, stage: Open) -> None:
    server.forbidden = {"deployments"}
    on = await stage(server)
    kinds = {kind.kind: kind.state for kind in on.session.view().clusters[0].kinds}
    assert kinds["Deployment"] is Sync.FORBIDDEN
    server.forbidden = set()
    await on.until(lambda view: all(kind.state is not Sync.FORBIDDEN for kind in view.clusters[0].kinds))
    await on.until(lambda view: len(view.rollouts[0].rollout.versions) == 2)
    assert not await quiet(on)
