"""Run an act: plan, confirmation, sending, exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.cli.advising import with_commands
from cockpit.cli.documents import outcome_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.live import LiveText
from cockpit.cli.names import find, find_acted_on, where_it_is
from cockpit.cli.options import given
from cockpit.cli.output import emit, emit_document
from cockpit.cli.running import CommandFailed, StdoutFailed, reader_left, talk, with_session
from cockpit.cli.second import confirmed
from cockpit.cli.waiting import require_read, shown_in, synced
from cockpit.cli.words import stated, waits_for_a_person
from cockpit.model.pairing import ControlsOrder, PilotMode, Wish
from cockpit.model.plan import Ask, Change, Refused
from cockpit.model.rollout import Rollout, Verdict
from cockpit.model.shell_line import bounded_line, shell_word
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Counting, FleetView, Outcome, Prepared, RolloutView, Stage
from cockpit.session.reads import Reads
from cockpit.texts.current import Verbatim, translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from cockpit.cli.program import Person, Program
    from cockpit.model.refs import RolloutKey
    from cockpit.session.port import Cockpit

_BAR = 20
# Longer than a cockpit that was about to send has to be silent before it is taken over.
_TAKE_OVER_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class SendOptions:
    """`wait` is seconds to wait for objects and, with `probe`, for traffic; 0 does not wait.

    `take_over` is why the controls of the rollout are asked for, "" if they are not. `why` is what a second person
    reads of a plan that needs one.
    """

    dry_run: bool
    yes: bool
    confirm: str | None
    wait: float
    probe: bool
    output: str
    take_over: str = ""
    why: str = ""


def act(program: Program, name: str, asked: Callable[[Rollout], Ask] | Ask, how: SendOptions) -> None:
    """Run one act and end the command with its exit code.

    `asked` is the ask, or a function that derives it from the rollout; with an ask the rollout can already be gone.
    """
    options = where_it_is(given(), name)
    person = program.person
    if not (how.dry_run or how.yes or person.present):
        raise click.UsageError("no terminal to confirm on: add --yes to send, or --dry-run to see the plan")

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        if isinstance(asked, Ask):
            key, ask = find_acted_on(view, name), asked
        else:
            shown = find(view, name)
            require_read(view, shown)
            key, ask = shown.rollout.key, asked(shown.rollout)
        outcome = await _carry_out(cockpit, key, ask, how, person)
        try:
            _report(outcome, how.output, shown_in(cockpit.view(), key))
        except (BrokenPipeError, StdoutFailed):
            # The exit code and stderr report the outcome even if no one reads stdout.
            reader_left()
            talk(stated(str(outcome.stage), outcome.why))
        return code_of(outcome, cockpit.view(), key)

    # Somebody who thinks about a plan is to hear what changes meanwhile.
    reads = Reads.ONCE if how.yes or how.dry_run else Reads.FOLLOWING
    code = with_session(program, options, work, reads)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


async def _carry_out(cockpit: Cockpit, key: RolloutKey, ask: Ask, how: SendOptions, person: Person) -> Outcome:
    if how.take_over and not how.dry_run and (why := await _take_over(cockpit, key, how.take_over)):
        return Outcome(Stage.REFUSED, why, None)
    prepared = await cockpit.prepare(key, ask)
    if isinstance(prepared, Refused):
        return Outcome(Stage.REFUSED, prepared.why, None, prepared)
    if how.output == "table":
        show_plan(prepared, how)
    if how.dry_run:
        # With --read-only a plan is expected to be blocked, so a dry run is not a failure.
        expected = not prepared.blocked or prepared.proposable or cockpit.view().read_only
        return Outcome(Stage.DRY_RUN if expected else Stage.REFUSED, prepared.blocked, prepared.plan)
    if prepared.proposable:
        found = await confirmed(cockpit, key, ask, prepared, how.why, how.wait, None if how.yes else person)
        if isinstance(found, Outcome):
            return found
        prepared = found
    if prepared.blocked:
        return Outcome(Stage.REFUSED, prepared.blocked, prepared.plan)
    declined = await why_unconfirmed(prepared, how, person)
    if declined:
        return Outcome(Stage.REFUSED, declined, prepared.plan)
    if how.wait and how.probe:
        # Verifying the outcome needs traffic samples.
        cockpit.select([key])
        await cockpit.probe(key, True)
    progress = _Progress(how)
    try:
        return await cockpit.send(prepared, wait=how.wait, report=progress.tell)
    finally:
        progress.clear()


async def _take_over(cockpit: Cockpit, key: RolloutKey, reason: str) -> str:
    """Wait for the controls of a rollout; why they were not had, or ""."""
    pairing = cockpit.view().pairing
    if pairing.mode(key.context) is PilotMode.OFF:
        talk(f"pairing is off in {safe_text(key.context)}, so nobody has the controls")
        return ""
    pilot = pairing.pilot(key)
    if pilot and not pilot.mine:
        talk(f"{pilot.person} has the controls; asking for them, for at most {_TAKE_OVER_SECONDS:g} s")
    answer = await cockpit.controls(key, ControlsOrder(Wish.TAKE, reason=reason, wait=_TAKE_OVER_SECONDS))
    if answer.done:
        talk(answer.words)
    return "" if answer.done else answer.words


def show_plan(prepared: Prepared, how: SendOptions) -> None:
    """Print the plan; raises CommandFailed if stdout is closed, except for a dry run."""
    try:
        emit(f"{safe_text(prepared.plan.rollout)}: {preview(prepared)}")
    except (BrokenPipeError, StdoutFailed) as error:
        reader_left()
        if not how.dry_run:
            raise CommandFailed(
                f"{prepared.plan.title}: nothing was sent, because stdout was closed before the plan could be read"
            ) from None
        if isinstance(error, StdoutFailed):
            raise


class _Progress:
    """Progress on stderr, on one line while answers are counted; the outcome is reported separately."""

    def __init__(self, how: SendOptions) -> None:
        self._live = LiveText(shown=how.output == "table")
        self._counts = False
        self._waits = bool(how.wait)

    def tell(self, outcome: Outcome) -> None:
        """Report a stage. Without a terminal it says once that answers are being counted."""
        if outcome.stage is Stage.SENDING:
            talk("sending")
        elif outcome.stage is Stage.SENT and outcome.counting is None:
            # Without a wait this is the outcome, and told as such.
            if self._waits:
                talk(stated(str(Stage.SENT), outcome.why))
        elif outcome.stage is Stage.SENT and outcome.counting:
            if not self._counts:
                talk(stated(str(Stage.SENT), outcome.why))
            self._counts = True
            self._live.show(f"{progress_bar(outcome.counting)} {translated(str(outcome.counting))}")

    def clear(self) -> None:
        self._live.clear()


def progress_bar(counting: Counting) -> str:
    """How far the count of answers is: `[####......]`."""
    done = round(_BAR * counting.answers / max(counting.answers + counting.missing, 1))
    return f"[{'#' * done}{'.' * (_BAR - done)}]"


async def why_unconfirmed(prepared: Prepared, how: SendOptions, person: Person) -> str:
    """Why it is not sent; "" if the user or a flag confirmed it."""
    plan = prepared.plan
    name = plan.rollout.name
    if prepared.asks_for_name:
        typed = how.confirm
        if typed is None and person.present:
            typed = await person.answer(
                translated(f"{plan.rollout.context} is production. Type {safe_text(name)} to send: ")
            )
        if typed == name:
            return ""
        return f"nothing was sent: {plan.rollout.context} is production; add --confirm {shell_word(name)}"
    if how.yes:
        return ""
    raises = plan.raises and plan.exposes
    usual = "y/N" if raises else "Y/n"
    answer = (await person.answer(translated(f"Send? [{usual}] "))).lower()
    agreed = answer in ("y", "yes") or (answer == "" and not raises)
    return "" if agreed else "nothing was sent: not confirmed"


def preview(prepared: Prepared) -> str:
    """The plan as text, with the server's checks."""
    plan = prepared.plan
    lines = [safe_text(translated(plan.title)), *_section("changes", list(map(_change, plan.changes)))]
    lines += _section("outage", [plan.ends_outage] if plan.ends_outage else [])
    lines += _section("commands", [Verbatim(bounded_line(command, 4000)) for command in plan.commands()])
    lines += _section("concerns", list(prepared.concerns))
    lines += _section("warnings", list(plan.cautions()))
    lines += _section("checks", list(prepared.checks))
    lines += _section("undo", [plan.undo] if plan.undo else [])
    lines += _section(
        "second person" if prepared.proposable else "blocked", [prepared.blocked] if prepared.blocked else []
    )
    return "\n".join(lines)


def _change(change: Change) -> str:
    """What changes from what to what, in the language of this process."""
    return Verbatim(f"{translated(change.what)} {translated(change.before)} -> {translated(change.after)}")


def _section(name: str, texts: list[str]) -> list[str]:
    return [translated(f"{name}:"), *(f"  {safe_text(translated(text), 4000)}" for text in texts)] if texts else []


def _report(outcome: Outcome, output: str, shown: RolloutView | None) -> None:
    if output != "table":
        emit_document(outcome_document(outcome), output)
    elif outcome.stage is Stage.REFUSED and outcome.plan is None:
        told = outcome.refused.told if outcome.refused else ()
        raise CommandFailed(stated(str(Stage.REFUSED), with_commands(outcome.why, told, shown)))
    elif outcome.stage in (Stage.REFUSED, Stage.UNKNOWN, Stage.UNVERIFIED, Stage.PROPOSED):
        talk(stated(str(outcome.stage), outcome.why))
    else:
        emit(safe_text(stated(str(outcome.stage), outcome.why), 1000))


def code_of(outcome: Outcome, view: FleetView, key: RolloutKey) -> ExitCode:
    """The exit code of an act."""
    match outcome.stage:
        case Stage.DRY_RUN | Stage.SENT | Stage.VERIFIED:
            return ExitCode.FINE
        case Stage.PROPOSED:
            return ExitCode.UNCONFIRMED
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
    """The exit code of an act whose effect was not seen."""
    if outcome.failed:
        return ExitCode.DEGRADED
    if rollout is None:
        return ExitCode.TIMED_OUT
    if any(lane.verdict is Verdict.OFF for lane in rollout.lanes):
        return ExitCode.SPLIT_OFF
    return ExitCode.WAITING if waits_for_a_person(rollout) else ExitCode.TIMED_OUT
