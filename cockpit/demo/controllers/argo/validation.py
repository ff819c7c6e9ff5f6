"""What makes a Rollout's spec invalid for its controller (pkg/apis/rollouts/validation), the first thing found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.argo import nginx
from cockpit.demo.controllers.argo.context import HASH, Context
from cockpit.demo.controllers.argo.istio import named, virtual_services, wrong_routes
from cockpit.demo.controllers.argo.plan import pause_seconds
from cockpit.demo.controllers.argo.services import MANAGED_BY
from cockpit.demo.controllers.argo.templates import analyses, template_of
from cockpit.demo.schemas.kinds import INGRESSES, SERVICES
from cockpit.demo.schemas.labelselectors import matches

SERVICE_FIELDS = ("activeService", "previewService", "stableService", "canaryService")
STRATEGY = "spec.strategy"
STEP_KINDS = (
    "setWeight",
    "pause",
    "experiment",
    "analysis",
    "setCanaryScale",
    "setHeaderRoute",
    "setMirrorRoute",
    "plugin",
)
ONE_STEP = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause"
BOTH_SERVICES = "Canary service and Stable service must to be set to use Traffic Routing"
SAME_SERVICE = "This rollout uses the same service for the {} services, but two different services are required."
BOTH_PING_PONG = "Ping service and Pong service must to be set to use Ping-Pong feature"
PING_PONG_ROUTERS = "Ping-pong feature works with the ALB and Istio traffic routers only"
ROUTE_UNKNOWN = "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes"


def problem(context: Context) -> str:
    """Why the controller refuses to work on a Rollout; empty when it does not."""
    return next(_problems(context), "")


def _invalid(path: str, value: object, why: str) -> str:
    return f"{path}: Invalid value: {json.dumps(value, separators=(',', ':'))}: {why}"


def _missing(path: str, field: str) -> str:
    return f"{path}: Required value: Rollout has missing field '{field}'"


def _problems(context: Context) -> Iterator[str]:
    yield from _of_spec(context)
    plan = context.plan
    if plan.canary is None and plan.blue_green is None:
        yield _missing(f"{STRATEGY}.strategy", ".spec.strategy.canary or .spec.strategy.blueGreen")
    elif plan.canary is not None and plan.blue_green is not None:
        both = "blueGreen: true canary: true"
        yield _invalid(f"{STRATEGY}.strategy", both, "Multiple Strategies can not be listed")
    elif plan.blue_green is not None:
        if plan.blue_green.get("activeService", "") == plan.blue_green.get("previewService", ""):
            name = plan.blue_green.get("activeService", "")
            yield _invalid(f"{STRATEGY}.activeService", name, SAME_SERVICE.format("active and preview"))
    else:
        yield from _of_canary(context)
        for number, step in enumerate(plan.steps):
            yield from _of_step(context, f"{STRATEGY}.steps[{number}]", step)
    yield from _of_references(context)


def _of_spec(context: Context) -> Iterator[str]:
    spec = context.spec
    selector = spec.get("selector")
    for field in ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        if (spec.get(field) or 0) < 0:
            yield _invalid(f"spec.{field}", spec[field], "must be greater than or equal to 0")
    if spec.get("workloadRef") is None and selector is None:
        yield _missing("spec.selector", ".spec.selector")
    if selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield _invalid("spec.selector", selector, "empty selector is invalid for deployment")
    labels = (context.template.get("metadata") or {}).get("labels") or {}
    if selector is not None and not matches(selector, labels):
        yield _invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    if not (context.template.get("spec") or {}).get("containers"):
        yield "spec.template.spec.containers: Required value"
    if context.plan.deadline <= (spec.get("minReadySeconds") or 0):
        yield _invalid("spec.progressDeadlineSeconds", context.plan.deadline, "must be greater than minReadySeconds")


def _of_canary(context: Context) -> Iterator[str]:
    plan, rules = context.plan, context.plan.canary or {}
    if rules.get("maxSurge") in (0, "0%", "0") and rules.get("maxUnavailable") in (0, "0%", "0"):
        yield _invalid(f"{STRATEGY}.maxSurge", rules["maxSurge"], "MaxSurge and MaxUnavailable both can not be zero")
    if plan.canary_service and plan.canary_service == plan.stable_service:
        yield _invalid(f"{STRATEGY}.stableService", plan.stable_service, SAME_SERVICE.format("stable and canary"))
    if plan.router is None:
        for field in ("scaleDownDelaySeconds", "dynamicStableScale"):
            if rules.get(field):
                why = f"Canary {field} can only be used with traffic routing"
                yield _invalid(f"{STRATEGY}.{field}", rules[field], why)
        return
    yield from _of_router(plan.router, rules)


def _of_router(router: dict[str, Any], rules: dict[str, Any]) -> Iterator[str]:
    yield from _of_ping_pong(router, rules.get("pingPong"))
    istio = router.get("istio")
    by_host = istio is not None and istio.get("destinationRule") is None and rules.get("pingPong") is None
    if by_host or router.get("nginx") is not None:
        for field in ("stableService", "canaryService"):
            if not rules.get(field):
                yield _invalid(f"{STRATEGY}.{field}", "", BOTH_SERVICES)
    if rules.get("scaleDownDelaySeconds") is not None and rules.get("dynamicStableScale"):
        why = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds"
        yield _invalid(f"{STRATEGY}.dynamicStableScale", True, why)
    total = router.get("maxTrafficWeight")
    if total is not None and router.get("nginx") is None and not router.get("plugins"):
        why = "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins"
        yield _invalid(f"{STRATEGY}.trafficRouting.maxTrafficWeight", total, why)


def _of_ping_pong(router: dict[str, Any], rules: dict[str, Any] | None) -> Iterator[str]:
    if rules is None:
        return
    if router.get("alb") is None and router.get("istio") is None:
        yield _invalid(f"{STRATEGY}.trafficRouting.alb", None, PING_PONG_ROUTERS)
    for field in ("pingService", "pongService"):
        if not rules.get(field):
            yield _invalid(f"{STRATEGY}.pingPong.{field}", "", BOTH_PING_PONG)
    if rules.get("pingService") == rules.get("pongService"):
        name = rules.get("pingService") or ""
        yield _invalid(f"{STRATEGY}.pingPong.pingService", name, SAME_SERVICE.format("ping and pong"))


def _of_step(context: Context, path: str, step: dict[str, Any]) -> Iterator[str]:
    plan = context.plan
    kinds = [kind for kind in STEP_KINDS if step.get(kind) is not None]
    if not kinds or len([kind for kind in kinds if kind in STEP_KINDS[:4]]) > 1:
        yield _invalid(path, ", ".join(kinds), ONE_STEP)
    weight = step.get("setWeight")
    if weight is not None and not 0 <= weight <= plan.max_weight:
        yield _invalid(f"{path}.setWeight", weight, f"SetWeight needs to be between 0 and {plan.max_weight}")
    length = pause_seconds(step)
    if length is not None and length < 0:
        yield _invalid(f"{path}.pause.duration", length, "Duration needs to be greater than 0")
    if step.get("setCanaryScale") is not None and plan.router is None:
        why = "SetCanaryScale requires TrafficRouting to be set"
        yield f"{STRATEGY}.trafficRouting: Required value: {why}"
    yield from _of_routes(plan.router, path, step)


def _of_routes(router: dict[str, Any] | None, path: str, step: dict[str, Any]) -> Iterator[str]:
    for kind, routers, told in (
        ("setHeaderRoute", ("istio", "plugins"), "Istio and ALB and Apisix"),
        ("setMirrorRoute", ("istio",), "Istio only"),
    ):
        route = step.get(kind)
        if route is None:
            continue
        if router is None or not any(router.get(name) for name in routers):
            name = kind[0].upper() + kind[1:]
            yield _invalid(f"{path}.{kind}", route, f"{name} requires TrafficRouting, supports {told}")
        elif router.get("managedRoutes") is None:
            field = f"{STRATEGY}.canary.trafficRouting.managedRoutes"
            yield _missing(f"{STRATEGY}.trafficRouting.managedRoutes", field)
        elif route.get("name") not in [entry.get("name") for entry in router["managedRoutes"]]:
            yield _invalid(f"{path}.{kind}", route.get("name", ""), ROUTE_UNKNOWN)


def _of_references(context: Context) -> Iterator[str]:
    """Objects that are named and have to be there, as they are named."""
    plan, rules = context.plan, context.plan.strategy
    part = "canary" if plan.canary is not None else "blueGreen"
    named = [(field, rules.get(field)) for field in SERVICE_FIELDS]
    turns = rules.get("pingPong") or {}
    named += [(f"pingPong.{field}", turns.get(field)) for field in ("pingService", "pongService")]
    for field, name in named:
        if name:
            yield from _of_service(context, f"{STRATEGY}.{part}.{field}", str(name))
    for path, reference in analyses(plan):
        if template_of(context.world, context.namespace, reference) is None:
            name = reference.get("templateName", "")
            kind = "ClusterAnalysisTemplate" if reference.get("clusterScope") else "AnalysisTemplate"
            yield _invalid(path, name, f"{kind} '{name}' not found")
    yield from _of_routers(context)


def _of_service(context: Context, path: str, name: str) -> Iterator[str]:
    service = context.world.storage.peek(SERVICES, context.namespace, name)
    if service is None:
        yield _invalid(path, name, f'service "{name}" not found')
        return
    labels = (context.template.get("metadata") or {}).get("labels") or {}
    for key, value in (service["spec"].get("selector") or {}).items():
        if key != HASH and labels.get(key) != value:
            yield _invalid(path, name, f'Service "{name}" has unmatch label "{key}" in rollout')
    if (service["metadata"].get("annotations") or {}).get(MANAGED_BY, context.name) != context.name:
        yield _invalid(path, name, f'Service "{name}" is managed by another Rollout')


def _of_routers(context: Context) -> Iterator[str]:
    router, peek = context.plan.router or {}, context.world.storage.peek
    if router.get("nginx") is not None:
        for name in nginx.stable_ingresses(router["nginx"]):
            path, found = (
                f"{STRATEGY}.canary.trafficRouting.nginx.stableIngress",
                peek(INGRESSES, context.namespace, name),
            )
            if found is None:
                yield _invalid(path, name, f'ingress.networking.k8s.io "{name}" not found')
            elif not nginx.has_backend(found, context.plan.stable_service):
                service = context.plan.stable_service
                yield _invalid(path, name, f"ingress `{name}` has no rules using service {service} backend")
    several = bool((router.get("istio") or {}).get("virtualServices"))
    path = f"{STRATEGY}.canary.trafficRouting.istio.{'virtualServices' if several else 'virtualService'}.name"
    for rules, (name, found) in zip(named(router), virtual_services(context), strict=True):
        if found is None:
            yield _invalid(path, name, f'virtualservices.networking.istio.io "{name}" not found')
        elif wrong := wrong_routes(context, rules, found):
            yield _invalid(path, found["metadata"]["name"], wrong)
