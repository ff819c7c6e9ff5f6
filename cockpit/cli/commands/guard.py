"""`guard`: guards the release that is under way until it ends, without a screen; made for pipelines."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from cockpit.cli.acting import preview
from cockpit.cli.completing import completes
from cockpit.cli.documents import guard_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import DURATION, given, output_option, shared_options
from cockpit.cli.output import emit, emit_line
from cockpit.cli.program import Completes, Person, Program
from cockpit.cli.running import CommandFailed, reader_left, talk, with_session
from cockpit.cli.times import time_text
from cockpit.cli.waiting import require_read, shown_in, synced, until, views
from cockpit.cli.words import stated
from cockpit.model.guard import FORMS, GuardOrder, GuardState, GuardView, parse_conditions, why_no_release
from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.guarding.evaluate import way_back
from cockpit.session.guarding.findings import sampling_words
from cockpit.session.port import Cockpit
from cockpit.texts.current import translated

_HELP = f"""Guard the release that is under way, and print one line for each state until it ends.

A CONDITION is one of: {"; ".join(FORMS)}. Each may end in "for 30s". One of several is enough; the usual one is
"hurt for 30s".

Without --arm the command only says when a condition holds. With --arm it then aborts or rolls back by itself, once,
by the same plan as `abort` or `rollback`.

Exit code 0: the release ended. 3: the guard acted, or a condition holds and it is not armed, or the release was
aborted. 4: the guard cannot measure (an armed one stays until the end), no release began, or its time is up. 7: the
guard was taken away.
"""


@click.command("guard", help=_HELP)
@click.argument("name", shell_complete=completes(Completes.ROLLOUT))
@click.option("--if", "conditions", multiple=True, metavar="CONDITION", help="When to go back; repeatable.")
@click.option("--arm", is_flag=True, help="Abort or roll back when a condition holds.")
@click.option("--until", "lasting", type=DURATION, metavar="TIME", help="Longest time to guard, such as 30m.")
@click.option("--within", type=DURATION, default=30.0, metavar="TIME", help="How long to wait for a release (30s).")
@click.option("--yes", "-y", is_flag=True, help="Arm without asking.")
@shared_options
@output_option("plain", "json")
@click.pass_obj
def guard_command(
    program: Program,
    name: str,
    conditions: tuple[str, ...],
    arm: bool,
    lasting: float | None,
    within: float,
    yes: bool,
    output: str,
) -> None:
    options, person = where_it_is(given(), name), program.person
    order = GuardOrder(_parsed(conditions), arm, lasting)
    if arm and not (yes or person.present):
        raise click.UsageError("no terminal to confirm on: add --yes to arm the guard")

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        found = find(view, name)
        require_read(view, found)
        key = found.rollout.key
        await until(cockpit, lambda later: _ready(shown_in(later, key), order), within)
        shown = shown_in(cockpit.view(), key)
        if shown is None:
            raise CommandFailed(f"{key} is gone; nothing is guarded")
        if why := why_no_release(shown.rollout):
            raise CommandFailed(f"{key}: {why}; nothing is guarded", ExitCode.TIMED_OUT)
        if words := sampling_words(shown):
            talk(words)
        if arm:
            await _confirm(cockpit, shown, yes, person)
        if why := await cockpit.guard(key, order):
            raise CommandFailed(why)
        return await _follow(cockpit, key, _Lines(key, output))

    code = with_session(program, options, work)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


def _parsed(texts: tuple[str, ...]) -> Any:
    try:
        return parse_conditions(texts)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--if") from None


def _ready(shown: RolloutView | None, order: GuardOrder) -> bool:
    """Whether a guard can be set; a pipeline may be quicker than the controller that begins the release."""
    if shown is None:
        return True
    return not why_no_release(shown.rollout) and (way_back(shown.rollout.acts).enabled or not order.armed)


async def _confirm(cockpit: Cockpit, shown: RolloutView, yes: bool, person: Person) -> None:
    """Show the way back as it would be sent now, checked by the server; raises CommandFailed if it cannot be armed."""
    key, way = shown.rollout.key, way_back(shown.rollout.acts)
    if not way.enabled:
        raise CommandFailed(f"{key}: the guard could not act: {way.why}")
    prepared = await cockpit.prepare(key, Ask(way.act))
    why = prepared.why if isinstance(prepared, Refused) else prepared.blocked
    if isinstance(prepared, Refused) or why:
        raise CommandFailed(f"{key}: the guard could not act: {why}")
    talk("If a condition holds, this is sent, planned again at that moment:")
    for line in preview(prepared).splitlines():
        talk(line)
    if not yes and (await person.answer(translated("Arm the guard? [y/N] "))).lower() not in ("y", "yes"):
        raise CommandFailed("no guard was armed: not confirmed")


class _Lines:
    """Prints a line for each state, in a thread: a terminal that is not read must not hold a guard up."""

    def __init__(self, key: RolloutKey, output: str) -> None:
        self._key = key
        self._json = output == "json"
        self._said: tuple[object, ...] = ()
        self._read = True

    async def say(self, view: FleetView, guard: GuardView) -> None:
        """Print the guard if its state is another one than before."""
        said = (guard.state, guard.armed, guard.note)
        if said == self._said or not self._read:
            return
        self._said = said
        try:
            if self._json:
                await asyncio.to_thread(emit_line, self._document(view, guard))
            else:
                await asyncio.to_thread(emit, self._line(view, guard))
        except BrokenPipeError:
            # Nobody reads any more, and the release is to be guarded all the same.
            reader_left()
            self._read = False

    def _line(self, view: FleetView, guard: GuardView) -> str:
        said = stated(f"{'armed guard' if guard.armed else 'guard'} {guard.state}", guard.words)
        note = f"; {translated(guard.note)}" if guard.note else ""
        return safe_text(f"{time_text(view.at)} {self._key}: {said}{note}", 1000)

    def _document(self, view: FleetView, guard: GuardView) -> dict[str, object]:
        return {
            "time": time_text(view.at),
            "context": self._key.context,
            "namespace": self._key.namespace,
            "name": self._key.name,
            **guard_document(guard),
        }


async def _follow(cockpit: Cockpit, key: RolloutKey, lines: _Lines) -> ExitCode:
    """Print what the guard does until it or the release ends."""
    seen = blind = False
    async for view in views(cockpit):
        shown = shown_in(view, key)
        if shown is None:
            raise CommandFailed(f"{key} is gone; the guard has ended")
        if shown.guard is None:
            if seen:
                raise CommandFailed(f"{key}: the guard was taken away", ExitCode.SUPERSEDED)
            continue
        seen = True
        await lines.say(view, shown.guard)
        code = exit_code(shown.guard, blind)
        if code is not None:
            return code
        blind = shown.guard.state is GuardState.BLIND
    raise AssertionError("views do not end")


def exit_code(guard: GuardView, blind: bool) -> ExitCode | None:
    """How the command ends; None while it goes on. `blind`: the guard could not measure until then."""
    match guard.state:
        case GuardState.ACTED:
            return ExitCode.DEGRADED
        case GuardState.PROPOSING if not guard.armed:
            return ExitCode.DEGRADED
        case GuardState.BLIND if not guard.armed:
            return ExitCode.TIMED_OUT
        case GuardState.ENDED if guard.aborted:
            return ExitCode.DEGRADED
        case GuardState.ENDED:
            return ExitCode.TIMED_OUT if guard.timed_out or blind else ExitCode.FINE
    return None
