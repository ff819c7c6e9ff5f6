"""`confirm`: looks at what somebody else proposed, and confirms it if this cockpit would send the same."""

from __future__ import annotations

import click

from cockpit.cli.acting import preview
from cockpit.cli.completing import completes
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import given, shared_options
from cockpit.cli.output import emit, say
from cockpit.cli.program import Completes, Person, Program
from cockpit.cli.running import CommandFailed, with_session
from cockpit.cli.second import proposal_lines
from cockpit.cli.waiting import synced, until
from cockpit.model.pairing import ControlsAnswer
from cockpit.model.plan import Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.second import Proposal
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.session.port import Cockpit


@click.command("confirm")
@click.argument("name", shell_complete=completes(Completes.ROLLOUT))
@click.option("--yes", "-y", is_flag=True, help="Confirm without asking.")
@click.option("--withdraw", is_flag=True, help="Withdraw what you proposed, or decline what somebody else did.")
@shared_options
@click.pass_obj
def confirm_command(program: Program, name: str, yes: bool, withdraw: bool) -> None:
    """Confirm the plan that somebody else proposed for NAME.

    The plan is made anew from what this cockpit sees; only the same plan, by its hash, can be confirmed. Who proposed
    it sends it then. Nobody confirms their own.
    """
    options, person = where_it_is(given(), name), program.person
    if not (yes or withdraw or person.present):
        raise click.UsageError("no terminal to confirm on: add --yes to confirm")

    async def work(cockpit: Cockpit) -> ControlsAnswer:
        seconds = program.request_timeout(options)
        view = await synced(cockpit, seconds)
        key = find(view, name).rollout.key
        view = await until(cockpit, lambda later: _read(later, key), seconds) or cockpit.view()
        proposal = view.pairing.proposal(key)
        if proposal is None:
            raise CommandFailed(_why_none(view, key))
        if withdraw:
            return await cockpit.second(key, SecondOrder(SecondWish.WITHDRAW, id=proposal.id))
        return await _confirm(cockpit, proposal, None if yes else person)

    answer = with_session(program, options, work)
    if not answer.done:
        raise CommandFailed(answer.words)
    say(answer.words)


async def _confirm(cockpit: Cockpit, proposal: Proposal, person: Person | None) -> ControlsAnswer:
    if proposal.ask is None:
        return ControlsAnswer(False, f"what {proposal.proposer} proposed cannot be planned by this cockpit")
    prepared = await cockpit.prepare(proposal.rollout, proposal.ask)
    if isinstance(prepared, Refused):
        return ControlsAnswer(False, prepared.why)
    emit("\n".join([*map(safe_text, proposal_lines(proposal)), preview(prepared)]))
    # What cannot be confirmed is not asked about: the session says why.
    asks = person is not None and prepared.digest == proposal.plan and not proposal.mine
    if person and asks and (await person.answer("Confirm? [y/N] ")).lower() not in ("y", "yes"):
        return ControlsAnswer(False, "nothing was confirmed")
    return await cockpit.second(proposal.rollout, SecondOrder(SecondWish.CONFIRM, prepared, proposal.id))


def _read(view: FleetView, key: RolloutKey) -> bool:
    """Whether waiting longer brings no proposal."""
    second = view.pairing.second.context(key.context)
    return second is None or second.read or bool(second.problem)


def _why_none(view: FleetView, key: RolloutKey) -> str:
    second = view.pairing.second.context(key.context)
    if second is None:
        return f"proposals are not read in {key.context}: set pairing.second or pairing.second_contexts"
    if second.problem:
        return f"proposals cannot be read in {key.context}: {second.problem}"
    return f"nothing is proposed for {key.namespace}/{key.name}"
