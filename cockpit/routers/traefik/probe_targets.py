"""What requests for a TraefikService ask for: host and path of an IngressRoute that leads to it.

An IngressRoute has no status, so that nothing says at which address Traefik takes its requests.
"""

from __future__ import annotations

import re

from cockpit.model.fields import entries, mapping, text
from cockpit.model.lazy_re import lazy_re
from cockpit.model.lookup import Objects
from cockpit.model.objects import IngressRoute, TraefikService
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import INGRESSROUTES
from cockpit.workloads.lookups import of_kind
from cockpit.workloads.probe_targets import FoundTarget, example_path, safe_host

_HTTP, _HTTPS = 80, 443
_LONGEST_RULE = 4000
# Literals of a rule such as Host(`a.test`) && PathPrefix(`/b`); patterns have functions of other names.
_HOST = lazy_re(r"\bHost\(\s*[`\"']([^`\"']{1,253})[`\"']")
_PATH = lazy_re(r"\bPath(?:Prefix)?\(\s*[`\"']([^`\"']{1,1000})[`\"']")


def traefik_target(service: TraefikService, objects: Objects) -> FoundTarget:
    """No address, but what a request asks for, where an IngressRoute of its namespace leads to it."""
    place, name = service.metadata.namespace, service.metadata.name
    for route in of_kind(IngressRoute, objects.keyed(INGRESSROUTES, place, f"traefikservice={name}")):
        for rule in entries(route.spec, "routes"):
            if not any(_is(entry, place, name) for entry in entries(rule, "services")):
                continue
            match = text(rule, "match")[:_LONGEST_RULE]
            host, path = (_first(pattern, match) for pattern in (_HOST, _PATH))
            tls = isinstance(mapping(route.spec).get("tls"), dict)
            target = ProbeTarget(
                "", _HTTPS if tls else _HTTP, safe_host(host), example_path(path, pattern=False) or "/", tls
            )
            why = f"IngressRoute {place}/{route.metadata.name} does not say at which address Traefik takes its requests"
            return FoundTarget(missing=why, incomplete_target=target)
    return FoundTarget(missing=f"no IngressRoute of namespace {place} leads to TraefikService {name}")


def _is(entry: object, namespace: str, name: str) -> bool:
    return (
        text(entry, "kind") == "TraefikService"
        and text(entry, "name") == name
        and (text(entry, "namespace") or namespace) == namespace
    )


def _first(pattern: re.Pattern[str], match: str) -> str:
    found = pattern.search(match)
    return found[1] if found else ""
