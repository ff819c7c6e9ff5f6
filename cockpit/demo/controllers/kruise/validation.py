"""What the webhook of Rollouts refuses, in its own words (openkruise/rollouts pkg/webhook/rollout/validating)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from cockpit.demo.controllers.kruise import plan
from cockpit.demo.controllers.kruise.dumps import canary_steps, replicas_value, struct
from cockpit.demo.controllers.kruise.plan import scaled
from cockpit.demo.controllers.kruise.profile import CONFIGMAP, LEGACY, profile_in
from cockpit.demo.controllers.kruise.workload import kind_named
from cockpit.demo.errors import ApiError
from cockpit.demo.rules.crdrules import check_schema
from cockpit.demo.schemas.customkinds import CLONESETS, KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1
from cockpit.demo.schemas.kinds import DEPLOYMENTS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.admission import Review

# The flag --partition-percent-limit: a step of a partition release that routes traffic may not replace more pods.
LIMIT = 50
_OLDER = (
    "this imitates Kruise Rollouts 0.6, and releases up to 0.5 accept it: a ConfigMap "
    f"{CONFIGMAP} with `profile: {LEGACY}` in the namespace imitates those"
)


class DeniedError(ApiError):
    """A refusal by a webhook: a Status without reason."""

    code, reason = 422, ""


def admit_rollout(review: Review) -> None:
    """Refuse a Rollout that breaks a rule, on create and on every update of the object itself."""
    if review.kind is not KRUISE_ROLLOUTS:
        return
    if check_schema(review.storage.registry.schema(KRUISE_ROLLOUTS) or {}, review.new, review.old):
        # What has not even the shape of a Rollout is refused before a webhook hears of it.
        return
    legacy = profile_in(review.storage, review.new["metadata"]["namespace"]) == LEGACY
    alpha = review.asked is KRUISE_ROLLOUTS_V1ALPHA1
    causes = [*_broken_spec(review.new, alpha, legacy), *_conflict(review)]
    if not causes and review.old is not None:
        causes = _moved(review.old, review.new, alpha, legacy)
    if causes:
        what = causes[0] if len(causes) == 1 else f"[{', '.join(causes)}]"
        denied = DeniedError(f'admission webhook "vrollout.kb.io" denied the request: {what}')
        if not legacy and not [*_broken_spec(review.new, alpha, legacy=True), *_conflict(review)]:
            denied.warning = _OLDER
        raise denied


def _invalid(path: str, value: str, why: str) -> str:
    return f"{path}: Invalid value: {value}: {why}"


def _broken_spec(rollout: Object, alpha: bool, legacy: bool) -> list[str]:
    strategy = (rollout.get("spec") or {}).get("strategy") or {}
    causes = _broken_reference(rollout)
    both = [strategy.get("canary") is not None, strategy.get("blueGreen") is not None]
    if all(both) or not any(both):
        what = "be set" if all(both) else "be empty"
        return [*causes, _invalid("Spec.Strategy", '"null"', f"Canary and BlueGreen cannot both {what}")]
    path = f"Spec.Strategy.{'BlueGreen' if plan.is_blue_green(rollout) else 'Canary'}"
    return [*causes, *_broken_steps(rollout, f"{path}.Steps", alpha, legacy), *_broken_routings(rollout, path)]


def _broken_reference(rollout: Object) -> list[str]:
    reference = plan.reference_of(rollout)
    value = struct("v1beta1.ObjectRef", APIVersion=reference.get("apiVersion"), Kind=reference.get("kind"))
    value = f'{value[:-1]}, Name:"{reference.get("name", "")}"}}'
    kind = kind_named(reference)
    daemons = reference.get("kind") == "DaemonSet"
    if kind is None and not daemons:
        return [_invalid("Spec.ObjectRef.WorkloadRef", value, "WorkloadRef kind is not supported")]
    if plan.is_blue_green(rollout) and kind not in (DEPLOYMENTS, CLONESETS):
        why = "WorkloadRef kind is not supported for bluegreen style"
        return [_invalid("Spec.ObjectRef.WorkloadRef", value, why)]
    return []


def _broken_steps(rollout: Object, path: str, alpha: bool, legacy: bool) -> list[str]:
    """The first thing that is wrong with the steps."""
    steps = plan.steps_of(rollout)
    shown = canary_steps(steps, "v1alpha1" if alpha else "v1beta1")
    if not steps:
        return [_invalid(path, shown, "The number of Canary.Steps cannot be empty")]
    partition = plan.is_partition(rollout) and not legacy
    for number, step in enumerate(steps):
        if why := _broken_step(step, plan.is_blue_green(rollout), partition, alpha):
            field, reason = why
            value = replicas_value(step.get("replicas")) if field == "Replicas" else shown
            return [_invalid(f"{path}[{number}].{field}", value, reason)]
    for before, after in pairwise(steps):
        if isinstance(before["replicas"], str) != isinstance(after["replicas"], str):
            continue
        if scaled(after["replicas"], 100) < scaled(before["replicas"], 100):
            why_not = "Steps.CanaryReplicas must be a non decreasing sequence"
            return [_invalid(f"{path}.CanaryReplicas", shown, why_not)]
    return []


def _broken_step(step: dict[str, Any], blue_green: bool, partition: bool, alpha: bool) -> tuple[str, str] | None:
    """The field of a step that is wrong, and why."""
    replicas = step.get("replicas")
    if replicas is None:
        return "steps", "replicas cannot be empty"
    size = scaled(replicas, 100)
    if size <= 0 or (isinstance(replicas, str) and size > 100):
        why = 'replicas must be positive number, or a percentage with "0%" < canaryReplicas <= "100%"'
        return "Replicas", why
    if not plan.is_routed(step):
        return None
    if partition and isinstance(replicas, str) and size > LIMIT:
        if alpha:
            what = "replicasLimitWithTraffic if traffic or matches specified"
            return "steps", f"For patition style rollout: step[x].replicas must not greater than {what}"
        what = "partition-percent-limit if traffic specified"
        return "steps", f"For partition style rollout: step[x].replicas must not greater than {what}"
    traffic = step.get("traffic")
    if traffic is None or alpha:
        return None
    share = scaled(traffic, 100) if isinstance(traffic, str) and traffic.endswith("%") else -1
    if blue_green and not 0 <= share <= 100:
        return "steps", 'traffic must be percentage with "0%" <= traffic <= "100%" in blueGreen strategy'
    if not blue_green and not 0 < share <= 100:
        return "steps", 'traffic must be percentage with "0%" < traffic <= "100%" in canary strategy'
    return None


def _broken_routings(rollout: Object, path: str) -> list[str]:
    routings = plan.strategy_of(rollout).get("trafficRoutings") or []
    causes = []
    if len(routings) > 1:
        value = "[]v1beta1.TrafficRoutingRef{...}"
        causes.append(_invalid(path, value, "Rollout currently only support single TrafficRouting."))
    inside = f"{path}.TrafficRouting"
    for routing in routings:
        if routing.get("gracePeriodSeconds", 0) < 0:
            why = "TrafficRouting.GracePeriodSeconds cannot be negative"
            causes.append(_invalid(f"{inside}.GracePeriodSeconds", f'"{routing.get("service", "")}"', why))
        if not routing.get("service"):
            causes.append(_invalid(f"{inside}.Service", '""', "TrafficRouting.Service cannot be empty"))
        if not any(routing.get(field) is not None for field in ("gateway", "ingress", "customNetworkRefs")):
            causes.append(_invalid(f"{inside}.TrafficRoutings", '"null"', "TrafficRoutings are not set"))
        if routing.get("ingress") is not None and not routing["ingress"].get("name"):
            value = struct("v1beta1.IngressTrafficRouting", ClassType=routing["ingress"].get("classType"), Name="")
            causes.append(_invalid(f"{inside}.Ingress", value, "TrafficRouting.Ingress.Ingress cannot be empty"))
        if routing.get("gateway") is not None and not routing["gateway"].get("httpRouteName"):
            why = "TrafficRouting.Gateway must set the name of HTTPRoute or HTTPsRoute"
            causes.append(_invalid(f"{inside}.Gateway", "v1beta1.GatewayTrafficRouting{...}", why))
    return causes


def _conflict(review: Review) -> list[str]:
    """A workload has one Rollout; two name the same workload if their references are literally equal."""
    meta = review.new["metadata"]
    for other in review.storage.scan(KRUISE_ROLLOUTS, meta["namespace"]):
        name = other["metadata"]["name"]
        if name != meta["name"] and plan.reference_of(other) == plan.reference_of(review.new):
            why = (
                f"This rollout conflict with Rollout({meta['namespace']}/{name}), "
                "one workload only have less than one Rollout"
            )
            return [_invalid("Conflict Checker", f'"{meta["name"]}"', why)]
    return []


def _moved(old: Object, new: Object, alpha: bool, legacy: bool) -> list[str]:
    """What must not change during a release."""
    if (old.get("status") or {}).get("phase") not in ("Progressing", "Terminating"):
        return []
    if plan.reference_of(old) != plan.reference_of(new):
        return ["Spec.ObjectRef: Forbidden: Rollout 'ObjectRef' field is immutable"]
    field = "Canary" if alpha else "Canary|BlueGreen"
    if plan.strategy_of(old).get("trafficRoutings") != plan.strategy_of(new).get("trafficRoutings"):
        what = f"Strategy.{field}.TrafficRoutings"
        return [f"Spec.{what}: Forbidden: Rollout '{what}' field is immutable"]
    if plan.style_of(old) != plan.style_of(new):
        if alpha:
            return ["Metadata.Annotation: Forbidden: Rollout 'Rolling-Style' annotation is immutable"]
        return [f"Spec.Strategy.{field}: Forbidden: Rollout style and enableExtraWorkloadForCanary are immutable"]
    if not alpha and not legacy and len(plan.steps_of(old)) != len(plan.steps_of(new)):
        return [f"Spec.Strategy.{field}: Forbidden: Amount of Rollout steps are immutable"]
    return []
