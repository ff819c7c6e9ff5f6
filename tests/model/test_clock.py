"""Time that goes on in a suspend."""

from __future__ import annotations

from cockpit.model.clock import LastingTime
from cockpit.session.clock import ManualClock


async def test_lasting_time_goes_on_in_a_suspend_and_never_back() -> None:
    clock = ManualClock()
    lasting = LastingTime(clock)
    start = lasting.seconds()
    await clock.advance(10.0)
    clock.suspend(3600.0)
    assert lasting.seconds() - start == 3610.0
    clock.suspend(-7200.0)
    await clock.advance(5.0)
    assert lasting.seconds() - start == 3615.0, "a wall clock that is set back says nothing"
    clock.suspend(0.5)
    assert lasting.seconds() - start == 3615.0, "and small steps are those of a clock that is being corrected"
