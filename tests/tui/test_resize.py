"""After a terminal changed its size the screen is what it would have been from the start."""

from __future__ import annotations

from datetime import UTC

import pytest

from cockpit.tui.app import CockpitApp
from tests.tui.driving import rest, settled, texts_on
from tests.tui.fake import FakeCockpit, fleet
from tests.tui.terminal import until

SIZES = ((80, 24), (120, 36))


def app() -> CockpitApp:
    return CockpitApp(FakeCockpit(fleet()), theme="dark", keymap={}, themes_dir=None, glyphs="unicode", zone=UTC)


@pytest.mark.parametrize(("before", "after"), [SIZES, SIZES[::-1]])
@pytest.mark.parametrize("keys", [(), ("enter",), ("w",), ("enter", "r"), ("enter", "g")])
async def test_nothing_stale_is_left(before: tuple[int, int], after: tuple[int, int], keys: tuple[str, ...]) -> None:
    resized, fresh = app(), app()
    async with fresh.run_test(size=after) as pilot:
        await pilot.press(*keys)
        wanted = await settled(pilot)
    async with resized.run_test(size=before) as pilot:
        await pilot.press(*keys)
        await pilot.resize_terminal(*after)
        await rest(pilot)
        # What is below a dialog has its panes painted one after the other.
        await until(lambda: texts_on(resized) == wanted)
