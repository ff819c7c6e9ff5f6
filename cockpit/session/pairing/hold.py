"""A Lease that this session holds, and how sure that is."""

from __future__ import annotations

from cockpit.model.clock import Clock
from cockpit.model.pairing import Question
from cockpit.model.values import dataclass
from cockpit.pairing.pilot_lease import MAY_ARRIVE_SECONDS, SAFE_SECONDS, PilotLease

# Seconds that a holder has to answer a question; then the cockpit hands the controls over by itself.
ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A time by both clocks: the monotonic one stands still while a machine is suspended, the other one can be set."""

    monotonic: float
    wall: float

    @classmethod
    def of(cls, clock: Clock) -> Moment:
        """Now."""
        return cls(clock.monotonic(), clock.now())

    def age(self, clock: Clock) -> float:
        """Seconds since then, rather too many than too few."""
        return max(clock.monotonic() - self.monotonic, clock.now() - self.wall)


@dataclass(slots=True)
class Flight:
    """What this session is sending to a rollout; it outlives the Lease, because what was sent cannot be called back.

    `acting` is the act under way, `adrift` since when one is over of which something may still arrive.
    """

    acting: str = ""
    adrift: Moment | None = None
    mark: str = ""

    def begin(self, title: str) -> None:
        """An act is about to be sent."""
        self.acting = self.mark = title

    def end(self, unknown: bool, clock: Clock) -> None:
        """It was sent, as far as it got; `unknown`: some of it may still arrive."""
        self.acting = ""
        if unknown:
            self.adrift = Moment.of(clock)

    def marked(self, clock: Clock) -> str:
        """What may still arrive, in words; "" for nothing."""
        drifting = self.adrift is not None and self.adrift.age(clock) <= MAY_ARRIVE_SECONDS
        return self.mark if self.acting or drifting else ""


@dataclass(slots=True)
class Hold:
    """A Lease that this session holds, as last read or written.

    `written` is when this session's last write of it began, so that nobody saw it earlier. `asked_at` is when the open
    question was first seen, in monotonic seconds.
    """

    lease: PilotLease
    written: Moment
    asked: Question | None = None
    asked_at: float = 0.0

    def sure(self, clock: Clock) -> bool:
        """Whether a request that is sent now arrives before anybody may take the controls over."""
        return self.written.age(clock) <= SAFE_SECONDS

    def hear(self, question: Question | None, at: float) -> None:
        """Note a question, and when it was first seen."""
        if question != self.asked:
            self.asked, self.asked_at = question, at

    def unanswered(self, at: float) -> Question | None:
        """The question that was not answered in time."""
        return self.asked if self.asked and at - self.asked_at >= ANSWER_SECONDS else None
