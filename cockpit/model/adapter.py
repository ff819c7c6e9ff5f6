"""The adapter interface: reads rollouts from objects and plans acts on them, both as pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import Resource
from cockpit.model.rights import Right
from cockpit.model.rollout import Rollout
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """What an adapter supports: a row of the README's table of systems.

    `objects` is what it reads, `shows` what it displays, `acts` are the acts that it can plan.
    """

    name: str
    objects: str
    shows: str
    acts: tuple[Act, ...]


class Adapter(Protocol):
    """One system or router. It never raises for cluster data: anything unexpected becomes a finding."""

    @property
    def id(self) -> str:
        """The `system` of its rollouts if a controller drives them, else the router's name."""
        ...

    @property
    def roots(self) -> tuple[Resource, ...]:
        """Kinds whose objects are roots of rollouts."""
        ...

    @property
    def needs(self) -> tuple[Resource, ...]:
        """Every kind it reads, including the roots."""
        ...

    @property
    def writes(self) -> Mapping[Act, tuple[Right, ...]]:
        """What the requests of each act may write."""
        ...

    @property
    def cards(self) -> tuple[Card, ...]:
        """One for each release strategy that it supports."""
        ...

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        """The rollouts rooted in this object; none if it is not a rollout (or is part of another root's)."""
        ...

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        """What `ask` would send, based on the current objects."""
        ...
