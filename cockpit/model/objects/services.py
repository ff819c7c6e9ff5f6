"""Services and the endpoints behind them."""

from collections.abc import Iterator

from msgspec import Struct, field

from cockpit.model.objects.meta import Meta, Obj


class ServicePort(Struct, frozen=True, gc=False, rename="camel"):
    port: int
    name: str | None = None
    target_port: int | str | None = None
    protocol: str = "TCP"
    app_protocol: str | None = None


class ServiceSpec(Struct, frozen=True, gc=False, rename="camel"):
    type: str = "ClusterIP"
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    cluster_ip: str | None = field(default=None, name="clusterIP")
    external_name: str | None = None
    session_affinity: str | None = None
    # PreferClose, PreferSameZone or PreferSameNode.
    traffic_distribution: str | None = None
    internal_traffic_policy: str | None = None
    external_traffic_policy: str | None = None
    # Endpoints of pods that are not ready get requests as well.
    publish_not_ready_addresses: bool = False


class PortStatus(Struct, frozen=True, gc=False):
    port: int


class LoadBalancerIngress(Struct, frozen=True, gc=False):
    ip: str | None = None
    hostname: str | None = None
    ports: list[PortStatus] | None = None


class LoadBalancerStatus(Struct, frozen=True, gc=False):
    ingress: list[LoadBalancerIngress] | None = None


class EntryStatus(Struct, frozen=True, gc=False, rename="camel"):
    """Status of a Service or an Ingress: its external addresses."""

    load_balancer: LoadBalancerStatus = field(default_factory=LoadBalancerStatus)


class Service(Obj, frozen=True):
    metadata: Meta
    spec: ServiceSpec = field(default_factory=ServiceSpec)
    status: EntryStatus = field(default_factory=EntryStatus)

    def index_keys(self) -> Iterator[str]:
        """The first pair of the selector: enough to find every Service that selects given labels, plus a few others.

        "also K=V" for each further pair, by which a Service is found whose first one has a typo. For an ExternalName
        "alias of HOST", the host without a trailing dot.
        """
        for n, (key, value) in enumerate(sorted((self.spec.selector or {}).items())):
            yield f"also {key}={value}" if n else f"{key}={value}"
        if self.spec.type == "ExternalName" and self.spec.external_name:
            yield f"alias of {self.spec.external_name.rstrip('.').lower()}"


class EndpointConditions(Struct, frozen=True, gc=False):
    """Missing `ready` and `serving` mean true (discovery.k8s.io/v1)."""

    ready: bool | None = None
    serving: bool | None = None


class TargetRef(Struct, frozen=True, gc=False):
    kind: str = ""
    name: str = ""
    uid: str = ""


class Endpoint(Struct, frozen=True, gc=False, rename="camel"):
    addresses: list[str] = field(default_factory=list)
    conditions: EndpointConditions = field(default_factory=EndpointConditions)
    target_ref: TargetRef | None = None


class EndpointPort(Struct, frozen=True, gc=False):
    port: int | None = None
    name: str | None = None


class EndpointSlice(Obj, frozen=True):
    metadata: Meta
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None
