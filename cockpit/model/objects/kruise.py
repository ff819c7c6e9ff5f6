"""Kruise Rollouts' own kinds (rollouts.kruise.io)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj


class KruiseRollout(Obj, frozen=True):
    """v1beta1 and v1alpha1; `spec` and `status` as the API has them."""

    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None

    def index_keys(self) -> Iterator[str]:
        """ "steers=Kind/name" for each object that it drives: workload, Service, Ingress, HTTPRoute, custom refs."""
        yield from ()


class BatchRelease(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None
