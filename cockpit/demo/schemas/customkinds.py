"""Kinds that come from custom resource definitions and have a name here: controllers and gateway act on them."""

from __future__ import annotations

from cockpit.demo.schemas.crds import kinds_of, shipped
from cockpit.demo.schemas.kind import Kind

# Every kind of the initial definitions of a cluster, sorted by group, each definition's preferred version first.
CUSTOM: tuple[Kind, ...] = tuple(
    kind for crd in sorted(shipped(), key=lambda crd: crd["spec"]["group"]) for kind in kinds_of(crd)
)
_BY_NAME = {(kind.resource, kind.version): kind for kind in CUSTOM}


def _kind(resource: str, version: str) -> Kind:
    return _BY_NAME[resource, version]


ARGO_ROLLOUTS = _kind("rollouts.argoproj.io", "v1alpha1")
ANALYSISRUNS = _kind("analysisruns.argoproj.io", "v1alpha1")
ANALYSISTEMPLATES = _kind("analysistemplates.argoproj.io", "v1alpha1")
CLUSTERANALYSISTEMPLATES = _kind("clusteranalysistemplates.argoproj.io", "v1alpha1")
EXPERIMENTS = _kind("experiments.argoproj.io", "v1alpha1")
KRUISE_ROLLOUTS = _kind("rollouts.rollouts.kruise.io", "v1beta1")
KRUISE_ROLLOUTS_V1ALPHA1 = _kind("rollouts.rollouts.kruise.io", "v1alpha1")
BATCHRELEASES = _kind("batchreleases.rollouts.kruise.io", "v1beta1")
BATCHRELEASES_V1ALPHA1 = _kind("batchreleases.rollouts.kruise.io", "v1alpha1")
CLONESETS = _kind("clonesets.apps.kruise.io", "v1alpha1")
ADVANCED_STATEFULSETS = _kind("statefulsets.apps.kruise.io", "v1beta1")
VIRTUALSERVICES = _kind("virtualservices.networking.istio.io", "v1")
VIRTUALSERVICES_V1BETA1 = _kind("virtualservices.networking.istio.io", "v1beta1")
VIRTUALSERVICES_V1ALPHA3 = _kind("virtualservices.networking.istio.io", "v1alpha3")
DESTINATIONRULES = _kind("destinationrules.networking.istio.io", "v1")
DESTINATIONRULES_V1BETA1 = _kind("destinationrules.networking.istio.io", "v1beta1")
DESTINATIONRULES_V1ALPHA3 = _kind("destinationrules.networking.istio.io", "v1alpha3")
ISTIO_GATEWAYS = _kind("gateways.networking.istio.io", "v1")
ISTIO_GATEWAYS_V1BETA1 = _kind("gateways.networking.istio.io", "v1beta1")
ISTIO_GATEWAYS_V1ALPHA3 = _kind("gateways.networking.istio.io", "v1alpha3")
GATEWAYCLASSES = _kind("gatewayclasses.gateway.networking.k8s.io", "v1")
GATEWAYS = _kind("gateways.gateway.networking.k8s.io", "v1")
GATEWAYS_V1BETA1 = _kind("gateways.gateway.networking.k8s.io", "v1beta1")
HTTPROUTES = _kind("httproutes.gateway.networking.k8s.io", "v1")
HTTPROUTES_V1BETA1 = _kind("httproutes.gateway.networking.k8s.io", "v1beta1")
GRPCROUTES = _kind("grpcroutes.gateway.networking.k8s.io", "v1")
REFERENCEGRANTS = _kind("referencegrants.gateway.networking.k8s.io", "v1")
FLAGGER_CANARIES = _kind("canaries.flagger.app", "v1beta1")
