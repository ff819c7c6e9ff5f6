"""The views of one cluster's rollouts, rebuilt only for rollouts that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from cockpit.model.kinds import LATE
from cockpit.model.refs import Resource, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import RolloutView
from cockpit.session.facts.cluster import Cluster
from cockpit.workloads.unread import rests_on


class RolloutViews:
    """Views sorted by rollout key. `make` builds one from a rollout and the reason why its data is stale.

    `again` is called with a rollout that an object of its own changed without changing it, `left` with the keys of
    those that are no more, after all others are made.
    """

    def __init__(
        self,
        make: Callable[[Rollout, str], RolloutView],
        again: Callable[[Rollout], None] = lambda rollout: None,
        left: Callable[[Set[RolloutKey]], None] = lambda keys: None,
    ) -> None:
        self._make = make
        self._again, self._left = again, left
        self._made: dict[RolloutKey, RolloutView] = {}
        self._sources: dict[RolloutKey, Rollout] = {}
        self._stale: dict[RolloutKey, str] = {}
        self._away: list[str] = []
        self._rights = 0
        self._gone: Mapping[Resource, float] = {}
        self._unread: frozenset[Resource] = frozenset()

    def get(self, key: RolloutKey) -> RolloutView | None:
        return self._made.get(key)

    def views(self) -> Iterable[RolloutView]:
        return self._made.values()

    def update(self, cluster: Cluster, touched: Set[RolloutKey]) -> None:
        """Follow the cluster; `touched` are rollouts of which something other than objects may have changed."""
        changes, rollouts = cluster.rollouts.take_changes(), cluster.rollouts.current()
        stale, away = cluster.stale_rollouts(), [neighbour.behind() for neighbour in cluster.neighbours]
        gone = cluster.not_allowed_any_more()
        rights = cluster.act_rights.version
        remade = set(touched | changes.keys) | self._of_other_doubts(cluster, stale)
        if (away, rights, gone) != (self._away, self._rights, self._gone):
            self._away, self._rights, self._gone = away, rights, gone
            remade.update(rollouts)
        if stale != self._stale:
            # Usually in the same words for all; at the start, for those that were read.
            before, self._stale = self._stale, stale
            remade.update(key for key in stale.keys() | before.keys() if stale.get(key) != before.get(key))
        if changes.reshaped:
            # What was read again is another value; the others are as they were.
            remade.update(key for key, rollout in rollouts.items() if self._sources.get(key) is not rollout)
        for key in remade & rollouts.keys():
            self._made[key] = self._remade(key, rollouts[key])
            self._sources[key] = rollouts[key]
        for key in (changes.again - remade) & rollouts.keys():
            self._again(rollouts[key])
        if changes.reshaped:
            self._left(self._made.keys() - rollouts.keys())
            self._made = {key: self._made[key] for key in rollouts}
            self._sources = {key: self._sources[key] for key in rollouts}

    def _of_other_doubts(self, cluster: Cluster, stale: Mapping[RolloutKey, str]) -> set[RolloutKey]:
        """The rollouts with a finding that rests on kinds that can be read since the last call, or no more."""
        unread = cluster.unread_kinds()
        changed, self._unread = unread ^ self._unread, unread
        # Who waits to be read again, with what comes late, is made anew after that.
        waiting = cluster.rollouts.early & stale.keys() if changed <= LATE else frozenset[RolloutKey]()
        if not changed:
            return set()
        made = ((key, view.rollout.findings) for key, view in self._made.items() if key not in waiting)
        return {key for key, findings in made if any(changed & rests_on(found) for found in findings)}

    def _remade(self, key: RolloutKey, rollout: Rollout) -> RolloutView:
        """The current view; the previous one if it is equal."""
        before, view = self._made.get(key), self._make(rollout, self._stale.get(key, ""))
        return before if before == view else view
