"""What an adapter is: it reads rollouts from objects and plans acts on them, both as pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import Resource
from cockpit.model.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Card:
    """What an adapter is for, in the words of its users: a row of the table of systems.

    `objects` names what it reads, `shows` what of it is shown, `acts` are those that it can plan.
    """

    name: str
    objects: str
    shows: str
    acts: tuple[Act, ...]


class Adapter(Protocol):
    """One system or router. It never fails on what a cluster holds: what is odd becomes a finding."""

    @property
    def id(self) -> str:
        """The `system` of the rollouts it reads when a controller drives them, else the router's word."""
        ...

    @property
    def roots(self) -> tuple[Resource, ...]:
        """Kinds of which each object is the root of at most a few rollouts."""
        ...

    @property
    def needs(self) -> tuple[Resource, ...]:
        """Every kind it looks at, the roots included."""
        ...

    @property
    def cards(self) -> tuple[Card, ...]:
        """One for each way of releasing that it knows."""
        ...

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        """The rollouts rooted in this object; none where it is no rollout (or belongs to another root's)."""
        ...

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        """What `ask` would send, against the objects as they are now."""
        ...
