"""The screen of a rollout that is gone, or that another system drives now."""

from __future__ import annotations

from dataclasses import replace

from cockpit.tui.widgets.timeline import Timeline, latest
from tests.tui.driving import press, rest, said, screen
from tests.tui.fake import START, FakeCockpit


async def test_a_rollout_that_goes_away_is_told_once() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit) as (app, pilot):
        await press(pilot, "enter")
        for at in (400.0, 500.0):
            cockpit.publish(replace(cockpit.current, at=START + at, rollouts=cockpit.current.rollouts[1:]))
            await rest(pilot)
        assert said(app).count("this rollout is gone") == 1
        await press(pilot, "r")
        assert "no rollout is selected" in said(app)
    assert not cockpit.asks


async def test_a_rollout_that_another_system_drives_is_followed() -> None:
    cockpit = FakeCockpit()
    async with screen(cockpit, size=(120, 36)) as (app, pilot):
        await press(pilot, "enter")
        first = cockpit.current.rollouts[0]
        told = latest([entry for entry in cockpit.current.journal if entry.rollout == first.rollout.key])
        key = replace(first.rollout.key, system="argo")
        moved = replace(first, rollout=replace(first.rollout, key=key))
        for at in (400.0, 500.0):
            cockpit.publish(replace(cockpit.current, at=START + at, rollouts=(moved, *cockpit.current.rollouts[1:])))
            await rest(pilot)
        assert said(app).count(f"the system argo drives {key} now") == 1
        assert "gone" not in said(app)
        panes = app.screen.query_one(Timeline).entries  # the journal of the system before
        assert [entry.title for entry in panes] == [entry.title for entry in told]
        assert told
        await press(pilot, "r")
        assert cockpit.asks[-1][0] == key
