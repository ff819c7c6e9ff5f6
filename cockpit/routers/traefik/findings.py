"""What an on-call wants to know about a TraefikService: what it cannot give, and what its shares depend on."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.fields import mapping
from cockpit.model.lanes import CLOSE
from cockpit.model.lookup import Objects
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.traefik.split import TraefikSplit, WeightedEnd
from cockpit.routers.traffic_findings import (
    empty_backend,
    invalid_backend,
    no_weight,
    other_ports,
    outside_names,
    picks_several,
    spread_not_read,
    sticky,
)
from cockpit.routers.version_lookup import services_of
from cockpit.workloads.endpoints import is_alias
from cockpit.workloads.findings import finding, percent
from cockpit.workloads.selectors import no_selector

_RANK = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


def findings_of(split: TraefikSplit, objects: Objects) -> tuple[Finding, ...]:
    """All of them, the worst first."""
    what = name_of(split)
    found = [*unserved_shares(split), *_settings(split, what), *_unread(split, what), *_mixes(split)]
    if mapping(split.service.spec, "weighted", "sticky"):
        found.append(sticky(f"{what} sets a cookie: known clients stay on their version"))
    services = services_of(split)
    found += outside_names(services, Severity.WARNING)
    found += other_ports(services, (c.workload for c in split.candidates))
    found += filter(None, (no_selector(service, objects) for service in services))
    return tuple(sorted(dict.fromkeys(found), key=lambda f: _RANK.index(f.severity)))


def name_of(split: TraefikSplit) -> str:
    return f"TraefikService {split.service.metadata.namespace}/{split.service.metadata.name}"


def unserved_shares(split: TraefikSplit) -> tuple[Finding, ...]:
    """By what a share of the requests is asked for and not given."""
    return tuple(dict.fromkeys(_unserved_shares(split, name_of(split))))


def _unserved_shares(split: TraefikSplit, what: str) -> Iterator[Finding]:
    for end in split.ends:
        if end.fault:
            text = f"{what} {end.fault}: Traefik drops the whole TraefikService, and every request for it gets 404"
            yield invalid_backend(text, takes=True)
        elif end.side.empty and end.share:
            text = (
                f"{what} sends {percent(end.share)} of the requests to Service {end.service}, which"
                f" {end.side.nobody}; they get 503"
            )
            yield empty_backend(text)
    if split.lost > CLOSE:
        part = "all requests get" if split.lost > 1 - CLOSE else f"{percent(split.lost)} of the requests get"
        yield no_weight(f"weights of {what} are all 0: {part} 503")


def _settings(split: TraefikSplit, what: str) -> Iterator[Finding]:
    """Backends that Traefik takes only with a setting of its own, which no object of the cluster shows."""
    for end in split.ends:
        if setting := "" if end.fault else _setting(end, split):
            text = (
                f"{what} names Service {end.service}, which {setting}; without that Traefik drops the whole"
                " TraefikService, and every request for it gets 404"
            )
            yield finding("needs-traefik-setting", Severity.WARNING, text)


def _setting(end: WeightedEnd, split: TraefikSplit) -> str:
    if end.namespace != split.service.metadata.namespace:
        return "is in another namespace: this needs allowCrossNamespace in Traefik's settings"
    if end.side.service and is_alias(end.side.service):
        return "is an ExternalName: this needs allowExternalNameServices in Traefik's settings"
    if end.side.empty:
        return "has no endpoints: this needs allowEmptyServices in Traefik's settings"
    return ""


def _unread(split: TraefikSplit, what: str) -> Iterator[Finding]:
    for end in split.ends:
        if end.unread:
            text = (
                f"{what} sends requests to {end.service}, which divides them in a way that is not read here:"
                " its versions are shown as one"
            )
            yield spread_not_read(text)


def _mixes(split: TraefikSplit) -> Iterator[Finding]:
    names = {c.uid: v.name for v, c in split.named}
    for side in split.sides:
        if len(side.candidates) > 1:
            yield picks_several(f"Service {side.upstream.service}", [names[uid] for uid in side.uids])
