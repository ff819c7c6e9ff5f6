"""The program on a pseudo-terminal, and what a person sees there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyte
from wcwidth import wcwidth

# Real seconds that a slow machine may take for anything.
PATIENCE = 120.0
COCKPIT = [sys.executable, "-c", "from cockpit.launch.compose import main; main()"]
FULL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
# What differs between two screens of the same: times of day, ages, counts of answers, a cursor's blinking.
_PASSING = re.compile(
    r"\d+:\d\d(:\d\d)?|\b(\d+(\.\d+)?(ms|[smhd]))+\b|\bago\b|\d+ answers|\d+(\.\d+)?/s|±\d+|just now|now\b"
)


class Emulator(pyte.Screen):
    """pyte drops the rest of a text after a character of no width that Unicode does not call combining."""

    def draw(self, data: str) -> None:
        super().draw("".join(each for each in data if wcwidth(each) or unicodedata.combining(each)))


class OnTerminal:
    """The program on a terminal that is read only when somebody looks. `raw` is every byte that came.

    `environ` is added to its own, `stdin` takes the place of the terminal, on a `full_disk` no file can be written.
    `through` is a command that runs the program.
    """

    def __init__(
        self,
        words: list[str],
        state: Path,
        *,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
        stdin: int | None = None,
        full_disk: bool = False,
        through: Sequence[str] = (),
    ) -> None:
        self.master, slave = pty.openpty()
        self.raw = bytearray()
        self.size = size
        self.resize(*size)
        # A picture that was taken in this process leaves its size in COLUMNS and LINES, which count for more than the
        # terminal's own.
        left_out = ("COCKPIT", "KUBE", "COLUMNS", "LINES")
        given = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        given |= {"COCKPIT_STATE": str(state), "XDG_CONFIG_HOME": str(state), "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [*through, *COCKPIT[:2], FULL_DISK * full_disk + COCKPIT[2], *words],
            stdin=slave if stdin is None else stdin,
            stdout=slave,
            stderr=slave,
            env=given | dict(environ or {}),
            start_new_session=True,
            preexec_fn=self._control,  # noqa: PLW1509 - one call of the system, before any other code runs
        )
        os.close(slave)
        self._screen = Emulator(*size)
        self._stream = pyte.ByteStream(self._screen)

    @staticmethod
    def _control() -> None:
        """In the child: this is its controlling terminal, which tells of new sizes and of a hang-up."""
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)

    # The terminal

    def resize(self, columns: int, rows: int) -> None:
        """As a person drags a window's corner; the emulator follows once it is looked at."""
        self.size = (columns, rows)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def read(self, seconds: float = 0.0) -> bool:
        """Take in what has come, or what comes within so many seconds; False once the program has gone."""
        readable, _, _ = select.select([self.master], [], [], seconds)
        while readable:
            try:
                came = os.read(self.master, 65536)
            except OSError:
                return False
            self.raw += came
            if (self._screen.columns, self._screen.lines) != self.size:
                self._screen.resize(self.size[1], self.size[0])
            self._stream.feed(came)
            readable, _, _ = select.select([self.master], [], [], 0)
        return True

    # What is seen

    @property
    def shown(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    def until(self, *words: str, gone: str = "") -> None:
        """Read until all of these words stand on the screen, each in one line, and `gone` in none."""
        self.until_held(
            lambda: (
                all(any(word in line for line in self.shown) for word in words)
                and not (gone and any(gone in line for line in self.shown))
            ),
            f"{words} {gone and 'without ' + gone}",
        )

    def until_held(self, held: Callable[[], object], what: str) -> None:
        """Read until this holds."""
        end = time.monotonic() + PATIENCE
        while not held():
            there = self.read(0.1)
            assert there or held(), f"the program ended before: {what}:\n" + "\n".join(self.shown)
            assert time.monotonic() < end, f"never: {what}:\n" + "\n".join(self.shown)

    def settle(self, quiet: float = 0.7) -> None:
        """Read until nothing has come for so many seconds."""
        before = -1
        while before != len(self.raw):
            before = len(self.raw)
            self.read(quiet)

    def forget(self) -> None:
        """Take in what has come, and look at what follows as a terminal that knows nothing of before."""
        self.read()
        self._screen = Emulator(*self.size)
        self._stream = pyte.ByteStream(self._screen)

    def lasting(self) -> list[str]:
        """The screen without what differs each time that it is looked at."""
        return [" ".join(_PASSING.sub("", line).replace("─", " ").split()) for line in self.shown]

    # The process

    def memory(self) -> int:
        """Kilobytes that the process holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def end(self, keys: bytes = b"", number: signal.Signals | None = None) -> int:
        """The exit code after these keys or this signal; what is written meanwhile is read."""
        if keys:
            self.press(keys)
        if number:
            self.process.send_signal(number)
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, "it did not end:\n" + "\n".join(self.shown)
            if not self.read(0.1):
                time.sleep(0.05)
        self.read()
        return self.process.returncode

    def hang_up(self) -> int:
        """The exit code after the connection to the terminal was lost."""
        os.close(self.master)
        self.master = -1
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if self.master >= 0:
            os.close(self.master)


@contextlib.contextmanager
def on_terminal(*args: object, **more: object) -> Iterator[OnTerminal]:
    """Such a terminal, closed in the end with whatever is on it."""
    made = OnTerminal(*args, **more)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


def wait_for(held: Callable[[], object], what: str) -> None:
    """Wait for something beside the terminal, which nobody reads meanwhile."""
    end = time.monotonic() + PATIENCE
    while not held():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)
