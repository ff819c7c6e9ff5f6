"""Systems: controllers that drive rollouts, each read into rollouts and steered by plans."""

from __future__ import annotations

from cockpit.model.adapter import Adapter
from cockpit.systems.deployment.adapter import DeploymentSystem

ADAPTERS: tuple[Adapter, ...] = (DeploymentSystem(),)
