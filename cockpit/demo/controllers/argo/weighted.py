"""Routers whose objects hold a flat list of weights: SMI, Traefik, APISIX (packages of rollout/trafficrouting).

A cluster has their kinds where somebody defined them; the versions are those that the controller asks for by default.
Its flags can name another group of Traefik: here that of Traefik 3 is taken where the default one is not served.
"""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.argo.context import MANAGER, Context
from cockpit.demo.controllers.argo.router import RoutingError, WeightsOnly
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.kind import Kind
from cockpit.demo.schemas.objects import Object, copied

TRAFFIC_SPLITS = ("split.smi-spec.io", "v1alpha1", "trafficsplits")
TRAEFIK_SERVICES = ("traefik.containo.us", "v1alpha1", "traefikservices")
TRAEFIK_3_SERVICES = ("traefik.io", "v1alpha1", "traefikservices")
APISIX_ROUTES = ("apisix.apache.org", "v2", "apisixroutes")
NOT_SERVED = "the server could not find the requested resource"


class _Weighted(WeightsOnly):
    """Writes objects of one kind that the cluster may serve."""

    def __init__(self, context: Context, word: str, *resources: tuple[str, str, str]) -> None:
        self._context = context
        self._rules: dict[str, Any] = (context.plan.router or {})[word] or {}
        self._resources = resources

    @property
    def kind(self) -> Kind:
        """The kind; raises RoutingError if the cluster does not serve it."""
        registry = self._context.world.storage.registry
        found = next(filter(None, (registry.by_resource(*resource) for resource in self._resources)), None)
        if found is None:
            raise RoutingError(NOT_SERVED)
        return found

    def _stored(self, name: str) -> Object:
        found = self._context.world.storage.peek(self.kind, self._context.namespace, name)
        if found is None:
            raise RoutingError(f'{self.kind.resource} "{name}" not found')
        return found

    def _write(self, stored: Object, changed: Object) -> None:
        if changed != stored:
            self._context.world.storage.update(self.kind, changed, manager=MANAGER)


class Smi(_Weighted):
    """Makes and keeps one TrafficSplit, which the Rollout owns."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, "smi", TRAFFIC_SPLITS)

    def set_weight(self, weight: int, others: list[dict[str, Any]]) -> None:
        """The canary, experiments, and what is left for the stable version, in this order."""
        context, plan = self._context, self._context.plan
        name = str(self._rules.get("trafficSplitName") or context.name)
        backends = [{"service": plan.canary_service, "weight": str(weight)}]
        backends += [{"service": other["serviceName"], "weight": str(other["weight"])} for other in others]
        rest = 100 - weight - sum(int(other["weight"]) for other in others)
        backends.append({"service": plan.stable_service, "weight": str(rest)})
        spec = {"service": str(self._rules.get("rootService") or plan.stable_service), "backends": backends}
        storage = context.world.storage
        stored = storage.peek(self.kind, context.namespace, name)
        if stored is None:
            reference = owners.reference_to(context.rollout, ARGO_ROLLOUTS)
            meta = {"name": name, "namespace": context.namespace, "ownerReferences": [reference]}
            storage.create(self.kind, {"metadata": meta, "spec": spec}, manager=MANAGER)
            context.tell("TrafficSplitCreated", f"TrafficSplit `{name}` created")
            return
        if (owners.controller_of(stored) or {}).get("uid") != context.rollout["metadata"]["uid"]:
            raise RoutingError(f"Rollout does not own TrafficSplit `{name}`")
        self._write(stored, {**stored, "spec": spec})


class Traefik(_Weighted):
    """Changes the weights of both Services in a TraefikService; it knows no experiments."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, "traefik", TRAEFIK_SERVICES, TRAEFIK_3_SERVICES)

    def set_weight(self, weight: int, others: list[dict[str, Any]]) -> None:
        """The first entry of each name."""
        stored = self._stored(str(self._rules.get("weightedTraefikServiceName") or ""))
        changed: Object = copied(stored)
        listed = ((changed.get("spec") or {}).get("weighted") or {}).get("services")
        if listed is None:
            raise RoutingError("spec.weighted.services was not found in traefik service manifest")
        plan = self._context.plan
        for role, name, share in (
            ("canary", plan.canary_service, weight),
            ("stable", plan.stable_service, 100 - weight),
        ):
            found = next((entry for entry in listed if entry.get("name") == name), None)
            if found is None:
                raise RoutingError(f"traefik {role} service was not found")
            found["weight"] = share
        self._write(stored, changed)


class Apisix(_Weighted):
    """Changes the weights of both backends in the rules that the Rollout lists; it knows no experiments."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, "apisix", APISIX_ROUTES)

    def set_weight(self, weight: int, others: list[dict[str, Any]]) -> None:
        """In each listed rule; without a list, in the one named as the route."""
        settings = self._rules.get("route") or {}
        name = str(settings.get("name") or "")
        stored = self._stored(name)
        changed: Object = copied(stored)
        rules = (changed.get("spec") or {}).get("http")
        if rules is None:
            raise RoutingError("spec.http was not found in Apisix Route manifest")
        plan = self._context.plan
        for wanted in settings.get("rules") or [name]:
            rule = next((entry for entry in rules if entry.get("name") == wanted), None)
            if rule is None:
                raise RoutingError(f"Apisix http route rule {wanted} not found")
            for service, share in ((plan.canary_service, weight), (plan.stable_service, 100 - weight)):
                backends = rule.get("backends") or []
                found = next((entry for entry in backends if entry.get("serviceName") == service), None)
                if found is None:
                    raise RoutingError(f"apisix route {service} backend was not found")
                found["weight"] = share
        self._write(stored, changed)
