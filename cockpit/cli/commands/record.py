"""`record` and `replay`: a flight record of a session, and the screens of it again."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.cli.options import DURATION, given, shared_options
from cockpit.cli.program import Program, RecordOrder, ReplayOrder, StartError
from cockpit.cli.running import CommandFailed


@click.command("record")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--for", "seconds", type=DURATION, metavar="DURATION", help="Stop after that long, such as 10m.")
@click.option("--full", is_flag=True, help="Leave nothing out: env, args, annotations and request headers as they are.")
@shared_options
@click.pass_obj
def record_command(program: Program, path: Path, seconds: float | None, full: bool) -> None:
    """Record every watch event, probe sample, act and finding into FILE, until Ctrl-C.

    Values that can be secret are left out; Secrets and logs are never recorded. Rollouts are sampled as on the screen:
    say --sample moving or all to have their requests in it. FILE must not be there yet.
    """
    try:
        code = program.record(RecordOrder(path, seconds, full), given())
    except StartError as problem:
        raise CommandFailed(str(problem)) from None
    raise click.exceptions.Exit(code)


@click.command("replay")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--at", metavar="TIME", help="Begin at this time of day (21:04 or 21:04:30), or after a duration (+10m).")
@click.option("--speed", type=click.FloatRange(0.25, 64), default=1.0, show_default=True, help="How fast it plays.")
@click.option("--export", "export", type=click.Choice(["asciicast", "svg"]), help="Write it for a ticket, to stdout.")
@click.option("--size", default="80x24", show_default=True, metavar="COLSxROWS", help="Size of what is exported.")
@click.option("--for", "seconds", type=DURATION, metavar="DURATION", help="How much of the recording is exported.")
@click.option("--rollout", metavar="NAME", help="Export the screen of this rollout instead of the fleet.")
@shared_options
@click.pass_obj
def replay_command(
    program: Program,
    path: Path,
    at: str | None,
    speed: float,
    export: str | None,
    size: str,
    seconds: float | None,
    rollout: str | None,
) -> None:
    """Show the screens of a flight record again, as they were.

    b pauses, [ and ] change the speed, comma and period go from view to view, { and } from act or finding to the next,
    < and > ten seconds back and on, 0 to 9 to that tenth. All panes work; nothing can be changed in a recording.
    """
    try:
        code = program.replay(ReplayOrder(path, at, speed, export, _size(size), seconds, rollout), given())
    except StartError as problem:
        raise CommandFailed(str(problem)) from None
    raise click.exceptions.Exit(code)


def _size(text: str) -> tuple[int, int]:
    columns, _, rows = text.partition("x")
    if columns.isascii() and rows.isascii() and columns.isdigit() and rows.isdigit():
        size = int(columns), int(rows)
        if 20 <= size[0] <= 500 and 5 <= size[1] <= 200:
            return size
    raise click.UsageError(f"--size {text!r}: write columns and rows, such as 80x24")
