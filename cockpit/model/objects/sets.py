"""StatefulSets, DaemonSets and their revisions, Kubernetes' own and Kruise's."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from cockpit.model.objects.meta import Condition, Meta, Obj
from cockpit.model.objects.workloads import Workload, WorkloadSpec


class RollingUpdate(Struct, frozen=True, rename="camel"):
    """`partition` of a CloneSet counts or is a percentage of the pods that stay old; elsewhere it is an ordinal."""

    partition: int | str | None = None
    max_unavailable: int | str | None = None
    max_surge: int | str | None = None
    paused: bool = False


class UpdateStrategy(Struct, frozen=True, rename="camel"):
    """A CloneSet has `partition` and `paused` here, the others under `rolling_update`."""

    type: str | None = None
    rolling_update: RollingUpdate | None = None
    partition: int | str | None = None
    paused: bool = False


class Ordinals(Struct, frozen=True):
    """The number of the first pod; a partition counts from it."""

    start: int = 0


class SetSpec(WorkloadSpec, frozen=True, dict=True, rename="camel"):
    update_strategy: UpdateStrategy | None = None
    revision_history_limit: int | None = None
    ordinals: Ordinals | None = None


class SetStatus(Struct, frozen=True, rename="camel"):
    """Counts of StatefulSets and CloneSets; `current_revision` stays the old one until all pods are new."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    updated_ready_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: list[Condition] | None = None


class StatefulSet(Workload, frozen=True):
    spec: SetSpec = field(default_factory=SetSpec)
    status: SetStatus = field(default_factory=SetStatus)  # type: ignore[assignment]


class AdvancedStatefulSet(StatefulSet, frozen=True):
    """apps.kruise.io/v1beta1 StatefulSet."""


class CloneSet(StatefulSet, frozen=True):
    """apps.kruise.io/v1alpha1 CloneSet."""


class DaemonSetStatus(Struct, frozen=True, rename="camel"):
    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    conditions: list[Condition] | None = None

    @property
    def ready_replicas(self) -> int:
        return self.number_ready


class DaemonSet(Workload, frozen=True):
    """It has no replicas of its own: `desired` is one pod per node that it fits."""

    spec: SetSpec = field(default_factory=SetSpec)
    status: DaemonSetStatus = field(default_factory=DaemonSetStatus)  # type: ignore[assignment]

    @property
    def desired(self) -> int:
        return self.status.desired_number_scheduled


class ControllerRevision(Obj, frozen=True):
    """A template that a StatefulSet or DaemonSet has or had (apps/v1); `data` is a patch with `spec.template`."""

    metadata: Meta
    revision: int = 0
    data: dict[str, Any] | None = None
