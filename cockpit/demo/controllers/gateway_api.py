"""What a Gateway API controller writes into GatewayClasses, Gateways and routes: conditions with observedGeneration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.attachment import (
    CLASS,
    CONTROLLER_NAME,
    Problem,
    attach,
    backend_problem,
    backends_of,
    is_ours,
    mappings,
    parents_of,
    place_of,
)
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import GATEWAYCLASSES, GATEWAYS, GRPCROUTES, HTTPROUTES, REFERENCEGRANTS
from cockpit.demo.schemas.kinds import SERVICES, Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

ROUTES = (HTTPROUTES, GRPCROUTES)
Conditions = list[dict[str, Any]]


def ensure_class(world: World) -> None:
    """Create the GatewayClass that is obeyed, unless it is there."""
    if world.storage.peek(GATEWAYCLASSES, None, CLASS) is None:
        wish = {"metadata": {"name": CLASS}, "spec": {"controllerName": CONTROLLER_NAME}}
        world.storage.create(GATEWAYCLASSES, wish)


def service_ports(world: World, namespace: str, name: str) -> list[int] | None:
    """The port numbers of a Service; None where there is none."""
    service = world.storage.peek(SERVICES, namespace, name)
    return None if service is None else [p.get("port", 0) for p in (service.get("spec") or {}).get("ports") or []]


def _touch_classes(world: World, event: Event) -> Iterator[Key]:
    if event.kind is GATEWAYCLASSES:
        yield ("", event.obj["metadata"]["name"])


def _class(world: World, key: Key) -> float | None:
    found = world.storage.peek(GATEWAYCLASSES, None, key[1])
    if found and (found.get("spec") or {}).get("controllerName") == CONTROLLER_NAME:
        wish = [("Accepted", "True", "Handled", "Handled by Traefik controller")]
        status = found.get("status") or {}
        _write(world, GATEWAYCLASSES, found, {**status, "conditions": _conditions(world, found, status, wish)})
    return None


def _touch_gateways(world: World, event: Event) -> Iterator[Key]:
    """A Gateway counts the routes on it, so that it looks again with each whose spec changed."""
    if event.kind is GATEWAYS:
        yield key_of(GATEWAYS, event.obj)
    elif event.kind in ROUTES and not _is_status_only(event):
        for parent in (p for obj in (event.obj, event.old) if obj for p in parents_of(obj)):
            yield place_of(event.obj, parent)
    elif event.kind is GATEWAYCLASSES:
        yield from (key_of(GATEWAYS, gateway) for gateway in world.storage.scan(GATEWAYS))


def _gateway(world: World, key: Key) -> float | None:
    gateway = world.storage.peek(GATEWAYS, *key)
    if gateway is None or not is_ours(gateway, world.storage.scan(GATEWAYCLASSES)):
        return None
    scheduled = "Gateway successfully scheduled"
    status = gateway.get("status") or {}
    wish = [(kind, "True", kind, scheduled) for kind in ("Accepted", "Programmed")]
    listeners = [
        {
            "name": listener.get("name"),
            "attachedRoutes": _attached(world, gateway, key, listener),
            "supportedKinds": [{"group": kind.group, "kind": kind.kind} for kind in ROUTES],
            "conditions": _conditions(
                world,
                gateway,
                next((s for s in mappings(status.get("listeners")) if s.get("name") == listener.get("name")), {}),
                [(kind, "True", kind, "No error found") for kind in ("Accepted", "ResolvedRefs", "Programmed")],
            ),
        }
        for listener in mappings((gateway.get("spec") or {}).get("listeners"))
    ]
    conditions = _conditions(world, gateway, status, wish)
    _write(world, GATEWAYS, gateway, {**status, "conditions": conditions, "listeners": listeners})
    return None


def _is_status_only(event: Event) -> bool:
    return event.type == "MODIFIED" and event.old is not None and event.obj.get("spec") == event.old.get("spec")


def _attached(world: World, gateway: Object, key: Key, listener: Any) -> int:
    one = {**gateway, "spec": {**gateway["spec"], "listeners": [listener]}}
    return sum(
        any(
            place_of(route, parent) == key and not isinstance(attach(route, parent, one), Problem)
            for parent in parents_of(route)
        )
        for kind in ROUTES
        for route in world.storage.scan(kind)
    )


def _touch_routes(kind: Kind) -> Any:
    def touches(world: World, event: Event) -> Iterator[Key]:
        if event.kind is kind:
            yield key_of(kind, event.obj)
        elif event.kind in (SERVICES, REFERENCEGRANTS, GATEWAYS, GATEWAYCLASSES):
            if _is_status_only(event):
                return
            yield from (key_of(kind, route) for route in world.storage.scan(kind))

    return touches


def _route(kind: Kind) -> Any:
    def reconcile(world: World, key: Key) -> float | None:
        route = world.storage.peek(kind, *key)
        if route is None:
            return None
        classes, parents = list(world.storage.scan(GATEWAYCLASSES)), []
        before = list(mappings((route.get("status") or {}).get("parents")))
        for ref in parents_of(route):
            gateway = world.storage.peek(GATEWAYS, *place_of(route, ref))
            if gateway is None or not is_ours(gateway, classes):
                continue
            found = attach(route, ref, gateway)
            told = next((p for p in before if p.get("parentRef") == ref), {})
            accepted = ("Accepted", "False", found.reason, found.message) if isinstance(found, Problem) else None
            wish = [accepted or ("Accepted", "True", "Accepted", ""), _resolved(world, route)]
            conditions = _conditions(world, route, told, wish)
            parents.append({"parentRef": dict(ref), "controllerName": CONTROLLER_NAME, "conditions": conditions})
        others = [dict(p) for p in before if p.get("controllerName") != CONTROLLER_NAME]
        if parents or before:
            _write(world, kind, route, {**(route.get("status") or {}), "parents": [*others, *parents]})
        return None

    return reconcile


def _resolved(world: World, route: Object) -> tuple[str, str, str, str]:
    """The ResolvedRefs condition: the last problem of a backend, as Traefik reports it."""
    grants = list(world.storage.scan(REFERENCEGRANTS))

    def ports(namespace: str, name: str) -> list[int] | None:
        return service_ports(world, namespace, name)

    problems = [found for b in backends_of(route) if (found := backend_problem(route, b, grants, ports))]
    if problems:
        return ("ResolvedRefs", "False", problems[-1].reason, problems[-1].message)
    return ("ResolvedRefs", "True", "ResolvedRefs", "")


def _conditions(world: World, obj: Object, before: Any, wish: list[tuple[str, str, str, str]]) -> Conditions:
    """Conditions for this generation; the time of one changes with its status only."""
    found, now = [], world.clock.timestamp()
    for kind, status, reason, message in wish:
        old = next((c for c in mappings(before.get("conditions")) if c.get("type") == kind), {})
        found.append(
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "observedGeneration": obj["metadata"].get("generation", 1),
                "lastTransitionTime": old.get("lastTransitionTime", now) if old.get("status") == status else now,
            }
        )
    return found


def _write(world: World, kind: Kind, obj: Object, status: dict[str, Any]) -> None:
    if (obj.get("status") or {}) != status:
        world.write_status(kind, obj, status)


CONTROLLERS = (
    Controller("gatewayclass", _touch_classes, _class),
    Controller("gateway", _touch_gateways, _gateway),
    *(Controller(kind.kind.lower(), _touch_routes(kind), _route(kind)) for kind in ROUTES),
)
