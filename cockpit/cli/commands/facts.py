"""`list`, `show` and `watch`: facts, without asking for anything to change."""

from __future__ import annotations

from collections.abc import Sequence

import click

from cockpit.cli.changes import changes, only
from cockpit.cli.documents import group_document, rollout_document, time_text
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import find, short_name, where_it_is
from cockpit.cli.options import given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, emit_line, table
from cockpit.cli.program import Program
from cockpit.cli.running import talk, with_session
from cockpit.cli.show import describe
from cockpit.cli.waiting import readable, synced, views
from cockpit.cli.words import declared, observed, pods, state, step, verdict, written
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.session.port import Cockpit

_HEADS = ("ROLLOUT", "SYSTEM", "ROUTER", "PHASE", "STEP", "DECLARED", "WRITTEN", "OBSERVED", "VERDICT", "PODS")
_WIDE = ("OWNERS", "IMAGES", "FINDINGS", "MESSAGE")


@click.command("list")
@shared_options
@output_option("table", "wide", "json", "yaml", "name")
@click.pass_obj
def list_command(program: Program, output: str) -> None:
    """List the rollouts of the context's namespace, or of -n NAME, or of all with -A."""
    options = given()

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        rollouts = [shown.rollout for shown in view.rollouts]
        if output in ("json", "yaml"):
            groups = [group_document(group) for group in view.groups]
            emit_document({"rollouts": [rollout_document(rollout) for rollout in rollouts], "groups": groups}, output)
        elif output == "name":
            keys = [rollout.key for rollout in rollouts]
            for key in keys:
                emit(safe_text(short_name(key, keys)))
        elif rollouts:
            emit(fleet_table(rollouts, wide=output == "wide"))
        else:
            talk(f"no rollouts in {_places(view)}")
        return ExitCode.FINE if all(map(readable, view.clusters)) else ExitCode.ERROR

    _end(with_session(program, options, work))


def fleet_table(rollouts: Sequence[Rollout], *, wide: bool) -> str:
    """One line a rollout."""
    keys = [rollout.key for rollout in rollouts]
    rows = []
    for rollout in rollouts:
        lane = rollout.default_lane
        row = [short_name(rollout.key, keys), rollout.key.system, rollout.router, str(rollout.phase), step(rollout)]
        row += [declared(lane), written(lane), observed(lane), verdict(rollout), pods(rollout)]
        if wide:
            row += [
                " ".join(f"{owner.kind}/{owner.name}" for owner in rollout.owners) or "-",
                " ".join(image for version in rollout.versions for image in version.images) or "-",
                " ".join(found.id for found in rollout.findings) or "-",
                rollout.message or "-",
            ]
        rows.append(row)
    return table(_HEADS + _WIDE if wide else _HEADS, rows)


def _places(view: FleetView) -> str:
    return ", ".join(
        f"{cluster.context}, "
        + (f"namespace {cluster.namespace} (-A for all)" if cluster.namespace else "any namespace")
        for cluster in view.clusters
    )


@click.command("show")
@click.argument("name")
@shared_options
@output_option("table", "wide", "json", "yaml", "name")
@click.pass_obj
def show_command(program: Program, name: str, output: str) -> None:
    """Show one rollout: versions, shares by lane, findings, and which acts apply."""
    options = where_it_is(given(), name)

    async def work(cockpit: Cockpit) -> None:
        view = await synced(cockpit, program.request_timeout(options))
        shown = find(view, name)
        keys = [other.rollout.key for other in view.rollouts]
        if output in ("json", "yaml"):
            emit_document(rollout_document(shown.rollout), output)
        elif output == "name":
            emit(safe_text(short_name(shown.rollout.key, keys)))
        else:
            emit(describe(shown, wide=output == "wide"))

    with_session(program, options, work)


@click.command("watch")
@click.argument("name", required=False)
@shared_options
@output_option("plain", "json")
@click.option("--probe", is_flag=True, help="Sample the traffic of NAME meanwhile, so that the observed split is told.")
@click.pass_obj
def watch_command(program: Program, name: str | None, output: str, probe: bool) -> None:
    """Print one line for each change until interrupted: a sentence, or JSON with -o json."""
    if probe and not name:
        raise click.UsageError("--probe needs the NAME of the rollout to sample")
    watch(program, name, output, probe=probe)


def watch(program: Program, name: str | None, output: str, *, probe: bool = False) -> None:
    """As the command; also what stands in for the screen with --plain."""
    options = where_it_is(given(), name) if name else given()

    async def work(cockpit: Cockpit) -> None:
        first = await synced(cockpit, program.request_timeout(options))
        key = find(first, name).rollout.key if name else None
        if key and probe:
            await cockpit.probe(key, True)
        last = only(first, key) if key else first
        for shown in last.rollouts:
            _tell(last, _opening(shown), shown.rollout, output)
        async for view in views(cockpit):
            latest = only(view, key) if key else view
            for text, rollout in changes(last, latest):
                _tell(latest, text, rollout, output)
            last = latest

    with_session(program, options, work)


def _opening(shown: RolloutView) -> str:
    return f"{shown.rollout.key}: {state(shown.rollout)}"


def _tell(view: FleetView, text: str, rollout: Rollout | None, output: str) -> None:
    time = time_text(view.at)
    if output == "json":
        emit_line({"time": time, "change": text, "rollout": rollout_document(rollout) if rollout else None})
    else:
        emit(safe_text(f"{time} {text}", 1000))


def _end(code: ExitCode) -> None:
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))
