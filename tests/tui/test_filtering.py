"""What the filter of the fleet matches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.tui.filtering import Filter
from tests.tui.driving import press, screen, shown
from tests.tui.fake import FakeCockpit, fleet

VIEWS = fleet().rollouts
NAMES = [view.rollout.key.name for view in VIEWS]


def names(typed: str) -> list[str]:
    wanted = Filter(typed)
    return [view.rollout.key.name for view in VIEWS if wanted.matches(view)]


@pytest.mark.parametrize("typed", ["", "  ", "re:", "re: ", "~", "re:("])
def test_what_says_nothing_yet_hides_nothing(typed: str) -> None:
    assert names(typed) == (NAMES if typed != "~" else [])


def test_letters_in_order_find_a_name() -> None:
    name = max(NAMES, key=len)
    assert name in names(f"~{name[0]}{name[2]}{name[-1]}")
    assert names("~zqx") == []
    assert names("!~zqx") == NAMES


def test_a_pattern_finds_names_and_states_whatever_the_case() -> None:
    first, second = NAMES[:2]
    assert {first, second} <= set(names(f"re:({first}|{second.upper()})"))
    assert names("re:^nothing$") == []


def test_a_pattern_that_is_not_complete_says_so() -> None:
    assert Filter("re:(a").problem.startswith("the pattern is not complete: missing )")


def test_a_pattern_that_takes_too_long_is_given_up() -> None:
    wanted = Filter(r"re:^((.|.|.)*)*\d{3}$")
    assert [wanted.matches(view) for view in VIEWS] == [True] * len(VIEWS)
    assert wanted.problem == "the pattern takes too long"


@given(st.text(max_size=40))
def test_whatever_is_typed_it_lives(typed: str) -> None:
    names(typed)
    names(f"re:{typed}")


async def test_the_screen_says_what_is_wrong_with_a_pattern() -> None:
    async with screen(FakeCockpit()) as (app, pilot):
        await press(pilot, "slash", "r", "e", "colon", "left_parenthesis")
        assert "the pattern is not complete" in shown(app)
