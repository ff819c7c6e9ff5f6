"""The canary Ingress beside an Ingress, in each dialect.

openkruise/rollouts lua_configuration/trafficrouting_ingress.
"""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.kruise.names import MANAGER
from cockpit.demo.controllers.kruise.status import owner_reference
from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import BadRequest
from cockpit.demo.schemas.kinds import INGRESSES
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of, not_found

Annotations = dict[str, str]
NGINX, ALB, MSE = "nginx.ingress.kubernetes.io/", "alb.ingress.kubernetes.io/", "mse.ingress.kubernetes.io/"
RULES = ("canary-by-cookie", "canary-by-header", "canary-by-header-pattern", "canary-by-header-value", "canary-weight")
QUERIES = ("canary-by-query", "canary-by-query-pattern", "canary-by-query-value")


class CanaryIngress:
    """`<ingress>-canary`: the rules of the Ingress that lead to the stable Service, leading to the canary Service."""

    def __init__(self, world: World, rollout: Object, reference: dict[str, str], stable: str, canary: str) -> None:
        self._world, self._rollout = world, rollout
        self._name, self._stable, self._canary = reference.get("name", ""), stable, canary
        self._dialect = reference.get("classType") or "nginx"
        if self._dialect not in DIALECTS:
            raise BadRequest(f"{self._dialect} lua script is not found")

    def check(self) -> None:
        """NotFound when there is no such Ingress."""
        self._main()

    def ensure(self, step: dict[str, Any]) -> bool:
        """Make the canary Ingress with weight 0 where it is missing, else give it the step's rules."""
        weight = None if step.get("traffic") is None else resolve(step["traffic"], 100, up=True)
        there = self._there()
        if there is None:
            if weight == 0:
                return True
            self._world.storage.create(INGRESSES, self._made(), manager=MANAGER)
            return False
        before: Annotations = there["metadata"].get("annotations") or {}
        after = DIALECTS[self._dialect](before, weight, step)
        if after == before:
            return True
        gone = dict.fromkeys(before.keys() - after.keys())
        patch(self._world, INGRESSES, there, {"metadata": {"annotations": {**after, **gone}}})
        return False

    def restore(self) -> bool:
        """Delete the canary Ingress."""
        there = self._there()
        if there is None or there["metadata"].get("deletionTimestamp"):
            return False
        self._world.storage.delete(INGRESSES, *key_of(INGRESSES, there))
        return True

    def _there(self) -> Object | None:
        return self._world.storage.peek(INGRESSES, self._rollout["metadata"]["namespace"], f"{self._name}-canary")

    def _main(self) -> Object:
        found = self._world.storage.peek(INGRESSES, self._rollout["metadata"]["namespace"], self._name)
        if found is None:
            raise not_found(INGRESSES, self._name)
        return found

    def _made(self) -> Object:
        main = self._main()
        meta, spec = main["metadata"], main["spec"]
        made: Object = {
            "metadata": {
                "name": f"{self._name}-canary",
                "namespace": meta["namespace"],
                "annotations": DIALECTS[self._dialect](copied(meta.get("annotations") or {}), 0, {}),
                "labels": copied(meta.get("labels") or {}),
                "ownerReferences": [owner_reference(self._rollout)],
            },
            "spec": {key: copied(spec[key]) for key in ("ingressClassName", "tls") if key in spec},
        }
        made["spec"]["rules"] = [made_rule for rule in spec.get("rules") or [] if (made_rule := self._rule(rule))]
        return made

    def _rule(self, rule: Object) -> Object | None:
        """A rule with its paths to the stable Service only, led to the canary Service."""
        paths = [
            copied(path)
            for path in (rule.get("http") or {}).get("paths") or []
            if ((path.get("backend") or {}).get("service") or {}).get("name") == self._stable
        ]
        for path in paths:
            path["backend"]["service"]["name"] = self._canary
        kept = {"host": rule["host"]} if rule.get("host") else {}
        return {**kept, "http": {"paths": paths}} if paths else None


def _rules(
    prefix: str, annotations: Annotations, weight: int | None, step: dict[str, Any], *, headers: bool = False
) -> Annotations:
    """What every dialect writes: of several matches the last one stays, and of each only the first header counts.

    `headers` says that the dialect's script breaks at a match without headers.
    """
    result = {key: value for key, value in annotations.items() if key not in {f"{prefix}{rule}" for rule in RULES}}
    result[f"{prefix}canary"] = "true"
    if weight is not None:
        result[f"{prefix}canary-weight"] = str(weight)
    for match in step.get("matches") or []:
        header = next(iter(match.get("headers") or []), None)
        if header is None and headers:
            raise BadRequest("attempt to index a non-table object(nil) with key 'name'")
        if header is None:
            continue
        if header.get("name") == "canary-by-cookie":
            result[f"{prefix}canary-by-cookie"] = header.get("value", "")
            continue
        result[f"{prefix}canary-by-header"] = header.get("name", "")
        form = "pattern" if header.get("type") == "RegularExpression" else "value"
        result[f"{prefix}canary-by-header-{form}"] = header.get("value", "")
    return result


def _nginx(annotations: Annotations, weight: int | None, step: dict[str, Any]) -> Annotations:
    return _rules(NGINX, annotations, weight, step)


def _higress(annotations: Annotations, weight: int | None, step: dict[str, Any]) -> Annotations:
    return _rules(NGINX, annotations, weight, step, headers=True)


def _alb(annotations: Annotations, weight: int | None, step: dict[str, Any]) -> Annotations:
    return {**_rules(ALB, annotations, weight, step, headers=True), f"{ALB}order": "1"}


def _mse(annotations: Annotations, weight: int | None, step: dict[str, Any]) -> Annotations:
    """As nginx; rules by query are written under one prefix and cleared under another, so they outlive their step.

    The script breaks at an Ingress without any annotation.
    """
    if not annotations:
        raise BadRequest("attempt to index a non-table object(nil) with key 'nginx.ingress.kubernetes.io/canary'")
    result = _rules(NGINX, annotations, weight, step)
    for query in QUERIES:
        result.pop(f"{MSE}{query}", None)
    if f"{MSE}service-subset" in result:
        result[f"{MSE}service-subset"] = "gray"
    headers = (step.get("requestHeaderModifier") or {}).get("set")
    if headers:
        result[f"{MSE}request-header-control-update"] = "".join(f"{h['name']} {h['value']}" for h in headers)
    for match in step.get("matches") or []:
        rule = next(iter(match.get("queryParams") or []), None)
        if rule:
            result[f"{NGINX}canary-by-query"] = rule.get("name", "")
            form = "pattern" if rule.get("type") == "RegularExpression" else "value"
            result[f"{NGINX}canary-by-query-{form}"] = rule.get("value", "")
    return result


DIALECTS = {"nginx": _nginx, "higress": _higress, "aliyun-alb": _alb, "mse": _mse}
