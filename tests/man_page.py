"""`python -m tests.man_page` writes the manual page, made from the commands themselves."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from cockpit.cli.exit_codes import WORDS
from cockpit.cli.main import command_line
from cockpit.tui.keys import KEYS, Where

# Where the keys work that the page lists: a screen that only reads has them in its last line.
PLACES = (Where.FLEET, Where.ROLLOUT, Where.BOTH, Where.ACTING, Where.EVERYWHERE)
PAGE = Path(__file__).parents[1] / "cockpit" / "docs" / "shipping" / "cockpit.1"


def page() -> str:
    """The whole page in the language of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    context = click.Context(command_line, info_name="cockpit")
    shared = {id for param in command_line.params for id in param.opts}
    yield '.TH COCKPIT 1 "" "rollout cockpit" "User Commands"'
    yield ".SH NAME"
    yield r"cockpit \- see and control what is being released on Kubernetes"
    yield ".SH SYNOPSIS"
    yield r".B cockpit"
    yield r"[\fIOPTIONS\fR] [\fICOMMAND\fR] [\fIARGUMENTS\fR]"
    yield ".br"
    yield r".B kubectl cockpit"
    yield r"[\fIOPTIONS\fR] [\fICOMMAND\fR] [\fIARGUMENTS\fR]"
    yield ".SH DESCRIPTION"
    yield from _text(command_line.help or "")
    yield ".SH OPTIONS"
    yield "These are accepted before and after the name of every command."
    yield from _options(command_line, context, frozenset())
    yield ".SH COMMANDS"
    for name, command in command_line.commands.items():
        of = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(of)[1:])
        yield f".SS {_plain(f'cockpit {name} {usage}'.strip())}"
        yield from _text(command.help or "")
        yield from _options(command, of, frozenset(shared))
    yield ".SH KEYS"
    yield "On the screen; ? lists every key, and what it does now. No single key sends anything."
    for key in KEYS:
        if key.where in PLACES:
            yield ".TP"
            yield _plain(f"{key.shown}: {key.word}")
            yield _plain(key.help)
    yield ".SH EXIT STATUS"
    for code, words in WORDS.items():
        yield ".TP"
        yield rf".B {int(code)}"
        yield _plain(words)
    yield ".SH FILES"
    yield _plain(
        "`cockpit doctor` names the settings, the journal and the log; `cockpit config` says what is in force."
    )
    yield ".SH SEE ALSO"
    yield r".BR kubectl (1)"


def _options(command: click.Command, context: click.Context, left_out: frozenset[str]) -> Iterator[str]:
    for param in command.params:
        record = param.get_help_record(context)
        if isinstance(param, click.Option) and record and not left_out.intersection(param.opts):
            yield ".TP"
            yield rf".B {_plain(record[0])}"
            yield _plain(record[1])


def _text(help: str) -> Iterator[str]:
    """The paragraphs; what stands behind a backspace keeps its line ends."""
    for paragraph in re.split(r"\n[ \t]*\n", help.strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        yield ".PP"
        if "\b" in paragraph:
            yield ".nf"
            yield from (_plain(line.strip("\b")) for line in lines if line.strip("\b"))
            yield ".fi"
        else:
            yield _plain(" ".join(lines))


def _plain(text: str) -> str:
    """Text that no line of is a request, with the dashes that are typed."""
    escaped = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped[:1] in ".'" else escaped


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
