"""HorizontalPodAutoscalers (autoscaling/v2)."""

from collections.abc import Iterator

from msgspec import Struct, field

from cockpit.model.objects.meta import Meta, Obj


class ScaleTarget(Struct, frozen=True, gc=False, rename="camel"):
    kind: str = ""
    name: str = ""
    api_version: str = ""


class AutoscalerSpec(Struct, frozen=True, gc=False, rename="camel"):
    """`min_replicas` absent means 1."""

    scale_target_ref: ScaleTarget = field(default_factory=ScaleTarget)
    min_replicas: int | None = None
    max_replicas: int = 0


class AutoscalerCondition(Struct, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""


class AutoscalerStatus(Struct, frozen=True):
    conditions: list[AutoscalerCondition] | None = None


class HorizontalPodAutoscaler(Obj, frozen=True):
    metadata: Meta
    spec: AutoscalerSpec = field(default_factory=AutoscalerSpec)
    status: AutoscalerStatus = field(default_factory=AutoscalerStatus)

    @property
    def wants_more(self) -> bool:
        """Whether it would add pods if its maximum allowed it (podautoscaler/horizontal.go: TooManyReplicas)."""
        limits = [c for c in self.status.conditions or () if c.type == "ScalingLimited" and c.status == "True"]
        return any(condition.reason == "TooManyReplicas" for condition in limits)

    def index_keys(self) -> Iterator[str]:
        """ "scales=Kind/name" of the workload that it scales."""
        target = self.spec.scale_target_ref
        yield f"scales={target.kind}/{target.name}"
