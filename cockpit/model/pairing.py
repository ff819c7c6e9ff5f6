"""Who looks at what, and who has the controls of a rollout: the nouns of two people on one release."""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.pilot_mode import PilotMode as PilotMode
from cockpit.model.refs import RolloutKey
from cockpit.model.second import NO_SECOND_VIEW, Proposal, SecondView
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One session of a person. `user` is what the session says of itself: the API server does not vouch for it.

    `session` tells two cockpits of one person apart. All texts are safe.
    """

    user: str
    host: str
    session: str

    def __str__(self) -> str:
        return f"{self.user} on {self.host}" if self.host else self.user


@dataclass(frozen=True, slots=True)
class Presence:
    """A person who has a cockpit open. `rollout` is what they look at, `since` UTC seconds by their clock.

    `mine` is this session itself.
    """

    person: Person
    context: str
    rollout: RolloutKey | None
    since: float | None
    mine: bool = False


def controls_of(key: RolloutKey) -> RolloutKey:
    """What controls go by: a rollout by its name alone, without a system.

    What drives it can change during a release (of a Deployment that becomes a blue-green by its Service), and two
    people must not have the controls of the two. Rollouts of one name share theirs.
    """
    return RolloutKey(key.context, key.namespace, key.name, "")


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody asks the pilot for the controls, and why."""

    person: Person
    reason: str


@dataclass(frozen=True, slots=True)
class Pilot:
    """Who has the controls of `rollout`, which is named as `controls_of` names it.

    `since` is UTC seconds by the holder's clock. `mine` is this session. `silent` once the holder was not heard for as
    long as the Lease lasts. `asked` is an open question to the holder, `offered` the session to which the holder offers
    the controls, `declined` the session whose question the holder answered with no. `reason` is why they were taken
    over. `acting` is the act under way.
    """

    rollout: RolloutKey
    person: Person
    since: float | None
    mine: bool
    silent: bool = False
    asked: Question | None = None
    offered: str = ""
    declined: str = ""
    reason: str = ""
    acting: str = ""


@dataclass(frozen=True, slots=True)
class ContextPairing:
    """Pairing in one context. `problem` is why it does not work there, in a sentence; "" if it does.

    `unseen` is why others do not see this session, though it sees them.
    """

    context: str
    mode: PilotMode
    problem: str = ""
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class PairingView:
    """Everybody who is here, and the pilots, in the contexts where pairing is on; and what is proposed."""

    contexts: tuple[ContextPairing, ...] = ()
    here: tuple[Presence, ...] = ()
    pilots: tuple[Pilot, ...] = ()
    second: SecondView = NO_SECOND_VIEW

    @property
    def on(self) -> bool:
        """Whether pairing is on in any context."""
        return any(each.mode is not PilotMode.OFF for each in self.contexts)

    @property
    def others(self) -> tuple[Presence, ...]:
        """Everybody but this session."""
        return tuple(each for each in self.here if not each.mine)

    def mode(self, context: str) -> PilotMode:
        """The mode of a context; OFF where it is not known."""
        return next((each.mode for each in self.contexts if each.context == context), PilotMode.OFF)

    def pilot(self, key: RolloutKey) -> Pilot | None:
        """Who has the controls of a rollout; None if nobody does."""
        sought = controls_of(key)
        return next((pilot for pilot in self.pilots if controls_of(pilot.rollout) == sought), None)

    def proposal(self, key: RolloutKey) -> Proposal | None:
        """What is proposed for a rollout, open or confirmed; None if nothing is."""
        sought = controls_of(key)
        return next((p for p in self.second.proposals if controls_of(p.rollout) == sought and not p.over), None)


NO_PAIRING = PairingView()


class Wish(StrEnum):
    """What a person can want of the controls of a rollout."""

    TAKE = "take"  # they are free, or their holder is silent; from somebody else they are asked for
    RELEASE = "release"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"  # keep them though somebody asks; of an offer: leave them where they are


@dataclass(frozen=True, slots=True)
class ControlsOrder:
    """A wish about the controls of a rollout. `to` is the session to which they are offered.

    `reason` is told to the holder. `wait` is how many seconds to wait for an answer, or for a holder to prove silent.
    """

    wish: Wish
    to: str = ""
    reason: str = ""
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class ControlsAnswer:
    """What came of a wish: whether it is done, and what to tell the person."""

    done: bool
    words: str = ""
