"""Which pods of a release are not ready, why, and for which of them that lasts longer than usual. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.rollout import Phase, PodCell, PodState, Rollout, Version

# Seconds that an autoscaler of nodes may take, or who sets a readiness gate.
_HELD_UP = 120.0
# Seconds that a pod may take to pull its image and to start, besides what its own probes allow.
_STARTS = 180.0
_UNREADY = (PodState.STARTING, PodState.FAILING)


def deciding(rollout: Rollout) -> tuple[Version, ...]:
    """The versions whose pods decide how a release goes: all while it is under way, at rest those with traffic."""
    if rollout.phase is not Phase.AT_REST:
        return rollout.own_versions
    written = {share.version for lane in rollout.lanes for share in lane.shares if share.written}
    return tuple(version for version in rollout.own_versions if version.name in written)


def unready_words(rollout: Rollout) -> str:
    """How many pods of which version are not ready and why; "" if all of those that decide are."""
    return "; ".join(filter(None, map(_of_version, deciding(rollout))))


def _of_version(version: Version) -> str:
    present = [pod for pod in version.pods if pod.state is not PodState.LEAVING]
    unready = [pod for pod in present if pod.state in _UNREADY]
    # Pods that are wanted and that nobody could create are not ready either.
    missing = max(version.desired - max(len(present), version.ready), 0)
    if not unready and not missing:
        return ""
    # Fewer pods than are ready: they cannot be read.
    uncreated = missing if len(present) >= version.ready else 0
    why = reasons_of(unready) or (f"{uncreated} not created" if uncreated else "")
    count = len(unready) + missing
    words = f"{count} of {max(version.desired, len(present))} pods of {version.name} are not ready"
    return words + (f": {why}" if why else "")


def reasons_of(pods: Iterable[PodCell]) -> str:
    """Why pods are not ready, each reason once; what holds them up in Kubernetes' words behind it."""
    found = dict.fromkeys(f"{p.reason} ({p.held_up})" if p.held_up else p.reason for p in pods if p.reason)
    return ", ".join(list(found)[:3])


def due(pod: PodCell) -> float | None:
    """When a pod that is not ready will have waited for longer than usual (UTC seconds); None if that is not known."""
    since = seconds_since_epoch(pod.since) if pod.state is PodState.STARTING else None
    return None if since is None else since + (_HELD_UP if pod.held_up else _STARTS + pod.patience)


def late_pods(version: Version, now: float | None) -> list[PodCell]:
    """The pods of a version that have waited for longer than usual at `now`; none where now is not known."""
    if now is None:
        return []
    return [pod for pod in version.pods if (when := due(pod)) is not None and when <= now]


def dues(rollout: Rollout) -> Iterator[float]:
    """When pods that are not ready will have waited for longer than usual (UTC seconds)."""
    for version in deciding(rollout):
        for pod in version.pods:
            if (when := due(pod)) is not None:
                yield when
