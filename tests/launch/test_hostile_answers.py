"""Web servers that answer with what takes a terminal over, without end, or in nonsense: judged by what is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launch.hostile import faults_of
from tests.launch.hostile_answers import KINDS, SECRET, HostileWeb
from tests.launch.running import run
from tests.launch.terminals import on_terminal

# Back to the first line of the table, to write it anew: the command's own.
REDRAWN = re.compile(rb"\x1b\[\d+F\x1b\[J")
ASKED = ["--count", str(2 * len(KINDS)), "--rate", "50", "-c", "4"]
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[HostileWeb]:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    with HostileWeb(5, str(file)) as made:
        yield made


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize("marker", ["auto", "body", "header:X-Version", "json:version", "regex:(.+)"])
def test_no_answer_reaches_a_reader_as_anything_but_text(
    web: HostileWeb, tmp_path: Path, marker: str, output: str
) -> None:
    from_ = [] if marker == "auto" else ["--version-from", marker]
    done = run(["probe", web.url, *ASKED, *from_, "-o", output], tmp_path)
    assert set(web.given) == set(KINDS), "not every kind of answer was asked for"
    assert done.stdout, done.stderr
    for said in (done.stdout, done.stderr):
        assert faults_of(said, plain=True) == []
        assert SECRET.encode() not in said


def test_no_answer_takes_a_terminal_over(web: HostileWeb, tmp_path: Path) -> None:
    with on_terminal(["probe", web.url, *ASKED, "--version-from", "body"], tmp_path, size=(120, 36)) as terminal:
        terminal.end()
        raw = REDRAWN.sub(b"", bytes(terminal.raw))
    assert set(web.given) == set(KINDS)
    assert faults_of(raw) == []
    assert SECRET.encode() not in raw
