"""VirtualServices and DestinationRules (rollout/trafficrouting/istio/istio.go)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.argo.context import HASH, MANAGER, Context
from cockpit.demo.controllers.argo.plan import plan_of
from cockpit.demo.controllers.argo.router import RoutingError, header_matches
from cockpit.demo.controllers.argo.services import MANAGED_BY, routed
from cockpit.demo.schemas.customkinds import DESTINATIONRULES, VIRTUALSERVICES
from cockpit.demo.schemas.objects import Object, copied

PROTOCOLS = ("http", "tls", "tcp")
SEVERAL = (
    "spec.http[] should be set in VirtualService and it must have exactly one route when omitting"
    " spec.strategy.canary.trafficRouting.istio.virtualService.routes"
)
Route = dict[str, Any]


def virtual_services(context: Context) -> Iterator[tuple[str, Object | None]]:
    """The VirtualServices that a Rollout names, each with what is stored under the name."""
    for rules in named(context.plan.router):
        yield str(rules["name"]), context.world.storage.peek(VIRTUALSERVICES, *_place(rules, context.namespace))


def named_by(rollout: Object) -> set[tuple[str, str]]:
    """Namespace and name of the VirtualServices that a Rollout writes."""
    rules = named(plan_of(rollout).router)
    return {_place(entry, rollout["metadata"]["namespace"]) for entry in rules}


def _place(rules: dict[str, Any], namespace: str) -> tuple[str, str]:
    name, _, other = str(rules["name"]).partition(".")
    return other or namespace, name


def named(router: dict[str, Any] | None) -> list[dict[str, Any]]:
    rules = (router or {}).get("istio") or {}
    several = rules.get("virtualServices")
    return list(several) if several else [rules["virtualService"]] if rules.get("virtualService") else []


def wrong_routes(context: Context, rules: dict[str, Any], stored: Object) -> str:
    """What is wrong with the routes of a VirtualService, as its Rollout names them (ValidateVirtualService)."""
    spec = stored.get("spec") or {}
    if not any(isinstance(spec.get(protocol), list) for protocol in PROTOCOLS):
        return "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService"
    if not isinstance(spec.get("http"), list):
        return ""
    wrong = Istio(context).problem(spec["http"], rules.get("routes") or [])
    return f"Istio VirtualService has invalid HTTP routes. Error: {wrong}" if wrong else ""


def _weighed(routes: list[Route], listed: list[str]) -> tuple[list[Route], str]:
    """The routes that take the weights: those listed, else the only one, else the first without a name.

    The text names a route that is listed and does not exist.
    """
    if not listed:
        unnamed = [route for route in routes if not route.get("name")]
        return (routes if len(routes) == 1 else unnamed[:1]), ""
    by_name: dict[str, Route] = {}
    for route in routes:
        by_name.setdefault(str(route.get("name") or ""), route)
    gone = next((name for name in listed if name not in by_name), None)
    if gone is not None:
        return [], f"HTTP Route '{gone}' is not found in the defined Virtual Service."
    return [by_name[name] for name in listed], ""


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
            spec, listed = changed.get("spec") or {}, rules.get("routes") or []
            http = spec.get("http") or []
            if wrong := self.problem(http, listed) if http else "":
                raise RoutingError(wrong)
            mirrors = [str(route.get("name")) for route in http if "mirror" in route and self._is_managed(route)]
            for route in _weighed(http, [*listed, *mirrors])[0]:
                self._weigh(route, weight, others)
            for route in [route for protocol in PROTOCOLS[1:] for route in spec.get(protocol) or []]:
                if set(self._both()) <= {self._role(entry) for entry in route.get("route") or []}:
                    self._weigh(route, weight, others)
            name = stored["metadata"]["name"]
            self._order(changed)
            if changed != stored:
                self._write(changed, f"VirtualService `{name}` set to desiredWeight '{weight}'")

    def _both(self) -> tuple[str, str]:
        if self._rule is not None:
            return str(self._rule["canarySubsetName"]), str(self._rule["stableSubsetName"])
        stable, canary = routed(self._context)
        return canary, stable

    def problem(self, routes: list[Route], listed: list[str]) -> str:
        """Why the HTTP routes of a VirtualService cannot take weights; empty if they can (ValidateHTTPRoutes)."""
        chosen, wrong = _weighed(routes, listed)
        if wrong:
            return wrong
        kind = "Service" if self._rule is None else "DestinationRule subset"
        for route in chosen:
            known = {self._role(entry) for entry in route.get("route") or []}
            for role, name in zip(("Canary", "Stable"), self._both(), strict=True):
                if name not in known:
                    return f"{role} {kind} '{name}' not found in route"
        own = [route for route in routes if not self._is_managed(route)]
        return SEVERAL if not listed and len(own) > 1 else ""

    def _role(self, destination: Route) -> str:
        """By which of the two names a destination goes; empty for another one."""
        target = destination.get("destination") or {}
        name = target.get("subset", "") if self._rule is not None else str(target.get("host", "")).split(".")[0]
        return str(name)

    def _weigh(self, route: Route, weight: int, others: list[dict[str, Any]]) -> None:
        canary, stable = self._both()
        destinations = [entry for entry in route.get("route") or [] if isinstance(entry, dict)]
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
        """A separate named route for requests with these headers, to the canary alone."""
        self._set_route(route, "headerRoute", {"match": header_matches(route), "route": [self._to_canary(100)]})

    def set_mirror_route(self, route: dict[str, Any]) -> None:
        """A separate named route whose requests are copied to the canary; it has the same weights as the others."""
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
                    found = _weighed(routes, rules.get("routes") or [])[0]
                    body["route"] = list(copied(found[0].get("route") or [])) if found else []
                routes.append({"name": route.get("name", ""), **body})
            changed["spec"]["http"] = routes
            self._order(changed)
            if changed != stored:
                name = stored["metadata"]["name"]
                self._write(changed, f"VirtualService `{name}` set {told} '{route.get('name', '')}'")

    def _to_canary(self, weight: int | None) -> Route:
        canary = routed(self._context)[1]
        target: dict[str, Any] = {"host": canary}
        if self._rule is not None:
            storage, name = self._context.world.storage, str(self._rule["name"])
            stored = storage.peek(DESTINATIONRULES, self._context.namespace, name) or {}
            target = {
                "host": (stored.get("spec") or {}).get("host") or canary,
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

    def _is_managed(self, route: Route) -> bool:
        return route.get("name") in self._managed()

    def _order(self, changed: Object) -> None:
        """Managed routes first, as they are listed."""
        managed = self._managed()
        routes = (changed.get("spec") or {}).get("http") or []
        first = [entry for name in managed for entry in routes if entry.get("name") == name]
        if first:
            changed["spec"]["http"] = [*first, *(entry for entry in routes if entry.get("name") not in managed)]

    def _each(self) -> Iterator[tuple[dict[str, Any], Object]]:
        for rules, (name, stored) in zip(
            named(self._context.plan.router), virtual_services(self._context), strict=True
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
