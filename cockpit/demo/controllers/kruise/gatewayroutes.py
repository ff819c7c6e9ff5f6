"""The HTTPRoute in front of a stable Service (openkruise/rollouts pkg/trafficrouting/network/gateway)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.kruise.names import MANAGER
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import HTTPROUTES
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import not_found

Rule = dict[str, Any]


class GatewayRoutes:
    """Edits the rules of one HTTPRoute in place: backends of a weight step, or rules of their own for matches."""

    def __init__(self, world: World, rollout: Object, reference: dict[str, str], stable: str, canary: str) -> None:
        self._world, self._namespace = world, rollout["metadata"]["namespace"]
        self._name, self._stable, self._canary = reference.get("httpRouteName", ""), stable, canary

    def check(self) -> None:
        """NotFound when there is no such route."""
        if self._route() is None:
            raise not_found(HTTPROUTES, self._name)

    def ensure(self, step: dict[str, Any]) -> bool:
        """Matches win over a weight."""
        self.check()
        if step.get("matches"):
            return not self._write(lambda rules: self._by_match(rules, step["matches"]))
        weight = resolve(step.get("traffic"), 100, up=True)
        return not self._write(lambda rules: [self._weighted(rule, weight) for rule in rules])

    def restore(self) -> bool:
        """No canary backend, no rule that has none but it, and weight 1 for the stable one."""
        return self._write(lambda rules: [kept for rule in rules if (kept := self._restored(rule))["backendRefs"]])

    def _route(self) -> Object | None:
        return self._world.storage.peek(HTTPROUTES, self._namespace, self._name)

    def _write(self, change: Any) -> bool:
        route = self._route()
        if route is None:
            return False
        before = (route.get("spec") or {}).get("rules") or []
        after = change(copied(before))
        if after == before:
            return False
        self._world.storage.update(HTTPROUTES, {**route, "spec": {**route["spec"], "rules": after}}, manager=MANAGER)
        return True

    def _backend(self, rule: Rule, name: str) -> Rule | None:
        for backend in rule.get("backendRefs") or []:
            if backend.get("kind", "Service") == "Service" and backend.get("name") == name:
                found: Rule = backend
                return found
        return None

    def _weighted(self, rule: Rule, weight: int) -> Rule:
        stable = self._backend(rule, self._stable)
        if stable is None:
            return rule
        canary = self._backend(rule, self._canary)
        if canary is None:
            canary = {**copied(stable), "name": self._canary}
            rule["backendRefs"].append(canary)
        stable["weight"], canary["weight"] = 100 - weight, weight
        return rule

    def _restored(self, rule: Rule) -> Rule:
        backends = [b for b in rule.get("backendRefs") or [] if b is not self._backend(rule, self._canary)]
        rule = {**rule, "backendRefs": backends}
        stable = self._backend(rule, self._stable)
        if stable is not None:
            stable["weight"] = 1
        return rule

    def _by_match(self, rules: list[Rule], matches: list[Rule]) -> list[Rule]:
        """The rules without the canary's, then for each that leads to the stable Service one for the canary."""
        kept = [rule for rule in rules if self._backend(rule, self._canary) is None]
        made = []
        paths = [match for match in matches if match.get("path")]
        plain = [match for match in matches if not match.get("path")]
        for rule in kept:
            stable = self._backend(rule, self._stable)
            if stable is None:
                continue
            wanted = [{key: m[key] for key in ("path", "headers", "queryParams") if m.get(key)} for m in paths]
            paths = []
            if not plain and not wanted:
                continue
            wanted += [_joined(base, match) for base in rule.get("matches") or [] for match in plain]
            canary = {**copied(stable), "name": self._canary}
            made.append({**copied(rule), "backendRefs": [canary], "matches": wanted})
        return kept + made


def _joined(base: Rule, match: Rule) -> Rule:
    """A route's own match with a step's headers and query parameters added."""
    result: Rule = copied(base)
    for field in ("headers", "queryParams"):
        if match.get(field):
            result[field] = [*(result.get(field) or []), *copied(match[field])]
    return result
