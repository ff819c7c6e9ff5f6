"""What a table and a pane show in their room: the pane has room for a sentence, and pods that are to go are told."""

from __future__ import annotations

import pytest

from cockpit.model.rollout import Role
from cockpit.tui import fleet_layout
from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.text import pods_of
from cockpit.tui.widgets.rollout_row import columns
from tests.tui.fake import version


@pytest.mark.parametrize("width", [139, 140, 160, 200])
def test_the_pane_beside_the_table_is_wide_enough_for_a_sentence(width: int) -> None:
    at = fleet_layout.places(width, 38, 60)
    assert width - at.table_columns >= 50
    assert columns(at.table_columns - 2).name >= 25


def test_pods_that_are_to_go_are_told_as_such() -> None:
    old = version("v1", Role.OLD, 3, 0)
    assert (pods_of(old, UNICODE), pods_of(old, ASCII)) == ("3→0", "3->0")
    assert pods_of(version("v1", Role.OLD, 1, 4), UNICODE) == "1/4"
