"""Services without a selector: others write their endpoints, so nothing says which versions are behind them."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.rollout import Finding, Severity
from cockpit.workloads.endpoints import backing_of
from cockpit.workloads.findings import finding

UNKNOWN = "its Service has no selector: others write its endpoints; release there, or give it a selector"


def is_unselected(service: Service) -> bool:
    """True where somebody else manages the endpoints; an ExternalName is a DNS alias and has none."""
    return not service.spec.selector and service.spec.type != "ExternalName"


def no_selector(service: Service, objects: Objects) -> Finding | None:
    """The finding that names such a Service and its cluster; None for others."""
    if not is_unselected(service):
        return None
    return finding(
        "no-selector",
        Severity.INFO,
        f"Service {service.metadata.namespace}/{service.metadata.name} in {objects.context} has no selector: its"
        " endpoints are managed by someone else, and which versions are behind it is not known; release where the"
        " endpoints are written, or give it a selector",
        f"type {service.spec.type}, ready endpoints: {backing_of(service, objects).total}",
    )
