"""Kruise Rollouts' own kinds (rollouts.kruise.io)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.fields import entries, mapping, text
from cockpit.model.objects.meta import Meta, Obj


class KruiseRollout(Obj, frozen=True):
    """v1beta1 and v1alpha1; `spec` and `status` as the API has them."""

    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None

    def index_keys(self) -> Iterator[str]:
        """ "steers=Kind/name" for each object that it drives: workload, Service, Ingress, HTTPRoute, custom refs.

        The Service and the Ingress that it makes for the new version are among them.
        """
        yield from dict.fromkeys(f"steers={kind}/{name}" for kind, name in _steered(self.spec or {}) if kind and name)


class BatchRelease(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


def _steered(spec: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name of everything that a spec names, in either version of the API."""
    for holder in (spec, mapping(spec, "objectRef")):
        yield text(holder, "workloadRef", "kind"), text(holder, "workloadRef", "name")
    for style in ("canary", "blueGreen"):
        # The controller reads the first entry only.
        for routing in entries(spec, "strategy", style, "trafficRoutings")[:1]:
            yield from _routed(mapping(routing))


def _routed(routing: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, name in (("Service", text(routing, "service")), ("Ingress", text(routing, "ingress", "name"))):
        if name:
            yield kind, name
            yield kind, f"{name}-canary"
    yield "HTTPRoute", text(routing, "gateway", "httpRouteName")
    for reference in entries(routing, "customNetworkRefs"):
        yield text(reference, "kind"), text(reference, "name")
