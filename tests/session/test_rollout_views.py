"""Views of rollouts are made only for those that changed: the words why one is stale count for each by itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

from cockpit.model.refs import Resource, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import RolloutView
from cockpit.session.facts.assemble import IDLE, Circumstances, rollout_view
from cockpit.session.facts.cluster import Cluster
from cockpit.session.facts.rollout_views import RolloutViews
from cockpit.session.facts.rollouts import Changes
from tests.session.test_assemble import ROLLOUT

WORDS = "pods of test are still being read"


@dataclass
class Made:
    """Makes views, and notes of which rollouts."""

    names: list[str] = field(default_factory=list)

    def __call__(self, rollout: Rollout, stale: str) -> RolloutView:
        self.names.append(rollout.key.name)
        return rollout_view(rollout, rollout.lanes, IDLE, Circumstances(stale=stale), 0.0)

    def since(self) -> list[str]:
        """The names since the last call, sorted."""
        found, self.names = sorted(self.names), []
        return found


class Stand:
    """A cluster of which all is as a test sets it."""

    neighbours = ()

    def __init__(self) -> None:
        self.rollouts = self.act_rights = self
        self.version = 0
        self.stale: dict[RolloutKey, str] = {}
        self._current: dict[RolloutKey, Rollout] = {}
        self._changes = Changes()
        self.early: frozenset[RolloutKey] = frozenset()
        self.unread: frozenset[Resource] = frozenset()

    def not_allowed_any_more(self) -> dict[Resource, float]:
        return {}

    def put(self, *names: str) -> None:
        """These rollouts were read, for the first time or anew."""
        for name in names:
            key = RolloutKey("test", "shop", name, "manual")
            self._changes.reshaped = self._changes.reshaped or key not in self._current
            self._changes.keys.add(key)
            self._current[key] = replace(ROLLOUT, key=key, message=f"{len(self._changes.keys)} {self.stale.get(key)}")

    def behind(self, *names: str) -> None:
        """These are stale, and no others."""
        self.stale = {RolloutKey("test", "shop", name, "manual"): WORDS for name in names}

    def take_changes(self) -> Changes:
        changes, self._changes = self._changes, Changes()
        return changes

    def current(self) -> dict[RolloutKey, Rollout]:
        return self._current

    def unread_kinds(self) -> frozenset[Resource]:
        return self.unread

    def stale_rollouts(self) -> dict[RolloutKey, str]:
        return dict(self.stale)


def test_rows_that_come_bit_by_bit_are_made_once_each() -> None:
    made, stand = Made(), Stand()
    views, cluster = RolloutViews(made), cast(Cluster, cast(Any, stand))
    for end in range(1, 5):
        names = [f"r{n}" for n in range(end)]
        stand.behind(*names)
        stand.put(names[-1])
        views.update(cluster, set())
        assert made.since() == [names[-1]]
    assert {view.stale for view in views.views()} == {WORDS}


def test_what_is_read_again_is_made_again_and_what_still_waits_is_not() -> None:
    made, stand = Made(), Stand()
    views, cluster = RolloutViews(made), cast(Cluster, cast(Any, stand))
    stand.behind("a", "b", "c")
    stand.put("a", "b", "c")
    views.update(cluster, set())
    made.since()
    stand.behind("b", "c")
    stand.put("a")
    views.update(cluster, set())
    assert made.since() == ["a"]
    assert [view.stale for view in views.views()] == ["", WORDS, WORDS]
    stand.behind()
    views.update(cluster, set())
    assert made.since() == ["b", "c"]


def test_other_rights_make_all_of_them_again() -> None:
    made, stand = Made(), Stand()
    views, cluster = RolloutViews(made), cast(Cluster, cast(Any, stand))
    stand.put("a", "b")
    views.update(cluster, set())
    made.since()
    views.update(cluster, set())
    assert made.since() == []
    stand.version += 1
    views.update(cluster, set())
    assert made.since() == ["a", "b"]
