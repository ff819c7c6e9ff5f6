"""What sets the number of pods of a workload: a HorizontalPodAutoscaler, or KEDA through one that it created."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import HorizontalPodAutoscaler, Workload
from cockpit.model.refs import HORIZONTALPODAUTOSCALERS, Ref
from cockpit.model.rollout import Finding, Owner, Severity
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.owners import ref_of

_KEDA = "KEDA ScaledObject"


@dataclass(frozen=True, slots=True)
class Scaler:
    """An autoscaler and its bounds; `what` is the workload in words, `wants_more` whether the upper one holds it."""

    owner: Owner
    what: str
    least: int
    most: int
    wants_more: bool = False

    @property
    def text(self) -> str:
        return (
            f"{self.owner.kind} {self.owner.name} sets the number of pods of {self.what}: {self.least} to {self.most}"
        )

    @property
    def finding(self) -> Finding:
        text = self.text + ("; it would add more now, and its maximum holds it" if self.wants_more else "")
        return finding("scaled-by", Severity.INFO, text, f"{self.owner.kind} {self.owner.name}")

    def why_not(self, count: int) -> str:
        """Why a manual count would not last; "" if it can.

        At 0 a HorizontalPodAutoscaler stops (condition ScalingActive, reason ScalingDisabled); KEDA does not.
        """
        if self.owner.kind == _KEDA:
            way = "annotate it with autoscaling.keda.sh/paused-replicas"
        elif count == 0 or self.least <= count <= self.most:
            return ""
        else:
            way = "change its bounds"
        return f"{self.text}, and resets it at once: {way}"

    def warning(self, count: int) -> str:
        """What will happen to a count that is not refused."""
        if count == 0:
            return f"{self.owner.kind} {self.owner.name} does nothing while there are no pods"
        return f"{self.text}, and may change it again with the load"


def scaler_of(workload: Workload, objects: Objects) -> Scaler | None:
    """The autoscaler of this workload; the first by name if there are several."""
    return scaler_for(ref_of(workload), objects)


def scaler_for(ref: Ref, objects: Objects) -> Scaler | None:
    """The autoscaler of anything that can be scaled, such as an Argo Rollout."""
    found = objects.keyed(HORIZONTALPODAUTOSCALERS, ref.namespace, f"scales={ref.resource.kind}/{ref.name}")
    for autoscaler in of_kind(HorizontalPodAutoscaler, found):
        if autoscaler.spec.scale_target_ref.api_version in ("", ref.resource.api_version):
            least = autoscaler.spec.min_replicas
            bounds = (1 if least is None else least, autoscaler.spec.max_replicas)
            return Scaler(_owner(autoscaler), str(ref), *bounds, autoscaler.wants_more)
    return None


def _owner(autoscaler: HorizontalPodAutoscaler) -> Owner:
    for reference in autoscaler.metadata.owner_references or ():
        if reference.kind == "ScaledObject" and reference.api_version.startswith("keda.sh/"):
            return Owner(_KEDA, safe_text(reference.name, 120))
    return Owner("HorizontalPodAutoscaler", safe_text(autoscaler.metadata.name, 120))
