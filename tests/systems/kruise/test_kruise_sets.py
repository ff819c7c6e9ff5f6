"""Kruise Rollouts over StatefulSets, where pods may not be readable."""

from __future__ import annotations

from cockpit.model.refs import PODS
from tests.objects import Cluster, Doc
from tests.systems.kruise.releases import NAME, read

TEMPLATE: Doc = {"metadata": {"labels": {"app": NAME}}}


def template(version: int) -> Doc:
    return {**TEMPLATE, "spec": {"containers": [{"name": NAME, "image": f"example/web:v{version}"}]}}


def revision(version: int) -> Doc:
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": NAME, "uid": "set", "controller": True}
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {"name": f"{NAME}-r{version}", "ownerReferences": [owner]},
        "revision": version,
        "data": {"spec": {"template": template(version)}},
    }


def continued() -> Cluster:
    """v3 is released while v2 was not through: v1 is still the current one, with three of four pods."""
    workload: Doc = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "uid": "set", "generation": 3},
        "spec": {"replicas": 4, "selector": {"matchLabels": {"app": NAME}}, "template": template(3)},
        "status": {
            "observedGeneration": 3,
            "replicas": 4,
            "readyReplicas": 4,
            "updatedReplicas": 1,
            "currentRevision": f"{NAME}-r1",
            "updateRevision": f"{NAME}-r3",
        },
    }
    rollout: Doc = {
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "kind": "Rollout",
        "metadata": {"name": NAME, "generation": 1},
        "spec": {
            "workloadRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": NAME},
            "strategy": {"canary": {"steps": [{"replicas": 1, "pause": {}}, {"replicas": 4}]}},
        },
        "status": {
            "phase": "Progressing",
            "conditions": [{"type": "Progressing", "status": "True", "reason": "InRolling"}],
            "canaryStatus": {
                "currentStepIndex": 1,
                "currentStepState": "StepPaused",
                "nextStepIndex": 2,
                "stableRevision": "r1",
                "podTemplateHash": "r3",
            },
        },
    }
    return Cluster([workload, rollout, *map(revision, (1, 2, 3))], unknown={PODS})


def test_without_pods_to_read_only_the_current_and_the_newest_revision_have_any() -> None:
    assert {v.name: v.desired for v in read(continued()).versions} == {"v1": 3, "v2": 0, "v3": 1}
