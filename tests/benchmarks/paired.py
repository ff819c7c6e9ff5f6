"""Two commands in turn, so that a machine that is busy is busy for both. Ratios are taken pair by pair."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.figure import Figure


@dataclass(frozen=True)
class Run:
    """One run to its end. `cpu` is user and system seconds of the process and of what it waited for."""

    elapsed: float
    cpu: float


@dataclass(frozen=True)
class Pairs:
    """Runs of ours and of the peer, in turn."""

    ours: tuple[Run, ...]
    peer: tuple[Run, ...]

    def ratio(self, of: str) -> float:
        """The median of ours to the peer, of "elapsed" or "cpu" seconds."""
        pairs = zip(self.ours, self.peer, strict=True)
        return float(statistics.median(getattr(ours, of) / getattr(peer, of) for ours, peer in pairs))

    def figure(self, what: str, name: str, most: float) -> Figure:
        """Ours beside a peer of this name; it keeps the budget if it takes at most so many times as long.

        The CPU seconds beside it say how much of that is our own work, however busy the machine is.
        """
        ours, peer = _words(self.ours), f"{name} {_words(self.peer)}"
        times = f"{self.ratio('elapsed'):.1f}x, CPU {self.ratio('cpu'):.1f}x"
        return Figure(what, f"{ours} = {times}", peer, f"<= {most:g}x", self.ratio("elapsed") <= most)


def _words(runs: Sequence[Run]) -> str:
    elapsed, cpu = (statistics.median(getattr(run, name) for run in runs) for name in ("elapsed", "cpu"))
    return f"{elapsed:.2f} s (CPU {cpu:.2f} s)"


def timed(argv: Sequence[str], environ: dict[str, str]) -> Run:
    """One run, whose output nobody reads; it has to succeed."""
    began = time.perf_counter()
    process = subprocess.Popen(
        argv, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{' '.join(argv)} ended with {process.returncode}"
    return Run(time.perf_counter() - began, used.ru_utime + used.ru_stime)


def in_turn(ours: Sequence[str], peer: Sequence[str], environ: dict[str, str], runs: int = 7) -> Pairs:
    """So many pairs; one before them does not count, because it fills caches."""
    pairs = [(timed(ours, environ), timed(peer, environ)) for _ in range(runs + 1)][1:]
    mine, theirs = zip(*pairs, strict=True)
    return Pairs(mine, theirs)
