"""The command on a terminal: questions and the screen, each on a pseudo-terminal."""

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

SECONDS = 60.0
ASK = """
import asyncio
from cockpit.cli.person import TerminalPerson
person = TerminalPerson()
print(person.present, asyncio.run(person.answer("Send? ")))
"""
COCKPIT = "from cockpit.launch.compose import main; main()"


class Terminal:
    """A pseudo-terminal of 80x24 with one process on it."""

    def __init__(self, code: str, words: list[str], state: Path, stdout: int | None = None) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("COCKPIT", "KUBE", "COLUMNS", "LINES"))
        }
        environ |= {"COCKPIT_STATE": str(state), "XDG_CONFIG_HOME": str(state), "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            env=environ,
            start_new_session=True,
        )
        os.close(slave)
        self.said = b""

    def until(self, text: bytes) -> None:
        """Read until `text` was written, or fail after a while."""
        while text not in self.said:
            readable, _, _ = select.select([self.master], [], [], SECONDS)
            assert readable, f"{text!r} never came: {self.said[-2000:]!r}"
            self.said += os.read(self.master, 65536)

    def end(self) -> int:
        """Read what is left and give the exit code."""
        try:
            while select.select([self.master], [], [], SECONDS)[0]:
                if not os.read(self.master, 65536):
                    break
        except OSError:
            pass  # the terminal has no process any more
        return self.process.wait(SECONDS)

    def hang_up(self, told: bool = True) -> int:
        """Close the terminal as a lost connection does, with its signal if the process is `told`; the exit code."""
        os.close(self.master)
        self.master = -1
        if told:
            self.process.send_signal(signal.SIGHUP)
        return self.process.wait(SECONDS)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.master >= 0:
            os.close(self.master)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Terminals to be closed in the end."""
    made: list[Terminal] = []
    yield made
    for terminal in made:
        terminal.close()


def test_a_question_goes_to_stderr_and_its_answer_comes_from_the_terminal(
    terminals: list[Terminal], tmp_path: Path
) -> None:
    with (tmp_path / "out").open("w+") as out:
        terminals.append(terminal := Terminal(ASK, [], tmp_path, out.fileno()))
        terminal.until(b"Send? ")
        os.write(terminal.master, b"yes\n")
        assert terminal.end() == 0
        out.seek(0)
        assert out.read() == "True yes\n"


def test_ctrl_c_ends_a_question(terminals: list[Terminal], tmp_path: Path) -> None:
    terminals.append(terminal := Terminal(ASK, [], tmp_path))
    terminal.until(b"Send? ")
    terminal.process.send_signal(signal.SIGINT)
    # Python ends itself by the signal where nobody catches the interrupt.
    assert terminal.end() == -signal.SIGINT


@pytest.mark.parametrize(
    ("keys", "number", "code"), [(b"q", None, 0), (b"", signal.SIGTERM, 143), (b"", signal.SIGHUP, 129)]
)
def test_the_demo_opens_the_screen_and_leaves_nothing_behind(
    keys: bytes, number: signal.Signals | None, code: int, terminals: list[Terminal], tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    words = ["demo", "blue-green", "--kubeconfig-out", str(kubeconfig)]
    terminals.append(terminal := Terminal(COCKPIT, words, tmp_path / "state"))
    terminal.until(b"live")
    os.write(terminal.master, keys)
    if number:
        terminal.process.send_signal(number)
    assert terminal.end() == code
    server = urlsplit(yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"])
    assert server.port
    with socket.socket() as asked, pytest.raises(ConnectionRefusedError):
        asked.connect((server.hostname, server.port))
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("told", [True, False], ids=["with SIGHUP", "under make or nohup"])
def test_a_lost_terminal_ends_the_screen_and_its_cluster(told: bool, terminals: list[Terminal], tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    words = ["demo", "blue-green", "--kubeconfig-out", str(kubeconfig)]
    terminals.append(terminal := Terminal(COCKPIT, words, tmp_path / "state"))
    terminal.until(b"live")
    server = urlsplit(yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"])
    with socket.create_connection((server.hostname or "", server.port or 0), SECONDS) as held:
        assert terminal.hang_up(told) == 129
        # Where the screen had to be ended, its cluster notices by itself; its end closes what is connected to it.
        with suppress(ConnectionResetError):
            assert held.recv(1) == b""


def test_the_screen_needs_a_terminal(tmp_path: Path) -> None:
    environ = {**os.environ, "COCKPIT_STATE": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", COCKPIT], check=False, env=environ, capture_output=True, text=True, timeout=SECONDS
    )
    assert ended.returncode == 1
    assert "the screen needs a terminal" in ended.stderr


def test_kubectl_finds_it_as_a_plug_in(tmp_path: Path) -> None:
    plugin = tmp_path / "kubectl-cockpit"
    plugin.write_text(f"#!{sys.executable}\n{COCKPIT}\n")
    plugin.chmod(0o755)
    shown = subprocess.run([plugin, "list", "--help"], capture_output=True, text=True, check=True, timeout=SECONDS)
    assert shown.stdout.startswith("Usage: kubectl cockpit list ")
