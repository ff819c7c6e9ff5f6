"""Canary Ingresses in the nginx dialect (rollout/trafficrouting/nginx/nginx.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.argo.context import MANAGER, Context
from cockpit.demo.controllers.argo.router import RoutingError, WeightsOnly
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.kinds import INGRESSES
from cockpit.demo.schemas.objects import Object, copied

PREFIX = "nginx.ingress.kubernetes.io"
LEGACY_CLASS = "kubernetes.io/ingress.class"
LONGEST_NAME = 253


class Nginx(WeightsOnly):
    """Makes and keeps one canary Ingress per stable Ingress; it stays, with weight 0, after the update."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rules: dict[str, Any] = (context.plan.router or {})["nginx"] or {}

    def set_weight(self, weight: int, others: list[dict[str, Any]]) -> None:
        """Create the canary Ingresses, or bring them in line."""
        for name in stable_ingresses(self._rules):
            stable = self._context.world.storage.peek(INGRESSES, self._context.namespace, name)
            if stable is None:
                raise RoutingError(f'error retrieving stableIngress `{name}` from cache: ingress "{name}" not found')
            self._reconcile(f"{self._context.name}-{name}-canary"[:LONGEST_NAME], stable, weight)

    def _reconcile(self, name: str, stable: Object, weight: int) -> None:
        context, storage = self._context, self._context.world.storage
        wish = self._wish(name, stable, weight)
        stored = storage.peek(INGRESSES, context.namespace, name)
        if stored is None:
            context.tell("CreatingCanaryIngress", f"Creating canary ingress `{name}` with weight `{weight}`")
            storage.create(INGRESSES, wish, manager=MANAGER)
            return
        if (owners.controller_of(stored) or {}).get("uid") != context.rollout["metadata"]["uid"]:
            raise RoutingError(f"canary ingress `{name}` controlled by different object")
        annotations = {**(stored["metadata"].get("annotations") or {}), **wish["metadata"]["annotations"]}
        changed = {**stored, "metadata": {**stored["metadata"], "annotations": annotations}, "spec": wish["spec"]}
        if annotations == stored["metadata"].get("annotations") and wish["spec"] == stored["spec"]:
            return
        context.tell("PatchingCanaryIngress", f"Updating Ingress `{name}` to desiredWeight '{weight}'")
        storage.update(INGRESSES, changed, manager=MANAGER)

    def _wish(self, name: str, stable: Object, weight: int) -> Object:
        context, rules = self._context, []
        service = context.plan.stable_service
        for rule in stable["spec"].get("rules") or []:
            changed: dict[str, Any] = copied(rule)
            ours = False
            for path in (changed.get("http") or {}).get("paths") or []:
                backend = path.get("backend", {}).get("service") or {}
                if backend.get("name") == service:
                    backend["name"], ours = context.plan.canary_service, True
            if ours:
                rules.append(changed)
        if not rules:
            text = f"ingress `{stable['metadata']['name']}` has no rules using service {service} backend"
            raise RoutingError(text)
        spec = {key: copied(stable["spec"][key]) for key in ("tls", "ingressClassName") if key in stable["spec"]}
        return {
            "metadata": {
                "name": name,
                "namespace": context.namespace,
                "annotations": self._annotations(stable, weight),
                "ownerReferences": [owners.reference_to(context.rollout, ARGO_ROLLOUTS)],
            },
            "spec": {**spec, "rules": rules},
        }

    def _annotations(self, stable: Object, weight: int) -> dict[str, str]:
        prefix = self._rules.get("annotationPrefix") or PREFIX
        result: dict[str, str] = {}
        legacy = (stable["metadata"].get("annotations") or {}).get(LEGACY_CLASS)
        if legacy is not None:
            result[LEGACY_CLASS] = legacy
        for key, value in (self._rules.get("additionalIngressAnnotations") or {}).items():
            result[key if key.startswith(prefix) else f"{prefix}/{key}"] = value
        result |= self._rules.get("canaryIngressAnnotations") or {}
        result |= {f"{prefix}/canary": "true", f"{prefix}/canary-weight": str(weight)}
        total = (self._context.plan.router or {}).get("maxTrafficWeight")
        if total is not None:
            result[f"{prefix}/canary-weight-total"] = str(total)
        return result


def stable_ingresses(rules: dict[str, Any]) -> list[str]:
    """The Ingresses that a Rollout names."""
    named = rules.get("stableIngresses")
    return [str(name) for name in named] if named else [str(rules.get("stableIngress") or "")]


def has_backend(ingress: Object, service: str) -> bool:
    """Whether a rule of an Ingress leads to a Service."""
    return any(
        ((path.get("backend") or {}).get("service") or {}).get("name") == service
        for rule in ingress["spec"].get("rules") or []
        for path in (rule.get("http") or {}).get("paths") or []
    )
