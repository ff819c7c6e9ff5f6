"""What was set of a release, in words."""

from __future__ import annotations

from cockpit.model.release_state import ReleaseState, changes_between


def said(before: ReleaseState, after: ReleaseState) -> list[str]:
    return [str(change) for change in changes_between(before, after)]


def test_a_split_that_nobody_had_set_is_not_zero() -> None:
    split = ReleaseState(shares=(("default", "v1", 0.8), ("default", "v2", 0.2)))
    assert said(ReleaseState(), split) == ["v1 not set -> 80%", "v2 not set -> 20%"]
    assert said(split, ReleaseState()) == ["v1 80% -> not set", "v2 20% -> not set"]
    alone = ReleaseState(shares=(("default", "v1", 1.0),))
    assert said(alone, split) == ["v1 100% -> 80%", "v2 0% -> 20%"], "a split that does not name a version gives it 0%"
