"""`completion`: prints the shell completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from cockpit.cli.output import emit
from cockpit.cli.running import CommandFailed


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash: cockpit completion bash > ~/.local/share/bash-completion/completions/cockpit
    zsh:  cockpit completion zsh > "${fpath[1]}/_cockpit"
    fish: cockpit completion fish > ~/.config/fish/completions/cockpit.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise CommandFailed(f"no completion for {shell}")
    emit(kind(ctx.find_root().command, {}, "cockpit", "_COCKPIT_COMPLETE").source())
