"""What a rollout shows of its root object itself."""

from __future__ import annotations

from cockpit.model.refs import DEPLOYMENTS, KRUISE_ROLLOUTS
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.session.facts.root_labels import with_root
from cockpit.systems.deployment.adapter import DeploymentSystem
from tests.objects import Cluster, seed
from tests.systems.kruise import releases as kruise
from tests.systems.test_deployment import NAME, revise


def deleted(cluster: Cluster) -> Rollout:
    root = cluster.get(DEPLOYMENTS, "default", NAME)
    assert root is not None
    (rollout,) = DeploymentSystem().read(root, cluster)
    return with_root(rollout, root)


def told(rollout: Rollout) -> list[Finding]:
    return [found for found in rollout.findings if found.id == "being-deleted"]


def test_a_root_that_is_being_deleted_is_told_with_what_holds_it() -> None:
    cluster = revise(Cluster(seed("blue-green-v1") + seed("blue-green-service")), 1, "bebullish/demo:v1")
    assert told(deleted(cluster)) == []
    metadata = cluster.doc("Deployment", NAME)["metadata"]
    metadata |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/hold\x1b[31m"]}
    (found,) = told(deleted(cluster))
    assert found.severity is Severity.WARNING
    assert found.text.startswith(f"Deployment default/{NAME} is being deleted (since 2026-01-01T00:00:00Z)")
    assert found.evidence.startswith("finalizers example.com/hold")
    assert "\x1b" not in found.evidence


def test_a_release_that_completes_while_its_rollout_is_deleted_is_told_once() -> None:
    cluster = kruise.releasing()
    cluster.doc("KruiseRollout", kruise.NAME)["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    root = cluster.get(KRUISE_ROLLOUTS, "default", kruise.NAME)
    assert root is not None
    rollout = with_root(kruise.read(cluster), root)
    assert "terminating" in kruise.ids(rollout)
    assert told(rollout) == []
