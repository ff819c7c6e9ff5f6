"""The labels, annotations, finalizers and words of Kruise Rollouts (openkruise/rollouts pkg/util/constant.go)."""

from __future__ import annotations

ROLLOUT_FINALIZER = "rollouts.kruise.io/rollout"
RELEASE_FINALIZER = "rollouts.kruise.io/batch-release-finalizer"
CANARY_FINALIZER = "finalizer.rollouts.kruise.io/batch-release"
WORKLOAD_TYPE = "rollouts.kruise.io/workload-type"
IN_PROGRESSING = "rollouts.kruise.io/in-progressing"
HASH = "rollouts.kruise.io/hash"
STABLE_REVISION = "rollouts.kruise.io/stable-revision"
CONTROLLED = "rollouts.kruise.io/controlled-by-advanced-deployment-controller"
STRATEGY = "rollouts.kruise.io/deployment-strategy"
EXTRA_STATUS = "rollouts.kruise.io/deployment-extra-status"
ORIGINAL_STRATEGY = "rollouts.kruise.io/original-deployment-strategy"
CONTROL_INFO = "batchrelease.rollouts.kruise.io/control-info"
CANARY_DEPLOYMENT = "rollouts.kruise.io/canary-deployment"
ROLLOUT_ID = "rollouts.kruise.io/rollout-id"
BATCH_ID = "rollouts.kruise.io/rollout-batch-id"
NO_NEED_UPDATE = "rollouts.kruise.io/no-need-update"
ROLLBACK_IN_BATCH = "rollouts.kruise.io/rollback-in-batch"
ORIGINAL_SPEC = "rollouts.kruise.io/original-spec-configuration"
POD_TEMPLATE_HASH = "pod-template-hash"
REVISION_HASH = "controller-revision-hash"

COMPONENT = "rollout-controller"
MANAGER = "rollout"
# Where no trafficRouting says another, a wait is so many seconds.
GRACE = 3
# The largest int16, as partition of a StatefulSet that keeps every pod old.
ALL_OLD = 32767
# So long a pod of a blue-green release would have to be ready to count as available.
NEVER_AVAILABLE, NO_DEADLINE = 2147483646, 2147483647
