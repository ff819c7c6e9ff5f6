"""Who else sets an object."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.objects import Ingress, Service
from cockpit.model.refs import DEPLOYMENTS, HTTPROUTES, INGRESSES, SERVICES, VIRTUALSERVICES, Ref, Resource
from cockpit.model.rollout import Owner
from cockpit.planning.ownership import Hold, controller_ownership, ownerships, steered_by
from tests.objects import Cluster, decode

INSTANCE = {"app.kubernetes.io/instance": "app"}


def ingress(**metadata: Any) -> Ingress:
    doc = {"kind": "Ingress", "metadata": {"name": "web", "namespace": "shop", **metadata}}
    found = decode(doc)
    assert isinstance(found, Ingress)
    return found


def owned(kind: str, group: str) -> dict[str, Any]:
    return {"ownerReferences": [{"apiVersion": f"{group}/v1", "kind": kind, "name": "x", "uid": "u"}]}


@pytest.mark.parametrize(
    ("metadata", "kind", "hold"),
    [
        (owned("Rollout", "argoproj.io"), "Argo Rollout", Hold.CONTROLLER),
        (owned("Rollout", "rollouts.kruise.io"), "Kruise Rollout", Hold.CONTROLLER),
        (owned("Canary", "flagger.app"), "Flagger Canary", Hold.CONTROLLER),
        ({"annotations": {"flagger.kubernetes.app/original-configuration": "{}"}}, "Flagger Canary", Hold.CONTROLLER),
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "app:networking.k8s.io/Ingress:shop/web"}},
            "Argo CD Application",
            Hold.GIT,
        ),
        ({"labels": {"argocd.argoproj.io/instance": "app"}}, "Argo CD Application", Hold.GIT),
        ({"labels": INSTANCE, "managedFields": [{"manager": "argocd-controller"}]}, "Argo CD Application", Hold.GIT),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux Kustomization", Hold.GIT),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "apps"}}, "Flux HelmRelease", Hold.GIT),
        ({"annotations": {"meta.helm.sh/release-name": "web"}}, "Helm release", Hold.RELEASE),
        ({"labels": {"app.kubernetes.io/managed-by": "spinnaker-prod"}}, "Spinnaker", Hold.RELEASE),
    ],
)
def test_evidence(metadata: dict[str, Any], kind: str, hold: Hold) -> None:
    (found,) = ownerships(ingress(**metadata))
    assert (found.owner.kind, found.hold) == (kind, hold)
    assert "Ingress shop/web" in found.text
    assert (controller_ownership([ingress(**metadata)]) is not None) is (hold is Hold.CONTROLLER)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        owned("Rollout", "example.com"),
        {"labels": INSTANCE, "managedFields": [{"manager": "kubectl-client-side-apply", "operation": "Update"}]},
        {"managedFields": [{"manager": "argocd-controller"}]},
        {"annotations": {"argocd.argoproj.io/tracking-id": "app:networking.k8s.io/Ingress:shop/other"}},
        {
            "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"},
            "annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"},
        },
        {
            "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"},
            "annotations": {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"},
        },
    ],
)
def test_what_is_no_evidence(metadata: dict[str, Any]) -> None:
    assert ownerships(ingress(**metadata)) == ()


def test_a_selector_by_hash_is_argos() -> None:
    doc = {"metadata": {"name": "s", "namespace": "n"}, "spec": {"selector": {"rollouts-pod-template-hash": "1"}}}
    service = decode({"kind": "Service", **doc})
    assert isinstance(service, Service)
    found = controller_ownership([service])
    assert found is not None
    assert found.owner.kind == "Argo Rollout"


def canary(name: str = "podinfo", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"}, **spec},
    }


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (DEPLOYMENTS, "podinfo"),
        (DEPLOYMENTS, "podinfo-primary"),
        (SERVICES, "web"),
        (SERVICES, "web-primary"),
        (SERVICES, "web-canary"),
        (HTTPROUTES, "web"),
    ],
)
def test_what_a_canary_says_it_drives_carries_no_mark_and_is_owned(resource: Resource, name: str) -> None:
    objects = Cluster([canary(provider="gatewayapi:v1", service={"name": "web"})])
    (found,) = steered_by(objects, Ref(resource, "shop", name))
    assert (found.owner, found.hold) == (Owner("Flagger Canary", "podinfo"), Hold.CONTROLLER)
    assert f"{resource.kind} shop/{name}" in found.text


@pytest.mark.parametrize(
    "ref",
    [
        Ref(DEPLOYMENTS, "other", "podinfo"),
        Ref(DEPLOYMENTS, "shop", "web"),
        Ref(VIRTUALSERVICES, "shop", "web"),
        Ref(INGRESSES, "shop", "web"),
    ],
)
def test_what_no_controller_names_is_free(ref: Ref) -> None:
    assert steered_by(Cluster([canary(provider="gatewayapi:v1", service={"name": "web"})]), ref) == ()


def test_an_ingress_and_its_canary_are_the_canarys() -> None:
    objects = Cluster([canary(provider="nginx", ingressRef={"kind": "Ingress", "name": "web"})])
    assert controller_ownership([ingress()]) is None
    found = controller_ownership([ingress()], objects)
    assert found is not None
    assert found.owner == Owner("Flagger Canary", "podinfo")
    # A mark that names nobody adds no second owner.
    marked = ingress(annotations={"flagger.kubernetes.app/original-configuration": "{}"})
    assert [o.owner.name for o in ownerships(marked, objects)] == ["podinfo"]


@given(
    spec=st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["targetRef", "service", "name", "kind", "ingressRef", "autoscalerRef", "provider"]), x
            )
        ),
    )
)
def test_any_shape_of_canary_is_borne(spec: Any) -> None:
    doc = {**canary(), "spec": spec if isinstance(spec, dict) else {"targetRef": spec}}
    assert all(key.startswith("steers=") for key in decode(doc).index_keys())
