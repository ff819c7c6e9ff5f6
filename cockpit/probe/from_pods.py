"""Merges what the pods of a probe write into one sampling result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import field, replace

from cockpit.model.clock import Clock
from cockpit.model.counts import counted
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Stage
from cockpit.probe.pod_lines import PodAnswer, WorkerEnd, read_line
from cockpit.probe.sample import SampleOrder, SampleResult, SampleRun
from cockpit.probe.sender import Answer

# More workers than any pod has: a log that names more is not ours.
_MOST_WORKERS = 64
# Below this part of the requested rate the result says so.
_ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class JobReport:
    """What came of a probe in the cluster. `stage` and `why` are those of the journal; `result` is None if no pod
    answered. `left` says what could not be deleted."""

    stage: Stage
    why: str
    result: SampleResult | None = None
    left: str = ""


@dataclass(slots=True)
class _PodLog:
    """How far a pod's log was read: the last answer of each worker, and which workers have ended.

    `answers` are those counted, from `first` to `latest` (UTC seconds).
    """

    last: dict[int, int] = field(default_factory=dict)
    ended: dict[int, WorkerEnd] = field(default_factory=dict)
    lost: int = 0
    said: str = ""
    answers: int = 0
    first: float = math.inf
    latest: float = -math.inf

    @property
    def rate(self) -> float:
        """Answers per second since its first."""
        seconds = self.latest - self.first
        return (self.answers - 1) / seconds if seconds > 0 else 0.0


class PodAnswers:
    """Counts the answers of all pods, each once, however often a log is read again.

    `workers` is how many end in each pod. Time is that between the first and the last answer: pods take a while to
    start. `hear` is called with each answer that is counted, and how many seconds ago a pod wrote it.
    """

    def __init__(
        self,
        clock: Clock,
        order: SampleOrder,
        workers: int,
        body_limit: int,
        progress: Callable[[SampleResult], None] = lambda _: None,
        hear: Callable[[Answer, float], None] = lambda _answer, _ago: None,
    ) -> None:
        self._clock, self._order, self._progress, self._hear = clock, order, progress, hear
        self._workers, self._body_limit = workers, body_limit
        self._pods: dict[str, _PodLog] = {}
        self._run: SampleRun | None = None
        self._counted = 0
        self._reused = 0
        self._first, self._last = math.inf, -math.inf

    @property
    def counted(self) -> int:
        """Answers so far."""
        return self._counted

    @property
    def complete(self) -> bool:
        """Whether no more answers are needed: there is a verdict, or the number that was asked for."""
        count = self._order.count
        return self._run is not None and (self._run.decided or (count is not None and self._counted >= count))

    def take(self, pod: str, lines: Iterable[bytes]) -> None:
        """Lines of a pod's log, in order; lines that were taken before are skipped."""
        known = self._pods.setdefault(pod, _PodLog())
        for line in lines:
            match read_line(line, self._body_limit):
                case PodAnswer() as one if 0 < one.worker <= _MOST_WORKERS:
                    self._count(known, one)
                case WorkerEnd() as end if 0 < end.worker <= _MOST_WORKERS:
                    known.ended[end.worker] = end
                case None if line.strip():
                    known.said = safe_text(line[:500].decode("utf-8", "replace"), 200)

    def has_ended(self, pod: str) -> bool:
        """Whether all workers of a pod have ended."""
        return len(self._log(pod).ended) >= self._workers

    def said(self, pod: str) -> str:
        """The last line of a pod that is not an answer, such as an error of the shell."""
        return self._log(pod).said

    def why_silent(self, pod: str) -> str:
        """Why a pod sent no answers, by the exit code of its curl; "" if it sent some or nothing is known."""
        log = self._log(pod)
        codes = {end.code for end in log.ended.values()}
        if log.last or not codes:
            return ""
        if codes & {126, 127}:
            return "the image has no curl that can be run"
        if 2 in codes:
            return "the image's curl does not know an option: it must be 7.84 or newer"
        return f"curl ended with code {min(codes)}"

    def result(self) -> SampleResult:
        """What is known so far."""
        run = self._run or SampleRun(self._clock, self._order, self._progress)
        found = run.result()
        seconds = round(self._last - self._first, 3) if self._counted else 0.0
        notes = [found.message, *self._notes(seconds)]
        return replace(found, seconds=seconds, message="; ".join(note for note in notes if note))

    def _count(self, known: _PodLog, one: PodAnswer) -> None:
        before = known.last.get(one.worker, 0)
        if one.number <= before or self.complete:
            return
        known.lost += one.number - before - 1
        known.last[one.worker] = one.number
        now = self._clock.now()
        at = now if one.at is None else one.at
        self._first, self._last = min(self._first, at), max(self._last, at)
        known.answers += 1
        known.first, known.latest = min(known.first, at), max(known.latest, at)
        if self._run is None:
            self._run = SampleRun(self._clock, self._order, self._progress)
        self._counted += 1
        self._reused += one.reused
        self._run.take(one.answer, one.answer.total_ms)
        self._hear(one.answer, now - at)

    def _notes(self, seconds: float) -> list[str]:
        notes = []
        lost = sum(log.lost for log in self._pods.values())
        if lost:
            notes.append(f"{counted(lost, 'answer')} missing in the logs")
        if self._reused:
            notes.append(
                f"{counted(self._reused, 'answer')} came on a connection that was open already: the split may be wrong"
            )
        # Pods start and end one after the other, so each one's rate is that of its own time.
        rate = sum(log.rate for log in self._pods.values())
        if seconds > 1 and rate < self._order.rate * _ENOUGH:
            shown = f"{rate:.0f}" if rate >= 100 else f"{rate:.3g}"
            notes.append(f"{shown} answers per second, {self._order.rate:g} were asked for")
        return notes

    def _log(self, pod: str) -> _PodLog:
        return self._pods.get(pod) or _PodLog()
