"""What a person sees and does, key by key, against a cockpit that notes what it is asked."""

from __future__ import annotations

from datetime import UTC

from cockpit.model.plan import Act
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.rollout import RolloutScreen
from tests.tui.fake import FakeCockpit


async def test_roll_back_is_two_keys() -> None:
    cockpit = FakeCockpit()
    app = CockpitApp(cockpit, zone=UTC)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(app.screen, PlanDialog)
        assert not cockpit.sent
        await pilot.press("enter")
        await pilot.pause()
    assert [(key.name, ask.act) for key, ask in cockpit.asks] == [("http-server", Act.ROLLBACK)]
    assert len(cockpit.sent) == 1


async def test_enter_opens_a_rollout_and_escape_goes_back() -> None:
    app = CockpitApp(FakeCockpit(), zone=UTC)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter")
        assert isinstance(app.screen, RolloutScreen)
        assert app.screen.key.name == "reviews"
        await pilot.press("escape")
        assert not isinstance(app.screen, RolloutScreen)
