"""The kinds an embedded cluster serves, one row each; a further kind is one more row."""

from __future__ import annotations

from dataclasses import dataclass

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Kind:
    """One resource of the API, as discovery tells it.

    `custom` marks kinds that come from a CRD: they take no strategic patch, and an update must name a version.
    `generation` says that `metadata.generation` counts changes of the spec.
    `stored_as` names (group, version, plural) of the kind whose objects this one shows in another form.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    has_status: bool = False
    has_scale: bool = False
    verbs: tuple[str, ...] = ALL_VERBS
    singular: str = ""
    categories: tuple[str, ...] = ()
    generation: bool = False
    custom: bool = False
    stored_as: tuple[str, str, str] | None = None

    @property
    def api_version(self) -> str:
        """What objects carry as `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The resource as messages name it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def path(self) -> str:
        """The URL path of the group and version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    @property
    def singular_name(self) -> str:
        """The resource in the singular: `deployment`."""
        return self.singular or self.kind.lower()

    @property
    def list_kind(self) -> str:
        """The kind of a list of these."""
        return self.kind + "List"


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
CONTROLLERREVISIONS = Kind("apps", "v1", "controllerrevisions", "ControllerRevision")
ENDPOINTSLICES = Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", generation=True)
INGRESSES = Kind(
    "networking.k8s.io", "v1", "ingresses", "Ingress", short_names=("ing",), has_status=True, generation=True
)
INGRESSCLASSES = Kind("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False, generation=True)
LEASES = Kind("coordination.k8s.io", "v1", "leases", "Lease")
EVENTS_V1 = Kind("events.k8s.io", "v1", "events", "Event", short_names=("ev",), stored_as=("", "v1", "events"))
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

KINDS: tuple[Kind, ...] = (
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
    SELF_SUBJECT_ACCESS_REVIEWS,
    SELF_SUBJECT_RULES_REVIEWS,
    LEASES,
    ENDPOINTSLICES,
    EVENTS_V1,
    INGRESSCLASSES,
    INGRESSES,
)

_BY_RESOURCE = {(kind.group, kind.version, kind.plural): kind for kind in KINDS}
_BY_KIND = {(kind.api_version, kind.kind): kind for kind in KINDS}


def by_resource(group: str, version: str, plural: str) -> Kind | None:
    """The kind behind a URL path, or None."""
    return _BY_RESOURCE.get((group, version, plural))


def by_kind(api_version: str, kind: str) -> Kind | None:
    """The kind an object or an owner reference names, or None."""
    return _BY_KIND.get((api_version, kind))
