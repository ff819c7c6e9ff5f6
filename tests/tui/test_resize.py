"""After a terminal changed its size the screen is what it would have been from the start."""

from __future__ import annotations

import re
from datetime import UTC

import pytest

from cockpit.tui.app import CockpitApp
from tests.tui.fake import FakeCockpit, fleet

SIZES = ((80, 24), (120, 36))


def app() -> CockpitApp:
    return CockpitApp(FakeCockpit(fleet()), theme="dark", keymap={}, themes_dir=None, glyphs="unicode", zone=UTC)


def texts(shown: CockpitApp) -> list[str]:
    return re.findall(r">([^<>]+)</text>", shown.export_screenshot())


@pytest.mark.parametrize(("before", "after"), [SIZES, SIZES[::-1]])
@pytest.mark.parametrize("keys", [(), ("enter",)])
async def test_nothing_stale_is_left(before: tuple[int, int], after: tuple[int, int], keys: tuple[str, ...]) -> None:
    resized, fresh = app(), app()
    async with resized.run_test(size=before) as pilot:
        await pilot.press(*keys)
        await pilot.resize_terminal(*after)
        await pilot.pause()
        left = texts(resized)
    async with fresh.run_test(size=after) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert left == texts(fresh)
