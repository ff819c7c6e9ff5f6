"""What was read is exempt from the search for garbage, once, when all of it is there."""

from __future__ import annotations

from dataclasses import replace

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
