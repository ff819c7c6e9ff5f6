"""What speaks against an undo: what was wrong before the act, whoever saw it, in whichever session it was sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.journal import HEALTH, Origin
from cockpit.model.plan import Act, Expected, Plan
from cockpit.model.refs import RolloutKey
from cockpit.model.release_state import ReleaseState
from cockpit.model.view import Entry, Stage
from cockpit.planning.undo_of_others import OthersAct
from cockpit.session.acts.concerns import before_act, noted_outages
from cockpit.session.acts.undo import UndoStep

KEY = RolloutKey("test", "shop", "web", "ingress")
TITLE = "users are hurt: 20% of the requests to v2 fail"
OUTAGE = Entry("1", 1000.0, "cockpit", KEY, HEALTH, TITLE, Stage.NOTED)
BACK = Plan(Act.UNDO, KEY, "undo", (), (), (), raises=True)
OWN = UndoStep("v2 0%", (), (), (), raises=True, at=1100.0)


@pytest.mark.parametrize(
    ("entry", "at", "known"),
    [
        (OUTAGE, 1100.0, True),
        (OUTAGE, 999.0, False),  # it began later
        (replace(OUTAGE, until=1050.0), 1100.0, True),  # what ended it may have been an act just before
        (replace(OUTAGE, until=1150.0), 1100.0, True),
        (replace(OUTAGE, until=1050.0), 2000.0, False),
        (replace(OUTAGE, rollout=replace(KEY, name="other")), 1100.0, False),
        (replace(OUTAGE, act="note"), 1100.0, False),
        (replace(OUTAGE, origin=Origin.EVENT), 1100.0, False),  # another's word
    ],
)
def test_an_outage_that_the_journal_notes_is_that_of_the_act(entry: Entry, at: float, known: bool) -> None:
    assert noted_outages([entry], KEY, at) == ((entry.title,) if known else ())


def test_a_way_back_that_measured_nothing_is_warned_of_by_what_the_journal_notes() -> None:
    assert before_act(OWN, BACK, (TITLE,)) == (TITLE,)
    assert before_act(replace(OWN, hurt=("errors",)), BACK, (TITLE,)) == ("errors", TITLE)
    assert before_act(replace(OWN, raises=False), BACK, (TITLE,)) == (), "its undo leads away from what hurts"


def of_another(act: Act, *hurt: str) -> UndoStep:
    before = ReleaseState(shares=(("default", "v1", 0.7), ("default", "v2", 0.3)))
    told = OthersAct("ann", act, "v2 0%", before, (Expected("default", "v2", 0.0),), hurt=hurt)
    return UndoStep("v2 0%", (), (), (), told=told, at=1100.0)


@pytest.mark.parametrize("act", [Act.ROLLBACK, Act.ABORT, Act.SET_WEIGHT])
def test_the_undo_of_another_s_act_has_the_same_concern(act: Act) -> None:
    step = of_another(act, "v2 fails")
    assert before_act(step, BACK, (TITLE,)) == ("v2 fails, as the Event of ann says", TITLE)
    forward = replace(BACK, raises=False)
    assert (TITLE in before_act(step, forward, (TITLE,))) is (act in (Act.ROLLBACK, Act.ABORT))


def test_the_versions_that_another_rolled_back_from_are_known() -> None:
    for act, left in ((Act.ROLLBACK, ("v2",)), (Act.SET_WEIGHT, ())):
        step = of_another(act)
        assert step.told
        assert step.told.left == left
