"""Services without a selector: something else writes their endpoints, so the versions behind them are not known."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.rollout import Finding, Severity
from cockpit.workloads.endpoints import backing_of, is_alias
from cockpit.workloads.findings import finding

_INSTEAD = "release where the endpoints are written, or give it a selector"
UNKNOWN = f"its Service has no selector, so something else writes its endpoints: {_INSTEAD}"


def is_unselected(service: Service) -> bool:
    """True if something else manages the endpoints; an ExternalName is a DNS alias and has none."""
    return not service.spec.selector and not is_alias(service)


def no_selector(service: Service, objects: Objects) -> Finding | None:
    """The finding that names such a Service and its cluster; None for others."""
    if not is_unselected(service):
        return None
    return finding(
        "no-selector",
        Severity.INFO,
        f"Service {service.metadata.namespace}/{service.metadata.name} in {objects.context} has no selector, so"
        f" something else writes its endpoints and the versions behind it are not known: {_INSTEAD}",
        f"type {service.spec.type}, ready endpoints: {backing_of(service, objects).total}",
    )
