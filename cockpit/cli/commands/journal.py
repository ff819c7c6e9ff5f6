"""`journal`: acts, notes and changes that this machine knows of, read without a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
import msgspec

from cockpit.cli.completing import completes
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import parse_name, short_name
from cockpit.cli.options import AGE, given, output_option, shared_options
from cockpit.cli.output import emit, emit_document, table
from cockpit.cli.post_mortem import post_mortem, title_of, writer_of
from cockpit.cli.program import Completes, Options, Program
from cockpit.cli.running import CommandFailed, talk, with_session
from cockpit.cli.times import time_text
from cockpit.model.counts import counted
from cockpit.model.journal import UNTOLD
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Entry
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.journal_lines import as_known, merged, without_twins
from cockpit.session.journal.health_notes import LONGEST_OUTAGE, is_open
from cockpit.session.port import Cockpit


@click.command("journal")
@click.argument("name", required=False, shell_complete=completes(Completes.ROLLOUT))
@click.option("--since", type=AGE, metavar="TIME", help="Only acts of this long ago or less, such as 2h or 72h.")
@click.option("--events", is_flag=True, help="First read what other cockpits did in the last hour from the clusters.")
@shared_options
@output_option("table", "json", "markdown")
@click.pass_obj
def journal_command(program: Program, name: str | None, since: float | None, events: bool, output: str) -> None:
    """List what this machine's journal holds, oldest first: of all rollouts, or of NAME.

    Acts from this machine, those that other cockpits told of while a screen was open here, what other tools changed,
    notes, and when users were hurt. It reads a file, and a cluster only with --events. Each act is shown at its last
    stage. With -o markdown it is a page for a post-mortem: a timeline, a picture of the split and the health, the
    findings, then each act with what was seen, what it changed, its outcome and its kubectl commands.
    """
    if events:
        with_session(program, given(), _read_others)
    path, now = program.paths()["journal"], program.now()
    wanted = _wanted(given(), name)
    journal = Journal(path)
    try:
        found = last_stages(journal.everything(), wanted, None if since is None else now - since, now)
    except OSError as error:
        raise CommandFailed(f"the journal {path} cannot be read: {error.strerror or error}", ExitCode.UNREAD) from None
    keys = list(dict.fromkeys(act.rollout for act in found))
    # An entry about a whole cluster is of no rollout.
    names = {key: short_name(key, keys) if key.name else key.context or "-" for key in keys}
    acts = [(act, names[act.rollout]) for act in found]
    if output == "json":
        emit_document({"acts": [_document(act) for act in found], "damaged_lines": journal.unreadable}, output)
    elif not acts:
        talk(f"no acts{f' of {name}' if name else ''} in the journal {path}{' since then' if since else ''}")
    else:
        emit(post_mortem(acts) if output == "markdown" else _table(acts))
    if journal.unreadable:
        talk(
            f"{counted(journal.unreadable, 'line')} of the journal {path} could not be understood; acts may be missing"
        )


async def _read_others(cockpit: Cockpit) -> None:
    """Take the acts of others into this machine's journal, and say where they cannot be read."""
    await cockpit.read_others([cluster.context for cluster in cockpit.view().clusters if not cluster.aside])
    for entry in cockpit.view().journal:
        if entry.act == UNTOLD:
            talk(f"{entry.title}: {entry.why}")


def last_stages(
    entries: Iterable[Entry], wanted: Callable[[RolloutKey], bool], begin: float | None, now: float
) -> list[Entry]:
    """Each wanted act at its last stage, oldest first; `begin` and `now` are UTC seconds."""
    last: dict[str, Entry] = {}
    for entry in without_twins(entries):
        # What began before may have ended since, and may not have.
        if wanted(entry.rollout) and (begin is None or (entry.until or entry.at) >= begin - LONGEST_OUTAGE):
            last[entry.id] = merged(last.get(entry.id), entry)
    known = (as_known(entry, now) for entry in last.values())
    reaching = (entry for entry in known if begin is None or (entry.until or entry.at) >= begin or is_open(entry))
    return sorted(reaching, key=lambda entry: entry.at)


def _wanted(options: Options, text: str | None) -> Callable[[RolloutKey], bool]:
    """Whether a rollout is one of that name, and in the contexts and the namespace of the flags."""
    name = parse_name(text) if text else None

    def wanted(key: RolloutKey) -> bool:
        return (
            (name is None or name.fits(key))
            and (not options.contexts or key.context in options.contexts)
            and options.namespace in (None, key.namespace)
        )

    return wanted


def _table(acts: Sequence[tuple[Entry, str]]) -> str:
    rows = [
        (time_text(act.at) or "", writer_of(act), name, title_of(act), str(act.stage), act.why or "-")
        for act, name in acts
    ]
    return table(("TIME", "WHO", "ROLLOUT", "ACT", "OUTCOME", "WHY"), rows)


def _document(act: Entry) -> dict[str, Any]:
    key = act.rollout
    return {
        "id": act.id,
        "time": time_text(act.at),
        "until": time_text(act.until),
        "who": act.who,
        "context": key.context,
        "namespace": key.namespace,
        "name": key.name,
        "system": key.system,
        "server": act.server or None,
        "act": act.act,
        "title": act.title,
        "stage": str(act.stage),
        "why": act.why,
        "commands": list(act.commands),
        "origin": str(act.origin),
        "undoes": act.undoes or None,
        "record": msgspec.to_builtins(act.record),
        "seen": msgspec.to_builtins(act.seen),
    }
