"""Pictures of the fleet in every state and size, frozen."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from cockpit.tui.app import CockpitApp
from tests.tui.driving import at_rest_after
from tests.tui.fake import FakeCockpit
from tests.tui.fleets import NOW, PICTURED

SIZES = {"80x24": (80, 24), "120x36": (120, 36), "200x50": (200, 50)}
# The fleet, and the keys that lead to the state.
STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    **{name: (name, ()) for name in PICTURED if name != "usual"},
    "hurt": ("usual", ()),
    "waiting": ("usual", ("down",)),
    "parts": ("two clusters", ("enter", "down")),
    "by namespace": ("sixty", ("Z", "z")),
    "unfolded": ("sixty", ("F", "end")),
}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("state", STATES)
def test_fleet(snap_compare: Any, state: str, size: tuple[int, int]) -> None:
    name, pressed = STATES[state]
    app = CockpitApp(FakeCockpit(PICTURED[name]), zone=UTC, now=lambda: NOW)
    assert snap_compare(app, terminal_size=size, run_before=at_rest_after(*pressed))


@pytest.mark.parametrize("size", [(60, 20), (40, 12)], ids=["60x20", "40x12"])
def test_fleet_in_little_room_in_ascii(snap_compare: Any, size: tuple[int, int]) -> None:
    app = CockpitApp(FakeCockpit(PICTURED["usual"]), zone=UTC, now=lambda: NOW, theme="ansi", glyphs="ascii")
    assert snap_compare(app, terminal_size=size, run_before=at_rest_after())
