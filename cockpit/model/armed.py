"""Armed guards as other people see them: nouns."""

from __future__ import annotations

from cockpit.model.pairing import Person
from cockpit.model.refs import RolloutKey
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class ToldGuard:
    """What others are told of an armed guard. All texts are safe.

    `words` says what it does and when. Times are whole UTC seconds by its session's clock; `until` is None where only
    the end of the release ends it.
    """

    id: str
    rollout: RolloutKey
    words: str
    since: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class ArmedGuard:
    """An armed guard in the session of `person`, as its Lease says; `mine` is this session."""

    told: ToldGuard
    person: Person
    mine: bool = False
