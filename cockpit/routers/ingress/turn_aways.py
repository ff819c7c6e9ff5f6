"""Annotations of an Ingress by which its gateway itself turns some requests away, before any pod sees them."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.objects import Ingress
from cockpit.model.rollout import Finding, Severity
from cockpit.workloads.findings import finding

_NGINX = "nginx.ingress.kubernetes.io/"
# By the statuses that they answer with: ingress-nginx's own defaults, and 429 of Traefik and of those who set it. A
# Secret that does not exist gets 503 (ingress-nginx, annotations/auth and template).
_STATUSES = {
    "whitelist-source-range": "403",
    "allowlist-source-range": "403",
    "denylist-source-range": "403",
    "auth-type": "401 or 503",
    "auth-url": "401 or 403",
    "auth-tls-secret": "400 or 403",
    "limit-rps": "429 or 503",
    "limit-rpm": "429 or 503",
    "limit-connections": "429 or 503",
}


def turn_aways(ingress: Ingress) -> Iterator[Finding]:
    """A note for each of them; its evidence is the statuses, by which it is told where answers have them."""
    marks = ingress.metadata.annotations or {}
    for name, statuses in _STATUSES.items():
        if marks.get(_NGINX + name, "").strip():
            what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
            yield finding("may-turn-away", Severity.INFO, f"{what} turns requests away by {name}", statuses)
