"""Names in a cluster: resource kinds, objects, rollouts."""

from __future__ import annotations

# The library's, whose methods are compiled: these are the keys of everything, compared and hashed more than any other.
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, order=True)
class Resource:
    """One resource kind; `group` is "" for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Every lookup of an object hashes its kind; doing it anew is a tenth of what reading a rollout takes.
        return hash((self.group, self.version, self.plural))

    @property
    def api_version(self) -> str:
        """The `apiVersion` field of objects of this kind."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def kubectl_name(self) -> str:
        """The kind's name for kubectl, with the group for kinds that are not built in."""
        return (
            f"{self.plural}.{self.group}"
            if "." in self.group and not self.group.endswith("k8s.io")
            else self.kind.lower()
        )

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path; without a name the list, without a namespace the list of all namespaces."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        parts = [root]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """One object of one cluster; `namespace` is "" for cluster-scoped kinds."""

    resource: Resource
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """The URL path of the object."""
        return self.resource.path(self.namespace, self.name)

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.resource.kind} {place}"


@dataclass(frozen=True, slots=True, order=True)
class RolloutKey:
    """The unique key of a rollout; constant while its objects exist."""

    context: str
    namespace: str
    name: str
    system: str

    def __str__(self) -> str:
        return f"{self.context}:{self.namespace}/{self.name}"


NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
PODS = Resource("", "v1", "pods", "Pod")
SERVICES = Resource("", "v1", "services", "Service")
REPLICASETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
ENDPOINTSLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
INGRESSCLASSES = Resource("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False)
CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS = Resource("", "v1", "events", "Event")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
JOBS = Resource("batch", "v1", "jobs", "Job")
STATEFULSETS = Resource("apps", "v1", "statefulsets", "StatefulSet")
DAEMONSETS = Resource("apps", "v1", "daemonsets", "DaemonSet")
HORIZONTALPODAUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
CONTROLLERREVISIONS = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
ARGO_ROLLOUTS = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
ANALYSISRUNS = Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun")
EXPERIMENTS = Resource("argoproj.io", "v1alpha1", "experiments", "Experiment")
# Of a kind with several versions the cockpit reads one: the first of these that the cluster serves.
KRUISE_ROLLOUTS = Resource("rollouts.kruise.io", "v1beta1", "rollouts", "Rollout")
KRUISE_ROLLOUTS_V1ALPHA1 = Resource("rollouts.kruise.io", "v1alpha1", "rollouts", "Rollout")
BATCHRELEASES = Resource("rollouts.kruise.io", "v1beta1", "batchreleases", "BatchRelease")
BATCHRELEASES_V1ALPHA1 = Resource("rollouts.kruise.io", "v1alpha1", "batchreleases", "BatchRelease")
TRAFFICROUTINGS = Resource("rollouts.kruise.io", "v1alpha1", "trafficroutings", "TrafficRouting")
CLONESETS = Resource("apps.kruise.io", "v1alpha1", "clonesets", "CloneSet")
ADVANCED_STATEFULSETS = Resource("apps.kruise.io", "v1beta1", "statefulsets", "StatefulSet")
VIRTUALSERVICES = Resource("networking.istio.io", "v1", "virtualservices", "VirtualService")
DESTINATIONRULES = Resource("networking.istio.io", "v1", "destinationrules", "DestinationRule")
ISTIO_GATEWAYS = Resource("networking.istio.io", "v1", "gateways", "Gateway")
VIRTUALSERVICES_V1BETA1 = Resource("networking.istio.io", "v1beta1", "virtualservices", "VirtualService")
VIRTUALSERVICES_V1ALPHA3 = Resource("networking.istio.io", "v1alpha3", "virtualservices", "VirtualService")
DESTINATIONRULES_V1BETA1 = Resource("networking.istio.io", "v1beta1", "destinationrules", "DestinationRule")
DESTINATIONRULES_V1ALPHA3 = Resource("networking.istio.io", "v1alpha3", "destinationrules", "DestinationRule")
ISTIO_GATEWAYS_V1BETA1 = Resource("networking.istio.io", "v1beta1", "gateways", "Gateway")
ISTIO_GATEWAYS_V1ALPHA3 = Resource("networking.istio.io", "v1alpha3", "gateways", "Gateway")
HTTPROUTES = Resource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
GRPCROUTES = Resource("gateway.networking.k8s.io", "v1", "grpcroutes", "GRPCRoute")
HTTPROUTES_V1BETA1 = Resource("gateway.networking.k8s.io", "v1beta1", "httproutes", "HTTPRoute")
GATEWAYS_V1BETA1 = Resource("gateway.networking.k8s.io", "v1beta1", "gateways", "Gateway")
GATEWAYS = Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
FLAGGER_CANARIES = Resource("flagger.app", "v1beta1", "canaries", "Canary")
TRAEFIKSERVICES = Resource("traefik.io", "v1alpha1", "traefikservices", "TraefikService")
# The group of Traefik 2, where Argo Rollouts up to 1.8 looks unless it is told otherwise.
TRAEFIKSERVICES_V2 = Resource("traefik.containo.us", "v1alpha1", "traefikservices", "TraefikService")
INGRESSROUTES = Resource("traefik.io", "v1alpha1", "ingressroutes", "IngressRoute")
APISIXROUTES = Resource("apisix.apache.org", "v2", "apisixroutes", "ApisixRoute")
TRAFFICSPLITS = Resource("split.smi-spec.io", "v1alpha3", "trafficsplits", "TrafficSplit")
TRAFFICSPLITS_V1ALPHA2 = Resource("split.smi-spec.io", "v1alpha2", "trafficsplits", "TrafficSplit")
TRAFFICSPLITS_V1ALPHA1 = Resource("split.smi-spec.io", "v1alpha1", "trafficsplits", "TrafficSplit")
# The versions of a kind that are read, the newest first.
VIRTUALSERVICE_VERSIONS = (VIRTUALSERVICES, VIRTUALSERVICES_V1BETA1, VIRTUALSERVICES_V1ALPHA3)
DESTINATIONRULE_VERSIONS = (DESTINATIONRULES, DESTINATIONRULES_V1BETA1, DESTINATIONRULES_V1ALPHA3)
ISTIO_GATEWAY_VERSIONS = (ISTIO_GATEWAYS, ISTIO_GATEWAYS_V1BETA1, ISTIO_GATEWAYS_V1ALPHA3)
HTTPROUTE_VERSIONS = (HTTPROUTES, HTTPROUTES_V1BETA1)
GATEWAY_VERSIONS = (GATEWAYS, GATEWAYS_V1BETA1)
TRAEFIKSERVICE_VERSIONS = (TRAEFIKSERVICES, TRAEFIKSERVICES_V2)
TRAFFICSPLIT_VERSIONS = (TRAFFICSPLITS, TRAFFICSPLITS_V1ALPHA2, TRAFFICSPLITS_V1ALPHA1)
KRUISE_ROLLOUT_VERSIONS = (KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1)
BATCHRELEASE_VERSIONS = (BATCHRELEASES, BATCHRELEASES_V1ALPHA1)

# All objects of all kinds, to ask whether a user may do everything.
EVERYTHING = Ref(Resource("*", "*", "*", "*", namespaced=False), "", "")
