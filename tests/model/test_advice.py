"""A text that tells to do an act is shown with the way to ask for it."""

from __future__ import annotations

from cockpit.model.advice import acts_told, telling, with_ways
from cockpit.model.plan import Act, ActState

TEXT = telling("it was aborted: retry it or roll back", Act.RETRY, Act.ROLLBACK)


def shown(*states: ActState) -> str:
    return with_ways(TEXT, acts_told(TEXT), states, lambda state: f"key of {state.act}")


def test_each_act_is_followed_by_its_way() -> None:
    states = (ActState(Act.RETRY, True), ActState(Act.ROLLBACK, True))
    assert shown(*states) == "it was aborted: retry it (key of retry) or roll back (key of rollback)"


def test_an_act_that_does_not_apply_gets_none() -> None:
    assert shown(ActState(Act.RETRY, True), ActState(Act.ROLLBACK, False, "no")).endswith("(key of retry) or roll back")


def test_a_text_without_a_mark_tells_nothing() -> None:
    assert acts_told("rolled back by ann") == ()


def test_only_the_words_of_the_act_count() -> None:
    text = telling("v2 is rolled back by ann; finished", Act.ROLLBACK, Act.FINISH)
    states = (ActState(Act.ROLLBACK, True), ActState(Act.FINISH, True))
    assert with_ways(text, text.acts, states, str) == text
