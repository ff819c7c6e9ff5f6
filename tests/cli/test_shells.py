"""Completion in the shells themselves: what they make of a line when the tab key is pressed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.main import command_line
from cockpit.cli.program import Completes
from cockpit.cli.shells import answer_for_kubectl, completed_word
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet

ROOT = Path(__file__).parents[2]
SECONDS = 60
# The command of these tests: it completes names that stand still, and otherwise shows the words it was called with.
COMMAND = f"""#!/bin/sh
if [ -n "$_COCKPIT_COMPLETE" ]; then
    cd {ROOT} && exec {sys.executable} -c '
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet
from tests.cli.test_shells import named
from cockpit.cli.main import command_line
command_line(prog_name="cockpit", obj=named())'
fi
printf 'CALLED'; printf ' [%s]' "$@"; printf ' END\\n'
"""
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
FIRST = {"bash": "", "zsh": "autoload -Uz compinit; compinit -u -D\n", "fish": ""}


def named() -> FakeProgram:
    """A program whose names are hard for a shell."""
    program = FakeProgram(FakeCockpit(fleet()))
    program.names[Completes.CONTEXT] = [
        "arn:aws:eks:eu-west-1:1:cluster/live",
        "dev",
        "x;touch pwned",
        "$(touch pwned)",
    ]
    program.names[Completes.ROLLOUT] = ["shop/web", "shop/pay", "demo:books/only", "`touch pwned`", "--yes", "a b"]
    return program


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not on this machine")
    return name


def typed(shell: str, folder: Path, *lines: str) -> list[list[str]]:
    """The words that `cockpit` is called with when each line is typed, with its tabs, and entered."""
    command = folder / "cockpit"
    command.write_text(COMMAND)
    command.chmod(0o755)
    script = CliRunner().invoke(command_line, ["completion", shell], obj=named()).stdout
    (folder / "script").write_text(script)
    process, terminal = pty.fork()
    if process == 0:
        environ = {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb", "LANG": "C.UTF-8"}
        os.chdir(folder)
        os.execvpe(shell, START[shell], environ)
    try:
        os.write(terminal, f"{FIRST[shell]}source ./script\necho READ''Y\n".encode())
        told(terminal, "READY")
        called = []
        for line in lines:
            os.write(terminal, f"{line}\n".encode())
            words = told(terminal, " END").rpartition("CALLED")[2].partition(" END")[0]
            called.append(words.replace("\r", "").replace("\n", "").strip(" []").split("] ["))
        return called
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)


def told(terminal: int, end: str) -> str:
    """What the shell writes until these words."""
    seen = ""
    while end not in seen:
        ready, _, _ = select.select([terminal], [], [], SECONDS)
        assert ready, f"nothing more after {seen!r}"
        seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


LINES = {
    "cockpit show shop/w\t": ["show", "shop/web"],
    "cockpit show demo:books/o\t": ["show", "demo:books/only"],
    "cockpit --context=de\t": ["--context=dev"],
    "cockpit list --context arn:aws:eks:eu\t": ["list", "--context", "arn:aws:eks:eu-west-1:1:cluster/live"],
    "cockpit set-weight shop/web v2\t30": ["set-weight", "shop/web", "v2=30"],
    "cockpit rollback shop/web --to v\t1": ["rollback", "shop/web", "--to", "v1"],
    "cockpit wait shop/web --for=hea\t": ["wait", "shop/web", "--for=healthy"],
}


def test_the_tab_key_ends_the_word(shell: str, tmp_path: Path) -> None:
    assert typed(shell, tmp_path, *LINES) == list(LINES.values())


def test_a_name_that_a_shell_would_run_is_not_offered(shell: str, tmp_path: Path) -> None:
    typed(shell, tmp_path, "cockpit --context=\tdev", "cockpit show \tshop/web")
    assert not (tmp_path / "pwned").exists()


def test_what_is_no_plain_word_is_offered_to_nobody() -> None:
    assert "pwned" not in "".join(answer_for_kubectl(command_line, named(), ["--context", ""]))
    assert answer_for_kubectl(command_line, named(), ["show", "-- "]) == [":4"]
    assert answer_for_kubectl(command_line, named(), ["show", "a"]) == [":4"]


@pytest.mark.parametrize(
    ("typed", "value", "breaks", "word"),
    [
        ("--context=de", "dev", " \t\n\"'><=;|&(:", "dev"),
        ("--context=de", "dev", "", "--context=dev"),
        ("--context=de", "dev", ":", "--context=dev"),
        ("--context=a:b", "a:bc", "=:", "bc"),
        ("demo:shop/w", "demo:shop/web", ":=", "shop/web"),
        ("we", "shop/web", ":=", "shop/web"),
        ("v2", "v2=", "=:", "v2="),
    ],
)
def test_the_word_takes_the_place_of_what_the_shell_takes_for_a_word(
    typed: str, value: str, breaks: str, word: str
) -> None:
    assert completed_word(typed, value, breaks) == word


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["list", "--context=de"], ["--context=dev", ":4"]),
        (["show", "shop/"], ["shop/web", "shop/pay", ":4"]),
        (["set-weight", "shop/web", "v2"], ["v2=", ":6"]),
        (["--kubeconfig", ""], [":0"]),
    ],
)
def test_kubectl_gets_words_and_what_it_may_add(words: list[str], lines: list[str]) -> None:
    assert answer_for_kubectl(command_line, named(), words) == lines


def test_kubectl_gets_commands_with_their_descriptions() -> None:
    assert answer_for_kubectl(command_line, named(), ["keys"]) == [
        "keys\tList the keys of the screen with their ids.",
        ":4",
    ]


def test_versions_are_those_of_the_rollout_that_is_named() -> None:
    program = named()
    assert answer_for_kubectl(command_line, program, ["flip", "shop/web", ""])[:-1] == ["v1", "v2"]
    assert program.completed == [("", "shop/web")]


def test_a_script_is_a_program_of_its_shell(shell: str, tmp_path: Path) -> None:
    script = CliRunner().invoke(command_line, ["completion", shell], obj=named()).stdout
    (tmp_path / "script").write_text(script)
    checked = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
