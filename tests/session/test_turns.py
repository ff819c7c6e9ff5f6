"""How one budget is shared, for any rollouts: nobody gets too much, and nobody waits for ever."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.refs import RolloutKey
from cockpit.model.sampling import DOUBT_FACTOR
from cockpit.session.probing.turns import (
    NO_TURNS,
    TURN_ANSWERS,
    TURN_SECONDS,
    URGENT_PART,
    Rank,
    Turns,
    Wish,
    limited_together,
    share_budget,
)

BUDGET = 50.0


def key(number: int) -> RolloutKey:
    return RolloutKey("test", "shop", f"web-{number:03}", "ingress")


def wish(number: int, rank: Rank, asked: float = 10.0, *, doubtful: bool = False, decided: bool = False) -> Wish:
    return Wish(key(number), rank, asked, doubtful, decided)


RATES = st.floats(0.01, 200.0)
WISHES = st.lists(
    st.builds(
        Wish,
        st.integers(0, 40).map(key),
        st.sampled_from(Rank),
        RATES,
        st.booleans(),
        st.booleans(),
        st.integers(0, 10_000),
    ),
    max_size=40,
    unique_by=lambda wish: wish.key,
)


@given(WISHES, RATES)
def test_together_they_get_at_most_the_budget_and_each_has_a_rate(wishes: list[Wish], budget: float) -> None:
    rates, _ = share_budget(wishes, budget, NO_TURNS, 0.0)
    assert rates.keys() == {wish.key for wish in wishes}
    assert min(rates.values(), default=0.0) >= 0
    assert sum(rates.values()) <= budget * (1 + 1e-9)
    for one in wishes:
        assert rates[one.key] <= one.asked * (DOUBT_FACTOR if one.doubtful else 1) * (1 + 1e-9)


@given(WISHES, RATES, RATES)
def test_the_selected_one_gets_what_it_asks_for_whatever_the_others_want(
    wishes: list[Wish], asked: float, budget: float
) -> None:
    others = [replace(one, rank=max(one.rank, Rank.URGENT)) for one in wishes]
    selected = wish(99, Rank.SELECTED, asked)
    before = share_budget(others, budget, NO_TURNS, 0.0)[1]
    rates, _ = share_budget([*others, selected], budget, before, 0.1)
    least = (1 - URGENT_PART) * budget if any(one.rank is Rank.URGENT for one in others) else budget
    assert rates[selected.key] >= min(asked, least) * (1 - 1e-9)


def test_what_is_guarded_comes_right_after_what_is_selected() -> None:
    selected, guarded = wish(0, Rank.SELECTED, 50.0), wish(1, Rank.GUARDED, 20.0)
    urgent = [wish(number, Rank.URGENT, 10.0) for number in range(2, 9)]
    rates, _ = share_budget([selected, *urgent, guarded], BUDGET, NO_TURNS, 0.0)
    assert rates[guarded.key] == pytest.approx(20.0)
    assert sum(rates[one.key] for one in urgent) == pytest.approx(5.0)
    proxied = [replace(one, through="test") for one in (selected, *urgent, guarded)]
    assert limited_together(proxied, rates, 30.0)[guarded.key] == pytest.approx(4.5)


def test_what_is_urgent_is_measured_whatever_is_selected() -> None:
    selected = [wish(number, Rank.SELECTED, 50.0) for number in range(5)]
    rates, _ = share_budget([*selected, wish(9, Rank.URGENT)], BUDGET, NO_TURNS, 0.0)
    assert rates[key(9)] == pytest.approx(10.0)


def passed(wishes: list[Wish], rates: dict[RolloutKey, float], seconds: float) -> list[Wish]:
    """The wishes after so many seconds of answers."""
    return [replace(one, answers=one.answers + int(rates[one.key] * seconds)) for one in wishes]


@given(WISHES, RATES)
def test_nobody_starves_while_the_selected_one_leaves_something(wishes: list[Wish], budget: float) -> None:
    wishes = [replace(one, asked=min(one.asked, budget / 50)) if one.rank is Rank.SELECTED else one for one in wishes]
    turns, now, got = NO_TURNS, 0.0, Counter[RolloutKey]()
    for _ in range(len(wishes) + 1):
        rates, turns = share_budget(wishes, budget, turns, now)
        got.update({key: rate for key, rate in rates.items() if rate > 0})
        wishes, now = passed(wishes, rates, TURN_SECONDS), now + TURN_SECONDS
    assert all(got[one.key] > 0 for one in wishes)


def test_what_moves_comes_before_what_rests_and_shares_equally() -> None:
    wishes = [wish(0, Rank.SELECTED)] + [wish(n, Rank.URGENT) for n in range(1, 9)]
    wishes += [wish(n, Rank.RESTING) for n in range(9, 60)]
    rates, _ = share_budget(wishes, BUDGET, NO_TURNS, 0.0)
    assert rates[key(0)] == 10.0
    assert [rates[key(n)] for n in range(1, 9)] == pytest.approx([4.5] * 8)
    assert [rates[key(n)] for n in range(9, 60)] == pytest.approx([4.0] + [0.0] * 50)


def test_a_doubt_gets_tenfold_of_what_the_others_leave() -> None:
    doubt, calm, rests = wish(0, Rank.URGENT, 2.0, doubtful=True), wish(1, Rank.URGENT), wish(2, Rank.RESTING)
    rates, _ = share_budget([doubt, calm, rests], BUDGET, NO_TURNS, 0.0)
    assert rates == pytest.approx({doubt.key: 20.0, calm.key: 10.0, rests.key: 10.0})
    many = [wish(n, Rank.URGENT) for n in range(2, 10)]
    rates, _ = share_budget([doubt, calm, *many], BUDGET, NO_TURNS, 0.0)
    assert rates[doubt.key] == 2.0, "the others move too"
    looked_at = replace(doubt, rank=Rank.SELECTED, asked=10.0)
    rates, _ = share_budget([looked_at, rests], BUDGET, NO_TURNS, 0.0)
    assert rates == pytest.approx({looked_at.key: 46.0, rests.key: 4.0})


def resting(count: int) -> list[Wish]:
    return [wish(n, Rank.RESTING) for n in range(count)]


def on_turn(turns: Turns) -> list[RolloutKey]:
    return [turn.key for turn in turns.current]


def test_a_turn_ends_when_enough_answers_have_decided() -> None:
    wishes = resting(8)
    _, turns = share_budget(wishes, BUDGET, NO_TURNS, 0.0)
    assert on_turn(turns) == [key(n) for n in range(5)]
    wishes[0] = replace(wishes[0], answers=TURN_ANSWERS)
    wishes[1] = replace(wishes[1], decided=True, answers=TURN_ANSWERS - 1)
    _, turns = share_budget(wishes, BUDGET, turns, 6.0)
    assert on_turn(turns) == [key(n) for n in range(5)], "undecided, or not with answers of this turn"
    wishes[0] = replace(wishes[0], decided=True)
    _, turns = share_budget(wishes, BUDGET, turns, 7.0)
    assert set(on_turn(turns)) == {key(n) for n in range(1, 6)}


def test_a_turn_that_decides_nothing_ends_too_and_comes_again_last() -> None:
    wishes = resting(7)
    _, turns = share_budget(wishes, BUDGET, NO_TURNS, 0.0)
    _, turns = share_budget(wishes, BUDGET, turns, TURN_SECONDS)
    assert on_turn(turns)[:2] == [key(5), key(6)]
    assert len(on_turn(turns)) == 5


def test_who_was_looked_at_waits_behind_those_never_sampled() -> None:
    wishes = resting(7)
    wishes[0] = replace(wishes[0], rank=Rank.SELECTED)
    _, turns = share_budget(wishes, BUDGET, NO_TURNS, 0.0)
    _, turns = share_budget(resting(7), BUDGET, turns, TURN_SECONDS)
    assert on_turn(turns)[:3] == [key(5), key(6), key(0)]


def test_one_alone_is_sampled_all_the_time() -> None:
    turns = NO_TURNS
    for now in range(0, 300, 20):
        rates, turns = share_budget(resting(1), BUDGET, turns, float(now))
        assert rates == {key(0): 10.0}


@given(WISHES, RATES)
def test_through_one_api_server_they_get_at_most_its_part(wishes: list[Wish], budget: float) -> None:
    through = [replace(one, through="ab"[n % 2]) if n % 3 else one for n, one in enumerate(wishes)]
    rates, _ = share_budget(through, budget, NO_TURNS, 0.0)
    limited = limited_together(through, rates, 20.0)
    for server in "ab":
        keys = [one.key for one in through if one.through == server]
        assert sum(limited.get(key, 0.0) for key in keys) <= 20.0 * (1 + 1e-9)
        selected = sum(rates[one.key] for one in through if one.through == server and one.rank is Rank.SELECTED)
        if selected < 20.0:
            assert all(limited[key] > 0 for key in keys if rates[key] > 0)
    assert all(limited[key] <= rates[key] * (1 + 1e-9) for key in limited)


def test_among_five_hundred_the_selected_one_has_its_rate_all_the_time_and_the_others_take_turns() -> None:
    wishes = [wish(0, Rank.SELECTED), *(wish(n, Rank.RESTING) for n in range(1, 500))]
    turns, got = NO_TURNS, Counter[RolloutKey]()
    for now in range(0, int(TURN_SECONDS) * 130, 20):
        rates, turns = share_budget(wishes, BUDGET, turns, float(now))
        assert rates[key(0)] == 10.0
        assert sum(rates.values()) == pytest.approx(BUDGET)
        got.update(found for found, rate in rates.items() if rate)
        wishes = passed(wishes, rates, 20.0)
    assert len(got) == 500, "each of the others had a turn"
