"""`wait`: waits until a rollout is where a pipeline needs it."""

from __future__ import annotations

import click

from cockpit.cli.completing import completes
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.goals import End, Goal, GoalType, Kind, Pursuit
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import DURATION, given, shared_options
from cockpit.cli.output import say
from cockpit.cli.program import Completes, Program
from cockpit.cli.running import with_session
from cockpit.cli.waiting import shown_in, synced, until
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.session.port import Cockpit

_GOAL = GoalType(Kind.WAITING, Kind.HEALTHY, Kind.DONE, Kind.STEP)


@click.command("wait")
@click.argument("name", shell_complete=completes(Completes.ROLLOUT))
@click.option("--for", "goal", type=_GOAL, required=True, metavar="GOAL", help=f"What to wait for: {_GOAL.words}.")
@click.option("--timeout", type=DURATION, default=600.0, metavar="TIME", help="Longest wait (10m).")
@shared_options
@click.pass_obj
def wait_command(program: Program, name: str, goal: Goal, timeout: float) -> None:
    """Wait until a rollout reaches a goal, and say in one sentence how it ended.

    \b
    waiting: it waits for a person's approval.
    healthy: it is sampled, and its health is fine.
    done:    no release is under way. A rollout that is at rest already is done,
             so begin the release with --wait before.
    step=3:  it is at step 3, or past it.

    \b
    Exit code 0: the goal is reached.
    3: the rollout is degraded or aborted, or the release was taken back.
    4: time is up.
    7: another release began.
    8: objects that decide it could not be read.
    1: the goal cannot be reached any more, or health cannot be measured.
    """
    options = where_it_is(given(), name)

    async def work(cockpit: Cockpit) -> End:
        view = await synced(cockpit, program.request_timeout(options))
        first = find(view, name)
        key = first.rollout.key
        cockpit.select([key])
        pursuit = Pursuit(key, goal)
        await pursuit.begin(cockpit, first)
        end: End | None = None

        def ended(later: FleetView) -> bool:
            nonlocal end
            end = pursuit.look(later, shown_in(later, key))
            return end is not None

        await until(cockpit, ended, timeout)
        return end or pursuit.late(shown_in(cockpit.view(), key), timeout)

    end = with_session(program, options, work)
    say(safe_text(end.words, 1000))
    if end.code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(end.code))
