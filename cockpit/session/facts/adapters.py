"""All adapters, in the order in which they claim objects."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.adapter import Adapter
from cockpit.routers import ADAPTERS as ROUTERS
from cockpit.routers import with_dialects
from cockpit.systems import CONTROLLERS, WORKLOADS

# A controller's rollout claims the routes and workloads that it drives, a route's rollout the workloads behind it.
ADAPTERS: tuple[Adapter, ...] = (*CONTROLLERS, *ROUTERS, *WORKLOADS)


def adapters_for(dialects: Mapping[str, str]) -> tuple[Adapter, ...]:
    """All adapters, with the user's dialects by Ingress class."""
    return (*CONTROLLERS, *with_dialects(dialects), *WORKLOADS)
