"""What the part that acts needs to see of a session."""

from __future__ import annotations

import asyncio
from typing import Protocol

from cockpit.model.refs import RolloutKey
from cockpit.model.view import RolloutView
from cockpit.session.cluster import Cluster


class Scene(Protocol):
    """The clusters and the latest view, and a way to wait for a newer one."""

    def cluster(self, context: str) -> Cluster | None: ...

    def shown(self, key: RolloutKey) -> RolloutView | None:
        """The rollout in the latest view, with what was observed."""
        ...

    def refresh(self) -> None:
        """Bring the view up to what was read by now."""
        ...

    def next_view(self) -> asyncio.Event:
        """An event that is set when there is a newer view."""
        ...

    def touch(self, key: RolloutKey | None = None) -> None:
        """Say that something that is shown changed, of this rollout or of none."""
        ...
