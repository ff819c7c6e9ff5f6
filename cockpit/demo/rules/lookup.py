"""What the rules of a write may look up while it is made."""

from __future__ import annotations

import random
from typing import Protocol

from cockpit.demo.clock import DemoClock
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.registry import Registry


class Lookup(Protocol):
    """The stored objects, to be read only, with the cluster's time and chance."""

    @property
    def registry(self) -> Registry:
        """The kinds that the cluster serves."""

    @property
    def clock(self) -> DemoClock:
        """The cluster's time."""

    @property
    def rng(self) -> random.Random:
        """The cluster's chance."""

    def peek(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """One object, or None."""

    def scan(self, kind: Kind, namespace: str | None = None) -> list[Object]:
        """All objects of a kind."""
