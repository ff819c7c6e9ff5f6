"""StatefulSets, DaemonSets and their revisions, from Kubernetes and Kruise."""

from typing import Any

from msgspec import Struct, field

from cockpit.model.objects.meta import Condition, Meta, Obj
from cockpit.model.objects.workloads import Workload, WorkloadSpec


class RollingUpdate(Struct, frozen=True, gc=False, rename="camel"):
    """`partition`: for a CloneSet the number or percentage of pods that stay old, otherwise an ordinal.

    With `unordered_update` it is also a number for an Advanced StatefulSet.
    """

    partition: int | str | None = None
    max_unavailable: int | str | None = None
    max_surge: int | str | None = None
    paused: bool = False
    unordered_update: dict[str, Any] | None = None


class UpdateStrategy(Struct, frozen=True, gc=False, rename="camel"):
    """A CloneSet has `partition` and `paused` here, other kinds under `rolling_update`."""

    type: str | None = None
    rolling_update: RollingUpdate | None = None
    partition: int | str | None = None
    paused: bool = False


class Ordinals(Struct, frozen=True, gc=False):
    """The ordinal of the first pod; a partition counts from it."""

    start: int = 0


class SetSpec(WorkloadSpec, frozen=True, dict=True, rename="camel"):
    update_strategy: UpdateStrategy | None = None
    ordinals: Ordinals | None = None
    service_name: str | None = None
    pod_management_policy: str | None = None


class SetStatus(Struct, frozen=True, gc=False, rename="camel"):
    """Counts of StatefulSets and CloneSets; `current_revision` stays the old one until all pods are new."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
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


class DaemonSetStatus(Struct, frozen=True, gc=False, rename="camel"):
    observed_generation: int = 0
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    conditions: list[Condition] | None = None

    @property
    def ready_replicas(self) -> int:
        return self.number_ready


class DaemonSet(Workload, frozen=True):
    """It has no `replicas`: `desired` is one pod per eligible node."""

    spec: SetSpec = field(default_factory=SetSpec)
    status: DaemonSetStatus = field(default_factory=DaemonSetStatus)  # type: ignore[assignment]

    @property
    def desired(self) -> int:
        return self.status.desired_number_scheduled


class ControllerRevision(Obj, frozen=True):
    """A current or former template of a StatefulSet or DaemonSet (apps/v1); `data` is a patch with `spec.template`."""

    metadata: Meta
    revision: int = 0
    data: dict[str, Any] | None = None
