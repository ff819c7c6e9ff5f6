"""Services that are hidden from the proxies that send them requests (istio, Service annotation exportTo)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cockpit.model.rollout import Finding, Severity
from cockpit.routers.istio.destination_rules import Viewer
from cockpit.routers.istio.destinations import DestinationVersions
from cockpit.workloads.findings import finding

_EXPORT = "networking.istio.io/exportTo"
_MOST_NAMES = 300


def hidden_services(sides: Iterable[DestinationVersions], viewer: Viewer) -> Iterator[Finding]:
    """Each Service of these that the viewer's proxies do not know; none where it is not known who they are."""
    if not viewer.sure:
        return
    services = {(s.service.metadata.namespace, s.service.metadata.name): s.service for s in sides if s.service}
    for (namespace, name), service in services.items():
        said = (service.metadata.annotations or {}).get(_EXPORT, "")
        written = [part.strip() for part in said.split(",")[:_MOST_NAMES] if part.strip()]
        seen = {namespace if part == "." else part for part in written}
        if seen and not seen & {"*", viewer.client}:
            why = f"Service {namespace}/{name} is hidden from the proxies of namespace {viewer.client}"
            yield finding("service-not-exported", Severity.WARNING, f"{why}: requests get 503", f"{_EXPORT}: {said}")
