"""Pods."""

from msgspec import Struct, field

from cockpit.model.objects.meta import Condition, Obj, PodMeta


class Container(Struct, frozen=True, gc=False, rename="camel"):
    name: str
    image: str = ""


class PodSpec(Struct, frozen=True, gc=False, rename="camel"):
    containers: list[Container] = field(default_factory=list)
    node_name: str | None = None


class Waiting(Struct, frozen=True, gc=False):
    reason: str | None = None


class ContainerState(Struct, frozen=True, gc=False):
    waiting: Waiting | None = None


class ContainerStatus(Struct, frozen=True, gc=False, rename="camel"):
    ready: bool = False
    restart_count: int = 0
    state: ContainerState | None = None


class PodStatus(Struct, frozen=True, gc=False, rename="camel"):
    phase: str = "Unknown"
    reason: str | None = None
    pod_ip: str | None = field(default=None, name="podIP")
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(Obj, frozen=True):
    metadata: PodMeta
    spec: PodSpec = field(default_factory=PodSpec)
    status: PodStatus = field(default_factory=PodStatus)

    @property
    def default_container(self) -> str | None:
        """The container that an annotation of the pod names as its main one."""
        return self.metadata.annotations.default_container if self.metadata.annotations else None

    @property
    def redirected(self) -> bool:
        """Whether Istio's ambient mode takes its requests: its CNI agent writes so on the pod (pkg/kube/constants)."""
        return self.metadata.annotations is not None and self.metadata.annotations.redirection == "enabled"

    @property
    def ready(self) -> bool:
        """True while the pod receives traffic: condition Ready and not being deleted."""
        if self.metadata.deletion_timestamp is not None:
            return False
        for condition in self.status.conditions or ():
            if condition.type == "Ready" and condition.status == "True":
                return True
        return False
