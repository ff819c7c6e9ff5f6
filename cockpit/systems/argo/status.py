"""What the controller reports about a Rollout, read defensively (types.go, RolloutStatus)."""

from __future__ import annotations

from cockpit.model.fields import entries, flag, mapping, text, whole
from cockpit.model.objects import ArgoRollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause condition: why it waits, and since when (RFC 3339, whole seconds)."""

    reason: str
    since: str


@dataclass(frozen=True, slots=True)
class ArgoCondition:
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ArgoStatus:
    """`observed`: the controller has seen the current spec; until then hashes and step are those of an older one.

    `weight` is what the controller reports to have written for the canary, `extra` for experiments, in units of
    weight.
    """

    phase: str
    message: str
    observed: bool
    seen: str
    current: str
    stable: str
    index: int | None
    pauses: tuple[Pause, ...]
    controller_pause: bool
    abort: bool
    promote_full: bool
    weight: int | None
    extra: int
    active: str
    conditions: dict[str, ArgoCondition]
    paused: bool
    step_run: str

    @property
    def promoted(self) -> bool:
        """Whether there is only one version: no update is in progress."""
        return bool(self.stable) and self.current == self.stable

    @property
    def unpausing(self) -> bool:
        """Whether the pause was ended and the controller has not picked that up yet."""
        return self.controller_pause and not self.pauses

    @property
    def aborted(self) -> bool:
        """Whether the controller has carried out an abort."""
        return any(c.reason == "RolloutAborted" for c in self.conditions.values())


def status_of(rollout: ArgoRollout) -> ArgoStatus:
    status = rollout.status
    index = whole(status, "currentStepIndex")
    weights = mapping(status, "canary", "weights")
    return ArgoStatus(
        phase=text(status, "phase"),
        message=safe_text(text(status, "message")),
        observed=_observed(rollout),
        seen=safe_text(text(status, "observedGeneration"), 20),
        current=text(status, "currentPodHash"),
        stable=text(status, "stableRS"),
        index=index if index is None else max(index, 0),
        pauses=tuple(Pause(text(p, "reason"), text(p, "startTime")) for p in entries(status, "pauseConditions")),
        controller_pause=flag(status, "controllerPause"),
        abort=flag(status, "abort"),
        promote_full=flag(status, "promoteFull"),
        weight=whole(weights, "canary", "weight"),
        extra=sum(max(whole(e, "weight") or 0, 0) for e in entries(weights, "additional")),
        active=text(status, "blueGreen", "activeSelector"),
        conditions={
            text(c, "type"): ArgoCondition(text(c, "status"), text(c, "reason"), text(c, "message"))
            for c in entries(status, "conditions")
        },
        paused=flag(rollout.spec, "paused"),
        step_run=text(status, "canary", "currentStepAnalysisRunStatus", "status"),
    )


def _observed(rollout: ArgoRollout) -> bool:
    """By generation; old controllers stored a hash instead, which counts as seen (utils/rollout/rolloututil.go)."""
    seen = text(rollout.status, "observedGeneration")
    if not seen:
        return False
    if not (seen.isascii() and seen.isdigit() and len(seen) <= 18):
        return True
    return int(seen) >= rollout.metadata.generation and _workload_observed(rollout)


def _workload_observed(rollout: ArgoRollout) -> bool:
    """For a Rollout with `workloadRef` the controller also stores the workload's generation."""
    if not mapping(rollout.spec, "workloadRef"):
        return True
    wanted = (rollout.metadata.annotations or {}).get("rollout.argoproj.io/workload-generation", "")
    seen = text(rollout.status, "workloadObservedGeneration")
    return not wanted or not seen or wanted == seen
