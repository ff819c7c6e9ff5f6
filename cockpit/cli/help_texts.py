"""Help and errors of the command line in the language of this process."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from cockpit.texts.current import Verbatim, translated

if TYPE_CHECKING:
    from collections.abc import Iterable


class HelpFormatter(click.HelpFormatter):
    """Help with its paragraphs and the descriptions of its options translated; names of options stay."""

    def write_text(self, text: str) -> None:
        """Paragraph by paragraph; lines behind a backspace are not wrapped, so their line ends are kept in English."""
        paragraphs = text.split("\n\n")
        super().write_text("\n\n".join(_paragraph(each) for each in paragraphs))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Names and what they mean."""
        super().write_dl([(name, translated(words)) for name, words in rows], col_max, col_spacing)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How to write the command."""
        super().write_usage(prog, args, translated("Usage:" if prefix is None else prefix) + " ")

    def write_heading(self, heading: str) -> None:
        """The heading of a section."""
        super().write_heading(translated(heading))


def _paragraph(text: str) -> str:
    whole = " ".join(text.replace("\b", " ").split())
    done = translated(whole)
    return text if done == whole else str(done)


class Context(click.Context):
    """The context of every command: its help is translated."""

    formatter_class = HelpFormatter


def in_language(command: click.Command) -> click.Command:
    """The command with translated help."""
    command.context_class = Context
    return command


def short_help(command: click.Command) -> str:
    """The first sentence of a command's help."""
    text = (command.short_help or command.help or "").split("\n\n")[0]
    return Verbatim(translated(" ".join(text.split())).partition("。")[0] + "。")


class SpokenUsageError(click.UsageError):
    """A usage error of the library in the language of this process: with its usage, and a hint at the help."""

    def __init__(self, problem: click.UsageError) -> None:
        super().__init__(translated(problem.format_message()), problem.ctx)
        self.exit_code = problem.exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        if self.ctx is not None:
            click.echo(self.ctx.get_usage(), file=file, err=True)
            click.echo(translated(f"Try '{self.ctx.command_path} --help' for help."), file=file, err=True)
            click.echo(file=file, err=True)
        click.echo(f"{translated('Error:')} {self.message}", file=file, err=True)
