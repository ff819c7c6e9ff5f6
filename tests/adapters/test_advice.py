"""Texts that tell the user to do an act: what they name is marked, exists and applies."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cockpit.model.advice import spoken_in
from cockpit.model.plan import Act
from cockpit.model.rollout import Rollout
from tests.adapters.situations import SITUATIONS, situation

# Words by which a sentence tells somebody to do an act, and not that something did it or will.
_TELLS = re.compile(
    r"(?:^|[:;,] |\b(?:or|then|first|until you|after you) )"
    r"(finish|promote|retry|abort|resume|approve|roll back|rollback|flip|enable|disable|clean up)\b"
)
_ACTS = {"roll back": Act.ROLLBACK, "clean up": Act.FINISH}


def told_by(text: str) -> Iterator[Act]:
    """The acts that a text seems to tell the user to do."""
    for found in _TELLS.finditer(text):
        yield _ACTS.get(found[1]) or Act(found[1])


@pytest.fixture(params=SITUATIONS)
def rollouts(request: pytest.FixtureRequest) -> list[Rollout]:
    return [rollout for _, rollout in situation(request.param)[1]]


def test_what_a_finding_tells_to_do_is_marked_and_applies(rollouts: list[Rollout]) -> None:
    for rollout in rollouts:
        enabled = {state.act for state in rollout.acts if state.enabled}
        for found in rollout.findings:
            assert set(told_by(found.text)) <= set(found.acts), (rollout.key, found.text)
            named = {act for act in found.acts if spoken_in(found.text, act) is not None}
            assert named <= enabled, (rollout.key, found.text, named - enabled)


def test_what_a_reason_tells_to_do_is_marked_and_exists(rollouts: list[Rollout]) -> None:
    for rollout in rollouts:
        known = {state.act for state in rollout.acts}
        for state in rollout.acts:
            assert set(told_by(state.why)) - {state.act} <= set(state.told), (rollout.key, state.act, state.why)
            assert set(state.told) <= known - {state.act}, (rollout.key, state.act, state.why)
