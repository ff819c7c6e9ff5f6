"""The command with its streams closed, full, or somewhere else: an error in words, or what it would do anyway."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_terminal import COCKPIT, SECONDS, Terminal, terminals

__all__ = ["terminals"]
ON_A_FILE = "import os; os.dup2(os.open({path!r}, os.O_WRONLY | os.O_CREAT), 2); " + COCKPIT


def run(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    line = f"'{sys.executable}' -c '{COCKPIT}' {words}"
    return subprocess.run(["sh", "-c", line], env=environ, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.mark.parametrize(
    "words", ["--help >/dev/full", "completion bash >/dev/full", "completion bash >&-", "demo --list >/dev/full"]
)
def test_data_that_cannot_be_written_is_an_error_in_words(words: str, tmp_path: Path) -> None:
    done = run(words, tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "stdout cannot be written: " in done.stderr


def test_closed_streams_are_no_defect(tmp_path: Path) -> None:
    screen = run("<&-", tmp_path)
    assert (screen.returncode, screen.stderr.count("\n")) == (1, 1)
    assert "the screen needs a terminal" in screen.stderr
    listed = run("completion bash 2>&- <&-", tmp_path)
    assert listed.returncode == 0
    assert listed.stdout
    nothing = run("list >&- 2>&- <&-", tmp_path)
    assert nothing.returncode == 1
    full = run("list --context nope 2>/dev/full", tmp_path)
    assert full.returncode == 1


def test_the_screen_is_painted_on_the_terminal_where_stderr_is_a_file(
    terminals: list[Terminal],
    tmp_path: Path,
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: far\n"
        "contexts: [{name: far, context: {cluster: far, user: me}}]\n"
        "clusters: [{name: far, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "users: [{name: me, user: {}}]\n"
    )
    code = ON_A_FILE.format(path=str(tmp_path / "errors"))
    terminals.append(terminal := Terminal(code, ["--kubeconfig", str(kubeconfig)], tmp_path / "state"))
    terminal.until(b"far")
    os.write(terminal.master, b"q")
    assert terminal.end() == 0
    assert (tmp_path / "errors").read_text() == ""
