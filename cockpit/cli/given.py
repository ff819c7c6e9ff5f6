"""The shared flags that were given to a command, before or after its name."""

from __future__ import annotations

import click

from cockpit.cli.program import Options

# Where they are kept while a command is parsed.
META = "cockpit.options"


def given() -> Options:
    """The shared flags of the running command."""
    return options_of(click.get_current_context())


def options_of(ctx: click.Context) -> Options:
    """The shared flags of a command that runs or is being completed."""
    return Options(**ctx.meta.get(META, {}))
