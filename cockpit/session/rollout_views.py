"""The rollouts of one cluster as they are shown, made anew only where something of them changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set

from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import RolloutView
from cockpit.session.cluster import Cluster


class RolloutViews:
    """Views in the order of the rollouts' keys. `make` makes one from a rollout and why its facts are old."""

    def __init__(self, make: Callable[[Rollout, str], RolloutView]) -> None:
        self._make = make
        self._made: dict[RolloutKey, RolloutView] = {}
        self._stale: dict[RolloutKey, str] = {}
        self._away: list[str] = []

    def get(self, key: RolloutKey) -> RolloutView | None:
        return self._made.get(key)

    def views(self) -> Iterable[RolloutView]:
        return self._made.values()

    def update(self, cluster: Cluster, touched: Set[RolloutKey]) -> None:
        """Follow the cluster; `touched` are rollouts of which something else than the objects may have changed."""
        changes, rollouts = cluster.rollouts.take_changes(), cluster.rollouts.current()
        stale, away = cluster.stale_rollouts(), [neighbour.behind() for neighbour in cluster.neighbours]
        if changes.reshaped or (stale, away) != (self._stale, self._away):
            self._stale, self._away = stale, away
            self._made = {key: self._remade(key, rollout) for key, rollout in rollouts.items()}
            return
        for key in touched | changes.keys:
            if key in rollouts:
                self._made[key] = self._remade(key, rollouts[key])

    def _remade(self, key: RolloutKey, rollout: Rollout) -> RolloutView:
        """The view of now; the one before where it is equal."""
        before, view = self._made.get(key), self._make(rollout, self._stale.get(key, ""))
        return before if before == view else view
