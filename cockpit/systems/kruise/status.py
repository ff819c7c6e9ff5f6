"""How far a Kruise Rollout is, by its status.

`currentStepState` and the rest are read from `canaryStatus` or `blueGreenStatus`: the copies above them lag behind
writes by others. Sources: openkruise/rollouts, api/v1beta1/rollout_types.go, pkg/controller/rollout.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from cockpit.model.fields import mapping, text, whole
from cockpit.model.objects import KruiseRollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.systems.kruise.fields import mappings
from cockpit.systems.kruise.spec import KruisePlan, KruiseStep, KruiseStyle

# States of a step, in order.
BEFORE_UPGRADE = "BeforeStepUpgrade"
UPGRADE = "StepUpgrade"
TRAFFIC = "StepTrafficRouting"
ANALYSIS = "StepMetricsAnalysis"
PAUSED = "StepPaused"
READY = "StepReady"
COMPLETED = "Completed"


@dataclass(frozen=True, slots=True)
class KruiseProgress:
    """The status. `part` is the field that holds the step; hashes are short ones, "" if not known yet.

    `revision` is the controller's hash of the release. `steerable` is true if the controller has `nextStepIndex`
    (0.6 and later). After a release `stable_hash` is still the version before that release.
    """

    phase: str
    message: str
    part: str
    index: int | None
    state: str
    next_index: int | None
    steerable: bool
    finalising: str
    stable_hash: str
    new_hash: str
    revision: str
    revision_field: str
    updated_at: str
    reason: str
    succeeded: bool | None
    leaving: bool

    @property
    def releasing(self) -> bool:
        """True during a release; in every other phase the step is left over from the last one."""
        return self.phase == "Progressing"

    @property
    def stepping(self) -> bool:
        """True while the step in the status is in progress."""
        return self.releasing and self.reason in ("InRolling", "Paused") and self.state != COMPLETED

    @property
    def starting(self) -> bool:
        """True until the controller has reset the status for this release: its step can be of the last one."""
        return self.releasing and self.reason == "Initializing"

    @property
    def cancelling(self) -> bool:
        return self.releasing and self.reason == "Cancelling"

    @property
    def finishing(self) -> bool:
        """True after the last step, while the controller cleans up and handles no other template."""
        return self.releasing and self.reason == "Finalising"

    @property
    def rolled_back(self) -> bool:
        """Whether the last release ended in a rollback; the status may still show its step as paused."""
        return self.phase == "Healthy" and self.succeeded is False

    @property
    def left_hash(self) -> str:
        """The hash of the version that the last release was rolled back from; "" if it was not rolled back."""
        return self.new_hash if self.rolled_back else ""


def progress_of(rollout: KruiseRollout, plan: KruisePlan) -> KruiseProgress:
    status = mapping(rollout.status)
    part = "blueGreenStatus" if plan.style is KruiseStyle.BLUE_GREEN else "canaryStatus"
    inner = mapping(status.get(part))
    conditions = {text(c.get("type")): c for c in reversed(mappings(status.get("conditions")))}
    revision = "updatedRevision" if part == "blueGreenStatus" else "canaryRevision"
    reason, state = text(mapping(conditions.get("Progressing")).get("reason")), text(inner.get("currentStepState"))
    # Until the controller starts, the hashes are of the last release, and its stable one is older than what runs.
    begun = not (reason == "Initializing" and state == COMPLETED)
    return KruiseProgress(
        phase=text(status.get("phase")),
        message=safe_text(text(status.get("message"))),
        part=part,
        index=whole(inner.get("currentStepIndex")),
        state=state,
        next_index=whole(inner.get("nextStepIndex")),
        steerable="nextStepIndex" in inner,
        finalising=safe_text(text(inner.get("finalisingStep")), 60),
        stable_hash=short(text(inner.get("stableRevision"))) if begun else "",
        new_hash=short(text(inner.get("podTemplateHash"))) if begun else "",
        revision=text(inner.get(revision)),
        revision_field=revision,
        updated_at=text(inner.get("lastUpdateTime")),
        reason=reason,
        succeeded=_truth(conditions, "Succeeded"),
        leaving=rollout.metadata.deletion_timestamp is not None,
    )


def _truth(conditions: Mapping[str, Mapping[str, object]], kind: str) -> bool | None:
    return {"True": True, "False": False}.get(text(conditions.get(kind, {}).get("status")))


def short(revision: str) -> str:
    """The hash of a revision: the part after the last dash, which the controller compares."""
    return revision.rpartition("-")[2]


def asks(step: KruiseStep, plan: KruisePlan) -> bool:
    """Whether the step needs approval before the next."""
    return step.seconds is None and not skips_pause(step, plan)


def skips_pause(step: KruiseStep, plan: KruisePlan) -> bool:
    """The last step with "100%" has no pause, except in blue-green."""
    return plan.style is not KruiseStyle.BLUE_GREEN and step.whole and step.index == len(plan.steps)


def until(progress: KruiseProgress, step: KruiseStep, plan: KruisePlan) -> str | None:
    """When the timed pause of the step ends (RFC 3339): its clock began when routing was done."""
    if progress.state != PAUSED or step.seconds is None or skips_pause(step, plan):
        return None
    try:
        began = datetime.fromisoformat(progress.updated_at)
        return (began + timedelta(seconds=step.seconds)).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None
