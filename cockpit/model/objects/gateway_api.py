"""Gateway API kinds (gateway.networking.k8s.io/v1)."""

from __future__ import annotations

from typing import Any

from cockpit.model.objects.meta import Meta, Obj


class HttpRoute(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


class GrpcRoute(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


class Gateway(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None
