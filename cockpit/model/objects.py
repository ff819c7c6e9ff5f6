"""The few fields of Kubernetes objects that the cockpit uses, decoded straight from the bytes.

Field meanings are those of the Kubernetes API reference. Unknown fields are dropped, absent ones
get the API's defaults. Every kind here has `metadata`; `index_keys` says how a store finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import force_setattr


class OwnerReference(Struct, frozen=True, rename="camel"):
    kind: str
    name: str
    uid: str = ""
    api_version: str = ""
    controller: bool | None = None


class Meta(Struct, frozen=True, rename="camel"):
    """`resource_version` is opaque: compare it for equality only."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class PodMeta(Struct, frozen=True, rename="camel"):
    """As `Meta` without annotations, which are the bulk of ten thousand pods."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class Condition(Struct, frozen=True, rename="camel"):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class ContainerPort(Struct, frozen=True, rename="camel"):
    container_port: int
    name: str | None = None
    protocol: str = "TCP"


class Container(Struct, frozen=True, rename="camel"):
    name: str
    image: str = ""
    ports: list[ContainerPort] | None = None


class PodSpec(Struct, frozen=True, rename="camel"):
    containers: list[Container] = field(default_factory=list)
    node_name: str | None = None


class Waiting(Struct, frozen=True):
    reason: str | None = None


class ContainerState(Struct, frozen=True):
    waiting: Waiting | None = None


class ContainerStatus(Struct, frozen=True, rename="camel"):
    ready: bool = False
    restart_count: int = 0
    state: ContainerState | None = None


class PodStatus(Struct, frozen=True, rename="camel"):
    phase: str = "Unknown"
    reason: str | None = None
    pod_ip: str | None = field(default=None, name="podIP")
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None


class Pod(Struct, frozen=True):
    metadata: PodMeta
    spec: PodSpec = field(default_factory=PodSpec)
    status: PodStatus = field(default_factory=PodStatus)

    @property
    def ready(self) -> bool:
        """True while the pod takes traffic: condition Ready and not being deleted."""
        conditions = self.status.conditions or ()
        return self.metadata.deletion_timestamp is None and any(
            c.type == "Ready" and c.status == "True" for c in conditions
        )


class LabelSelector(Struct, frozen=True, rename="camel"):
    match_labels: dict[str, str] | None = None


class TemplateMeta(Struct, frozen=True):
    """Metadata of a pod template: it has no name."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Template(Struct, frozen=True):
    metadata: TemplateMeta = field(default_factory=TemplateMeta)
    spec: PodSpec = field(default_factory=PodSpec)


class WorkloadSpec(Struct, frozen=True, dict=True, rename="camel"):
    """`replicas` absent means 1 (apps/v1).

    `raw_template` is the template's own JSON, every field of it: what an undo must write back.
    """

    replicas: int | None = None
    selector: LabelSelector | None = None
    raw_template: Raw = field(default=Raw(b"{}"), name="template")
    paused: bool = False

    def __post_init__(self) -> None:
        # Without a copy the whole answer that it was decoded from stays in memory.
        force_setattr(self, "raw_template", self.raw_template.copy())
        _ = self.template  # a template that cannot be decoded fails here, with the object

    @cached_property
    def template(self) -> Template:
        """The fields of the template that the cockpit uses."""
        return msgspec.json.decode(self.raw_template, type=Template)


class WorkloadStatus(Struct, frozen=True, rename="camel"):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: list[Condition] | None = None


class Workload(Struct, frozen=True):
    """What Deployment and ReplicaSet have in common."""

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


class Deployment(Workload, frozen=True):
    pass


class ReplicaSet(Workload, frozen=True):
    pass


class ServicePort(Struct, frozen=True, rename="camel"):
    port: int
    name: str | None = None
    target_port: int | str | None = None
    protocol: str = "TCP"


class ServiceSpec(Struct, frozen=True, rename="camel"):
    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    cluster_ip: str | None = field(default=None, name="clusterIP")
    external_name: str | None = None
    session_affinity: str | None = None


class PortStatus(Struct, frozen=True):
    port: int


class LoadBalancerIngress(Struct, frozen=True):
    ip: str | None = None
    hostname: str | None = None
    ports: list[PortStatus] | None = None


class LoadBalancerStatus(Struct, frozen=True):
    ingress: list[LoadBalancerIngress] | None = None


class EntryStatus(Struct, frozen=True, rename="camel"):
    """Status of a Service or an Ingress: where it can be reached from outside."""

    load_balancer: LoadBalancerStatus = field(default_factory=LoadBalancerStatus)


class Service(Struct, frozen=True):
    metadata: Meta
    spec: ServiceSpec = field(default_factory=ServiceSpec)
    status: EntryStatus = field(default_factory=EntryStatus)


class EndpointConditions(Struct, frozen=True):
    """Absent `ready` and `serving` mean true, absent `terminating` false (discovery.k8s.io/v1)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class TargetRef(Struct, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""


class Endpoint(Struct, frozen=True, rename="camel"):
    addresses: list[str] = field(default_factory=list)
    conditions: EndpointConditions = field(default_factory=EndpointConditions)
    target_ref: TargetRef | None = None


class EndpointPort(Struct, frozen=True):
    port: int | None = None
    name: str | None = None


class EndpointSlice(Struct, frozen=True):
    metadata: Meta
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


class BackendPort(Struct, frozen=True):
    number: int | None = None
    name: str | None = None


class ServiceBackend(Struct, frozen=True):
    name: str
    port: BackendPort = field(default_factory=BackendPort)


class IngressBackend(Struct, frozen=True):
    service: ServiceBackend | None = None


class IngressPath(Struct, frozen=True, rename="camel"):
    backend: IngressBackend
    path: str | None = None
    path_type: str = "ImplementationSpecific"


class IngressHttp(Struct, frozen=True):
    paths: list[IngressPath] = field(default_factory=list)


class IngressRule(Struct, frozen=True):
    host: str | None = None
    http: IngressHttp | None = None


class IngressTls(Struct, frozen=True):
    hosts: list[str] | None = None


class IngressSpec(Struct, frozen=True, rename="camel"):
    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: list[IngressRule] | None = None
    tls: list[IngressTls] | None = None


class Ingress(Struct, frozen=True):
    metadata: Meta
    spec: IngressSpec = field(default_factory=IngressSpec)
    status: EntryStatus = field(default_factory=EntryStatus)


class IngressClassSpec(Struct, frozen=True):
    controller: str | None = None


class IngressClass(Struct, frozen=True):
    metadata: Meta
    spec: IngressClassSpec = field(default_factory=IngressClassSpec)


Obj = Pod | Deployment | ReplicaSet | Service | EndpointSlice | Ingress | IngressClass


def index_keys(obj: Obj) -> Iterator[str]:
    """Keys by which others look this object up, beside its name and owners.

    Pods, slices: each metadata label as "k=v"; workloads: each label of the pod template;
    Ingresses: "host=H" ("host=" for none) and "service=S" of each rule; Services: the first pair of the selector
    in order, which is enough to find each Service that selects given labels, and finds few others.
    """
    match obj:
        case Deployment() | ReplicaSet():
            yield from (f"{k}={v}" for k, v in obj.template_labels.items())
        case Service():
            yield from (f"{k}={v}" for k, v in sorted((obj.spec.selector or {}).items())[:1])
        case Ingress():
            yield from _ingress_keys(obj)
        case _:
            yield from (f"{k}={v}" for k, v in (obj.metadata.labels or {}).items())


def _ingress_keys(ingress: Ingress) -> Iterator[str]:
    seen = set()
    for rule in ingress.spec.rules or ():
        seen.add(f"host={rule.host or ''}")
        seen.update(
            f"service={p.backend.service.name}" for p in (rule.http.paths if rule.http else ()) if p.backend.service
        )
    default = ingress.spec.default_backend
    if default and default.service:
        seen.add(f"service={default.service.name}")
    yield from sorted(seen)
