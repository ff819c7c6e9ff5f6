"""The order of versions on screen: a version keeps its place while it exists, even if its role changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cockpit.model.changes import changed_places
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import FleetView, RolloutView
from cockpit.tui.text import BASES


def ordered_names(rollout: Rollout, before: Iterable[str]) -> tuple[str, ...]:
    """Names of the versions: those in `before` keep their places, then the base of the release, then the others."""
    names = {version.name for version in rollout.versions}
    names |= {share.version for lane in rollout.lanes for share in lane.shares}
    kept = [name for name in before if name in names]
    fresh = [version for version in rollout.versions if version.name not in kept]
    fresh.sort(key=lambda version: BASES.index(version.role) if version.role in BASES else len(BASES))
    shown = list(dict.fromkeys([*kept, *(version.name for version in fresh)]))
    return (*shown, *sorted(names - set(shown)))


def in_order(view: RolloutView, names: tuple[str, ...]) -> RolloutView:
    """The view with versions and shares in the order of `names`; the same object if already so."""
    rollout, places = view.rollout, {name: place for place, name in enumerate(names)}
    rows = ([each.name for each in rollout.versions], *([s.version for s in lane.shares] for lane in rollout.lanes))
    if all(_ascends([places[name] for name in row]) for row in rows):
        return view
    versions = tuple(sorted(rollout.versions, key=lambda version: places[version.name]))
    lanes = tuple(
        replace(lane, shares=tuple(sorted(lane.shares, key=lambda share: places[share.version])))
        for lane in rollout.lanes
    )
    return replace(view, rollout=replace(rollout, versions=versions, lanes=lanes))


def _ascends(places: list[int]) -> bool:
    return places == sorted(places)


class VersionOrder:
    """Remembers the places of versions by rollout. An unchanged view is returned as the same object."""

    def __init__(self) -> None:
        self._names: dict[RolloutKey, tuple[str, ...]] = {}
        self._seen: tuple[RolloutView, ...] = ()
        self._shown: list[RolloutView] = []

    def apply(self, view: FleetView) -> FleetView:
        """The view with each rollout's versions in their remembered places."""
        seen = (*view.rollouts, *(group.view for group in view.groups))
        places = changed_places(self._seen, seen)
        if places is None:
            placed = dict(zip(map(id, self._seen), self._shown, strict=True))
            self._names = {each.rollout.key: self._names.get(each.rollout.key, ()) for each in seen}
            self._shown = [placed.get(id(each)) or self._placed(each) for each in seen]
        else:
            for place in places:
                self._shown[place] = self._placed(seen[place])
        self._seen = seen
        count = len(view.rollouts)
        groups = zip(view.groups, self._shown[count:], strict=True)
        return replace(
            view,
            rollouts=tuple(self._shown[:count]),
            groups=tuple(replace(group, view=placed) for group, placed in groups),
        )

    def keep(self, view: FleetView) -> None:
        """Take over the order of a view, as if it had been so from the first sight on."""
        shown = (*view.rollouts, *(group.view for group in view.groups))
        self._seen, self._shown = (), []
        self._names = {each.rollout.key: tuple(version.name for version in each.rollout.versions) for each in shown}

    def _placed(self, view: RolloutView) -> RolloutView:
        key = view.rollout.key
        self._names[key] = ordered_names(view.rollout, self._names.get(key, ()))
        return in_order(view, self._names[key])
