"""The command `cockpit`, also called `kubectl cockpit`."""

from __future__ import annotations

from typing import Any

import click

from cockpit.cli import exit_codes
from cockpit.cli.catalogue import Commands
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.help_texts import SpokenUsageError, in_language, short_help
from cockpit.cli.options import given, shared_options
from cockpit.cli.program import Program, StartError
from cockpit.cli.running import CommandFailed, reader_left
from cockpit.cli.selecting import screen_selector_option, view_only_option
from cockpit.texts.current import wide


class CommandLine(click.Group):
    """Maps the errors that all commands share to exit codes."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.listed = Commands(in_language)
        super().__init__(*args, **{**settings, "commands": self.listed})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In order of use, not alphabetical."""
        return list(self.listed)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """What the library says of the first words, in the language of this process."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as problem:
            raise SpokenUsageError(problem) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command does; the library would load them all, and cut it before it could be translated."""
        outlines = self.listed.outlines()
        room = formatter.width - 6 - max(map(len, outlines))
        with formatter.section("Commands"):
            formatter.write_dl([(name, _outlined(command, room)) for name, command in outlines.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interrupt gives 130, a closed stdout (`| head`) is not an error."""
        try:
            return super().invoke(ctx)
        except click.UsageError as problem:
            raise SpokenUsageError(problem) from None
        except (KeyboardInterrupt, click.Abort):
            raise click.exceptions.Exit(int(ExitCode.INTERRUPTED)) from None
        except BrokenPipeError:
            reader_left()
            raise click.exceptions.Exit(int(ExitCode.FINE)) from None


def _outlined(command: click.Command, room: int) -> str:
    """What a command does, in so many columns; Chinese is not cut."""
    return short_help(command) if wide() else command.get_short_help_str(room)


@click.group(
    cls=CommandLine,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=exit_codes.TEXT,
)
@shared_options
@screen_selector_option
@view_only_option
@click.version_option(package_name="rollout-cockpit", prog_name="cockpit")
@click.pass_context
def command_line(ctx: click.Context) -> None:
    """See and control what is being released: the declared, written and observed split, side by side.

    Without a command the screen opens on the current context; with --plain, one sentence per change instead.
    Names are [context:]namespace/name. Data goes to stdout, messages to stderr.
    """
    if ctx.invoked_subcommand is not None:
        if given().selector is not None:
            raise click.UsageError(f"-l goes behind the command: cockpit {ctx.invoked_subcommand} -l LABELS")
        return
    program: Program = ctx.obj
    if given().plain:
        from cockpit.cli.commands.watching import watch

        watch(program, None, "plain", selector=given().selector)
        return
    try:
        ctx.exit(program.screen(given()))
    except StartError as problem:
        raise CommandFailed(str(problem)) from None


in_language(command_line)
