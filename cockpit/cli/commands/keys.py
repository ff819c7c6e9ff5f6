"""`keys`: the keys of the screen and their ids, for remapping."""

from __future__ import annotations

from dataclasses import asdict

import click

from cockpit.cli.options import given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, table
from cockpit.cli.program import Program, StartError
from cockpit.cli.running import CommandFailed, talk


@click.command("keys")
@shared_options
@output_option("table", "json", "yaml")
@click.pass_obj
def keys_command(program: Program, output: str) -> None:
    """List the keys of the screen with their ids.

    An id in the setting `keymap` gives a key another place, for example `keymap: {rollback: "b"}`.
    """
    try:
        rows, problems = program.keys(given())
    except StartError as problem:
        raise CommandFailed(str(problem)) from None
    for words in problems:
        talk(words)
    if output == "table":
        cells = [(row.id, row.keys, row.where, row.word, row.help) for row in rows]
        emit(table(("ID", "KEYS", "WHERE", "NAME", "WHAT IT DOES"), cells))
    else:
        emit_document({"keys": [asdict(row) for row in rows]}, output)
