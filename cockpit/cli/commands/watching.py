"""`watch`: a line for each change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from cockpit.cli.advising import findings_with_commands
from cockpit.cli.changes import changes, only
from cockpit.cli.commands.facts import end
from cockpit.cli.completing import completes
from cockpit.cli.documents import view_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.goals import End, Goal, GoalType, Kind, Pursuit
from cockpit.cli.lasting import Lasting
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import DURATION, given, output_option, shared_options
from cockpit.cli.output import emit, emit_line
from cockpit.cli.program import Completes, Program
from cockpit.cli.running import with_session
from cockpit.cli.selecting import labelled, selector_option
from cockpit.cli.times import time_text
from cockpit.cli.waiting import shown_in, synced, views
from cockpit.cli.words import state
from cockpit.model.text import safe_text
from cockpit.texts.current import translated

if TYPE_CHECKING:
    from cockpit.model.label_selector import LabelSelector
    from cockpit.model.refs import RolloutKey
    from cockpit.model.view import FleetView, RolloutView
    from cockpit.session.port import Cockpit

_GOAL = GoalType(Kind.WAITING, Kind.DONE)


@click.command("watch")
@click.argument("name", required=False, shell_complete=completes(Completes.ROLLOUT))
@shared_options
@output_option("plain", "json")
@click.option("--probe", is_flag=True, help="Sample the traffic of NAME to report the observed split.")
@click.option(
    "--until",
    "goal",
    type=_GOAL,
    metavar="GOAL",
    help=f"End when NAME reaches it, with the exit codes of wait: {_GOAL.words}.",
)
@click.option("--timeout", type=DURATION, metavar="TIME", help="Longest wait for --until (none).")
@selector_option
@click.pass_obj
def watch_command(
    program: Program,
    name: str | None,
    output: str,
    probe: bool,
    goal: Goal | None,
    timeout: float | None,
    selector: LabelSelector | None,
) -> None:
    """Print one line for each change until interrupted: a sentence, or JSON with -o json.

    Figures that move are no change: another health is, and a new or resolved finding. A doubt is told once it has
    lasted for a minute; that users are hurt, at once.
    """
    if probe and not name:
        raise click.UsageError("--probe needs the NAME of the rollout to sample")
    if goal and not name:
        raise click.UsageError("--until needs the NAME of the rollout to wait for")
    if timeout and not goal:
        raise click.UsageError("--timeout is the longest wait for --until; add it")
    if selector and name:
        raise click.UsageError("-l chooses among all rollouts; leave it out or leave out NAME")
    watch(program, name, output, probe=probe, goal=goal, timeout=timeout, selector=selector)


def watch(
    program: Program,
    name: str | None,
    output: str,
    *,
    probe: bool = False,
    goal: Goal | None = None,
    timeout: float | None = None,
    selector: LabelSelector | None = None,
) -> None:
    """The command; it also replaces the screen with --plain."""
    options = where_it_is(given(), name) if name else given()

    async def work(cockpit: Cockpit) -> ExitCode:
        first = await synced(cockpit, program.request_timeout(options))
        named = find(first, name) if name else None
        key = named.rollout.key if named else None
        if key:
            cockpit.select([key])
        if key and probe:
            await cockpit.probe(key, True)
        last = only(first, key) if key else labelled(first, selector)
        for shown in last.rollouts:
            _tell(last, _opening(shown), shown, output)
        if named is None or goal is None:
            await _follow(cockpit, last, key, output, None, selector)
            return ExitCode.FINE
        pursuit = Pursuit(named.rollout.key, goal)
        await pursuit.begin(cockpit, named)
        try:
            async with asyncio.timeout(timeout):
                found = await _follow(cockpit, last, key, output, pursuit)
        except TimeoutError:
            found = pursuit.late(shown_in(cockpit.view(), named.rollout.key), timeout or 0.0)
        view = cockpit.view()
        _tell(view, found.words, shown_in(view, named.rollout.key), output)
        return found.code

    end(with_session(program, options, work))


async def _follow(
    cockpit: Cockpit,
    last: FleetView,
    key: RolloutKey | None,
    output: str,
    pursuit: Pursuit | None,
    selector: LabelSelector | None = None,
) -> End:
    """Tell each change since the view `last`, until the goal is reached or for good."""
    lasting = Lasting()
    async for view in views(cockpit):
        latest = only(view, key) if key else labelled(view, selector)
        told = lasting.told(last, latest)
        for text, about in changes(last, told):
            # What a script reads beside the sentence is the rollout as it is.
            _tell(latest, text, (shown_in(latest, about.rollout.key) or about) if about else None, output)
        last = told
        if pursuit and key and (end := pursuit.look(latest, shown_in(latest, key))):
            return end
    raise AssertionError("views do not end")


def _opening(shown: RolloutView) -> str:
    return f"{shown.rollout.key}: {state(shown)}"


def _tell(view: FleetView, text: str, shown: RolloutView | None, output: str) -> None:
    time = time_text(view.at)
    if output == "json":
        emit_line({"time": time, "change": text, "rollout": view_document(shown) if shown else None})
    else:
        emit(safe_text(f"{time} {translated(findings_with_commands(text, shown))}", 1000))
