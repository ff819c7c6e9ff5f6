"""Findings about pods that fail or wait, of any rollout. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cockpit.model.ages import seconds_since_epoch, utc_time
from cockpit.model.rollout import Finding, PodCell, PodState, Role, Rollout, Severity, Version
from cockpit.session.facts.unready import deciding, late_pods
from cockpit.workloads.findings import finding

# The roles of versions that requests are meant for.
_SERVING = (Role.ACTIVE, Role.STABLE)


def pod_findings(rollout: Rollout, now: float | None) -> tuple[Finding, ...]:
    """What its pods say: which fail, and which wait for something outside them, or for longer than usual.

    `now` is UTC seconds by the clock of the API server; None where objects may be old, so that nothing becomes late.
    """
    return (*_failing_pods(rollout), *_waiting_pods(rollout, now))


def _failing_pods(rollout: Rollout) -> list[Finding]:
    """Versions with pods that crash or cannot start, and the reasons of their containers."""
    found = []
    failing_pods = {v.name: [pod for pod in v.pods if pod.state is PodState.FAILING] for v in rollout.versions}
    written, down = _written(rollout), _is_down(rollout)
    gone = _gone(rollout).difference(name for name, failing in failing_pods.items() if failing)
    for version in rollout.versions:
        if failing := failing_pods[version.name]:
            taking = version.name in written
            severity = Severity.CRITICAL if version.ready == 0 and taking else Severity.WARNING
            reasons = ", ".join(dict.fromkeys(pod.reason for pod in failing if pod.reason))
            text = f"{len(failing)} of {len(version.pods)} pods of {version.name} fail"
            text += f": {reasons}" if reasons else ""
            meant = taking or version.ready or (down and version.role is not Role.PREVIEW)
            text += "" if meant else "; no requests go to it"
            names = ", ".join(pod.name for pod in failing[:3])
            told = finding("failing-pods", severity, text, names, about=version.name)
            found.append(replace(told, partly=bool(gone)))
    return found


def _waiting_pods(rollout: Rollout, now: float | None) -> Iterator[Finding]:
    """Versions with pods that something outside them holds up, that are not ready for longer than usual, or that an
    outage needs."""
    late = {v.name: late_pods(v, now) for v in deciding(rollout)}
    waiting_pods = {v.name: late.get(v.name) or [pod for pod in v.pods if pod.held_up] for v in rollout.versions}
    gone = _gone(rollout).difference(name for name, waiting in waiting_pods.items() if waiting)
    lost = _lost_pods(rollout)
    for version in rollout.versions:
        waiting = waiting_pods[version.name]
        severity = Severity.WARNING if late.get(version.name) else Severity.INFO
        if pods := waiting or lost.get(version.name):
            text = f"{len(pods)} of {len(version.pods)} pods of {version.name} are not ready"
            text = _wait_text(version, waiting, late=severity is Severity.WARNING) if waiting else text
            evidence = next((pod.held_up for pod in pods if pod.held_up), "")
            evidence = evidence or ", ".join(pod.name for pod in pods[:3])
            told = finding("waiting-pods", severity, text, evidence, about=version.name)
            yield replace(told, partly=bool(waiting and gone))


def _wait_text(version: Version, waiting: Sequence[PodCell], *, late: bool) -> str:
    """That pods wait, since when if that is too long, and for what."""
    text = f"{len(waiting)} of {len(version.pods)} pods of {version.name} wait"
    times = [when for pod in waiting if late and (when := seconds_since_epoch(pod.since)) is not None]
    text += f" since {utc_time(min(times))}" if times else ""
    reasons = ", ".join(dict.fromkeys(pod.reason for pod in waiting if pod.reason))
    return text + (f": {reasons}" if reasons else ": not ready" if late else "")


def _lost_pods(rollout: Rollout) -> dict[str, list[PodCell]]:
    """Where no pod is ready and those of one version fail: the pods of others that are not ready for another reason."""
    failing = {v.name for v in rollout.versions if any(pod.state is PodState.FAILING for pod in v.pods)}
    if not failing or not _is_down(rollout):
        return {}
    names = _gone(rollout) - failing
    return {v.name: [p for p in _present(v) if not p.held_up] for v in rollout.versions if v.name in names}


def _present(version: Version) -> list[PodCell]:
    return [pod for pod in version.pods if pod.state is not PodState.LEAVING]


def _written(rollout: Rollout) -> set[str]:
    return {share.version for lane in rollout.lanes for share in lane.shares if share.written}


def _is_down(rollout: Rollout) -> bool:
    """Whether nothing is ready: pods that decide the shares then say of no version that requests are meant for it."""
    return bool(rollout.lanes) and not _written(rollout) and not any(version.ready for version in rollout.versions)


def _gone(rollout: Rollout) -> frozenset[str]:
    """The versions that requests are meant for and that have no ready pods.

    One that is being replaced answers as long as it has pods.
    """
    written, down = _written(rollout), _is_down(rollout)

    def meant(version: Version) -> bool:
        serves = version.role in _SERVING or (version.role is Role.OLD and bool(_present(version)))
        return version.name in written or (down and serves)

    return frozenset(v.name for v in rollout.versions if not v.ready and meant(v))
