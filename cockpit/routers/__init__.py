"""Routers: objects that split traffic. Each is read as rollouts and edited by plans."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.adapter import Adapter
from cockpit.routers.gateway_api.adapter import GatewayApiRouter
from cockpit.routers.ingress.adapter import IngressRouter
from cockpit.routers.istio.adapter import IstioRouter
from cockpit.routers.red_black.adapter import RedBlackRouter
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.routers.traefik.adapter import TraefikRouter

ADAPTERS: tuple[Adapter, ...] = (
    IstioRouter(),
    GatewayApiRouter(),
    IngressRouter(),
    TraefikRouter(),
    RedBlackRouter(),
    ServiceRouter(),
)


def with_dialects(dialects: Mapping[str, str]) -> tuple[Adapter, ...]:
    """The same adapters, with the user's choice of dialects by Ingress class."""
    return tuple(IngressRouter(dialects) if isinstance(a, IngressRouter) else a for a in ADAPTERS)
