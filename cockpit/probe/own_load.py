"""Whether the probe itself is the bottleneck, so that the times it measures are not the service's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cockpit.model.clock import Clock
from cockpit.model.shares import percent
from cockpit.model.values import dataclass

# Seconds by which a beat may be late: less than what a person would call slow, more than a busy second of a screen.
LATE = 0.02
# The parts of the beats that may be late, and of a core that may be used, before times say nothing.
MOST_LATE, MOST_CPU = 0.1, 0.9
FEWEST_BEATS = 20
# The first request loads libraries and certificates, which later ones do not wait for.
_WARM_UP = 1.0
# In less time than this, one burst of work looks like a probe that is always late.
_FEWEST_SECONDS = 2.0
# A caller that spent this long on its way to the next beat had to wait for a place or for its turn.
HELD = 0.001
# Seconds that are looked at.
WINDOW = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """What the probe's own process did: `cpu` is the part of a core that it used, None if that is not known."""

    beats: int = 0
    late: int = 0
    cpu: float | None = None

    @property
    def trouble(self) -> str:
        """Why times are not the service's, in one sentence; "" if the probe keeps up."""
        too_late = self.beats >= FEWEST_BEATS and self.late > MOST_LATE * self.beats
        too_busy = self.cpu is not None and self.cpu >= MOST_CPU
        if not too_late and not too_busy:
            return ""
        cpu = "" if self.cpu is None else f", CPU {percent(self.cpu)}"
        return (
            f"the probe itself is too slow: {self.late} of {self.beats} beats late{cpu};"
            " figures of latency are not the service's"
        )


class OwnLoad:
    """Watches the beats of all probes of one process, and its CPU time.

    `cpu` gives the CPU seconds that it used so far; None if they are not known.
    """

    def __init__(self, clock: Clock, cpu: Callable[[], float] | None = None) -> None:
        self._clock, self._cpu = clock, cpu
        self._warm: float | None = None
        self.trouble = ""  # that of the load, as of the last second
        self._marks: deque[_Second] = deque()

    def beat(self, late_by: float, missed: int = 0) -> None:
        """Take in a beat that came so many seconds late, after so many that were skipped."""
        now = self._clock.monotonic()
        self._warm = now + _WARM_UP if self._warm is None else self._warm
        if now < self._warm:
            return
        if not self._marks or now - self._marks[-1].at >= 1.0:
            self._marks.append(_Second(now, self._cpu() if self._cpu else None))
            self.trouble = self.load().trouble
        second = self._marks[-1]
        second.beats += 1 + missed
        second.late += missed + (late_by > LATE)

    def load(self) -> Load:
        """What happened within the last seconds; nothing until there are some."""
        now = self._clock.monotonic()
        self._forget(now)
        if not self._marks or now - self._marks[0].at < _FEWEST_SECONDS:
            return Load()
        first, used = self._marks[0], None
        if self._cpu is not None and first.cpu is not None:
            used = (self._cpu() - first.cpu) / (now - first.at)
        return Load(sum(one.beats for one in self._marks), sum(one.late for one in self._marks), used)

    def _forget(self, now: float) -> None:
        while self._marks and now - self._marks[0].at > WINDOW:
            self._marks.popleft()


@dataclass(slots=True)
class _Second:
    """About a second: when it began, the CPU time used until then, and the beats since."""

    at: float
    cpu: float | None
    beats: int = 0
    late: int = 0
