"""Which rollouts changed from one view to the next."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.changes import changed_places
from tests.tui.fake import fleet


def test_only_what_is_another_object_changed() -> None:
    before = fleet().rollouts
    after = (before[0], replace(before[1], acting="approve"), *before[2:])
    assert changed_places(before, after) == [1]
    assert changed_places(before, tuple(before)) == []


def test_rollouts_that_came_went_or_moved_are_told_apart() -> None:
    before = fleet().rollouts
    assert changed_places(before, before[1:]) is None
    assert changed_places(before, (before[1], before[0], *before[2:])) is None
