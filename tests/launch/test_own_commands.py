"""A user's own command as a process: what it gets, what it says, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.launch import own_commands
from cockpit.launch.own_commands import own_from, runner
from cockpit.model.placeholders import PlaceholderError, filled_script, filled_words
from cockpit.session.settings import parse_settings

SHOW = (sys.executable, "-c", "import sys; print('|'.join(sys.argv[1:]))")
HOSTILE = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["--x", "$(touch pwned)", "`touch pwned`", ";touch pwned", "'"]
)


async def run(*words: str, environ: dict[str, str] | None = None) -> tuple[str, str]:
    """What the command printed and how it ended."""
    told: list[str] = []
    end = await runner({**os.environ, "PYTHONIOENCODING": "utf-8", **(environ or {})})(words, told.append)
    return "".join(told), end


async def test_output_and_errors_are_told_and_the_end() -> None:
    assert await run("sh", "-c", "echo out; echo err >&2; exit 3") == ("out\nerr\n", "ended with exit code 3")
    assert await run("sh", "-c", "kill -9 $$") == ("", "ended by signal 9")
    assert (await run("no-such-program"))[1] == "no-such-program cannot be started: No such file or directory"


async def test_it_has_no_terminal_and_no_input() -> None:
    said, _ = await run("sh", "-c", "cat; test -t 1 || echo none")
    assert said == "none\n"


def lives(pid: int) -> bool:
    """Whether a process still runs: nobody may have collected one that ended."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_to_cancel_it_ends_it_and_what_it_started(tmp_path: Path) -> None:
    ready = asyncio.Event()
    pids: list[int] = []

    def tell(text: str) -> None:
        pids.extend(map(int, text.split()))
        ready.set()

    script = "trap '' TERM; sleep 1000 & echo $$ $!; wait; wait"
    task = asyncio.create_task(runner(os.environ)(("sh", "-c", script), tell))
    await ready.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(pids) == 2
    while any(map(lives, pids)):  # noqa: ASYNC110  # nothing tells when a process of another parent is gone
        await asyncio.sleep(0)


async def test_more_than_anybody_reads_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_commands, "MOST_BYTES", 1_000_000)
    said, end = await run("sh", "-c", "while true; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done")
    assert end == "stopped: it printed more than 1 MB"
    assert len(said) <= 1_000_000


@settings(max_examples=15, deadline=None)
@given(HOSTILE)
def test_a_program_gets_the_name_as_one_argument_or_is_not_run(name: str) -> None:
    try:
        words = filled_words((*SHOW, "{name}", "--of={name}"), {"name": name})
    except PlaceholderError:
        return
    said, _ = asyncio.run(run(*words))
    assert said == f"{name}|--of={name}\n"


@settings(max_examples=15, deadline=None)
@given(HOSTILE)
def test_a_shell_runs_nothing_of_a_name(name: str) -> None:
    try:
        script = filled_script(("echo", '"{name}"', "'{name}'"), {"name": name})
    except PlaceholderError:
        return
    said, _ = asyncio.run(run("sh", "-c", script))
    assert said == f"{name} {name}\n"
    assert not Path("pwned").exists()


async def test_the_settings_give_commands_links_and_the_kubeconfig() -> None:
    text = b"commands: [{name: a, run: [sh, -c, 'echo $KUBECONFIG']}]\nlinks: [{name: b, url: 'https://x/{name}'}]"
    own = own_from(parse_settings(text, "f"), os.environ, "kc")
    assert [(entry.name, entry.words, entry.url) for entry in own.entries] == [
        ("a", ("sh", "-c", "echo $KUBECONFIG"), ""),
        ("b", (), "https://x/{name}"),
    ]
    assert own.run
    told: list[str] = []
    await own.run(own.entries[0].words, told.append)
    assert told[0] == f"{os.path.abspath('kc')}\n"  # noqa: ASYNC240
