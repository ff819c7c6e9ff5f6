"""`serve`: the screen in a browser, for a colleague without SSH."""

from __future__ import annotations

import click

from cockpit.cli.options import WholeNumber, given, shared_options
from cockpit.cli.program import Program, ServeOrder, StartError
from cockpit.cli.running import CommandFailed
from cockpit.cli.selecting import screen_selector_option


@click.command("serve")
@click.option("--port", type=WholeNumber(0, 65535), default=8000, show_default=True, help="Port on 127.0.0.1.")
@click.option("--viewers", type=WholeNumber(1, 20), default=1, show_default=True, help="Links; each opens once.")
@click.option("--with-acts", is_flag=True, help="Let those who open a link act on the cluster as you.")
@shared_options
@screen_selector_option
@click.pass_obj
def serve_command(program: Program, port: int, viewers: int, with_acts: bool) -> None:
    """Serve the screen to browsers on this machine, read-only, each in its own size.

    Each link opens once. For somebody on another machine, the port has to be forwarded: ssh -L 8000:127.0.0.1:8000.
    Needs the extra `web`: pip install 'rollout-cockpit[web]'.
    """
    if given().token is not None:
        why = "each browser gets a process of its own, and its arguments would show it; put the token into a kubeconfig"
        raise click.UsageError(f"--token does not go with serve: {why}")
    try:
        code = program.serve(ServeOrder(port, viewers, with_acts), given())
    except StartError as problem:
        raise CommandFailed(str(problem)) from None
    raise click.exceptions.Exit(code)
