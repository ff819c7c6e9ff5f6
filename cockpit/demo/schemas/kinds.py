"""The built-in kinds, one row each; a further kind is one more row. Those of CRDs come from their definitions."""

from __future__ import annotations

from dataclasses import replace

from cockpit.demo.schemas.customkinds import CUSTOM
from cockpit.demo.schemas.kind import Kind as Kind
from cockpit.demo.schemas.storedkinds import STORED

NAMESPACES = Kind("", "v1", "namespaces", "Namespace", namespaced=False, short_names=("ns",), has_status=True)
NODES = Kind("", "v1", "nodes", "Node", namespaced=False, short_names=("no",), has_status=True)
PODS = Kind("", "v1", "pods", "Pod", short_names=("po",), has_status=True, categories=("all",), generation=True)
SERVICES = Kind("", "v1", "services", "Service", short_names=("svc",), has_status=True, categories=("all",))
ENDPOINTS = Kind("", "v1", "endpoints", "Endpoints", short_names=("ep",), singular="endpoints")
EVENTS = Kind("", "v1", "events", "Event", short_names=("ev",))
CONFIGMAPS = Kind("", "v1", "configmaps", "ConfigMap", short_names=("cm",))
SECRETS = Kind("", "v1", "secrets", "Secret")
SERVICEACCOUNTS = Kind("", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",))
DEPLOYMENTS = Kind(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    short_names=("deploy",),
    has_status=True,
    has_scale=True,
    categories=("all",),
    generation=True,
)
REPLICASETS = Kind(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    short_names=("rs",),
    has_status=True,
    has_scale=True,
    categories=("all",),
    generation=True,
)
STATEFULSETS = Kind(
    "apps",
    "v1",
    "statefulsets",
    "StatefulSet",
    short_names=("sts",),
    has_status=True,
    has_scale=True,
    categories=("all",),
    generation=True,
)
DAEMONSETS = Kind(
    "apps",
    "v1",
    "daemonsets",
    "DaemonSet",
    short_names=("ds",),
    has_status=True,
    categories=("all",),
    generation=True,
)
HORIZONTALPODAUTOSCALERS = Kind(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    short_names=("hpa",),
    has_status=True,
    categories=("all",),
)
HORIZONTALPODAUTOSCALERS_V1 = replace(HORIZONTALPODAUTOSCALERS, version="v1", stored_as=HORIZONTALPODAUTOSCALERS)
CONTROLLERREVISIONS = Kind("apps", "v1", "controllerrevisions", "ControllerRevision")
ENDPOINTSLICES = Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", generation=True)
INGRESSES = Kind(
    "networking.k8s.io", "v1", "ingresses", "Ingress", short_names=("ing",), has_status=True, generation=True
)
INGRESSCLASSES = Kind("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False, generation=True)
LEASES = Kind("coordination.k8s.io", "v1", "leases", "Lease")
# What bindings allow is added to what the users of the cluster may do anyway (`api/rbac`, `api/auth`).
ROLES = Kind("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLEBINDINGS = Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
CLUSTERROLES = Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTERROLEBINDINGS = Kind(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
EVENTS_V1 = Kind("events.k8s.io", "v1", "events", "Event", short_names=("ev",), stored_as=EVENTS)
SELF_SUBJECT_ACCESS_REVIEWS = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
    verbs=("create",),
)
SELF_SUBJECT_RULES_REVIEWS = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectrulesreviews",
    "SelfSubjectRulesReview",
    namespaced=False,
    verbs=("create",),
)
SELF_SUBJECT_REVIEWS = Kind(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False, verbs=("create",)
)

BUILT_IN: tuple[Kind, ...] = (
    CONFIGMAPS,
    ENDPOINTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    CONTROLLERREVISIONS,
    DAEMONSETS,
    DEPLOYMENTS,
    REPLICASETS,
    STATEFULSETS,
    HORIZONTALPODAUTOSCALERS,
    HORIZONTALPODAUTOSCALERS_V1,
    SELF_SUBJECT_REVIEWS,
    SELF_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_RULES_REVIEWS,
    LEASES,
    ENDPOINTSLICES,
    EVENTS_V1,
    INGRESSCLASSES,
    INGRESSES,
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    ROLEBINDINGS,
    ROLES,
    *STORED,
)
# Every initial kind of a cluster.
KINDS: tuple[Kind, ...] = (*BUILT_IN, *CUSTOM)

_BY_KIND = {(kind.api_version, kind.kind): kind for kind in KINDS}


def by_kind(api_version: str, kind: str) -> Kind | None:
    """The kind an object or an owner reference names, or None."""
    return _BY_KIND.get((api_version, kind))
