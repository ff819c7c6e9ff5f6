"""Printed commands mean what they say: a shell that runs them calls the program with exactly these arguments."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import SERVICES, Ref
from cockpit.model.shell_line import TOO_LONG, bounded_line, shell_line

ROOT = Path(__file__).parents[2]
STUB = '#!/bin/sh\nprintf "%s\\0" "$#" "$@"\n[ -t 0 ] || cat\nprintf "\\0"\n'
# What no argument of a program can hold: NUL; and surrogates that do not come from bytes.
TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
HOSTILE = st.sampled_from(
    ["$(touch owned)", "`touch owned`", "a'b", 'a"b', "-", "#", "a\nb", "\x1b[2J", "~", "*", "!!", ""]
)


def called(lines: Sequence[str]) -> list[tuple[list[str], str]]:
    """The arguments and the input of each call, as a stub sees them."""
    with tempfile.TemporaryDirectory() as folder:
        stub = Path(folder) / "kubectl"
        stub.write_text(STUB)
        stub.chmod(0o755)
        script = "\n".join(lines)
        environ = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert not done.stderr, done.stderr
        assert os.listdir(folder) == ["kubectl"], "something else was run"
    parts = done.stdout.decode(errors="surrogateescape").split("\0")
    found = []
    while len(parts) > 1:
        count = int(parts[0])
        found.append((parts[1 : count + 1], parts[count + 1]))
        parts = parts[count + 2 :]
    return found


@given(st.lists(st.lists(TEXT | HOSTILE, max_size=4), min_size=20, max_size=20))
@settings(max_examples=15)
def test_a_pasted_line_calls_the_program_with_exactly_these_words(calls: list[list[str]]) -> None:
    lines = [shell_line(["kubectl", *words]) for words in calls]
    assert all(line.isprintable() for line in lines), "nothing that a terminal would act on"
    assert [words for words, _ in called(lines)] == calls


@given(context=TEXT | HOSTILE, name=TEXT | HOSTILE, value=TEXT | HOSTILE)
@settings(max_examples=15)
def test_every_request_is_printed_as_one_call(context: str, name: str, value: str) -> None:
    ref = Ref(SERVICES, "shop", name)
    body: dict[str, Any] = {"metadata": {"labels": {"a": value}}}
    requests = [
        Request(Verb.PATCH, ref, body, PatchType.MERGE),
        Request(Verb.DELETE, ref, {}),
        Request(Verb.CREATE, ref, body),
    ]
    calls = called([request.command(context) for request in requests])
    place = ["--context", context, "-n", "shop"]
    assert [words[:4] for words, _ in calls] == [place] * 3
    assert [words[4] for words, _ in calls] == ["patch", "delete", "create"]
    assert calls[1][0][5:] == [f"service/{name}"]


def test_input_and_comment() -> None:
    line = shell_line(["kubectl", "create", "-f", "-"], stdin="a'b $(x)", note="Service shop/web; touch owned")
    [(words, said)] = called([line])
    assert (words, said) == (["create", "-f", "-"], "a'b $(x)\n")


def test_a_line_that_is_too_long_is_not_cut() -> None:
    assert bounded_line("kubectl delete services/web-canary", 20) == TOO_LONG
    assert bounded_line("kubectl get", 20) == "kubectl get"


def test_nothing_else_quotes() -> None:
    paths = [path for path in (ROOT / "cockpit").rglob("*.py") if (ROOT / "cockpit" / "demo") not in path.parents]
    quoting = [path.name for path in paths if "import shlex" in path.read_text(encoding="utf-8")]
    assert quoting == ["shell_line.py"]
