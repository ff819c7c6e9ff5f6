"""What is read while pods are still being listed raises no alarm that the pods would take back."""

from __future__ import annotations

import pytest

from cockpit.model.kinds import LATE
from cockpit.model.rollout import Rollout, Severity
from cockpit.session.facts.assemble import unalarmed
from tests.adapters.situations import SITUATIONS, situation
from tests.objects import Cluster


def alarms(rollout: Rollout) -> set[str]:
    return {found.id for found in rollout.findings if found.severity is Severity.CRITICAL}


def without_pods(cluster: Cluster) -> Cluster:
    """The same objects, of which the late kinds are not read yet."""
    early = Cluster(context=cluster.context, unknown=LATE)
    early.docs = cluster.docs
    return early


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_alarm_comes_from_pods_that_are_not_read_yet(name: str) -> None:
    cluster, found = situation(name)
    assert found
    early = without_pods(cluster)
    for adapter, rollout in found:
        root = rollout.objects[0]
        obj = early.get(root.resource, root.namespace, root.name)
        assert obj is not None
        read = {each.key: each for each in adapter.read(obj, early)}
        assert rollout.key in read, "the row is there from the beginning"
        assert alarms(unalarmed(read[rollout.key])) <= alarms(rollout)
