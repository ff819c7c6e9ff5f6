"""What the first frame does without: style sheets that are read twice, and pieces of panes that say nothing yet."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.view import Sync
from cockpit.tui.app import CockpitApp
from cockpit.tui.widgets.painted import Tile
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, screen, shown
from tests.tui.fake import FakeCockpit, fleet
from tests.tui.fleets import no_rows
from tests.tui.terminal import until

CONNECTING = no_rows(Sync.CONNECTING)


async def test_the_style_sheets_are_read_once_in_the_colours_of_the_theme() -> None:
    async with screen(FakeCockpit(CONNECTING), theme="light") as (app, pilot):
        assert app._css_update_count == 0  # as the library counts how often they were read anew
        assert {"-light-mode", "-theme-light"} <= app.classes
        assert "-dark-mode" not in app.classes
        background = app.screen.styles.background
        assert background.hex.lower() == (app.current_theme.background or "").lower()
        await press(pilot, "T")
        assert app.theme != "light"
        assert app.screen.styles.background != background


async def test_panes_are_cut_into_pieces_once_something_changed_on_them() -> None:
    cockpit = FakeCockpit(CONNECTING)
    async with screen(cockpit) as (app, _):
        assert "connecting" in shown(app)
        assert not app.screen.query(Tile)
        cockpit.publish(fleet())
        table = app.screen.query_one(RolloutTable)
        await until(lambda: len(table.query_children(Tile)) == table.TILES + 1)
        assert fleet().rollouts[0].rollout.key.name in shown(app)
        cockpit.publish(replace(fleet(), at=fleet().at + 60))
        cockpit.publish(CONNECTING)
        await until(lambda: "connecting" in shown(app))
        assert len(table.query_children(Tile)) == table.TILES + 1


async def test_a_pane_that_leaves_before_it_is_cut_is_left_alone() -> None:
    cockpit = FakeCockpit(CONNECTING)
    app = CockpitApp(cockpit)
    async with app.run_test(size=(80, 24)):
        app.screen.query_one(RolloutTable)._cut_later()
        app.exit()
    assert app.return_code == 0
