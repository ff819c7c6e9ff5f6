"""`config`: the settings in force, and where they come from."""

from __future__ import annotations

import json

import click

from cockpit.cli.options import given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, table
from cockpit.cli.program import Program, StartError
from cockpit.cli.running import CommandFailed


@click.command("config")
@shared_options
@output_option("table", "json", "yaml")
@click.pass_obj
def config_command(program: Program, output: str) -> None:
    """List the settings in force and what set each: a default, the file, a variable, or a flag of this command.

    Flags win over variables, variables over the file. What may be a credential is hidden.
    """
    try:
        rows = program.config(given())
    except StartError as problem:
        raise CommandFailed(str(problem)) from None
    if output == "table":
        cells = [(row.key, _value(row.value), row.source) for row in rows]
        emit(table(("SETTING", "VALUE", "FROM"), cells))
    else:
        found = [{"key": row.key, "value": row.value, "source": row.source} for row in rows]
        emit_document({"file": str(program.paths()["settings"]), "settings": found}, output)


def _value(value: object) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) and value else json.dumps(value)
