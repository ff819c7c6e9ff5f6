"""A disk that is really full: what is not kept is told once, acts go on, and the next start finds nothing broken.

The disk is a small one in memory, in a mount namespace of its own: that takes root.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.flipping import VERIFIED, Cluster, closed, opened
from tests.launch.terminals import COCKPIT, OnTerminal, on_terminal, wait_for

pytestmark = pytest.mark.timeout(300)
FULL = "No space left on device"
PAGE, ROOM = 4096, 200


class Disk:
    """A disk of half a megabyte at `path`, seen by what runs `through` it; `inside` is the same for everybody else."""

    def __init__(self, path: Path, holder: int) -> None:
        self.path = path
        self.through = ["nsenter", f"--mount=/proc/{holder}/ns/mnt", f"--wd={Path.cwd()}"]
        self.inside = Path(f"/proc/{holder}/root{path}")

    def fill(self) -> None:
        """Take the last page; the journal's own has room for the beginning of a line."""
        with (self.inside / "journal.jsonl").open("ab") as file:
            file.write(b"\n" * ((PAGE - ROOM - file.tell()) % PAGE))
        with contextlib.suppress(OSError), (self.inside / "fill").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)

    def free(self) -> None:
        (self.inside / "fill").unlink()

    def lines(self) -> list[bytes]:
        """Those of the journal."""
        return (self.inside / "journal.jsonl").read_bytes().splitlines()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "state"
    path.mkdir()
    script = 'mount -t tmpfs -o size=512k none "$0" && echo ready && exec cat'
    words = ["unshare", "--mount", "sh", "-c", script, str(path)]
    try:
        holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        pytest.skip("there is no unshare to make a small disk with")
    with holder:
        assert holder.stdout
        ready = holder.stdout.readline()
        try:
            if not ready:
                assert holder.stderr
                pytest.skip(f"no small disk: {holder.stderr.read().decode().strip()}")
            yield Disk(path, holder.pid)
        finally:
            holder.kill()


def told(terminal: OnTerminal) -> str:
    """All words of the screen, wherever their lines break."""
    return " ".join(" ".join(line.strip("│ ") for line in terminal.shown).split())


def flip(terminal: OnTerminal, old: str, new: str) -> None:
    terminal.press(b"f")
    terminal.until(f"selector version  {old} → {new}", "▸ Cancel")
    terminal.press(b"\t")
    terminal.until("▸ Send")
    terminal.press(b"\r")
    terminal.until(VERIFIED, "▸ Close")


def close(terminal: OnTerminal) -> None:
    terminal.press(b"\x1b")
    terminal.until(" ○ demo-service", gone="▸ Close")


def test_a_disk_that_fills_up_is_told_of_once_and_nothing_is_broken_afterwards(cluster: Cluster, disk: Disk) -> None:
    with on_terminal(cluster.words, disk.path, size=(120, 40), through=disk.through) as terminal:
        opened(terminal)
        flip(terminal, "v1", "v2")
        assert FULL not in told(terminal)
        close(terminal)
        before = disk.lines()
        disk.fill()
        flip(terminal, "v2", "v1")
        assert told(terminal).count(FULL) == 1
        assert cluster.active() == "v1"
        close(terminal)
        flip(terminal, "v1", "v2")
        assert cluster.active() == "v2"
        closed(terminal)
        assert b"Logging error" not in terminal.raw
    assert disk.lines()[: len(before)] == before
    disk.free()
    with on_terminal(cluster.words, disk.path, size=(120, 40), through=disk.through) as later:
        later.until(" ○ demo-service", "● live", "v2 takes all traffic")
        flip(later, "v2", "v1")
        assert FULL not in told(later)
        assert cluster.active() == "v1"
        closed(later)
    # A line that was cut stays alone: those before and after it are whole.
    last = [json.loads(line) for line in disk.lines()[-3:]]
    assert [entry["stage"] for entry in last] == ["sending", "sent", "verified"]
    found = {file.name for file in disk.inside.rglob("*") if file.is_file()}
    assert not [name for name in found if "unreadable" in name or name.endswith("tmp")]
    for name in found:
        if name.endswith(".json"):
            json.loads((disk.inside / name).read_bytes())


def test_a_record_whose_disk_fills_up_says_so_and_what_it_has_can_be_played(cluster: Cluster, disk: Disk) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(disk.path), "XDG_CONFIG_HOME": str(disk.path)}
    record = "hour.record"

    def run(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*disk.through, *COCKPIT, *words], env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    with run(*cluster.words, "record", str(disk.path / record)) as recording:
        wait_for(lambda: (disk.inside / record).exists() and (disk.inside / record).stat().st_size > PAGE, "a record")
        end = time.monotonic() + 4  # of the time that is played
        while time.monotonic() < end:
            cluster.stir(0)
            time.sleep(0.5)
        disk.fill()
        number = 0
        while recording.poll() is None:
            cluster.stir(number)
            number += 1
            time.sleep(0.1)
        assert recording.stderr
        said = recording.stderr.read()
        assert recording.returncode == 1
        assert said.count(f"journal.jsonl cannot be written: {FULL}") == 1, said
        assert said.count(f"not recorded any more: {FULL}; it can be replayed up to there") == 1, said
        assert "Traceback" not in said
    with run("replay", str(disk.path / record), "--export", "svg", "--size", "120x36", "--at", "+3s") as playing:
        svg, said = playing.communicate(timeout=120)
    shown = re.sub("<[^>]*>", " ", svg)
    assert "demo-service" in shown, (shown, said)
