"""`completion`: prints the shell completion script."""

from __future__ import annotations

import click

from cockpit.cli.output import emit
from cockpit.cli.shells import SHELLS


@click.command("completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash: cockpit completion bash > ~/.local/share/bash-completion/completions/cockpit
    zsh:  cockpit completion zsh > "${fpath[1]}/_cockpit"
    fish: cockpit completion fish > ~/.config/fish/completions/cockpit.fish

    kubectl completes `kubectl cockpit` with its own script, as soon as `kubectl_complete-cockpit` is on the PATH.
    """
    emit(SHELLS[shell](ctx.find_root().command, {}, "cockpit", "_COCKPIT_COMPLETE").source().rstrip())
