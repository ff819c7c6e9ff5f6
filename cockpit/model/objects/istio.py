"""Istio's routing kinds (networking.istio.io)."""

from __future__ import annotations

from typing import Any

from cockpit.model.objects.meta import Meta, Obj


class VirtualService(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None


class DestinationRule(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None


class IstioGateway(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
