"""The rows of the fleet are worked out once, and again when something that they show is another."""

from __future__ import annotations

from cockpit.tui.lines import Line, plain
from cockpit.tui.widgets.rollout_table import RolloutTable
from tests.tui.driving import press, screen
from tests.tui.fake import START, FakeCockpit
from tests.tui.fleets import usual

NAMES = ("mail/mail", "billing/api", "argo/rollouts-demo")
EDGE = 2  # the frame, and the cursor or mark


def texts(table: RolloutTable, name: str) -> Line:
    """The row of this name between cursor and frame."""
    line = next(line for line, text in zip(table.lines, plain(table.lines), strict=True) if name in text)
    return line[EDGE:-EDGE]


async def test_a_key_works_no_row_out_again() -> None:
    async with screen(FakeCockpit(usual())) as (app, pilot):
        table = app.screen.query_one(RolloutTable)
        before = {name: texts(table, name) for name in NAMES}
        await press(pilot, "j")
        assert plain(table.lines)[2].startswith("│  "), "the cursor moved"
        for name in NAMES:
            after = texts(table, name)
            assert len(after) == len(before[name]) > 4
            assert all(a is b for a, b in zip(after, before[name], strict=True)), name


async def test_what_a_row_shows_of_the_time_goes_on() -> None:
    now = START + 300
    async with screen(FakeCockpit(usual()), (200, 36), now=lambda: now) as (app, _):
        table = app.screen.query_one(RolloutTable)
        cart, demo = (plain([texts(table, name)])[0] for name in ("argo-canary/cart", "argo/rollouts-demo"))
        assert "14m" in cart
        assert "4m left" in demo
        now += 120
        table.repaint()
        assert "16m" in plain([texts(table, "argo-canary/cart")])[0]
        assert "2m left" in plain([texts(table, "argo/rollouts-demo")])[0]
