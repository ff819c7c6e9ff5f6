"""The Gateway API plug-in: weights and header rules in HTTPRoutes and GRPCRoutes.

Source: argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi, pkg/plugin; file names below are of that repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.argo.context import MANAGER, Context
from cockpit.demo.controllers.argo.router import RoutingError
from cockpit.demo.schemas.customkinds import GRPCROUTES, HTTPROUTES
from cockpit.demo.schemas.kind import Kind
from cockpit.demo.schemas.labelselectors import matches
from cockpit.demo.schemas.objects import Object, copied

NAME = "argoproj-labs/gatewayAPI"
LABEL = ("rollouts.argoproj.io/gatewayapi-canary", "in-progress")
KINDS = ((HTTPROUTES, "httpRoute"), (GRPCROUTES, "grpcRoute"))
NO_ROUTES = (
    "No routes configured. At least one of 'httpRoutes', 'grpcRoutes', 'tcpRoutes', 'tlsRoutes', 'httpRoute', "
    "'grpcRoute', 'tcpRoute' or 'tlsRoute' must be set"
)
Rule = dict[str, Any]


class GatewayApi:
    """Sets the weights of both Services in every rule but those that it made itself; says at once that they hold."""

    verified: bool | None = True

    def __init__(self, context: Context) -> None:
        self._context = context
        self._config: dict[str, Any] = ((context.plan.router or {})["plugins"] or {})[NAME] or {}
        self._canary, self._stable = context.plan.canary_service, context.plan.stable_service

    def set_weight(self, weight: int, others: list[dict[str, Any]]) -> None:
        """The canary's weight, 100 minus that for the stable version: `maxTrafficWeight` does not count here."""
        routes = list(self._routes())
        if not routes:
            raise RoutingError(NO_ROUTES)
        for kind, stored in routes:
            changed: Object = copied(stored)
            found = set()
            for rule in _rules(changed):
                if self._is_managed(rule):
                    continue
                for backend in rule.get("backendRefs") or []:
                    if backend.get("name") == self._canary:
                        backend["weight"] = weight
                    elif backend.get("name") == self._stable:
                        backend["weight"] = 100 - weight
                    else:
                        continue
                    found.add(backend["name"])
            if found != {self._canary, self._stable}:
                raise RoutingError(f"backendRef was not found in {'httpRoute' if kind is HTTPROUTES else 'grpcRoute'}")
            self._label(changed, weight)
            self._write(kind, stored, changed)

    def update_hashes(self, canary: str, stable: str, others: list[dict[str, Any]]) -> None:
        """Does nothing: versions are told apart by their Services."""

    def set_mirror_route(self, route: dict[str, Any]) -> None:
        """Nothing: the plug-in leaves mirrors out."""

    def set_header_route(self, route: dict[str, Any]) -> None:
        """For each rule with both Services one more, for requests with these headers, to the canary alone."""
        if not route.get("match"):
            self.remove_managed_routes()
            return
        name = str(route.get("name", ""))
        headers = [_header(match) for match in route["match"]]
        for kind, stored in self._routes(by_header=True):
            changed: Object = copied(stored)
            kept = [rule for rule in _rules(changed) if not self._is_managed(rule)]
            sources = [rule for rule in kept if {self._canary, self._stable} <= _names(rule)]
            added = [self._managed_rule(rule, name, number, headers) for number, rule in enumerate(sources)]
            changed["spec"]["rules"] = [*kept, *added]
            self._write(kind, stored, changed)

    def _managed_rule(self, source: Rule, name: str, number: int, headers: list[dict[str, Any]]) -> Rule:
        backend = next(entry for entry in source["backendRefs"] if entry.get("name") == self._canary)
        target = {"group": "", "kind": "Service", "name": self._canary, "port": backend.get("port")}
        found = [
            {**match, "headers": [*(match.get("headers") or []), *headers]} for match in source.get("matches") or [{}]
        ]
        rule: Rule = {
            "name": f"{name}-{number}" if number else name,
            "matches": copied(found),
            "backendRefs": [{key: value for key, value in target.items() if value is not None}],
        }
        if source.get("filters"):
            rule["filters"] = copied(source["filters"])
        return rule

    def remove_managed_routes(self) -> None:
        """Take rules of managed names away, and every rule that leads to the canary's Service alone."""
        for kind, stored in self._routes(by_header=True):
            changed: Object = copied(stored)
            changed["spec"]["rules"] = [rule for rule in _rules(changed) if not self._is_managed(rule)]
            self._write(kind, stored, changed)

    def _is_managed(self, rule: Rule) -> bool:
        backends = rule.get("backendRefs") or []
        if len(backends) == 1 and backends[0].get("name") == self._canary:
            return True
        named = str(rule.get("name", ""))
        for entry in (self._context.plan.router or {}).get("managedRoutes") or []:
            base, rest = str(entry.get("name", "")), named.removeprefix(f"{entry.get('name', '')}-")
            if named == base or (rest != named and rest.isdecimal()):
                return True
        return False

    def _routes(self, *, by_header: bool = False) -> Iterator[tuple[Kind, Object]]:
        """Each route with its kind; with `by_header` those alone that take header rules."""
        namespace = str(self._config.get("namespace") or self._context.namespace)
        storage = self._context.world.storage
        for kind, field in KINDS:
            named = [
                str(entry.get("name"))
                for entry in self._several(field)
                if entry.get("useHeaderRoutes") or not by_header
            ]
            if single := self._config.get(field):
                named.append(str(single))
            if selector := self._config.get(f"{field}Selector"):
                found = storage.scan(kind, namespace)
                chosen = [obj for obj in found if matches(selector, obj["metadata"].get("labels") or {})]
                named += [obj["metadata"]["name"] for obj in chosen]
            for name in named:
                stored = storage.peek(kind, namespace, name)
                if stored is None:
                    raise RoutingError(f'{kind.resource} "{name}" not found')
                yield kind, stored

    def _several(self, field: str) -> list[dict[str, Any]]:
        found = self._config.get(f"{field}s")
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []

    def _label(self, changed: Object, weight: int) -> None:
        """Mark the route while the canary takes traffic."""
        if self._config.get("disableInProgressLabel"):
            return
        key = str(self._config.get("inProgressLabelKey") or LABEL[0])
        labels = dict(changed["metadata"].get("labels") or {})
        labels.pop(key, None)
        if weight:
            labels[key] = str(self._config.get("inProgressLabelValue") or LABEL[1])
        if labels or changed["metadata"].get("labels"):
            changed["metadata"]["labels"] = labels

    def _write(self, kind: Kind, stored: Object, changed: Object) -> None:
        if changed != stored:
            self._context.world.storage.update(kind, changed, manager=MANAGER)


def _rules(route: Object) -> list[Rule]:
    return [rule for rule in (route.get("spec") or {}).get("rules") or [] if isinstance(rule, dict)]


def _names(rule: Rule) -> set[str]:
    return {str(backend.get("name")) for backend in rule.get("backendRefs") or []}


def _header(match: dict[str, Any]) -> dict[str, str]:
    value = match.get("headerValue") or {}
    name = str(match.get("headerName", ""))
    if value.get("exact"):
        return {"name": name, "type": "Exact", "value": value["exact"]}
    if value.get("prefix"):
        return {"name": name, "type": "RegularExpression", "value": f"{value['prefix']}.*"}
    if value.get("regex"):
        return {"name": name, "type": "RegularExpression", "value": value["regex"]}
    raise RoutingError("invalid header match type")
