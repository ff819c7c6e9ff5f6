"""Which struct each kind is decoded into."""

from __future__ import annotations

from cockpit.model.objects import Deployment, EndpointSlice, Ingress, IngressClass, Obj, Pod, ReplicaSet, Service
from cockpit.model.refs import (
    DEPLOYMENTS,
    ENDPOINTSLICES,
    INGRESSCLASSES,
    INGRESSES,
    PODS,
    REPLICASETS,
    SERVICES,
    Resource,
)

KINDS: dict[Resource, type[Obj]] = {
    PODS: Pod,
    SERVICES: Service,
    REPLICASETS: ReplicaSet,
    DEPLOYMENTS: Deployment,
    ENDPOINTSLICES: EndpointSlice,
    INGRESSES: Ingress,
    INGRESSCLASSES: IngressClass,
}
