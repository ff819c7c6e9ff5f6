"""`probe --from cluster`: the requests come from the pods of a Job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.acting import SendOptions, show_plan, why_unconfirmed
from cockpit.cli.documents import outcome_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.live import LiveText
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import WholeNumber, given
from cockpit.cli.output import emit, emit_document
from cockpit.cli.probe_targets import TargetChoice, choose_inside
from cockpit.cli.program import Program
from cockpit.cli.running import CommandFailed, talk, with_session
from cockpit.cli.sampling import lane_of, pace, sample_code, sample_text
from cockpit.cli.waiting import synced
from cockpit.model.plan import Refused
from cockpit.model.probe_job import DEFAULT_IMAGE, DEFAULT_PODS, MOST_PODS, JobShape
from cockpit.model.view import Outcome, Prepared, Stage
from cockpit.session.port import Cockpit

if TYPE_CHECKING:
    from cockpit.probe.expect import Expectation
    from cockpit.probe.sample import SampleOrder

_MOST_FROM_HERE = 1000.0  # answers per second
_ONLY_JOB = {"pods": "--pods", "image": "--image", "labels": "--label", "yes": "--yes", "dry_run": "--dry-run"}
_ONLY_HERE = {
    "ca_file": "--cacert",
    "cert_file": "--cert",
    "key_file": "--key",
    "http2": "--http2",
    "cookies": "--cookies",
}
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def job_options(command: Decorated) -> Decorated:
    """The options of a probe in the cluster."""
    options = (
        click.option(
            "--from",
            "source",
            type=click.Choice(["here", "cluster"]),
            default="here",
            help="Send requests from this machine, or from pods of the cluster (here).",
        ),
        click.option(
            "--pods",
            type=WholeNumber(1, MOST_PODS),
            metavar="N",
            help=f"Pods that send, with --from cluster ({DEFAULT_PODS}).",
        ),
        click.option("--image", metavar="IMAGE", help=f"Their image, with sh, awk and curl ({DEFAULT_IMAGE})."),
        click.option(
            "--label",
            "labels",
            multiple=True,
            metavar="KEY=VALUE",
            help="Label of the pods, such as sidecar.istio.io/inject=true; repeatable.",
        ),
        click.option("--yes", "-y", is_flag=True, help="Create the Job without asking."),
        click.option("--dry-run", is_flag=True, help="Show the plan of the Job, with the server's checks, and stop."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_job_options(target: str, asked: dict[str, Any]) -> None:
    """Raise UsageError for options that do not go together."""
    if asked["source"] == "here":
        needless = [flag for name, flag in _ONLY_JOB.items() if asked[name]]
        if needless:
            raise click.UsageError(f"{', '.join(needless)}: only with --from cluster")
        if asked["rate"] > _MOST_FROM_HERE:
            raise click.UsageError(f"--rate: at most {_MOST_FROM_HERE:g} from this machine; use --from cluster")
        return
    if "://" in target:
        raise click.UsageError("--from cluster needs the name of a rollout; give a URL that its pods can reach by --at")
    if asked["remember"] or asked["forget"]:
        raise click.UsageError("--remember and --forget are for requests from this machine: leave out --from cluster")
    if own := [flag for name, flag in _ONLY_HERE.items() if asked[name]]:
        raise click.UsageError(f"{', '.join(own)}: for requests from this machine, not from pods of the cluster")
    if asked["proxy"]:
        raise click.UsageError("--proxy is for requests from this machine: pods of the cluster need none")


def probe_from_cluster(
    program: Program,
    name: str,
    choice: TargetChoice,
    expected: Expectation | None,
    output: str,
    asked: dict[str, Any],
) -> None:
    """Plan the Job, confirm, run it, print the result, and end the command with its exit code."""
    options = where_it_is(given(), name)
    shape = _shape(asked)
    if not (asked["dry_run"] or asked["yes"] or program.person.present):
        raise click.UsageError("no terminal to confirm on: add --yes to create the Job, or --dry-run to see the plan")

    async def work(cockpit: Cockpit) -> ExitCode:
        from cockpit.probe.sample import order_of

        rollout = find(await synced(cockpit, program.request_timeout(options)), name).rollout
        lane = lane_of(rollout, asked["lane"])
        target = choose_inside(rollout, await cockpit.target_inside(rollout.key), choice)
        order = order_of(rollout, lane, target, expected, pace(asked))
        workers = -(-asked["concurrency"] // shape.pods) if asked["concurrency"] else None
        prepared = await cockpit.prepare_job(rollout.key, order, shape, workers)
        if isinstance(prepared, Refused):
            raise CommandFailed(prepared.why)
        how = SendOptions(asked["dry_run"], asked["yes"], None, 0, False, output)
        stopped = await _before_sending(cockpit, prepared, how, program)
        return await _run(cockpit, prepared, order, output) if stopped is None else stopped

    code = with_session(program, options, work)
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))


def _shape(asked: dict[str, Any]) -> JobShape:
    from cockpit.planning.probe_job import read_labels

    try:
        labels = read_labels(asked["labels"])
    except ValueError as problem:
        raise click.UsageError(f"--label {problem}") from None
    return JobShape(asked["pods"] or DEFAULT_PODS, asked["image"] or DEFAULT_IMAGE, labels)


async def _before_sending(cockpit: Cockpit, prepared: Prepared, how: SendOptions, program: Program) -> ExitCode | None:
    """Show the plan and ask; the exit code if it is not sent."""
    if how.output == "table":
        show_plan(prepared, how)
    if how.dry_run:
        blocked = bool(prepared.blocked) and not cockpit.view().read_only
        if how.output != "table":
            stage = Stage.REFUSED if blocked else Stage.DRY_RUN
            emit_document(outcome_document(Outcome(stage, prepared.blocked, prepared.plan)), how.output)
        return ExitCode.ERROR if blocked else ExitCode.FINE
    if why := prepared.blocked or await why_unconfirmed(prepared, how, program.person):
        talk(f"refused: {why}")
        return ExitCode.ERROR
    return None


async def _run(cockpit: Cockpit, prepared: Prepared, order: SampleOrder, output: str) -> ExitCode:
    live = LiveText(shown=output == "table")
    talk("creating the Job")
    try:
        report = await cockpit.run_job(prepared, lambda part: live.show(sample_text(part)))
    except asyncio.CancelledError:
        talk("stopped; the Job is being deleted")
        raise
    finally:
        live.clear()
    talk(report.why)
    if report.result is None:
        return ExitCode.ERROR
    if output == "table":
        emit(sample_text(report.result))
    else:
        emit_document(report.result.document(), output)
    code = sample_code(report.result, order)
    return ExitCode.ERROR if code is ExitCode.FINE and report.left else code
