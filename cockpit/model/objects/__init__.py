"""The fields of Kubernetes objects that the cockpit uses, decoded directly from the bytes.

Field meanings are those of the Kubernetes and each system's API reference. Unknown fields are dropped, absent
ones get the API's defaults. Every kind is an `Obj`, which defines its index keys.

Annotations are types in these files, not texts: msgspec would compile each text before it makes a decoder.
"""

from cockpit.model.objects.argo import AnalysisRun, ArgoRollout, Experiment
from cockpit.model.objects.autoscalers import AutoscalerSpec, HorizontalPodAutoscaler, ScaleTarget
from cockpit.model.objects.events import Event, InvolvedObject
from cockpit.model.objects.flagger import FlaggerCanary
from cockpit.model.objects.gateway_api import Gateway, GrpcRoute, HttpRoute
from cockpit.model.objects.ingresses import (
    BackendPort,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressClassSpec,
    IngressHttp,
    IngressPath,
    IngressRule,
    IngressSpec,
    IngressTls,
    ServiceBackend,
)
from cockpit.model.objects.istio import DestinationRule, IstioGateway, VirtualService
from cockpit.model.objects.kruise import BatchRelease, KruiseRollout, TrafficRouting
from cockpit.model.objects.leases import Lease, LeaseSpec
from cockpit.model.objects.mesh_routes import ApisixRoute, TrafficSplit
from cockpit.model.objects.meta import (
    CommonMeta,
    Condition,
    FieldsManager,
    Meta,
    Obj,
    OwnerReference,
    PodAnnotations,
    PodMeta,
)
from cockpit.model.objects.pods import (
    Container,
    ContainerState,
    ContainerStatus,
    Pod,
    PodSpec,
    PodStatus,
    Waiting,
)
from cockpit.model.objects.services import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    EntryStatus,
    LoadBalancerIngress,
    LoadBalancerStatus,
    PortStatus,
    Service,
    ServicePort,
    ServiceSpec,
    TargetRef,
)
from cockpit.model.objects.sets import (
    AdvancedStatefulSet,
    CloneSet,
    ControllerRevision,
    DaemonSet,
    DaemonSetStatus,
    RollingUpdate,
    SetSpec,
    SetStatus,
    StatefulSet,
    UpdateStrategy,
)
from cockpit.model.objects.traefik import IngressRoute, TraefikService
from cockpit.model.objects.workloads import (
    Deployment,
    LabelSelector,
    ReplicaSet,
    Template,
    TemplateMeta,
    Workload,
    WorkloadSpec,
    WorkloadStatus,
)

__all__ = [
    "AdvancedStatefulSet",
    "AnalysisRun",
    "ApisixRoute",
    "ArgoRollout",
    "AutoscalerSpec",
    "BackendPort",
    "BatchRelease",
    "CloneSet",
    "CommonMeta",
    "Condition",
    "Container",
    "ContainerState",
    "ContainerStatus",
    "ControllerRevision",
    "DaemonSet",
    "DaemonSetStatus",
    "Deployment",
    "DestinationRule",
    "Endpoint",
    "EndpointConditions",
    "EndpointPort",
    "EndpointSlice",
    "EntryStatus",
    "Event",
    "Experiment",
    "FieldsManager",
    "FlaggerCanary",
    "Gateway",
    "GrpcRoute",
    "HorizontalPodAutoscaler",
    "HttpRoute",
    "Ingress",
    "IngressBackend",
    "IngressClass",
    "IngressClassSpec",
    "IngressHttp",
    "IngressPath",
    "IngressRoute",
    "IngressRule",
    "IngressSpec",
    "IngressTls",
    "InvolvedObject",
    "IstioGateway",
    "KruiseRollout",
    "LabelSelector",
    "Lease",
    "LeaseSpec",
    "LoadBalancerIngress",
    "LoadBalancerStatus",
    "Meta",
    "Obj",
    "OwnerReference",
    "Pod",
    "PodAnnotations",
    "PodMeta",
    "PodSpec",
    "PodStatus",
    "PortStatus",
    "ReplicaSet",
    "RollingUpdate",
    "ScaleTarget",
    "Service",
    "ServiceBackend",
    "ServicePort",
    "ServiceSpec",
    "SetSpec",
    "SetStatus",
    "StatefulSet",
    "TargetRef",
    "Template",
    "TemplateMeta",
    "TraefikService",
    "TrafficRouting",
    "TrafficSplit",
    "UpdateStrategy",
    "VirtualService",
    "Waiting",
    "Workload",
    "WorkloadSpec",
    "WorkloadStatus",
]
