"""What the gateway writes into the objects it obeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.gateway.dialects import DIALECTS, dialect_of
from cockpit.demo.schemas.kinds import INGRESSCLASSES, INGRESSES
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of


def ensure_classes(world: World) -> None:
    """Create an IngressClass per dialect unless it is there."""
    for dialect in DIALECTS:
        if world.storage.peek(INGRESSCLASSES, None, dialect.name) is None:
            wish = {"metadata": {"name": dialect.name}, "spec": {"controller": dialect.controller}}
            world.storage.create(INGRESSCLASSES, wish)


def controller(address: str, ports: tuple[int, int]) -> Controller:
    """Writes the gateway's address into each Ingress that it obeys; the ports for HTTP and for TLS, in this order."""
    shown: list[dict[str, Any]] = [{"ip": address, "ports": [{"port": port, "protocol": "TCP"} for port in ports]}]

    def reconcile(world: World, key: Key) -> float | None:
        ingress = world.storage.peek(INGRESSES, *key)
        if ingress is None or ingress["metadata"].get("deletionTimestamp"):
            return None
        classes = world.storage.scan(INGRESSCLASSES)
        controllers = {obj["metadata"]["name"]: (obj.get("spec") or {}).get("controller", "") for obj in classes}
        wish = shown if dialect_of(ingress, controllers) else []
        status = ingress.get("status") or {}
        if ((status.get("loadBalancer") or {}).get("ingress") or []) != wish:
            balancer = {"ingress": wish} if wish else {}
            changed = {**ingress, "status": {**status, "loadBalancer": balancer}}
            world.storage.update(INGRESSES, changed, subresource="status", manager="gateway")
            if wish:
                world.tell(INGRESSES, ingress, "Sync", "Scheduled for sync", "ingress-controller", "Normal")
        return None

    return Controller("ingress-status", _touches, reconcile)


def _touches(world: World, event: Event) -> Iterator[Key]:
    if event.kind is INGRESSES:
        yield key_of(INGRESSES, event.obj)
    elif event.kind is INGRESSCLASSES:
        for ingress in world.storage.scan(INGRESSES):
            yield key_of(INGRESSES, ingress)
