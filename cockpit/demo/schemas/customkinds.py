"""Kinds that come from custom resource definitions: rollout controllers, meshes and gateways, one row each.

Names, scopes, versions and subresources are those of Argo Rollouts 1.8, Kruise Rollouts 0.6, Kruise 1.8, Istio 1.24,
Gateway API 1.5 and Flagger 1.
"""

from __future__ import annotations

from dataclasses import replace

from cockpit.demo.schemas.kind import Kind


def _kind(
    group: str, version: str, plural: str, kind: str, *short: str, status: bool = True, scale: bool = False
) -> Kind:
    """A namespaced kind. One without a status subresource counts every write as a change of its spec."""
    return Kind(
        group,
        version,
        plural,
        kind,
        short_names=short,
        has_status=status,
        has_scale=scale,
        generation=True,
        custom=True,
    )


def _also(kind: Kind, version: str) -> Kind:
    """The same objects in another version."""
    return replace(kind, version=version, stored_as=(kind.group, kind.version, kind.plural))


ARGO_ROLLOUTS = _kind("argoproj.io", "v1alpha1", "rollouts", "Rollout", "ro", scale=True)
ANALYSISRUNS = _kind("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun", "ar", status=False)
ANALYSISTEMPLATES = _kind("argoproj.io", "v1alpha1", "analysistemplates", "AnalysisTemplate", "at", status=False)
CLUSTERANALYSISTEMPLATES = replace(
    _kind("argoproj.io", "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate", "cat", status=False),
    namespaced=False,
)
EXPERIMENTS = _kind("argoproj.io", "v1alpha1", "experiments", "Experiment", "exp", status=False)
KRUISE_ROLLOUTS = _kind("rollouts.kruise.io", "v1beta1", "rollouts", "Rollout")
KRUISE_ROLLOUTS_V1ALPHA1 = _also(KRUISE_ROLLOUTS, "v1alpha1")
BATCHRELEASES = _kind("rollouts.kruise.io", "v1beta1", "batchreleases", "BatchRelease")
BATCHRELEASES_V1ALPHA1 = _also(BATCHRELEASES, "v1alpha1")
CLONESETS = _kind("apps.kruise.io", "v1alpha1", "clonesets", "CloneSet", "clone", scale=True)
ADVANCED_STATEFULSETS = _kind("apps.kruise.io", "v1beta1", "statefulsets", "StatefulSet", "asts", scale=True)
VIRTUALSERVICES = _kind("networking.istio.io", "v1", "virtualservices", "VirtualService", "vs")
VIRTUALSERVICES_V1BETA1 = _also(VIRTUALSERVICES, "v1beta1")
VIRTUALSERVICES_V1ALPHA3 = _also(VIRTUALSERVICES, "v1alpha3")
DESTINATIONRULES = _kind("networking.istio.io", "v1", "destinationrules", "DestinationRule", "dr")
DESTINATIONRULES_V1BETA1 = _also(DESTINATIONRULES, "v1beta1")
DESTINATIONRULES_V1ALPHA3 = _also(DESTINATIONRULES, "v1alpha3")
ISTIO_GATEWAYS = _kind("networking.istio.io", "v1", "gateways", "Gateway", "gw")
ISTIO_GATEWAYS_V1BETA1 = _also(ISTIO_GATEWAYS, "v1beta1")
ISTIO_GATEWAYS_V1ALPHA3 = _also(ISTIO_GATEWAYS, "v1alpha3")
GATEWAYCLASSES = replace(
    _kind("gateway.networking.k8s.io", "v1", "gatewayclasses", "GatewayClass", "gc"), namespaced=False
)
GATEWAYS = _kind("gateway.networking.k8s.io", "v1", "gateways", "Gateway", "gtw")
GATEWAYS_V1BETA1 = _also(GATEWAYS, "v1beta1")
HTTPROUTES = _kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
HTTPROUTES_V1BETA1 = _also(HTTPROUTES, "v1beta1")
GRPCROUTES = _kind("gateway.networking.k8s.io", "v1", "grpcroutes", "GRPCRoute")
REFERENCEGRANTS = _kind("gateway.networking.k8s.io", "v1beta1", "referencegrants", "ReferenceGrant", status=False)
FLAGGER_CANARIES = _kind("flagger.app", "v1beta1", "canaries", "Canary")

CUSTOM: tuple[Kind, ...] = (
    ARGO_ROLLOUTS,
    ANALYSISRUNS,
    ANALYSISTEMPLATES,
    CLUSTERANALYSISTEMPLATES,
    EXPERIMENTS,
    KRUISE_ROLLOUTS,
    KRUISE_ROLLOUTS_V1ALPHA1,
    BATCHRELEASES,
    BATCHRELEASES_V1ALPHA1,
    CLONESETS,
    ADVANCED_STATEFULSETS,
    # Before Istio's, as the API server sorts groups: `kubectl get gateways` means these.
    GATEWAYCLASSES,
    GATEWAYS,
    GATEWAYS_V1BETA1,
    HTTPROUTES,
    HTTPROUTES_V1BETA1,
    GRPCROUTES,
    REFERENCEGRANTS,
    VIRTUALSERVICES,
    VIRTUALSERVICES_V1BETA1,
    VIRTUALSERVICES_V1ALPHA3,
    DESTINATIONRULES,
    DESTINATIONRULES_V1BETA1,
    DESTINATIONRULES_V1ALPHA3,
    ISTIO_GATEWAYS,
    ISTIO_GATEWAYS_V1BETA1,
    ISTIO_GATEWAYS_V1ALPHA3,
    FLAGGER_CANARIES,
)
