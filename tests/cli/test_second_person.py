"""An act that needs a second person proposes, waits, and sends once it is confirmed; `confirm` is the other side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.pairing import ControlsAnswer, PairingView
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.second import ContextSecond, Proposal, ProposalState, Second, SecondView
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import FleetView, Prepared
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, plan, rollout

WEB = rollout()
SAME = "a" * 64
WAITS = "you proposed this, and nobody confirmed it yet"


def proposal(**more: object) -> Proposal:
    usual = Proposal("p1", WEB.key, Ask(Act.PROMOTE), "promote v2", SAME, "anna", "it is measured", 0.0, 900.0)
    return replace(usual, **more)  # type: ignore[arg-type]


def view(*proposals: Proposal, problem: str = "") -> FleetView:
    contexts = (ContextSecond(WEB.key.context, frozenset(Second), False, problem, read=not problem),)
    return replace(fleet([WEB]), pairing=PairingView(second=SecondView(contexts, proposals)))


class Cockpit(FakeCockpit):
    """A session in which the plan needs a second person; `answer` is what they do once it is proposed."""

    def __init__(self, *proposals: Proposal, then: ProposalState = ProposalState.OPEN) -> None:
        super().__init__(view(*proposals))
        self.then = then

    async def prepare(self, key: RolloutKey, ask: Ask) -> Any:
        self.asked.append((key, ask))
        mine = self.view().pairing.proposal(key)
        done = mine is not None and mine.mine and mine.state is ProposalState.CONFIRMED
        why = "" if done else WAITS if mine else "this needs a second person in demo"
        return Prepared(plan(Act.PROMOTE), ("accepted",), blocked=why, digest=SAME, proposable=bool(why))

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        answer = await super().second(key, order)
        if order.wish is SecondWish.PROPOSE and answer.done:
            after = view(proposal(mine=True, state=self.then, confirmer="ben"))
            self.views = [after]
        return answer


def run(cockpit: FakeCockpit, *words: str) -> Result:
    return CliRunner().invoke(command_line, list(words), obj=FakeProgram(cockpit))


def test_it_proposes_and_ends_with_a_code_of_its_own() -> None:
    cockpit = Cockpit()
    done = run(cockpit, "promote", "web", "--yes", "--no-wait", "--why", "it is measured")
    assert done.exit_code == 9, done.output
    assert WAITS in done.stderr
    assert [(order.wish, order.why) for _, order in cockpit.seconds] == [(SecondWish.PROPOSE, "it is measured")]
    assert cockpit.sent == []


def test_it_sends_once_somebody_else_confirmed() -> None:
    cockpit = Cockpit(then=ProposalState.CONFIRMED)
    done = run(cockpit, "promote", "web", "--yes", "--within", "1s")
    assert done.exit_code == 0, done.output
    assert len(cockpit.sent) == 1
    assert cockpit.sent[0][0].blocked == ""


def test_what_was_proposed_before_is_not_proposed_again() -> None:
    cockpit = Cockpit(proposal(mine=True))
    done = run(cockpit, "promote", "web", "--yes", "--no-wait")
    assert done.exit_code == 9
    assert cockpit.seconds == []


def test_a_confirmed_one_is_sent_at_once() -> None:
    cockpit = Cockpit(proposal(mine=True, state=ProposalState.CONFIRMED, confirmer="ben"))
    assert run(cockpit, "promote", "web", "--yes", "--no-wait").exit_code == 0
    assert (len(cockpit.sent), cockpit.seconds) == (1, [])


def test_a_dry_run_proposes_nothing_and_says_what_is_needed() -> None:
    cockpit = Cockpit()
    done = run(cockpit, "promote", "web", "--dry-run")
    assert done.exit_code == 0
    assert "second person:\n  this needs a second person in demo" in done.stdout
    assert cockpit.seconds == []


def test_what_cannot_be_proposed_is_an_error() -> None:
    cockpit = Cockpit()
    cockpit.controls_answer = ControlsAnswer(False, "anna proposed something else for shop/web")
    done = run(cockpit, "promote", "web", "--yes", "--no-wait")
    assert (done.exit_code, cockpit.sent) == (1, [])
    assert "anna proposed something else" in done.stderr


def test_confirm_shows_the_plan_and_confirms_it() -> None:
    cockpit = Cockpit(proposal())
    cockpit.controls_answer = ControlsAnswer(True, "confirmed: anna can send it now")
    done = run(cockpit, "confirm", "web", "--yes")
    assert done.exit_code == 0, done.output
    assert "anna proposes: promote v2\nwhy: it is measured" in done.stdout
    assert "confirmed: anna can send it now" in done.stdout
    (((_, order)),) = cockpit.seconds
    assert (order.wish, order.id) == (SecondWish.CONFIRM, "p1")
    assert order.prepared
    assert order.prepared.digest == SAME
    assert cockpit.sent == []


def test_withdraw_needs_no_terminal() -> None:
    cockpit = Cockpit(proposal(mine=True))
    assert run(cockpit, "confirm", "web", "--withdraw").exit_code == 0
    assert [(order.wish, order.id) for _, order in cockpit.seconds] == [(SecondWish.WITHDRAW, "p1")]


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (Cockpit(), "nothing is proposed for shop/web"),
        (FakeCockpit(fleet([WEB])), "proposals are not read in demo"),
        (FakeCockpit(view(problem="no right to list leases")), "no right to list leases"),
        (Cockpit(proposal(ask=None)), "cannot be planned by this cockpit"),
    ],
)
def test_why_nothing_can_be_confirmed(on: FakeCockpit, words: str) -> None:
    done = run(on, "confirm", "web", "--yes")
    assert done.exit_code == 1
    assert words in done.stderr
    assert on.seconds == []


def test_without_a_terminal_yes_is_needed() -> None:
    assert run(Cockpit(proposal()), "confirm", "web").exit_code == 2
