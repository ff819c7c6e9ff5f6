"""Pods."""

from msgspec import Struct, field

from cockpit.model.objects.meta import Condition, Obj, PodMeta


class StartTime(Struct, frozen=True, gc=False, rename="camel"):
    """What a probe of a container allows it to take; Kubernetes' defaults where it does not say."""

    initial_delay_seconds: int | None = None
    period_seconds: int | None = None
    failure_threshold: int | None = None


class Container(Struct, frozen=True, gc=False, rename="camel"):
    name: str
    image: str = ""
    startup_probe: StartTime | None = None
    readiness_probe: StartTime | None = None

    @property
    def patience(self) -> int:
        """Seconds that it may take before it is ready, by its own probes; an hour at most."""
        startup, readiness = self.startup_probe, self.readiness_probe
        seconds = readiness.initial_delay_seconds or 0 if readiness else 0
        if startup:
            seconds += startup.initial_delay_seconds or 0
            seconds += (startup.period_seconds or 10) * (startup.failure_threshold or 3)
        return min(max(seconds, 0), 3600)


class PodCondition(Condition, frozen=True, gc=False, rename="camel"):
    last_transition_time: str | None = None


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
    conditions: list[PodCondition] | None = None
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
