"""Every adapter that the cockpit has, in the order in which they claim objects."""

from __future__ import annotations

from cockpit.model.adapter import Adapter
from cockpit.routers import ADAPTERS as ROUTERS
from cockpit.systems import CONTROLLERS, WORKLOADS

# A controller's rollout holds the routes and workloads that it drives, a route's rollout the workloads behind it.
ADAPTERS: tuple[Adapter, ...] = (*CONTROLLERS, *ROUTERS, *WORKLOADS)
