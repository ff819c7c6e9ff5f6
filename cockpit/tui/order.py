"""The order of versions on screen: a version keeps its place while it exists, even if its role changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

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
    rollout = view.rollout
    versions = tuple(sorted(rollout.versions, key=lambda version: names.index(version.name)))
    lanes = tuple(
        replace(lane, shares=tuple(sorted(lane.shares, key=lambda share: names.index(share.version))))
        for lane in rollout.lanes
    )
    if versions == rollout.versions and lanes == rollout.lanes:
        return view
    return replace(view, rollout=replace(rollout, versions=versions, lanes=lanes))


class VersionOrder:
    """Remembers the places of versions by rollout. An unchanged view is returned as the same object."""

    def __init__(self) -> None:
        self._names: dict[RolloutKey, tuple[str, ...]] = {}
        self._shown: dict[RolloutKey, tuple[RolloutView, RolloutView]] = {}

    def apply(self, view: FleetView) -> FleetView:
        """The view with each rollout's versions in their remembered places."""
        before, names = self._shown, self._names
        self._shown, self._names = {}, {}
        rollouts = tuple(self._placed(each, before, names) for each in view.rollouts)
        groups = tuple(replace(group, view=self._placed(group.view, before, names)) for group in view.groups)
        return replace(view, rollouts=rollouts, groups=groups)

    def keep(self, view: FleetView) -> None:
        """Take over the order of a view, as if it had been so from the first sight on."""
        shown = (*view.rollouts, *(group.view for group in view.groups))
        self._shown = {}
        self._names = {each.rollout.key: tuple(version.name for version in each.rollout.versions) for each in shown}

    def _placed(
        self,
        view: RolloutView,
        before: dict[RolloutKey, tuple[RolloutView, RolloutView]],
        names: dict[RolloutKey, tuple[str, ...]],
    ) -> RolloutView:
        key = view.rollout.key
        known = before.get(key)
        if known is None or known[0] is not view:
            self._names[key] = ordered_names(view.rollout, names.get(key, ()))
            known = (view, in_order(view, self._names[key]))
        else:
            self._names[key] = names[key]
        self._shown[key] = known
        return known[1]
