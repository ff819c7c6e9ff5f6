"""From an act that is asked for to its outcome: plan, question, sending, exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import click

from cockpit.cli.documents import outcome_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import find, find_acted_on, where_it_is
from cockpit.cli.options import given
from cockpit.cli.output import emit, emit_document
from cockpit.cli.program import Person, Program
from cockpit.cli.running import Failed, reader_left, talk, with_session
from cockpit.cli.waiting import synced
from cockpit.cli.words import waits_for_a_person
from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout, Verdict
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Outcome, Prepared, Stage
from cockpit.session.port import Cockpit


@dataclass(frozen=True, slots=True)
class How:
    """`wait` is seconds to wait for objects and, with `probe`, for traffic; 0 does not wait."""

    dry_run: bool
    yes: bool
    confirm: str | None
    wait: float
    probe: bool
    output: str


def act(program: Program, name: str, asked: Callable[[Rollout], Ask] | Ask, how: How) -> None:
    """Run one act and end the command with its exit code.

    `asked` makes of the rollout what is asked for; where it is that already, the rollout may be gone.
    """
    options = where_it_is(given(), name)
    person = program.person
    if not (how.dry_run or how.yes or person.present):
        raise click.UsageError("nobody is there to confirm: add --yes to send, or --dry-run to look at the plan")

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        if isinstance(asked, Ask):
            key, ask = find_acted_on(view, name), asked
        else:
            rollout = find(view, name).rollout
            key, ask = rollout.key, asked(rollout)
        outcome = await _carry_out(cockpit, key, ask, how, person)
        try:
            _report(outcome, how.output)
        except BrokenPipeError:
            # What was sent is told by the code and on stderr, whoever stopped reading.
            reader_left()
            talk(f"{outcome.stage}: {outcome.why}")
        return _code(outcome, cockpit.view(), key)

    code = with_session(program, options, work)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


async def _carry_out(cockpit: Cockpit, key: RolloutKey, ask: Ask, how: How, person: Person) -> Outcome:
    prepared = await cockpit.prepare(key, ask)
    if isinstance(prepared, Refused):
        return Outcome(Stage.REFUSED, prepared.why, None, prepared)
    if how.output == "table":
        _show_plan(prepared, how)
    if how.dry_run:
        # Looking is what --read-only is for; that it would not send is no failure of the plan.
        stage = Stage.REFUSED if prepared.blocked and not cockpit.view().read_only else Stage.DRY_RUN
        return Outcome(stage, prepared.blocked, prepared.plan)
    if prepared.blocked:
        return Outcome(Stage.REFUSED, prepared.blocked, prepared.plan)
    declined = await _confirm(prepared, how, person)
    if declined:
        return Outcome(Stage.REFUSED, declined, prepared.plan)
    if how.wait and how.probe:
        # What came of it is measured, which needs somebody to look.
        await cockpit.probe(key, True)
    return await cockpit.send(prepared, wait=how.wait, report=_tell)


def _show_plan(prepared: Prepared, how: How) -> None:
    """Print the plan; raises Failed where nobody reads it and it is not only to be looked at."""
    try:
        emit(preview(prepared))
    except BrokenPipeError:
        reader_left()
        if not how.dry_run:
            raise Failed(f"{prepared.plan.title}: nothing was sent, because nobody reads the plan any more") from None


def _tell(outcome: Outcome) -> None:
    """Say how far it is; the end is reported apart."""
    if outcome.stage is Stage.SENDING:
        talk("sending")
    elif outcome.stage is Stage.SENT:
        talk(f"sent: {outcome.why}")


async def _confirm(prepared: Prepared, how: How, person: Person) -> str:
    """Why it is not sent; empty where the person, or a flag, said yes."""
    plan = prepared.plan
    name = plan.rollout.name
    if prepared.production and plan.final:
        typed = how.confirm
        if typed is None and person.present:
            typed = await person.answer(f"{plan.rollout.context} is production. Type {safe_text(name)} to send: ")
        if typed == name:
            return ""
        return f"{plan.rollout.context} is production: nothing was sent; give the name with --confirm {name}"
    if how.yes:
        return ""
    usual = "y/N" if plan.raises else "Y/n"
    answer = (await person.answer(f"Send? [{usual}] ")).lower()
    agreed = answer in ("y", "yes") or (answer == "" and not plan.raises)
    return "" if agreed else "nothing was sent: not confirmed"


def preview(prepared: Prepared) -> str:
    """The plan in words, with what the server said to it."""
    plan = prepared.plan
    lines = [safe_text(plan.title), *_section("changes", [str(change) for change in plan.changes])]
    lines += _section("commands", list(plan.commands()))
    lines += _section("concerns", list(prepared.concerns))
    lines += _section("warnings", list(plan.cautions()))
    lines += _section("checks", list(prepared.checks))
    lines += _section("undo", [plan.undo] if plan.undo else [])
    lines += _section("blocked", [prepared.blocked] if prepared.blocked else [])
    return "\n".join(lines)


def _section(name: str, texts: list[str]) -> list[str]:
    return [f"{name}:", *(f"  {safe_text(text, 4000)}" for text in texts)] if texts else []


def _report(outcome: Outcome, output: str) -> None:
    if output != "table":
        emit_document(outcome_document(outcome), output)
    elif outcome.stage is Stage.REFUSED and outcome.plan is None:
        raise Failed(f"refused: {outcome.why}")
    elif outcome.stage in (Stage.REFUSED, Stage.UNKNOWN, Stage.UNVERIFIED):
        talk(f"{outcome.stage}: {outcome.why}")
    else:
        emit(safe_text(f"{outcome.stage}: {outcome.why}" if outcome.why else str(outcome.stage), 1000))


def _code(outcome: Outcome, view: FleetView, key: RolloutKey) -> ExitCode:
    match outcome.stage:
        case Stage.DRY_RUN | Stage.SENT | Stage.VERIFIED:
            return ExitCode.FINE
        case Stage.UNVERIFIED if outcome.partial:
            return ExitCode.ERROR
        case Stage.UNVERIFIED if outcome.superseded:
            return ExitCode.SUPERSEDED
        case Stage.UNVERIFIED:
            shown = next((shown.rollout for shown in view.rollouts if shown.rollout.key == key), None)
            return _unseen(outcome, shown)
        case _:
            return ExitCode.ERROR


def _unseen(outcome: Outcome, rollout: Rollout | None) -> ExitCode:
    """Why what was sent was not seen to take effect."""
    if outcome.failed:
        return ExitCode.DEGRADED
    if rollout is None:
        return ExitCode.TIMED_OUT
    if any(lane.verdict is Verdict.OFF for lane in rollout.lanes):
        return ExitCode.SPLIT_OFF
    return ExitCode.WAITING if waits_for_a_person(rollout) else ExitCode.TIMED_OUT
