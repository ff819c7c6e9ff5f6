"""What this user may not read raises no alarm that reading it would take back."""

from __future__ import annotations

import pytest

from cockpit.model.refs import ISTIO_GATEWAYS, Resource
from cockpit.model.rollout import Phase, Rollout, Severity
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.workloads.unread import DECIDING, with_doubts
from tests.adapters.situations import HERE, SITUATIONS, situation
from tests.objects import Cluster

# Gateways too: a VirtualService is at none that is missing.
KINDS = sorted(DECIDING | {ISTIO_GATEWAYS}, key=str)


def alarms(rollout: Rollout, unread: frozenset[Resource] = frozenset()) -> set[str]:
    findings = with_doubts(rollout.findings, unread)
    worst = {found.id for found in findings if found.severity is Severity.CRITICAL}
    return worst | ({"degraded"} if rollout.phase is Phase.DEGRADED else set())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.version} {kind.plural}")
@pytest.mark.parametrize("name", SITUATIONS)
def test_no_alarm_comes_from_what_may_not_be_read(name: str, kind: Resource) -> None:
    cluster, found = situation(name)
    known = set[str]().union(*(alarms(rollout) for _, rollout in found))
    partly = Cluster(context=cluster.context, unknown=[kind])
    partly.docs = cluster.docs
    for adapter in ADAPTERS:
        for root in (root for wanted in adapter.roots if wanted != kind for root in partly.every(wanted, HERE)):
            for rollout in adapter.read(root, partly):
                told = alarms(rollout, frozenset({kind}) & frozenset(adapter.needs))
                assert told <= known, f"{rollout.key}: {rollout.message}"
