"""What was read is exempt from the search for garbage, once, when all of it is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.launch.long_lived import spare_once_read
from cockpit.model.view import FleetView, Sync
from tests.tui.fake import FakeCockpit


def reading(view: FleetView, state: Sync, unfinished: int = 0) -> FleetView:
    clusters = tuple(replace(cluster, state=state, unfinished=unfinished) for cluster in view.clusters)
    return replace(view, at=view.at + 1, clusters=clusters)


def test_it_waits_until_everything_is_read_and_is_done_once() -> None:
    cockpit = FakeCockpit()
    spared: list[str] = []
    spare_once_read(cockpit, lambda: spared.append("spared"))
    cockpit.publish(reading(cockpit.current, Sync.SYNCING))
    cockpit.publish(reading(cockpit.current, Sync.LIVE, unfinished=3))
    assert spared == []
    cockpit.publish(reading(cockpit.current, Sync.LIVE))
    assert spared == ["spared"]
    cockpit.publish(reading(cockpit.current, Sync.SYNCING))
    cockpit.publish(reading(cockpit.current, Sync.LIVE))
    assert spared == ["spared"]


@pytest.mark.parametrize("away", [Sync.RETRYING, Sync.REFUSED, Sync.FORBIDDEN, Sync.ABSENT])
def test_a_cluster_that_does_not_answer_is_not_waited_for(away: Sync) -> None:
    cockpit = FakeCockpit()
    spared: list[str] = []
    spare_once_read(cockpit, lambda: spared.append("spared"))
    (here,) = cockpit.current.clusters
    there = replace(here, context="other", state=away)
    cockpit.publish(replace(cockpit.current, at=1.0, clusters=(replace(here, state=Sync.SYNCING), there)))
    assert spared == []
    cockpit.publish(replace(cockpit.current, at=2.0, clusters=(here, there)))
    assert spared == ["spared"]
