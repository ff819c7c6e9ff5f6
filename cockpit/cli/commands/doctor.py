"""`doctor`: checks clusters, permissions and this machine."""

from __future__ import annotations

import platform
from collections import Counter
from importlib.metadata import version

import click

from cockpit.cli.documents import cluster_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.options import given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, table
from cockpit.cli.program import Program
from cockpit.cli.running import with_session
from cockpit.cli.waiting import decided, unread, until
from cockpit.cli.words import stated
from cockpit.model.view import ClusterView, FleetView, KindSync, Sync
from cockpit.session.port import Cockpit
from cockpit.texts.current import translated


@click.command("doctor")
@shared_options
@output_option("table", "json", "yaml")
@click.pass_obj
def doctor_command(program: Program, output: str) -> None:
    """Show what can be read in each context, where files are stored, and which versions are installed."""
    options = given()

    async def work(port: Cockpit) -> FleetView:
        return await until(port, decided, program.request_timeout(options)) or port.view()

    view = with_session(program, options, work)
    paths = {name: str(path) for name, path in program.paths().items()}
    versions = {
        "cockpit": version("rollout-cockpit"),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    if output == "table":
        emit("\n\n".join([*map(_cluster, view.clusters), _pairs(paths), _pairs(versions)]))
    else:
        clusters = [cluster_document(cluster) for cluster in view.clusters]
        emit_document({"clusters": clusters, "paths": paths, "versions": versions}, output)
    if unread(view):
        raise click.exceptions.Exit(int(ExitCode.UNREAD))
    if any(cluster.state is not Sync.LIVE for cluster in view.clusters):
        raise click.exceptions.Exit(int(ExitCode.ERROR))


def _cluster(cluster: ClusterView) -> str:
    place = cluster.namespace or translated("all namespaces")
    marked = translated("yes" if cluster.production else "no")
    facts = {
        "context": cluster.context,
        "server": cluster.server,
        "user": cluster.user,
        "namespace": place,
        "production": marked,
        "state": stated(str(cluster.state), cluster.message),
    }
    several = Counter(kind.kind for kind in cluster.kinds)
    rows = [
        (_kind(kind, several[kind.kind] > 1), str(kind.state), str(kind.objects), kind.error or "-")
        for kind in cluster.kinds
    ]
    kinds = table(("KIND", "STATE", "OBJECTS", "WHY"), rows) if rows else ""
    return f"{_pairs(facts)}\n{kinds}".rstrip()


def _kind(kind: KindSync, several: bool) -> str:
    """The kind, with its group where several groups have one of this name."""
    return f"{kind.kind}.{kind.group}" if several and kind.group else kind.kind


def _pairs(facts: dict[str, str]) -> str:
    return table(("", ""), [(translated(name), words) for name, words in facts.items()]).lstrip("\n")
