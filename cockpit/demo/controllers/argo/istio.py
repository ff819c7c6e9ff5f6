"""VirtualServices and DestinationRules (rollout/trafficrouting/istio/istio.go)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.argo.context import HASH, MANAGER, Context
from cockpit.demo.controllers.argo.plan import plan_of
from cockpit.demo.controllers.argo.router import RoutingError, header_matches
from cockpit.demo.controllers.argo.services import MANAGED_BY
from cockpit.demo.schemas.customkinds import DESTINATIONRULES, VIRTUALSERVICES
from cockpit.demo.schemas.objects import Object, copied

PROTOCOLS = ("http", "tls", "tcp")
Route = dict[str, Any]


def virtual_services(context: Context) -> Iterator[tuple[str, Object | None]]:
    """The VirtualServices that a Rollout names, each with what is stored under the name."""
    for rules in _named(context.plan.router):
        yield str(rules["name"]), context.world.storage.peek(VIRTUALSERVICES, *_place(rules, context.namespace))


def named_by(rollout: Object) -> set[tuple[str, str]]:
    """Namespace and name of the VirtualServices that a Rollout writes."""
    rules = _named(plan_of(rollout).router)
    return {_place(entry, rollout["metadata"]["namespace"]) for entry in rules}


def _place(rules: dict[str, Any], namespace: str) -> tuple[str, str]:
    name, _, other = str(rules["name"]).partition(".")
    return other or namespace, name


def _named(router: dict[str, Any] | None) -> list[dict[str, Any]]:
    rules = (router or {}).get("istio") or {}
    several = rules.get("virtualServices")
    return list(several) if several else [rules["virtualService"]] if rules.get("virtualService") else []


class Istio:
    """Weights by host or, with a DestinationRule, by subset; routes of steps' own come first."""

    verified: bool | None = None

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rule: dict[str, Any] | None = ((context.plan.router or {})["istio"] or {}).get("destinationRule")

    def set_weight(self, weight: int, others: list[dict[str, Any]]) -> None:
        """Write the weights of canary and stable into the routes that lead to both."""
        for rules, stored in self._each():
            changed: Object = copied(stored)
            found = False
            for protocol in PROTOCOLS:
                for route in (changed.get("spec") or {}).get(protocol) or []:
                    found |= self._weigh(route, rules, protocol, weight, others)
            name = stored["metadata"]["name"]
            if not found:
                raise RoutingError(f"no route of VirtualService `{name}` leads to {' and '.join(self._both())}")
            self._order(changed)
            if changed != stored:
                self._write(changed, f"VirtualService `{name}` set to desiredWeight '{weight}'")

    def _both(self) -> tuple[str, str]:
        if self._rule is not None:
            return str(self._rule["canarySubsetName"]), str(self._rule["stableSubsetName"])
        return self._context.plan.canary_service, self._context.plan.stable_service

    def _role(self, destination: Route) -> str:
        """By which of the two names a destination goes; empty for another one."""
        target = destination.get("destination") or {}
        name = target.get("subset", "") if self._rule is not None else str(target.get("host", "")).split(".")[0]
        return str(name)

    def _weigh(
        self, route: Route, rules: dict[str, Any], protocol: str, weight: int, others: list[dict[str, Any]]
    ) -> bool:
        canary, stable = self._both()
        destinations = [entry for entry in route.get("route") or [] if isinstance(entry, dict)]
        if not {canary, stable} <= {self._role(entry) for entry in destinations}:
            return False
        chosen = rules.get("routes")
        managed = route.get("name") in self._managed() and "mirror" not in route
        if managed or (protocol == "http" and chosen and route.get("name") not in chosen):
            return False
        extra = {other["serviceName"]: other["weight"] for other in others}
        rest = self._context.plan.max_weight - weight - sum(extra.values())
        kept = []
        for entry in destinations:
            role = self._role(entry)
            if role in (canary, stable):
                kept.append({**entry, "weight": weight if role == canary else rest})
            elif role in extra:
                kept.append({**entry, "weight": extra.pop(role)})
            elif not entry.get("weight"):
                kept.append(entry)
        kept += [{"destination": {"host": name}, "weight": share} for name, share in extra.items()]
        route["route"] = kept
        return True

    def update_hashes(self, canary: str, stable: str, others: list[dict[str, Any]]) -> None:
        """Let the subsets of the DestinationRule select the versions; subsets that are neither go."""
        if self._rule is None:
            return
        storage, name = self._context.world.storage, str(self._rule["name"])
        stored = storage.peek(DESTINATIONRULES, self._context.namespace, name)
        if stored is None:
            raise RoutingError(f'destinationrules.networking.istio.io "{name}" not found')
        hashes = dict(zip(self._both(), (canary, stable), strict=True))
        hashes |= {other["serviceName"]: other.get("podTemplateHash", "") for other in others}
        changed: Object = copied(stored)
        subsets = []
        for subset in (changed.get("spec") or {}).get("subsets") or []:
            if subset.get("name") not in hashes:
                continue
            labels = {key: value for key, value in (subset.get("labels") or {}).items() if key != HASH}
            digest = hashes[subset["name"]]
            subsets.append({**subset, "labels": {**labels, HASH: digest} if digest else labels})
        changed["spec"]["subsets"] = subsets
        changed["metadata"].setdefault("annotations", {})[MANAGED_BY] = self._context.name
        if changed == stored:
            return
        storage.update(DESTINATIONRULES, changed, manager=MANAGER)
        told = ", ".join(f"{subset}: {digest}" for subset, digest in list(hashes.items())[:2])
        self._context.tell("UpdatedDestinationRule", f"DestinationRule {name} subset updated ({told})")

    def set_header_route(self, route: dict[str, Any]) -> None:
        """A route of its own name for requests with these headers, to the canary alone."""
        self._set_route(route, "headerRoute", {"match": header_matches(route), "route": [self._to_canary(100)]})

    def set_mirror_route(self, route: dict[str, Any]) -> None:
        """A route of its own name whose requests are copied to the canary; it is weighed like the others."""
        share = {"value": float(100 if route.get("percentage") is None else route["percentage"])}
        target = self._to_canary(None)["destination"]
        fields = {"match": _mirror_matches(route), "mirror": target, "mirrorPercentage": share}
        self._set_route(route, "mirrorRoute", fields)

    def _set_route(self, route: dict[str, Any], told: str, fields: Route) -> None:
        for rules, stored in self._each():
            changed: Object = copied(stored)
            routes = [entry for entry in changed["spec"].get("http") or [] if entry.get("name") != route.get("name")]
            if route.get("match"):
                body = dict(fields)
                if "route" not in body:
                    body["route"] = self._weighed(routes, rules)
                routes.append({"name": route.get("name", ""), **body})
            changed["spec"]["http"] = routes
            self._order(changed)
            if changed != stored:
                name = stored["metadata"]["name"]
                self._write(changed, f"VirtualService `{name}` set {told} '{route.get('name', '')}'")

    def _weighed(self, routes: list[Route], rules: dict[str, Any]) -> list[Route]:
        """The destinations of the route that takes the weights."""
        for route in routes:
            if not rules.get("routes") or route.get("name") in rules["routes"]:
                return list(copied(route.get("route") or []))
        return []

    def _to_canary(self, weight: int | None) -> Route:
        target: dict[str, Any] = {"host": self._context.plan.canary_service}
        if self._rule is not None:
            storage, name = self._context.world.storage, str(self._rule["name"])
            stored = storage.peek(DESTINATIONRULES, self._context.namespace, name) or {}
            target = {
                "host": (stored.get("spec") or {}).get("host") or self._context.plan.canary_service,
                "subset": self._rule["canarySubsetName"],
            }
        return {"destination": target} if weight is None else {"destination": target, "weight": weight}

    def remove_managed_routes(self) -> None:
        """Take every route away that steps added."""
        for _, stored in self._each():
            routes = (stored.get("spec") or {}).get("http") or []
            kept = [entry for entry in routes if entry.get("name") not in self._managed()]
            if len(kept) != len(routes):
                changed: Object = copied(stored)
                changed["spec"]["http"] = copied(kept)
                self._write(changed, f"VirtualService `{stored['metadata']['name']}` removed all managed routes.")

    def _managed(self) -> list[str]:
        return [str(entry.get("name")) for entry in (self._context.plan.router or {}).get("managedRoutes") or []]

    def _order(self, changed: Object) -> None:
        """Managed routes first, as they are listed."""
        managed = self._managed()
        routes = (changed.get("spec") or {}).get("http") or []
        first = [entry for name in managed for entry in routes if entry.get("name") == name]
        if first:
            changed["spec"]["http"] = [*first, *(entry for entry in routes if entry.get("name") not in managed)]

    def _each(self) -> Iterator[tuple[dict[str, Any], Object]]:
        for rules, (name, stored) in zip(
            _named(self._context.plan.router), virtual_services(self._context), strict=True
        ):
            if stored is None:
                raise RoutingError(f'virtualservices.networking.istio.io "{name}" not found')
            yield rules, stored

    def _write(self, changed: Object, told: str) -> None:
        self._context.world.storage.update(VIRTUALSERVICES, changed, manager=MANAGER)
        self._context.tell("Updated VirtualService", told)


def _mirror_matches(route: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for match in route.get("match") or []:
        entry: dict[str, Any] = {}
        if match.get("method"):
            entry["method"] = match["method"]
        if match.get("path"):
            entry["uri"] = match["path"]
        if match.get("headers"):
            entry["headers"] = match["headers"]
        found.append(entry)
    return found
