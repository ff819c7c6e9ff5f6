"""Which earlier version a roll back leads to, whatever the controller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.rollout import PodCell, PodState
from cockpit.planning.earlier_version import (
    Earlier,
    cautions,
    earlier_of,
    failing,
    passed_over,
    why_no_earlier,
    why_returning,
)


def version(name: str, day: int, number: int, *, ready: int = 0, against: str = "") -> Earlier:
    born = f"2026-01-{day:02}T00:00:00Z" if day else ""
    return Earlier(name, name, born, number, ready, bool(ready), against)


ANYWAY = "no older version that is known to work; to take one anyway choose it: --to NAME, on the screen :revisions"
V1, V2 = version("v1", 1, 1), version("v2", 2, 2)


@pytest.mark.parametrize(
    ("current", "others", "to"),
    [
        (version("v3", 3, 3), (V1, V2), "v2"),
        # v2 was rolled back to from v3: its number is the highest now, its object is not the youngest.
        (version("v2", 2, 4), (V1, version("v3", 3, 3)), "v1"),
        (version("v1", 1, 4), (V2, version("v3", 3, 3)), None),
        # v1 was rolled back to from v2, then v3 came: v1 is what ran before it.
        (version("v3", 3, 4), (V2, version("v1", 1, 3)), "v1"),
        (version("v3", 3, 3), (V1, version("v2", 2, 2, against="its pods fail (CrashLoopBackOff)")), "v1"),
        (version("v3", 3, 3), (version("v1", 1, 1, ready=2), V2), "v1"),
        (version("v2", 2, 2), (version("v1", 1, 1, against="its release was rolled back"),), None),
        (version("v2", 0, 2), (version("v1", 0, 1),), "v1"),
    ],
)
def test_which_one(current: Earlier, others: tuple[Earlier, ...], to: str | None) -> None:
    found = earlier_of(current, others)
    assert (found.name if found else None) == to


DAYS = st.integers(1, 5)
VERSIONS = st.lists(
    st.builds(
        version, st.sampled_from("abcdef"), DAYS, DAYS, ready=st.integers(0, 1), against=st.sampled_from(["", "x"])
    ),
    max_size=5,
)


@given(VERSIONS, DAYS)
def test_never_one_that_came_after_or_that_something_speaks_against(others: list[Earlier], day: int) -> None:
    current = version("now", day, 9)
    found = earlier_of(current, others)
    assert found is None or (not found.came_after(current) and not found.against)
    able = [other for other in others if not other.came_after(current) and not other.against]
    assert (found is None) is not bool(able), "and one where there is any"


def test_without_one_it_says_why_and_advises_none_that_is_known_to_be_bad() -> None:
    assert "only template" in why_no_earlier(V1, ())
    after = why_no_earlier(V1, (V2, version("revision 3", 3, 3)))
    assert after == f"v1 is the oldest version here, and v2 and revision 3 came after it; {ANYWAY}"
    bad = version("v1", 1, 1, against="its pods fail (CrashLoopBackOff)")
    told = why_no_earlier(V2, (bad,))
    assert told == f"v1 came before v2, but its pods fail (CrashLoopBackOff); {ANYWAY}"


def test_a_way_back_that_is_under_way_is_not_begun_again() -> None:
    gone, leaving = version("v3", 3, 3), version("v3", 3, 3, ready=1)
    back = version("v2", 2, 4)
    assert why_returning(back, (V1, gone)) == ""
    assert "already rolling back to v2, and pods of v3 are" in why_returning(back, (V1, leaving))


def test_a_plan_tells_what_it_passed_over_and_what_speaks_against_its_target() -> None:
    back = version("v2", 2, 4)
    (told,) = passed_over(back, (V1, version("v3", 3, 3)), V1)
    assert told == "not to v3, from which it was rolled back: --to chooses it all the same"
    bad = version("v3", 3, 3, against="its release was rolled back")
    assert passed_over(version("v4", 4, 4), (V2, bad), V2) == ("not to v3: its release was rolled back",)
    assert cautions(V1, back) == ()
    assert cautions(bad, back) == (
        "v3: its release was rolled back; this goes back to it all the same",
        "v3 came after v2: this rolls it out again",
    )


def test_pods_speak_against_a_version_only_where_none_is_ready() -> None:
    pods = [PodCell("a", "a", PodState.FAILING, "CrashLoopBackOff"), PodCell("b", "b", PodState.STARTING)]
    assert failing(pods, 0) == "its pods fail (CrashLoopBackOff)"
    assert failing(pods, 1) == failing(pods[1:], 0) == ""
