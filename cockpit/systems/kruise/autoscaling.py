"""An autoscaler that Kruise Rollouts detached from the workload of a blue-green release.

Since 0.6 a blue-green release appends a suffix to the name in the autoscaler's scaleTargetRef, and removes it when the
release ends (openkruise/rollouts, pkg/controller/batchrelease/control/bluegreenstyle/hpa/hpa.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.lookup import Objects
from cockpit.model.objects import HorizontalPodAutoscaler
from cockpit.model.refs import HORIZONTALPODAUTOSCALERS
from cockpit.model.rollout import Finding, Severity
from cockpit.systems.kruise.state import KruiseState
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import of_kind

_SUFFIX = "-DisableByRollout"


def autoscaler_findings(release: KruiseState, objects: Objects) -> Iterator[Finding]:
    """Reports that the workload is not autoscaled now, and until when."""
    _, kind, name = release.plan.workload
    namespace = release.ref.namespace
    key = f"scales={kind}/{name}{_SUFFIX}"
    for found in of_kind(HorizontalPodAutoscaler, objects.keyed(HORIZONTALPODAUTOSCALERS, namespace, key)):
        what = f"HorizontalPodAutoscaler {namespace}/{found.metadata.name}"
        target = f"its scaleTargetRef names {name}{_SUFFIX}"
        if release.progress.releasing:
            words = f"{what} is detached from {kind} {name} until this release ends ({target}): the number of pods does"
            words += " not follow the load; Kruise Rollouts attaches it again when the release ends or is rolled back"
            yield finding("autoscaler-detached", Severity.WARNING, words, f"maxReplicas {found.spec.max_replicas}")
        else:
            words = f"{what} is still detached from {kind} {name} ({target}) but no release is in progress: nothing"
            words += f" scales {name}; set spec.scaleTargetRef.name back to {name}"
            yield finding("autoscaler-left-detached", Severity.WARNING, words, f"maxReplicas {found.spec.max_replicas}")
