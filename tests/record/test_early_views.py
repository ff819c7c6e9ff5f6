"""While clusters are read for the first time each view has other rows than the one before: few are recorded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from cockpit.model.view import FleetView, Sync
from cockpit.record.following import EARLY_SECONDS, Following
from cockpit.record.recorder import Recorder
from cockpit.session.clock import ManualClock
from tests.record.test_last_hour import OnLoop


class Written:
    """Keeps the views that it is given, in place of a recorder."""

    def __init__(self) -> None:
        self.at = 0.0
        self.views: list[FleetView] = []

    def now(self) -> float:
        return self.at

    def view(self, view: FleetView) -> None:
        self.views.append(view)

    def plan(self, *_: Any) -> None:
        pass


def being_read(view: FleetView, at: float) -> FleetView:
    return replace(view, at=at, clusters=tuple(replace(each, state=Sync.SYNCING) for each in view.clusters))


async def test_a_start_is_recorded_at_once_then_seldom_and_when_everything_was_read() -> None:
    cockpit, written = OnLoop(), Written()
    live = cockpit.current
    early = [being_read(live, at) for at in (0.0, 1.0, 2.0, EARLY_SECONDS, EARLY_SECONDS + 1)]
    cockpit.current = early[0]
    following = Following(cockpit, cast(Recorder, written), ManualClock())
    running = asyncio.create_task(following.run())
    await asyncio.sleep(0)
    for view in early[1:]:
        written.at = view.at
        cockpit.publish(view)
    assert written.views == [early[0], early[3]]
    following.catch_up()
    following.catch_up()
    assert written.views[2:] == [early[4]], "who writes the record has what was shown last"
    done = [replace(live, at=EARLY_SECONDS + 2), replace(live, at=EARLY_SECONDS + 3)]
    for view in done:
        cockpit.publish(view)
    later = being_read(live, EARLY_SECONDS + 4)
    cockpit.publish(later)
    assert written.views[3:] == [*done, later], "what is read anew later is no start"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_was_put_off_and_stays_on_the_screen_is_recorded_in_time() -> None:
    cockpit, written, clock = OnLoop(), Written(), ManualClock()
    first, second, much_later = (being_read(cockpit.current, at) for at in (0.0, 1.0, 300.0))
    cockpit.current = first
    running = asyncio.create_task(Following(cockpit, cast(Recorder, written), clock).run())
    await clock.sleeping()
    written.at = second.at
    cockpit.publish(second)
    assert written.views == [first]
    await clock.advance(EARLY_SECONDS)
    assert written.views == [first, second]
    written.at = much_later.at
    cockpit.publish(much_later)
    assert written.views == [first, second, much_later]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
