"""Conditions of guards as text: what can be written, and a clear error for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.durations import duration_words, seconds_of
from cockpit.model.guard import (
    FORMS,
    MOST_CONDITIONS,
    USUAL,
    GuardCondition,
    Measure,
    condition_words,
    parse_condition,
    parse_conditions,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hurt", GuardCondition(Measure.HURT)),
        ("  hurt for 30 s ", GuardCondition(Measure.HURT, 30.0)),
        ("errors worse", GuardCondition(Measure.WORSE)),
        ("v2 errors > 1 % worse than v1", GuardCondition(Measure.WORSE, 0.0, 0.01, "v2", "v1")),
        ("errors>0.5% worse for 1m30s", GuardCondition(Measure.WORSE, 90.0, 0.005)),
        ("web-6d5f slower", GuardCondition(Measure.SLOWER, 0.0, None, "web-6d5f")),
        ("p99 ratio > 2", GuardCondition(Measure.RATIO_P99, 0.0, 2.0)),
        ("v2 p50 ratio > 1.5 than v1", GuardCondition(Measure.RATIO_P50, 0.0, 1.5, "v2", "v1")),
        ("split off for 10s", GuardCondition(Measure.SPLIT_OFF, 10.0)),
        ("nobody answers", GuardCondition(Measure.NOBODY_ANSWERS)),
    ],
)
def test_what_can_be_written(text: str, expected: GuardCondition) -> None:
    assert parse_condition(text) == expected


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_the_help_shows_can_be_read(form: str) -> None:
    parse_condition(form.replace("[VERSION]", "v2").replace("[than STABLE]", "than v1"))
    parse_condition(form.replace("[VERSION]", "").replace("[than STABLE]", ""))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no condition"),
        ("healthy", "write one of: hurt for 30s; "),
        ("hurt for ever", "is no condition"),
        ("hurt for 0s", "'for' takes a duration"),
        ("hurt for 2 days", "'for' takes a duration"),
        ("hurt for 99h", "at most a day"),
        ("errors > 0% worse", "more than 0%"),
        ("errors > 100% worse", "less than 100%"),
        ("errors > 1 worse", "is no condition"),
        ("p99 ratio > 1", "a ratio is more than 1"),
        ("p99 ratio > 1e9", "is no condition"),
        ("p99 ratio > nan", "is no condition"),
        ("hurt; rm -rf", "is no condition"),
        ("\x1b[31mhurt", "is no condition"),
        ("p99 ratio > ٢", "is no condition"),
        ("a" * 1_000_000, "at most 200 characters"),
    ],
)
def test_a_wrong_text_gets_a_clear_error(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_condition(text)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def read(text: str) -> GuardCondition | str:
    try:
        return parse_condition(text)
    except ValueError as error:
        return str(error)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_one_safe_line(text: str) -> None:
    found = read(text)
    assert found.isprintable() if isinstance(found, str) else read(str(found)) == found


CONDITIONS = st.builds(
    GuardCondition,
    st.sampled_from((Measure.HURT, Measure.SPLIT_OFF, Measure.NOBODY_ANSWERS)),
    st.integers(0, 86_400).map(float),
) | st.builds(
    GuardCondition,
    st.just(Measure.WORSE),
    st.integers(0, 86_400).map(float),
    st.none() | st.integers(1, 999).map(lambda tenths: tenths / 1000),
    st.sampled_from(("", "v2", "web-5c9.x")),
    st.sampled_from(("", "v1")),
)


@given(CONDITIONS)
def test_what_is_shown_can_be_typed(condition: GuardCondition) -> None:
    assert parse_condition(str(condition)) == condition


def test_several_conditions_of_which_one_is_enough() -> None:
    found = parse_conditions(["hurt for 30s, split off", "hurt for 30s"])
    assert condition_words(found) == "hurt for 30s or split off"
    assert parse_conditions([]) == parse_conditions([" , "]) == USUAL
    with pytest.raises(ValueError, match=f"at most {MOST_CONDITIONS} conditions"):
        parse_conditions([f"hurt for {n}s" for n in range(1, MOST_CONDITIONS + 2)])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30.0), ("30s", 30.0), ("2 m", 120.0), ("1h30m", 5400.0), ("500ms", 0.5), ("1.5m", 90.0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(duration_words(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "s", "1 30", "-1s", "1d", "1s ", "½s", "1" * 41, "1..5s"])
def test_what_is_no_duration(text: str) -> None:
    assert seconds_of(text) is None
