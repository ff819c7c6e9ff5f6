"""Who else sets an object."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.objects import Ingress, Service
from cockpit.workloads.ownership import Hold, controller_ownership, ownerships
from tests.objects import decode


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
        {"annotations": {"argocd.argoproj.io/tracking-id": "app:networking.k8s.io/Ingress:shop/other"}},
        {
            "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"},
            "annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"},
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
