"""After a terminal changed its size the screen is what it would have been from the start."""

from __future__ import annotations

import pytest

from tests.tui.driving import rest, screen, settled, texts_on
from tests.tui.fake import FakeCockpit, fleet
from tests.tui.terminal import until

SIZES = ((80, 24), (120, 36))


@pytest.mark.parametrize(("before", "after"), [SIZES, SIZES[::-1]])
@pytest.mark.parametrize("keys", [(), ("enter",), ("w",), ("enter", "r"), ("enter", "g")])
async def test_nothing_stale_is_left(before: tuple[int, int], after: tuple[int, int], keys: tuple[str, ...]) -> None:
    async with screen(FakeCockpit(fleet()), size=after) as (_, pilot):
        await pilot.press(*keys)
        wanted = await settled(pilot)
    async with screen(FakeCockpit(fleet()), size=before) as (resized, pilot):
        await pilot.press(*keys)
        await pilot.resize_terminal(*after)
        await rest(pilot)
        # What is below a dialog has its panes painted one after the other.
        await until(lambda: texts_on(resized) == wanted)
