"""The command `cockpit`, also called `kubectl cockpit`."""

from __future__ import annotations

from typing import Any

import click

from cockpit.cli import exit_codes
from cockpit.cli.commands.acts import ACT_COMMANDS
from cockpit.cli.commands.completion import completion_command
from cockpit.cli.commands.demo import demo_command
from cockpit.cli.commands.doctor import doctor_command
from cockpit.cli.commands.facts import list_command, show_command, watch, watch_command
from cockpit.cli.commands.probe import probe_command
from cockpit.cli.commands.verify import verify_command
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.options import given, shared_options
from cockpit.cli.program import Program, StartError
from cockpit.cli.running import Failed, reader_left


class CommandLine(click.Group):
    """Gives the ends that every command has in common their exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interrupt is 130, a reader that left stdout (`| head`) is no error."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            raise click.exceptions.Exit(int(ExitCode.INTERRUPTED)) from None
        except BrokenPipeError:
            reader_left()
            raise click.exceptions.Exit(int(ExitCode.FINE)) from None


@click.group(
    cls=CommandLine,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=exit_codes.TEXT,
)
@shared_options
@click.version_option(package_name="rollout-cockpit", prog_name="cockpit")
@click.pass_context
def command_line(ctx: click.Context) -> None:
    """See and steer what is being released: the split that is declared, written and observed, side by side.

    Without a command the screen opens on the current context; with --plain, one sentence per change instead.
    Names are [context:]namespace/name. Facts go to stdout, talk to stderr.
    """
    if ctx.invoked_subcommand is not None:
        return
    program: Program = ctx.obj
    if given().plain:
        watch(program, None, "plain")
        return
    try:
        ctx.exit(program.screen(given()))
    except StartError as problem:
        raise Failed(str(problem)) from None


for _command in (
    demo_command,
    list_command,
    show_command,
    watch_command,
    probe_command,
    verify_command,
    *ACT_COMMANDS,
    doctor_command,
    completion_command,
):
    command_line.add_command(_command)
