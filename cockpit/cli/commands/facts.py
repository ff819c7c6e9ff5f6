"""`list` and `show`: read-only commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.columns import CUSTOM, Columns, ListOutput, column_cells, columns_of, custom_table, named_columns
from cockpit.cli.completing import completes
from cockpit.cli.documents import group_document, view_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import find, short_name, where_it_is
from cockpit.cli.options import given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, table
from cockpit.cli.program import Completes, Program
from cockpit.cli.running import CommandFailed, talk, with_session
from cockpit.cli.selecting import labelled, selector_option
from cockpit.cli.waiting import Unread, synced, unread, withheld, words_of
from cockpit.cli.words import declared, observed, pods, step, verdict, written
from cockpit.model.text import safe_text
from cockpit.session.reads import Reads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.model.label_selector import LabelSelector
    from cockpit.model.view import FleetView, RolloutView
    from cockpit.session.port import Cockpit

_HEADS = (
    *("ROLLOUT", "SYSTEM", "ROUTER", "PHASE", "STEP", "DECLARED", "WRITTEN", "OBSERVED", "VERDICT"),
    *("HEALTH", "PODS"),
)
# Rollouts for which a Prometheus is asked before a list is printed.
_MOST_READ = 50
_WIDE = ("OWNERS", "IMAGES", "FINDINGS", "MESSAGE", "REASON")


@click.command("list")
@shared_options
@click.option(
    "-o",
    "--output",
    type=ListOutput(("table", "wide", "json", "yaml", "name")),
    default="table",
    show_default=True,
    help="Output format; also custom-columns=NAME:PATH,... with paths into the JSON.",
)
@selector_option
@click.pass_obj
def list_command(program: Program, output: str, selector: LabelSelector | None) -> None:
    """List the rollouts in the context's namespace, in -n NAME, or in all namespaces with -A.

    HEALTH is hurt, doubtful, not measured or fine; with -o wide, REASON says why, and columns of the settings follow.
    """
    options = given()

    async def work(cockpit: Cockpit) -> ExitCode:
        view = labelled(await synced(cockpit, program.request_timeout(options)), selector)
        missing = unread(view)
        if not view.rollouts and (lacking := missing or withheld(view)):
            why = f"whether there are rollouts in {_places(view)} is not known"
            raise CommandFailed(f"{why}: not everything could be read: {words_of(lacking)}", ExitCode.UNREAD)
        if output in ("json", "yaml"):
            # What a Prometheus says takes a request for each rollout: only where all of it is shown.
            await cockpit.read_real([shown.rollout.key for shown in view.rollouts if shown.urgent][:_MOST_READ])
            emit_document(_list_document(labelled(cockpit.view(), selector), missing), output)
        elif output == "name":
            keys = [shown.rollout.key for shown in view.rollouts]
            for key in keys:
                emit(safe_text(short_name(key, keys)))
        elif view.rollouts and output.startswith(CUSTOM):
            emit(custom_table(view.rollouts, columns_of(output)))
        elif view.rollouts:
            own = named_columns(program.columns(options)) if output == "wide" else {}
            emit(fleet_table(view.rollouts, wide=output == "wide", own=own))
        else:
            where = _places(view)
            talk(f"no rollouts in {where} match {selector}" if selector else f"no rollouts in {where}")
        if missing:
            talk(f"not everything could be read, so rollouts may be missing: {words_of(missing)}")
        return ExitCode.UNREAD if missing else ExitCode.FINE

    # These show no acts; columns of a person's own can.
    end(with_session(program, options, work, Reads.FACTS if output in ("table", "name") else Reads.ONCE))


def _list_document(view: FleetView, missing: Sequence[Unread]) -> dict[str, Any]:
    """The rollouts, and what could not be read."""
    return {
        "rollouts": [view_document(shown) for shown in view.rollouts],
        "groups": [group_document(group) for group in view.groups],
        "unread": [
            {"context": lacking.context, "kind": lacking.kind or None, "state": lacking.state, "why": lacking.why}
            for lacking in missing
        ],
    }


def fleet_table(views: Sequence[RolloutView], *, wide: bool, own: Columns | None = None) -> str:
    """One line per rollout; `own` are columns of the person's behind the others."""
    keys = [shown.rollout.key for shown in views]
    rows = []
    for shown in views:
        rollout, lane = shown.rollout, shown.rollout.default_lane
        row = [short_name(rollout.key, keys), rollout.key.system, rollout.router, str(rollout.phase), step(rollout)]
        row += [declared(lane), written(lane), observed(lane), verdict(rollout), str(shown.health.health)]
        row += [pods(rollout)]
        if wide:
            row += [
                " ".join(f"{owner.kind}/{owner.name}" for owner in rollout.owners) or "-",
                " ".join(image for version in rollout.versions for image in version.images) or "-",
                " ".join(found.id for found in rollout.findings) or "-",
                rollout.message or "-",
                shown.health.reason or "-",
            ]
        rows.append([*row, *column_cells(shown, own or {})])
    return table((*_HEADS, *(_WIDE if wide else ()), *(own or ())), rows, names=own or ())


def _places(view: FleetView) -> str:
    return ", ".join(
        f"{cluster.context}, "
        + (f"namespace {cluster.namespace} (-A for all)" if cluster.namespace else "any namespace")
        for cluster in view.clusters
    )


@click.command("show")
@click.argument("name", shell_complete=completes(Completes.ROLLOUT))
@shared_options
@output_option("table", "wide", "json", "yaml", "name")
@click.pass_obj
def show_command(program: Program, name: str, output: str) -> None:
    """Show one rollout: its health and why, versions, shares by lane, findings, and available acts."""
    options = where_it_is(given(), name)

    async def work(cockpit: Cockpit) -> ExitCode:
        view = await synced(cockpit, program.request_timeout(options))
        key = find(view, name).rollout.key
        cockpit.select([key])
        await cockpit.read_real([key])
        shown = find(cockpit.view(), name)
        keys = [other.rollout.key for other in view.rollouts]
        if output in ("json", "yaml"):
            emit_document(view_document(shown), output)
        elif output == "name":
            emit(safe_text(short_name(shown.rollout.key, keys)))
        else:
            from cockpit.cli.links import link_lines
            from cockpit.cli.show import describe

            parts = (describe(shown, wide=output == "wide"), link_lines(shown.rollout, *program.links(options)))
            emit("\n\n".join(part for part in parts if part))
        if shown.stale and (missing := unread(view)):
            talk(f"{shown.rollout.key}: not everything about it could be read: {words_of(missing)}")
            return ExitCode.UNREAD
        return ExitCode.FINE

    end(with_session(program, options, work, Reads.ONCE))


def end(code: ExitCode) -> None:
    """End the command with this exit code."""
    if code is not ExitCode.FINE:
        raise click.exceptions.Exit(int(code))
