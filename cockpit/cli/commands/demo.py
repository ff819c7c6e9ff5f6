"""`demo`: an embedded cluster, with the screen or for other clients."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.cli.completing import completes
from cockpit.cli.options import WholeNumber, given, shared_options
from cockpit.cli.program import Completes, DemoOrder, NoSuchNameError, Program, StartError
from cockpit.cli.running import CommandFailed
from cockpit.cli.selecting import screen_selector_option

_PORT = WholeNumber(0, 65535)


@click.command("demo")
@click.argument("scenarios", metavar="[SCENARIO...]", nargs=-1, shell_complete=completes(Completes.SCENARIO))
@click.option("--list", "listing", is_flag=True, help="List the scenarios and exit.")
@click.option("--tour", is_flag=True, help="Open in large print, for a room of people: space shows the next rollout.")
@click.option(
    "--with",
    "company",
    type=click.Choice(["colleague"]),
    help="A scripted second person takes part: asks for the controls, acts, hands over, falls silent.",
)
@click.option(
    "--from",
    "record",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Play a flight record instead of scenarios; --context chooses one of its contexts.",
)
@click.option("--serve", is_flag=True, help="Run only the cluster, for kubectl and curl, until SIGTERM or Ctrl-C.")
@click.option(
    "--kubeconfig-out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the kubeconfig to this file.",
)
@click.option("--api-port", type=_PORT, default=0, metavar="N", help="Port of the API; 0 lets the system choose.")
@click.option(
    "--gateway-port", type=_PORT, default=0, metavar="N", help="Port of the gateway; 0 lets the system choose."
)
@shared_options
@screen_selector_option
@click.pass_context
def demo_command(
    ctx: click.Context,
    scenarios: tuple[str, ...],
    listing: bool,
    tour: bool,
    company: str | None,
    record: Path | None,
    serve: bool,
    kubeconfig_out: Path | None,
    api_port: int,
    gateway_port: int,
) -> None:
    """Start an embedded cluster and open the screen on it.

    Releases of the chosen SCENARIO progress on their own and can be taken over at any time.
    Repeat --context to start several clusters with these names.
    With --from, objects and errors are as they were until you act; from then on the cluster guesses, and says so.
    """
    if record and (scenarios or company):
        raise click.UsageError("--from plays a record alone: leave out scenarios and --with")
    program: Program = ctx.obj
    cluster = kubeconfig_out, api_port, gateway_port, given().contexts
    order = DemoOrder(scenarios, serve, listing, tour, *cluster, company is not None, record)
    try:
        ctx.exit(program.demo(order, given()))
    except NoSuchNameError as problem:
        raise click.UsageError(str(problem)) from None
    except StartError as problem:
        raise CommandFailed(str(problem)) from None
