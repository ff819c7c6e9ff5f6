"""`note`: writes a sentence about a rollout into the journal, for other cockpits too."""

from __future__ import annotations

import click

from cockpit.cli.completing import completes
from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.names import find, where_it_is
from cockpit.cli.options import given, shared_options
from cockpit.cli.program import Completes, Program
from cockpit.cli.running import CommandFailed, talk, with_session
from cockpit.cli.waiting import synced
from cockpit.session.port import Cockpit


@click.command("note")
@click.argument("name", shell_complete=completes(Completes.ROLLOUT))
@click.argument("words", nargs=-1, required=True)
@shared_options
@click.pass_obj
def note_command(program: Program, name: str, words: tuple[str, ...]) -> None:
    """Write WORDS about NAME into the journal, such as "users report errors".

    Other cockpits show it, by a Kubernetes Event that lives an hour; this machine's journal keeps it.
    """
    options = where_it_is(given(), name)

    async def work(cockpit: Cockpit) -> str:
        view = await synced(cockpit, program.request_timeout(options))
        return await cockpit.note(find(view, name).rollout.key, " ".join(words))

    if why := with_session(program, options, work):
        raise CommandFailed(why, ExitCode.ERROR)
    talk("noted")
