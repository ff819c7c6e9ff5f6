"""A second pair of eyes on the screen: propose from the plan dialog, look at what is proposed, confirm it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.widgets import Button, Input

from cockpit.model.guard import GuardOrder, GuardView
from cockpit.model.pairing import ControlsAnswer, PairingView
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.second import ContextSecond, Proposal, ProposalState, Second, SecondView
from cockpit.model.second_order import SecondWish
from cockpit.model.view import FleetView, Prepared
from cockpit.tui.people import proposal_news, proposal_words
from cockpit.tui.screens.ask import ChoiceForm, LineForm
from cockpit.tui.screens.confirm import ConfirmDialog
from cockpit.tui.screens.plan import PlanDialog
from tests.tui.driving import press, said, screen, settled, shown
from tests.tui.fake import CONTEXT, START, FakeCockpit, fleet
from tests.tui.plans import plan_of

KEY = fleet().rollouts[0].rollout.key
NAME = f"{KEY.namespace}/{KEY.name}"
SAME, OTHER = "a" * 64, "b" * 64
PROMOTE = Ask(Act.PROMOTE)
NEEDED = "this needs a second person in prod-eu, because everybody gets the new version"


def proposal(**more: object) -> Proposal:
    usual = Proposal("p1", KEY, PROMOTE, "promote v2", SAME, "anna", "it is measured", START, 900.0)
    return replace(usual, **more)  # type: ignore[arg-type]


def view(*proposals: Proposal, locked: bool | None = False) -> FleetView:
    contexts = (ContextSecond(CONTEXT, frozenset(Second), locked, read=True),)
    return replace(fleet(), pairing=PairingView(second=SecondView(contexts, proposals)))


def blocked(digest: str = SAME, why: str = NEEDED) -> Callable[[RolloutKey, Ask], Prepared | Refused]:
    """A session that wants a second person."""
    return lambda key, ask: Prepared(
        plan_of(key, ask, True, True), (), blocked=why, digest=digest, proposable=bool(why)
    )


def top(app: object) -> object:
    return app.screen  # type: ignore[attr-defined]


def label(app: object, id: str) -> str:
    return str(app.screen.query_one(f"#{id}", Button).label)  # type: ignore[attr-defined]


async def promote(run: object) -> None:
    """The plan of a promotion by its first way."""
    await press(run, "A", "enter")  # type: ignore[arg-type]


async def test_a_plan_is_proposed_with_a_reason() -> None:
    cockpit = FakeCockpit(view())
    cockpit.answer = blocked()
    cockpit.controls_answer = ControlsAnswer(True, "proposed for 15 minutes; somebody else confirms it")
    async with screen(cockpit) as (app, run):
        await promote(run)
        assert isinstance(app.screen, PlanDialog)
        assert NEEDED[:40] in shown(app)
        assert label(app, "send") == "Propose"
        assert app.focused is app.screen.query_one("#cancel"), "enter alone proposes nothing"
        await press(run, "right", "enter")
        assert type(top(app)) is LineForm
        await press(run, "enter")
        assert cockpit.seconds == [], "not without a reason"
        app.screen.query_one("#line", Input).value = "it is measured"
        await press(run, "enter")
        await run.app.workers.wait_for_complete()
        await settled(run)
        assert "proposed for 15 minutes" in shown(app)
    (((key, order)),) = cockpit.seconds
    assert (key, order.wish, order.why) == (KEY, SecondWish.PROPOSE, "it is measured")
    assert cockpit.sent == []


async def test_the_dialog_offers_send_once_it_is_confirmed() -> None:
    mine = proposal(mine=True, proposer="ann")
    cockpit = FakeCockpit(view(mine))
    cockpit.answer = blocked(why="you proposed this, and nobody confirmed it yet")
    async with screen(cockpit) as (app, run):
        await promote(run)
        assert app.screen.query_one("#send", Button).disabled, "it is proposed already"
        cockpit.answer = blocked(why="")
        cockpit.publish(view(replace(mine, state=ProposalState.CONFIRMED, confirmer="ben")))
        await settled(run)
        assert label(app, "send") == "Send"
        assert app.focused is app.screen.query_one("#cancel"), "it raises exposure"
        await press(run, "right", "enter")
    assert len(cockpit.sent) == 1
    assert cockpit.seconds == []


@pytest.mark.parametrize(
    ("digest", "state", "mine", "can"),
    [
        (SAME, ProposalState.OPEN, False, True),
        (OTHER, ProposalState.OPEN, False, False),
        (SAME, ProposalState.CONFIRMED, False, False),
        (SAME, ProposalState.OPEN, True, False),
    ],
)
async def test_only_the_same_plan_of_somebody_else_can_be_confirmed(
    digest: str, state: ProposalState, mine: bool, can: bool
) -> None:
    cockpit = FakeCockpit(view(proposal(state=state)))
    cockpit.answer = blocked(digest, why="anna proposed this, so anna sends it")
    async with screen(cockpit) as (app, run):
        await press(run, "K", "1", "enter")
        assert isinstance(app.screen, ConfirmDialog)
        if mine:
            cockpit.publish(view(proposal(mine=True)))
            await settled(run)
        assert "anna" in shown(app)
        assert "a courtesy, not a lock" in shown(app)
        assert app.focused is app.screen.query_one("#cancel"), "it starts on Close"
        assert label(app, "cancel") == "Close"
        assert app.screen.query_one("#send", Button).disabled is not can
        await press(run, "right", "enter")
    assert [order.wish for _, order in cockpit.seconds] == ([SecondWish.CONFIRM] if can else [])
    assert cockpit.asks == [(KEY, PROMOTE)] * (2 if mine else 1), "the plan is this cockpit's own"
    assert cockpit.sent == []


async def test_what_the_lock_is_worth_is_said() -> None:
    for locked, words in ((True, "the API server checks who confirms"), (None, "is not known")):
        cockpit = FakeCockpit(view(proposal(), locked=locked))
        cockpit.answer = blocked(why="anna proposed this")
        async with screen(cockpit) as (app, run):
            await press(run, "K", "enter")
            assert words in shown(app)
            assert "courtesy" not in shown(app)


async def test_a_proposal_that_is_withdrawn_meanwhile_cannot_be_confirmed() -> None:
    cockpit = FakeCockpit(view(proposal()))
    cockpit.answer = blocked(why="anna proposed this")
    async with screen(cockpit) as (app, run):
        await press(run, "K", "enter")
        cockpit.publish(view(proposal(state=ProposalState.WITHDRAWN)))
        await settled(run)
        assert "this is not proposed any more" in shown(app)
        assert app.screen.query_one("#send", Button).disabled


@pytest.mark.parametrize("mine", [True, False])
async def test_it_is_withdrawn_or_declined(mine: bool) -> None:
    cockpit = FakeCockpit(view(proposal(mine=mine)))
    async with screen(cockpit) as (app, run):
        await press(run, "K")
        assert isinstance(app.screen, ChoiceForm)
        assert ("withdraw it" if mine else "decline it") in shown(app)
        await press(run, "2", "enter")
        await run.app.workers.wait_for_complete()
    assert [(order.wish, order.id) for _, order in cockpit.seconds] == [(SecondWish.WITHDRAW, "p1")]


async def test_ones_own_is_opened_as_the_plan_that_was_proposed() -> None:
    ask = replace(PROMOTE, at="2026-01-01T00:00:00Z")
    cockpit = FakeCockpit(view(proposal(mine=True, ask=ask)))
    async with screen(cockpit) as (app, run):
        await press(run, "K", "enter")
        assert isinstance(app.screen, PlanDialog)
    assert cockpit.asks == [(KEY, ask)]


async def test_another_person_is_told_and_called() -> None:
    cockpit = FakeCockpit(view())
    async with screen(cockpit, size=(80, 24)) as (app, run):
        cockpit.publish(view(proposal()))
        await settled(run)
        assert f"{NAME}: anna proposes promote v2: it is measured; K looks" in said(app)
        assert "1 proposed" in shown(app)
        await press(run, "enter")
        assert "anna proposes promote" in shown(app), "the first line, at 80 columns"


def test_news_call_whom_they_concern() -> None:
    def told(before: tuple[Proposal, ...], after: Proposal) -> list[bool]:
        news = proposal_news(view(*before).pairing, view(after).pairing, "K")
        return [calls for _, calls in news]

    mine = proposal(mine=True)
    assert told((), proposal()) == [True]
    assert told((), mine) == [False]
    assert told((mine,), replace(mine, state=ProposalState.CONFIRMED)) == [True]
    assert told((mine,), replace(mine, state=ProposalState.WITHDRAWN)) == [True]
    assert told((mine,), mine) == []
    assert told((), proposal(state=ProposalState.SENT)) == [], "what was over before is no news"


def test_the_first_line_says_what_is_proposed() -> None:
    assert proposal_words(view(proposal()).pairing, KEY) == "anna proposes promote"
    assert proposal_words(view(proposal(mine=True)).pairing, KEY) == "you propose promote"
    confirmed = proposal(state=ProposalState.CONFIRMED, confirmer="ben")
    assert proposal_words(view(confirmed).pairing, KEY) == "promote confirmed by ben"
    assert proposal_words(view(confirmed).pairing, None) == "1 proposed"
    assert proposal_words(view(proposal(state=ProposalState.EXPIRED)).pairing, KEY) == ""
    assert proposal_words(view().pairing, None) == ""


@pytest.mark.parametrize("needs", [True, False])
async def test_an_armed_guard_is_taken_away_by_a_proposal_where_that_needs_somebody(needs: bool) -> None:
    guard = GuardView(GuardOrder(armed=True), "ann", START, None, way=Act.ROLLBACK, words="hurt for 30s", id="g1")
    seen = view()
    first, *others = seen.rollouts
    kinds = frozenset(Second) if needs else frozenset({Second.PROMOTE})
    second = SecondView((ContextSecond(CONTEXT, kinds, read=True),))
    guarded = (replace(first, guard=guard), *others)
    cockpit = FakeCockpit(replace(seen, rollouts=guarded, pairing=PairingView(second=second)))
    asked: list[Ask] = []

    def answer(key: RolloutKey, ask: Ask) -> Prepared | Refused:
        asked.append(ask)
        return Prepared(Plan(ask.act, key, "disarm the guard of ann", (), (), ()), (), blocked=NEEDED, proposable=True)

    cockpit.answer = answer
    async with screen(cockpit) as (app, run):
        await press(run, "g", *["down"] * 5, "enter")
        if not needs:
            assert (asked, cockpit.guards) == ([], [(KEY, None)])
            return
        assert isinstance(app.screen, PlanDialog)
        assert asked == [Ask(Act.DISARM, by="g1")]
        assert cockpit.guards == [], "it stays armed"
        assert "disarm the guard of ann" in shown(app)
        assert label(app, "send") == "Propose"
