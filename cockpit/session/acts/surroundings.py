"""What acts need from a session."""

from __future__ import annotations

import asyncio
from typing import Protocol

from cockpit.model.refs import RolloutKey
from cockpit.model.view import RolloutView
from cockpit.session.facts.cluster import Cluster


class Surroundings(Protocol):
    """The clusters, the latest view, and a way to wait for a newer one."""

    def cluster(self, context: str) -> Cluster | None: ...

    def shown(self, key: RolloutKey) -> RolloutView | None:
        """The rollout in the latest view, with what was observed."""
        ...

    def became(self, key: RolloutKey) -> RolloutKey | None:
        """What a rollout that is gone is called now that another system drives it."""
        ...

    async def refresh(self) -> None:
        """Update the view with everything read so far."""
        ...

    def next_view(self) -> asyncio.Event:
        """An event that is set when there is a newer view."""
        ...

    def follow(self) -> None:
        """Follow the clusters from now on; a session for one command only read them until then."""
        ...

    def touch(self, key: RolloutKey | None = None) -> None:
        """Mark something shown as changed, for this rollout or for none."""
        ...
