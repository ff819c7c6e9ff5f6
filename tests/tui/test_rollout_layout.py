"""Where the panes of the rollout screen stand: whatever the size, none over another, and what matters first."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.rollout_layout import WIDE, Needs, Place, Places, places

PANES = ("title", "health", "shares", "strip", "chart", "pods", "journal", "events")
USUAL = Needs(1, (3,), 5, 5)
needs = st.builds(
    Needs, st.integers(1, 3), st.lists(st.integers(2, 41), max_size=13).map(tuple), st.integers(1, 40),
    st.integers(3, 700), st.integers(4, 5), st.integers(2, 300),
)  # fmt: skip


def shown(found: Places) -> dict[str, Place]:
    return {name: place for name in PANES if (place := getattr(found, name)).height and place.width}


@given(st.integers(1, 500), st.integers(1, 200), needs)
def test_no_pane_is_over_another_or_outside(width: int, height: int, wanted: Needs) -> None:
    panes = shown(places(width, height, wanted))
    for place in panes.values():
        assert place.x >= 0
        assert place.y >= 1
        assert place.x + place.width <= width
        assert place.y + place.height <= max(height - 1, 1)
    for one, other in itertools.combinations(panes.values(), 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        below = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert beside or below


def test_at_80x24_everything_is_there_as_in_the_picture() -> None:
    found = places(80, 24, USUAL)
    assert {name: place.height for name, place in shown(found).items()} == {
        "title": 1, "health": 5, "shares": 4, "strip": 2, "chart": 6, "pods": 4, "journal": 4,
    }  # fmt: skip
    assert found.framed


def test_two_lanes_come_before_the_way_so_far() -> None:
    found = places(80, 24, Needs(1, (3, 3), 4, 5))
    assert found.shares.height == 7
    assert found.health.height == 4


def test_from_110_columns_there_are_two_and_a_large_screen_is_filled_without_stretching() -> None:
    assert places(WIDE - 1, 40, USUAL).chart.width == WIDE - 1
    for width, height in ((120, 36), (200, 50)):
        found = places(width, height, USUAL)
        assert found.health.x == found.shares.x == found.chart.x == 0
        assert found.pods.x == found.journal.x == found.chart.width
        assert found.chart.height <= 24
        covered = sum(place.width * place.height for place in shown(found).values())
        assert covered >= 0.9 * width * (height - 2)
    assert places(200, 50, USUAL).events.height >= 6


def test_in_little_room_who_gets_what_and_the_health_stay() -> None:
    found = places(60, 8, USUAL)
    assert found.shares.height >= 3
    assert found.health.height == 1
    assert not found.chart.height
