"""What changed between two views, one plain sentence a change."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.cli.words import declared, finding_text, observed, state, step, step_words, written
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import ClusterView, FleetView


def changes(old: FleetView, new: FleetView) -> Iterator[tuple[str, Rollout | None]]:
    """What changed from one view to a later one, a sentence each, with the rollout that it is about."""
    yield from ((text, None) for text in _cluster_changes(old, new))
    before = {shown.rollout.key: shown for shown in old.rollouts}
    after = {shown.rollout.key: shown for shown in new.rollouts}
    for key, shown in after.items():
        if key not in before:
            yield f"{key} appeared: {state(shown.rollout)}", shown.rollout
        elif before[key].rollout is not shown.rollout:
            for text in _rollout_changes(before[key].rollout, shown.rollout):
                yield f"{key}: {text}", shown.rollout
        if shown.acting and shown.acting != (before[key].acting if key in before else ""):
            yield f"{key}: under way: {shown.acting}", shown.rollout
    for key, gone in before.items():
        if key not in after:
            yield f"{key} is gone", gone.rollout


def _cluster_changes(old: FleetView, new: FleetView) -> Iterator[str]:
    before = {cluster.context: cluster for cluster in old.clusters}
    for cluster in new.clusters:
        earlier = before.get(cluster.context)
        if earlier is None or earlier.state is not cluster.state:
            yield f"cluster {cluster.context} is {_cluster_state(cluster)}"


def _cluster_state(cluster: ClusterView) -> str:
    return f"{cluster.state}: {cluster.message}" if cluster.message else str(cluster.state)


def _rollout_changes(old: Rollout, new: Rollout) -> Iterator[str]:
    if old.phase is not new.phase:
        yield f"{old.phase} -> {new.phase}" + (f" ({new.message})" if new.message else "")
    if old.step != new.step:
        yield f"step {step(old)} -> {step_words(new)}"
    if old.steps != new.steps:
        planned = ", ".join(entry.title for entry in new.steps)
        yield f"steps planned: {planned}" if planned else "no steps are planned any more"
    yield from _lane_changes(old, new)
    yield from _version_changes(old, new)
    earlier, later = ({found.id + found.text: found for found in side.findings} for side in (old, new))
    yield from (finding_text(found) for mark, found in later.items() if mark not in earlier)
    yield from (f"no longer: {found.text}" for mark, found in earlier.items() if mark not in later)


def _lane_changes(old: Rollout, new: Rollout) -> Iterator[str]:
    before = {lane.name: lane for lane in old.lanes}
    after = {lane.name: lane for lane in new.lanes}
    for name, lane in after.items():
        place = "" if name == "default" else f" in lane {name}"
        earlier = before.get(name)
        if earlier is None:
            yield f"new lane {name} ({lane.match}): {written(lane)}"
            continue
        if declared(earlier) != declared(lane):
            yield f"declared{place} {declared(earlier)} -> {declared(lane)}"
        if written(earlier) != written(lane):
            yield f"written{place} {written(earlier)} -> {written(lane)}"
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
    """`view` with nothing but one rollout and its cluster."""
    return FleetView(
        at=view.at,
        clusters=tuple(cluster for cluster in view.clusters if cluster.context == key.context),
        rollouts=tuple(shown for shown in view.rollouts if shown.rollout.key == key),
        journal=view.journal,
        read_only=view.read_only,
        user=view.user,
    )
