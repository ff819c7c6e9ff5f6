"""`doctor`: checks clusters, permissions and this machine, and prints the roles that users need."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import click

from cockpit.cli.documents import cluster_document
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.options import given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, table
from cockpit.cli.program import Options, Program
from cockpit.cli.running import talk, with_session
from cockpit.cli.waiting import decided, unread, until
from cockpit.cli.words import stated
from cockpit.model.reading import kind_names, one_of_each
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, FleetView, Sync
from cockpit.session.port import Cockpit
from cockpit.texts.current import translated

# As in `manifests.role_rights.RoleName`, which a start without this option does not import.
_ROLES = ("viewer", "pilot", "prober", "pairing")


@click.command("doctor")
@shared_options
@output_option("table", "json", "yaml")
@click.option(
    "--manifests",
    type=click.Choice(_ROLES),
    help="Print the least role of this kind instead, for kubectl apply -f -; with -n for one namespace only.",
)
@click.option(
    "--for-user", "users", multiple=True, metavar="NAME", help="With --manifests: who gets the role; repeatable."
)
@click.option(
    "--for-group", "groups", multiple=True, metavar="NAME", help="With --manifests: a group that gets it; repeatable."
)
@click.pass_obj
def doctor_command(
    program: Program, output: str, manifests: str | None, users: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    """Show what can be read in each context, where files are stored, and which versions are installed."""
    options = given()
    if manifests:
        _print_role(manifests, output, options, users, groups)
        return
    if users or groups:
        raise click.UsageError("--for-user and --for-group say who gets a role: name the role with --manifests")

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


def _print_role(role: str, output: str, options: Options, users: tuple[str, ...], groups: tuple[str, ...]) -> None:
    """The documents of a role, without asking any cluster; a table makes no sense of them, so YAML is the default."""
    from cockpit.manifests.documents import PLACEHOLDER, Subjects, role_documents
    from cockpit.manifests.role_rights import RoleName

    if options.namespace and options.all_namespaces:
        raise click.UsageError("-n makes a role for one namespace, -A for all: give one of them")
    documents = role_documents(RoleName(role), options.namespace, Subjects(users, groups))
    if output == "json":
        emit_document({"apiVersion": "v1", "kind": "List", "items": documents}, output)
    else:
        import yaml

        # The innermost lists on one line each: a rule is then three lines.
        form: Any = {"sort_keys": False, "allow_unicode": False, "width": 120, "default_flow_style": None}
        emit(yaml.safe_dump_all(documents, **form).rstrip())
    if not users and not groups:
        talk(f"{PLACEHOLDER} stands for who gets the role: name them with --for-user or --for-group")
    else:
        bound = next(each["metadata"]["name"] for each in documents if each["kind"].endswith("Binding"))
        names = ", ".join(safe_text(name, 100) for name in (*users, *groups))
        talk(
            f"applied, binding {bound} gives the role to {names} alone: whoever had it before and is not named loses it"
        )


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
    kinds = one_of_each(cluster.kinds)
    names = kind_names(kinds)
    rows = [
        (name, str(kind.state), str(kind.objects), kind.error or "-") for name, kind in zip(names, kinds, strict=True)
    ]
    listed = table(("KIND", "STATE", "OBJECTS", "WHY"), rows) if rows else ""
    return f"{_pairs(facts)}\n{listed}".rstrip()


def _pairs(facts: dict[str, str]) -> str:
    return table(("", ""), [(translated(name), words) for name, words in facts.items()]).lstrip("\n")
