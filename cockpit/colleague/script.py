"""What the scripted colleague does, in order; pure data. What they say goes into the cluster, as words of people do."""

from __future__ import annotations

from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait about so many seconds, as people do: never exactly."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Say:
    """Leave a note about the rollout."""

    text: str


@dataclass(frozen=True, slots=True)
class AskForControls:
    """Take the controls if nobody has them, else ask and wait at most so many seconds for an answer.

    Who is told no, or nothing, says `otherwise`, and leaves out what follows up to the next one of these.
    """

    reason: str
    wait: float
    otherwise: str


@dataclass(frozen=True, slots=True)
class SetWeight:
    """Send this share of all requests (a fraction of 1) to the version, and wait until the objects say so."""

    version: str
    share: float


@dataclass(frozen=True, slots=True)
class HandOver:
    """Offer the controls to whoever else is here; given back if they do not accept within so many seconds."""

    wait: float


@dataclass(frozen=True, slots=True)
class FallSilent:
    """Their machine sleeps for so many seconds with the controls in its hands; then they say what they find."""

    seconds: float
    taken_over: str
    still_held: str


Move = Pause | Say | AskForControls | SetWeight | HandOver | FallSilent

# Seconds for an answer: a minute without one hands the controls over.
ANSWER = 90.0

SCRIPT: tuple[Move, ...] = (
    Pause(8),
    Say("I look at orders with you; in a moment I would like to take v2 to 25%"),
    Pause(14),
    AskForControls("may I take v2 to 25%?", ANSWER, "all right, you keep the controls; I go on watching"),
    Pause(5),
    SetWeight("v2", 0.25),
    Pause(10),
    HandOver(60),
    Say("v2 has 25%; the controls are not mine any more. Take it on, or back, as you see fit"),
    Pause(40),
    AskForControls("shall I keep an eye on it while you get a coffee?", ANSWER, "then I only watch from here on"),
    Pause(6),
    Say("I keep an eye on it"),
    Pause(4),
    # The Lease lasts 30 s from its last renewal: the rest is time to take the controls over.
    FallSilent(
        180,
        taken_over="my machine was asleep for three minutes; good that you took the controls over",
        still_held="my machine was asleep for three minutes and nobody took the controls over; I give them back",
    ),
)
