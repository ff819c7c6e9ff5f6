"""What acts on the workloads behind a Service may write, the same for every router."""

from __future__ import annotations

from cockpit.model.refs import (
    ADVANCED_STATEFULSETS,
    CLONESETS,
    DAEMONSETS,
    DEPLOYMENTS,
    REPLICASETS,
    SERVICES,
    STATEFULSETS,
)
from cockpit.model.rights import rights

_COUNTED = (DEPLOYMENTS, REPLICASETS, STATEFULSETS, CLONESETS, ADVANCED_STATEFULSETS)
# `scale.plan_scale`: the number of pods of a version; a DaemonSet has none.
SCALING = rights("patch", _COUNTED)
# `finish.CleanUp`: what a release leaves behind.
CLEANING_WORKLOADS = rights("delete", (*_COUNTED, DAEMONSETS))
CLEANING = (*rights("delete", (SERVICES,)), *CLEANING_WORKLOADS)
