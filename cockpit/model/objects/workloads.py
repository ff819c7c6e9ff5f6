"""Deployments and ReplicaSets, and what they share with other workload kinds."""

from collections.abc import Iterator
from functools import cached_property

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import force_setattr

from cockpit.model.lazy_re import lazy_re
from cockpit.model.objects.meta import Condition, Meta, Obj
from cockpit.model.objects.pods import PodSpec

# Annotations that Spinnaker sets on a ReplicaSet (clouddriver, KubernetesManifestAnnotater).
CLUSTER = "moniker.spinnaker.io/cluster"
LOAD_BALANCERS = "traffic.spinnaker.io/load-balancers"
_NUMBERED = lazy_re(r"(.+)-v\d{3,}")


class Requirement(Struct, frozen=True, gc=False):
    key: str


class LabelSelector(Struct, frozen=True, gc=False, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: list[Requirement] | None = None

    @property
    def keys(self) -> frozenset[str]:
        """Every label key that it uses."""
        return frozenset(self.match_labels or ()) | {r.key for r in self.match_expressions or ()}


class TemplateMeta(Struct, frozen=True, gc=False):
    """Metadata of a pod template, which has no name."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Template(Struct, frozen=True, gc=False):
    metadata: TemplateMeta = field(default_factory=TemplateMeta)
    spec: PodSpec = field(default_factory=PodSpec)


class WorkloadSpec(Struct, frozen=True, dict=True, rename="camel"):
    """`replicas` absent means 1 (apps/v1).

    `raw_template` is the complete JSON of the template, which an undo must write back.
    """

    replicas: int | None = None
    selector: LabelSelector | None = None
    raw_template: Raw = field(default=Raw(b"{}"), name="template")
    paused: bool = False

    def __post_init__(self) -> None:
        # Without a copy, the whole response it was decoded from stays in memory.
        force_setattr(self, "raw_template", self.raw_template.copy())
        _ = self.template  # an invalid template fails here, together with its object

    @cached_property
    def template(self) -> Template:
        """The fields of the template that the cockpit uses."""
        return msgspec.json.decode(self.raw_template, type=Template)


class WorkloadStatus(Struct, frozen=True, gc=False, rename="camel"):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class Workload(Obj, frozen=True):
    """A workload that runs pods of one template."""

    metadata: Meta
    spec: WorkloadSpec = field(default_factory=WorkloadSpec)
    status: WorkloadStatus = field(default_factory=WorkloadStatus)

    @property
    def desired(self) -> int:
        """Pods asked for."""
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def template_labels(self) -> dict[str, str]:
        return self.spec.template.metadata.labels or {}

    def index_keys(self) -> Iterator[str]:
        """Each label of the pod template as "k=v"."""
        yield from (f"{k}={v}" for k, v in self.template_labels.items())


class Deployment(Workload, frozen=True):
    pass


class ReplicaSet(Workload, frozen=True):
    @property
    def line(self) -> str:
        """The common name of a series of versions, for an unowned ReplicaSet that is one of them; else "".

        Spinnaker sets an annotation, else it names them NAME-v000, NAME-v001 (clouddriver, kubernetes provider).
        """
        meta = self.metadata
        if meta.owner_references:
            return ""
        cluster = (meta.annotations or {}).get(CLUSTER)
        if cluster:
            return cluster.rpartition(" ")[2]
        name = _NUMBERED.fullmatch(meta.name)
        return name.group(1) if name else ""

    @property
    def balanced_by(self) -> tuple[str, ...]:
        """Services that a pipeline assigned to it, enabled or not."""
        written = (self.metadata.annotations or {}).get(LOAD_BALANCERS)
        if not written:
            return ()
        try:
            found = msgspec.json.decode(written, type=list[str])
        except (msgspec.DecodeError, msgspec.ValidationError):
            return ()
        return tuple(name for kind, _, name in (entry.partition(" ") for entry in found) if kind == "service" and name)

    def index_keys(self) -> Iterator[str]:
        """Labels, "line NAME" and "balanced by SERVICE", which cannot clash with label keys."""
        yield from super().index_keys()
        if self.line:
            yield f"line {self.line}"
        yield from (f"balanced by {service}" for service in dict.fromkeys(self.balanced_by))
