"""HorizontalPodAutoscalers (autoscaling/v2)."""

from __future__ import annotations

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


class HorizontalPodAutoscaler(Obj, frozen=True):
    metadata: Meta
    spec: AutoscalerSpec = field(default_factory=AutoscalerSpec)

    def index_keys(self) -> Iterator[str]:
        """ "scales=Kind/name" of the workload that it scales."""
        target = self.spec.scale_target_ref
        yield f"scales={target.kind}/{target.name}"
