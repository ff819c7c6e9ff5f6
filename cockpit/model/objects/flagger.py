"""Flagger's Canary (flagger.app/v1beta1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj


class FlaggerCanary(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None

    def index_keys(self) -> Iterator[str]:
        """ "steers=Kind/name" for each object that it drives: workloads, Services, Ingress, routes."""
        yield from ()
