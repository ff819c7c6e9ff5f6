"""The controllers of an embedded cluster: they move the current state towards the desired state."""

from __future__ import annotations

import random

from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers import (
    argo,
    cloneset,
    daemonset,
    definitions,
    deployment,
    gateway_api,
    job,
    kruise,
    old_events,
    pods,
    replicaset,
    services,
    statefulset,
)
from cockpit.demo.controllers.nodes import ensure_nodes
from cockpit.demo.controllers.runtime import Runtime
from cockpit.demo.controllers.world import World
from cockpit.demo.store.storage import Storage

__all__ = ["build_runtime", "run_controllers"]


def build_runtime(storage: Storage, clock: DemoClock, rng: random.Random) -> Runtime:
    """Every controller on one storage, not yet running; with nodes for the pods."""
    world = World(storage, clock, rng)
    ensure_nodes(world)
    storage.hooks.extend(kruise.HOOKS)
    gateway_api.ensure_class(world)
    return Runtime(
        world,
        [
            definitions.CONTROLLER,
            deployment.CONTROLLER,
            replicaset.CONTROLLER,
            *statefulset.CONTROLLERS,
            cloneset.CONTROLLER,
            daemonset.CONTROLLER,
            job.CONTROLLER,
            pods.controller(),
            services.CONTROLLER,
            old_events.CONTROLLER,
            *argo.CONTROLLERS,
            *kruise.controllers(),
            *gateway_api.CONTROLLERS,
        ],
    )


async def run_controllers(storage: Storage, clock: DemoClock, rng: random.Random) -> None:
    """Reconcile until cancelled."""
    await build_runtime(storage, clock, rng).run()
