"""What changed between two views, one sentence per change."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cockpit.cli.words import declared, finding_text, health, observed, state, step, step_words, written
from cockpit.model.lanes import in_lane
from cockpit.model.lazy_re import lazy_re
from cockpit.model.view import ClusterView, FleetView, RolloutView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cockpit.model.refs import RolloutKey
    from cockpit.model.rollout import Finding, Rollout

# A number that stands alone or with a unit, not one that is part of a name: 3, 12.5%, 3/5, 254 ms, but not v2 or web-2.
_FIGURE = lazy_re(r"(?<![\w.:/-])\d+(?:\.\d+)?(?:/\d+)?(?![\w.:/-]*[^\W\d])")


def changes(old: FleetView, new: FleetView) -> Iterator[tuple[str, RolloutView | None]]:
    """What changed from one view to a later one: one sentence per change, with its rollout."""
    yield from ((text, None) for text in _cluster_changes(old, new))
    before = {shown.rollout.key: shown for shown in old.rollouts}
    after = {shown.rollout.key: shown for shown in new.rollouts}
    for key, shown in after.items():
        if key not in before:
            yield f"{key} appeared: {state(shown)}", shown
        elif before[key] is not shown:
            yield from ((f"{key}: {text}", shown) for text in _view_changes(before[key], shown))
        if shown.acting and shown.acting != (before[key].acting if key in before else ""):
            yield f"{key}: in progress: {shown.acting}", shown
    for key, gone in before.items():
        if key not in after:
            yield f"{key} is gone", gone


def _cluster_changes(old: FleetView, new: FleetView) -> Iterator[str]:
    before = {cluster.context: cluster for cluster in old.clusters}
    for cluster in new.clusters:
        earlier = before.get(cluster.context)
        if earlier is None or earlier.state is not cluster.state:
            yield f"cluster {cluster.context} is {_cluster_state(cluster)}"


def _cluster_state(cluster: ClusterView) -> str:
    return f"{cluster.state}: {cluster.message}" if cluster.message else str(cluster.state)


def _view_changes(old: RolloutView, new: RolloutView) -> Iterator[str]:
    """Health first, then what led to it; a reason that was given once is not given again."""
    told = set()
    # The same health for another reason or with other figures is no change.
    if old.health.health is not new.health.health:
        yield f"{old.health.health} -> {health(new.health)}"
        told.add(new.health.reason)
    before, after = old.rollout, new.rollout
    if before.phase is not after.phase:
        why = after.message if after.message not in told else ""
        yield f"{before.phase} -> {after.phase}" + (f" ({why})" if why else "")
        told.add(why)
    yield from _step_changes(before, after)
    yield from _lane_changes(before, after)
    yield from _version_changes(before, after)
    yield from _finding_changes(before, after, told)


def _step_changes(old: Rollout, new: Rollout) -> Iterator[str]:
    """Another step, or the same one in other words, such as when its pause ends; and another plan."""
    if step_words(old) != step_words(new):
        moved = old.step and new.step and step(old) != step(new)
        now = f"step {step_words(new)}" if new.step else f"no step any more, the last was {step(old)}"
        yield f"step {step(old)} -> {step_words(new)}" if moved else now
    if [entry.title for entry in old.steps] != [entry.title for entry in new.steps]:
        planned = ", ".join(entry.title for entry in new.steps)
        yield f"steps planned: {planned}" if planned else "no more steps are planned"


def _finding_changes(old: Rollout, new: Rollout, told: Collection[str]) -> Iterator[str]:
    """New findings, those with another severity, and resolved ones, without the texts that were told already."""
    several = _several(old) | _several(new)
    earlier, later = (
        {found.subject if _same(found) in several else _same(found): found for found in side.findings}
        for side in (old, new)
    )
    for subject, found in later.items():
        before = earlier.get(subject)
        if (before is None or before.severity is not found.severity) and found.text not in told:
            yield finding_text(found)
    yield from (f"resolved: {found.text}" for subject, found in earlier.items() if subject not in later)


def _several(rollout: Rollout) -> set[tuple[str, str]]:
    """What several findings of one moment have in common: their figures, such as ports, tell them apart."""
    counts = Counter(map(_same, rollout.findings))
    return {subject for subject, count in counts.items() if count > 1}


def _same(found: Finding) -> tuple[str, str]:
    """What makes it the same finding as an earlier one; figures in its text do not make it another."""
    name, about = found.subject
    return name, _FIGURE.sub("#", about)


def _lane_changes(old: Rollout, new: Rollout) -> Iterator[str]:
    before = {lane.name: lane for lane in old.lanes}
    after = {lane.name: lane for lane in new.lanes}
    for name, lane in after.items():
        place = in_lane(name)
        earlier = before.get(name)
        if earlier is None:
            yield f"new lane {name} ({lane.match}): {written(lane)}"
            continue
        asked, given = (declared(earlier), declared(lane)), (written(earlier), written(lane))
        if asked == given and asked[0] != asked[1]:
            yield f"declared and written{place} {asked[0]} -> {asked[1]}"
        else:
            yield from (
                f"{what}{place} {first} -> {then}"
                for what, (first, then) in (("declared", asked), ("written", given))
                if first != then
            )
        if earlier.verdict is not lane.verdict:
            yield f"observed{place} {observed(lane)}, verdict {earlier.verdict} -> {lane.verdict}"
    yield from (f"lane {name} is gone" for name in before if name not in after)


def _version_changes(old: Rollout, new: Rollout) -> Iterator[str]:
    before = {version.name: version for version in old.versions}
    after = {version.name: version for version in new.versions}
    for name, version in after.items():
        earlier = before.get(name)
        if earlier is None:
            yield f"version {name} appeared, pods {version.ready}/{version.desired}"
            continue
        if earlier.images != version.images:
            yield f"{name} images {', '.join(earlier.images)} -> {', '.join(version.images)}"
        if (earlier.ready, earlier.desired) != (version.ready, version.desired):
            yield f"{name} pods {earlier.ready}/{earlier.desired} -> {version.ready}/{version.desired}"
    yield from (f"version {name} is gone" for name in before if name not in after)


def only(view: FleetView, key: RolloutKey) -> FleetView:
    """`view` with only one rollout and its cluster."""
    return FleetView(
        at=view.at,
        clusters=tuple(cluster for cluster in view.clusters if cluster.context == key.context),
        rollouts=tuple(shown for shown in view.rollouts if shown.rollout.key == key),
        journal=view.journal,
        read_only=view.read_only,
        user=view.user,
    )
