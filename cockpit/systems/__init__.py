"""Adapters of everything that runs releases: rollout controllers, and the workloads of Kubernetes itself."""

from __future__ import annotations

from cockpit.model.adapter import Adapter
from cockpit.systems.argo.adapter import ArgoSystem
from cockpit.systems.deployment.adapter import DeploymentSystem
from cockpit.systems.flagger.adapter import FlaggerSystem
from cockpit.systems.kruise.adapter import KruiseSystem
from cockpit.systems.sets.adapter import (
    AdvancedStatefulSetSystem,
    CloneSetSystem,
    DaemonSetSystem,
    StatefulSetSystem,
)

# Controllers own the routers' objects, routers the workloads: an object belongs to the rollout of the first adapter.
CONTROLLERS: tuple[Adapter, ...] = (
    ArgoSystem(),
    KruiseSystem(),
    FlaggerSystem(),
)
WORKLOADS: tuple[Adapter, ...] = (
    DeploymentSystem(),
    StatefulSetSystem(),
    DaemonSetSystem(),
    CloneSetSystem(),
    AdvancedStatefulSetSystem(),
)
