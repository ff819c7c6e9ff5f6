"""What of a user's own is in the settings, and runs their commands: processes without a terminal, ended whole."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence

from cockpit.model.hyperlinks import takes_hyperlinks
from cockpit.model.text import safe_text
from cockpit.session.settings import Settings
from cockpit.tui.own import Own, OwnColumns, OwnEntry, Run

# What one command may print: more is a stream that nobody reads.
MOST_BYTES = 20_000_000
_CHUNK = 65_536
# Seconds between the request to end and the end.
GRACE = 2.0


def own_from(settings: Settings, environ: Mapping[str, str], kubeconfig: str | None) -> Own:
    """The commands, links and columns of the settings. What they run gets the kubeconfig that was given."""
    environ = {**environ, **({"KUBECONFIG": os.path.abspath(kubeconfig)} if kubeconfig else {})}
    commands = (OwnEntry(c.name, c.key, c.run, c.shell, c.dangerous) for c in settings.commands)
    links = (OwnEntry(link.name, link.key, url=link.url) for link in settings.links)
    clicks = takes_hyperlinks(settings.hyperlinks, environ)
    return Own((*commands, *links), runner(environ), _columns(settings.columns), clicks)


def _columns(wanted: Mapping[str, str]) -> OwnColumns:
    if not wanted:
        return OwnColumns()
    from cockpit.cli.columns import column_cells, named_columns

    columns = named_columns(wanted)
    return OwnColumns(tuple(columns), lambda shown: column_cells(shown, columns))


def runner(environ: Mapping[str, str]) -> Run:
    """What runs words with these variables."""

    async def run(words: Sequence[str], tell: Callable[[str], None]) -> str:
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                env=dict(environ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return safe_text(f"{words[0]} cannot be started: {why}")
        try:
            cut = await _read(process, tell)
            if not cut:
                return _ending(await process.wait())
        finally:
            await _end(process)
        return f"stopped: it printed more than {MOST_BYTES // 1_000_000} MB"

    return run


def _ending(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


async def _read(process: asyncio.subprocess.Process, tell: Callable[[str], None]) -> bool:
    """Tell what it prints until it closes its output; true if that was too much."""
    assert process.stdout
    decoder, total = codecs.getincrementaldecoder("utf-8")("replace"), 0
    while chunk := await process.stdout.read(_CHUNK):
        total += len(chunk)
        if total > MOST_BYTES:
            return True
        tell(decoder.decode(chunk))
    tell(decoder.decode(b"", final=True))
    return False


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and all of its group, gently first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(process.wait()), GRACE)
