"""`demo`: an embedded cluster, with the screen on it or for other clients."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.cli.options import given, shared_options
from cockpit.cli.program import DemoOrder, Program, StartError
from cockpit.cli.running import Failed

_PORT = click.IntRange(0, 65535)


@click.command("demo")
@click.argument("scenarios", metavar="[SCENARIO...]", nargs=-1)
@click.option("--list", "listing", is_flag=True, help="List the scenarios and end.")
@click.option("--serve", is_flag=True, help="Run the cluster alone, for kubectl and curl, until SIGTERM or Ctrl-C.")
@click.option(
    "--kubeconfig-out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write its kubeconfig."
)
@click.option("--api-port", type=_PORT, default=0, metavar="N", help="Port of its API; chosen by the system if 0.")
@click.option("--gateway-port", type=_PORT, default=0, metavar="N", help="Port of its gateway; chosen if 0.")
@shared_options
@click.pass_context
def demo_command(
    ctx: click.Context,
    scenarios: tuple[str, ...],
    listing: bool,
    serve: bool,
    kubeconfig_out: Path | None,
    api_port: int,
    gateway_port: int,
) -> None:
    """Start an embedded cluster, with the screen on it.

    Releases of the chosen SCENARIO go on by themselves and can be taken over at any time.
    With --context, repeated, there are several clusters of these names.
    """
    program: Program = ctx.obj
    order = DemoOrder(scenarios, serve, listing, kubeconfig_out, api_port, gateway_port, given().contexts)
    try:
        ctx.exit(program.demo(order, given()))
    except StartError as problem:
        raise Failed(str(problem)) from None
