"""Kinds of Kruise Rollouts (rollouts.kruise.io)."""

from collections.abc import Iterator
from typing import Any

from cockpit.model.fields import entries, mapping, text
from cockpit.model.objects.meta import Meta, Obj


class KruiseRollout(Obj, frozen=True):
    """v1beta1 and v1alpha1; `spec` and `status` as raw JSON."""

    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None

    def index_keys(self) -> Iterator[str]:
        """ "steers=Kind/name" for each object that it controls: workload, Service, Ingress, HTTPRoute, custom refs.

        Includes the Service and the Ingress that it creates for the new version.
        """
        yield from dict.fromkeys(f"steers={kind}/{name}" for kind, name in _steered(self.spec or {}) if kind and name)


class BatchRelease(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


class TrafficRouting(Obj, frozen=True):
    """A traffic routing that several Rollouts can share (v1alpha1 only)."""

    metadata: Meta
    spec: dict[str, Any] | None = None


def _steered(spec: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name of every object referenced by a spec, in either API version."""
    for holder in (spec, mapping(spec, "objectRef")):
        yield text(holder, "workloadRef", "kind"), text(holder, "workloadRef", "name")
    for style in ("canary", "blueGreen"):
        # The controller reads only the first entry.
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
