"""What Kruise's webhook and CRD refuse, the two versions of its kinds, and hostile Rollouts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.demo.api.versions import stored, to_shown, to_stored
from cockpit.demo.controllers.kruise.validation import DeniedError
from cockpit.demo.errors import ApiError, Invalid
from cockpit.demo.schemas import kinds
from cockpit.demo.schemas.customkinds import BATCHRELEASES_V1ALPHA1, KRUISE_ROLLOUTS, KRUISE_ROLLOUTS_V1ALPHA1
from cockpit.demo.schemas.kinds import CONFIGMAPS
from cockpit.demo.schemas.kruiseforms import ConversionFailedError
from cockpit.demo.schemas.objects import Object, copied
from tests.demo.conftest import Bench
from tests.demo.test_kruise import NGINX, rollout
from tests.places import seed

DENIED = 'admission webhook "vrollout.kb.io" denied the request: '
NONE = 'intstr.IntOrString{Type:1, IntVal:0, StrVal:"0%"}'
POSITIVE = 'replicas must be positive number, or a percentage with "0%" < canaryReplicas <= "100%"'
SHARE = 'traffic must be percentage with "0%" < traffic <= "100%" in canary strategy'
LIMIT = "For partition style rollout: step[x].replicas must not greater than partition-percent-limit"


def refusal(bench: Bench, made: Object) -> str:
    with pytest.raises(ApiError) as caught:
        bench.storage.create(KRUISE_ROLLOUTS, made)
    assert caught.value.code == 422
    # Go's dump of the steps is noise.
    return re.sub(r"\[\]v1\w+\.CanaryStep\{.*\}", "STEPS", caught.value.message)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([], "Steps: Invalid value: STEPS: The number of Canary.Steps cannot be empty"),
        ([{"traffic": "20%"}], "Steps[0].steps: Invalid value: STEPS: replicas cannot be empty"),
        (
            [{"replicas": "0%"}],
            f"Steps[0].Replicas: Invalid value: {NONE}: {POSITIVE}",
        ),
        (
            [{"replicas": 1, "traffic": "0%"}],
            f"Steps[0].steps: Invalid value: STEPS: {SHARE}",
        ),
        (
            [{"replicas": "50%"}, {"replicas": "20%"}],
            "Steps.CanaryReplicas: Invalid value: STEPS: Steps.CanaryReplicas must be a non decreasing sequence",
        ),
        (
            [{"replicas": 1}, {"replicas": "60%", "traffic": "50%"}],
            f"Steps[1].steps: Invalid value: STEPS: {LIMIT} if traffic specified",
        ),
    ],
)
def test_steps_are_refused_in_the_real_webhooks_words(bench: Bench, steps: list[Object], text: str) -> None:
    made = rollout()
    made["spec"]["strategy"]["canary"]["steps"] = steps
    assert refusal(bench, made) == f"{DENIED}Spec.Strategy.Canary.{text}"


def test_what_older_releases_accept_is_refused_with_the_way_to_imitate_those(bench: Bench) -> None:
    def warned(*steps: Object) -> str:
        with pytest.raises(DeniedError) as caught:
            bench.storage.create(KRUISE_ROLLOUTS, rollout(*steps))
        assert "demo-kruise-rollouts" not in caught.value.message, "the webhook's own words stay"
        return caught.value.warning

    assert "a ConfigMap demo-kruise-rollouts with `profile: legacy`" in warned({"replicas": "60%", "traffic": "50%"})
    assert warned({"replicas": "0%"}) == "", "no release accepts it"


def test_a_number_of_pods_is_never_held_against_the_limit(bench: Bench) -> None:
    bench.storage.create(KRUISE_ROLLOUTS, rollout({"replicas": 100, "traffic": "100%"}))


def test_strategies_references_and_routings(bench: Bench) -> None:
    made = rollout({"replicas": 1})
    made["spec"]["strategy"]["blueGreen"] = {"steps": [{"replicas": 1}]}
    assert "Canary and BlueGreen cannot both be set" in refusal(bench, made)
    made["spec"]["strategy"] = {}
    assert refusal(bench, made).endswith(
        'Spec.Strategy: Invalid value: "null": Canary and BlueGreen cannot both be empty'
    )
    assert refusal(bench, rollout({"replicas": 1}, reference="apps/v1/StatefulSet", style="blueGreen")) == (
        f'{DENIED}Spec.ObjectRef.WorkloadRef: Invalid value: v1beta1.ObjectRef{{APIVersion:"apps/v1", '
        'Kind:"StatefulSet", Name:"web"}: WorkloadRef kind is not supported for bluegreen style'
    )
    assert "WorkloadRef kind is not supported" in refusal(bench, rollout({"replicas": 1}, reference="batch/v1/Job"))
    made = rollout({"replicas": 1}, routing={"service": "", "ingress": {"name": ""}})
    assert refusal(bench, made) == (
        f'{DENIED}[Spec.Strategy.Canary.TrafficRouting.Service: Invalid value: "": TrafficRouting.Service cannot be '
        "empty, Spec.Strategy.Canary.TrafficRouting.Ingress: Invalid value: v1beta1.IngressTrafficRouting"
        '{ClassType:"", Name:""}: TrafficRouting.Ingress.Ingress cannot be empty]'
    )


def test_a_workload_has_one_rollout(bench: Bench) -> None:
    bench.storage.create(KRUISE_ROLLOUTS, rollout())
    other = rollout()
    other["metadata"]["name"] = "other"
    assert refusal(bench, other) == (
        f'{DENIED}Conflict Checker: Invalid value: "other": This rollout conflict with Rollout(default/web), '
        "one workload only have less than one Rollout"
    )


def test_what_a_running_release_needs_cannot_change(bench: Bench) -> None:
    made = bench.storage.create(KRUISE_ROLLOUTS, rollout({"replicas": 1}, {"replicas": 2}, routing=NGINX))
    bench.settle()
    running = bench.storage.get(KRUISE_ROLLOUTS, "default", "web")
    bench.storage.update(KRUISE_ROLLOUTS, {**running, "status": {"phase": "Progressing"}}, subresource="status")

    def refused(**change: Any) -> str:
        edited = copied(made)
        edited["metadata"].pop("resourceVersion")
        edited["spec"]["strategy"]["canary"].update(change)
        with pytest.raises(ApiError) as caught:
            bench.storage.update(KRUISE_ROLLOUTS, edited)
        return caught.value.message

    fields = "Strategy.Canary|BlueGreen"
    assert refused(trafficRoutings=[]) == (
        f"{DENIED}Spec.{fields}.TrafficRoutings: Forbidden: Rollout '{fields}.TrafficRoutings' field is immutable"
    )
    assert (
        refused(steps=[{"replicas": 1}]) == f"{DENIED}Spec.{fields}: Forbidden: Amount of Rollout steps are immutable"
    )
    assert "style and enableExtraWorkloadForCanary are immutable" in refused(enableExtraWorkloadForCanary=True)


def test_the_shape_is_refused_before_any_webhook_is_asked(bench: Bench) -> None:
    made = rollout()
    del made["spec"]["workloadRef"]
    made["spec"]["strategy"]["canary"]["steps"] = "all"
    with pytest.raises(ApiError) as caught:
        bench.storage.create(KRUISE_ROLLOUTS, made)
    assert caught.value.message == (
        'Rollout.rollouts.kruise.io "web" is invalid: [spec.workloadRef: Required value, spec.strategy.canary.steps: '
        'Invalid value: "string": spec.strategy.canary.steps in body must be of type array: "string"]'
    )


# The walk-through's manifests, written for releases up to 0.5

# What `kubectl apply` leaves on everything; the script for MSE breaks at an Ingress without any annotation.
KUBECTL = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}


def apply(bench: Bench, *docs: Object) -> None:
    for doc in docs:
        kind = kinds.by_kind(doc["apiVersion"], doc["kind"])
        assert kind is not None
        annotations = {**doc["metadata"].get("annotations", {}), **KUBECTL}
        placed = {**doc, "metadata": {**doc["metadata"], "namespace": "default", "annotations": annotations}}
        bench.storage.create(stored(kind), to_stored(kind, placed), asked=kind)


def legacy(bench: Bench) -> None:
    meta = {"name": "demo-kruise-rollouts", "namespace": "default"}
    bench.storage.create(CONFIGMAPS, {"metadata": meta, "data": {"profile": "legacy"}})


EXAMPLES = ("nginx", "alb", "mse", "batches")


@pytest.mark.parametrize("name", EXAMPLES)
def test_its_last_step_is_refused_by_newer_releases(bench: Bench, name: str) -> None:
    with pytest.raises(ApiError) as caught:
        apply(bench, *seed(f"kruise-rollout-{name}"))
    assert caught.value.message.startswith(
        f"{DENIED}Spec.Strategy.Canary.Steps[2].steps: Invalid value: []v1alpha1.Can"
    )
    assert caught.value.message.endswith(
        ": For patition style rollout: step[x].replicas must not greater than replicasLimitWithTraffic "
        "if traffic or matches specified"
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_releases_up_to_0_5_take_it_and_go_through(bench: Bench, name: str) -> None:
    legacy(bench)
    routes = [] if name == "batches" else [*seed("kruise-service"), *seed(f"kruise-ingress-{name}")]
    apply(bench, *seed("kruise-echoserver"), *routes)
    bench.settle(5)
    apply(bench, *seed(f"kruise-rollout-{name}"))
    bench.settle(3)
    weights: list[str | None] = []
    bench.set_image("echoserver", "demo:1.10.3")
    prefix = "alb" if name == "alb" else "nginx"
    approved = False
    for _ in range(400):
        bench.settle(0.5)
        status = bench.storage.get(KRUISE_ROLLOUTS, "default", "rollouts-demo")["status"]
        sub = status.get("canaryStatus") or {}
        canary = bench.storage.peek(kinds.INGRESSES, "default", "echoserver-canary")
        weight = (
            canary["metadata"]["annotations"].get(f"{prefix}.ingress.kubernetes.io/canary-weight") if canary else None
        )
        if weight not in weights[-1:]:
            weights.append(weight)
        if (sub.get("currentStepIndex"), sub.get("currentStepState")) == (1, "StepPaused") and not approved:
            approved = True
            bench.storage.update(
                KRUISE_ROLLOUTS,
                {"metadata": {"name": "rollouts-demo", "namespace": "default"}, "status": _ready(status)},
                subresource="status",
            )
        if approved and status["phase"] == "Healthy":
            break
    assert approved
    assert (status["phase"], sub["currentStepIndex"], sub["currentStepState"]) == ("Healthy", 3, "Completed")
    assert status["message"] == "Rollout progressing has been completed"
    assert not {"nextStepIndex", "finalisingStep"} & sub.keys()
    assert "currentStepIndex" not in status
    if routes:
        assert [weight for weight in weights if weight] == ["0", "50", "100", "0"]
    assert {pod["spec"]["containers"][0]["image"] for pod in bench.pods()} == {"demo:1.10.3"}


def _ready(status: Object) -> Object:
    changed = copied(status)
    changed["canaryStatus"]["currentStepState"] = "StepReady"
    return dict(changed)


# Two versions of one object


def test_the_older_version_loses_what_it_does_not_know(bench: Bench) -> None:
    matches = [
        {
            "path": {"value": "/a"},
            "headers": [{"name": "a", "value": "b"}],
            "queryParams": [{"name": "q", "value": "1"}],
        }
    ]
    made = bench.storage.create(
        KRUISE_ROLLOUTS,
        rollout({"replicas": 1, "traffic": "20%", "matches": matches}, disableGenerateCanaryService=True),
    )
    shown = to_shown(KRUISE_ROLLOUTS_V1ALPHA1, made)
    assert shown["apiVersion"] == "rollouts.kruise.io/v1alpha1"
    assert shown["metadata"]["annotations"]["rollouts.kruise.io/rolling-style"] == "partition"
    [step] = shown["spec"]["strategy"]["canary"]["steps"]
    assert step == {
        "replicas": 1,
        "weight": 20,
        "matches": [{"headers": [{"name": "a", "value": "b", "type": "Exact"}]}],
        "pause": {},
    }
    assert "disableGenerateCanaryService" not in shown["spec"]["strategy"]["canary"]
    assert shown["spec"]["objectRef"]["workloadRef"] == made["spec"]["workloadRef"]


def test_a_blue_green_rollout_is_nothing_but_a_name_in_the_older_version(bench: Bench) -> None:
    made = bench.storage.create(KRUISE_ROLLOUTS, rollout({"replicas": 1}, style="blueGreen"))
    shown = to_shown(KRUISE_ROLLOUTS_V1ALPHA1, made)
    assert shown["metadata"]["name"] == "web"
    assert shown["spec"]["strategy"] == {}
    assert shown["status"] == {}


def test_the_style_of_the_older_version_is_an_annotation(bench: Bench) -> None:
    old: Object = {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "objectRef": {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
            "strategy": {"canary": {"steps": [{"weight": 20}, {"weight": 100, "replicas": 3}]}},
        },
    }
    stored_form = to_stored(KRUISE_ROLLOUTS_V1ALPHA1, old)
    canary = stored_form["spec"]["strategy"]["canary"]
    assert canary["enableExtraWorkloadForCanary"] is True
    assert canary["steps"] == [
        {"traffic": "20%", "replicas": "20%", "pause": {}},
        {"traffic": "100%", "replicas": 3, "pause": {}},
    ]
    old["metadata"]["annotations"] = {"rollouts.kruise.io/rolling-style": "Partition"}
    assert "enableExtraWorkloadForCanary" not in to_stored(KRUISE_ROLLOUTS_V1ALPHA1, old)["spec"]["strategy"]["canary"]


def test_a_batch_release_in_the_older_version() -> None:
    new = {
        "metadata": {"name": "web"},
        "spec": {"workloadRef": {"name": "web"}, "releasePlan": {"rollingStyle": "Partition"}},
    }
    shown = to_shown(BATCHRELEASES_V1ALPHA1, new)
    assert shown["spec"]["targetReference"] == {"workloadRef": {"name": "web"}}
    assert to_stored(BATCHRELEASES_V1ALPHA1, shown)["spec"] == new["spec"]


def test_a_blue_green_rollout_cannot_be_written_in_the_older_version(bench: Bench) -> None:
    made = bench.storage.create(KRUISE_ROLLOUTS, rollout({"replicas": 1}, style="blueGreen"))
    with pytest.raises(ConversionFailedError, match="conversion webhook"):
        to_stored(KRUISE_ROLLOUTS_V1ALPHA1, to_shown(KRUISE_ROLLOUTS_V1ALPHA1, made))


# Whatever a client sends

JUNK = st.sampled_from([None, True, -1, 0, 7, 10**12, 1.5, "", "50%", "x", "-1%", "StepReady", [], [1], {}, {"a": 1}])


def places_in(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside plain JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way] * bool(way) + [place for key, entry in inner for place in places_in(entry, (*way, key))]


def spoiled(value: Any, way: tuple[Any, ...], junk: Any) -> Any:
    """A copy with junk at one place."""
    result = copied(value)
    inner = result
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = junk
    return result


MATCH = {"headers": [{"name": "a", "value": "b", "type": "Exact"}], "path": {"value": "/"}, "queryParams": []}
FULL = rollout({"replicas": 1, "traffic": "20%", "matches": [MATCH], "pause": {"duration": 1}}, {"replicas": "50%"})
FULL["spec"]["strategy"]["canary"]["trafficRoutings"] = [{**NGINX, "gateway": {"httpRouteName": "web"}}]
OLD_FULL = to_shown(KRUISE_ROLLOUTS_V1ALPHA1, FULL)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), junk=JUNK, alpha=st.booleans())
def test_a_rollout_with_junk_in_it_is_taken_or_refused(
    caplog: pytest.LogCaptureFixture, data: st.DataObject, junk: Any, alpha: bool
) -> None:
    asked, whole = (KRUISE_ROLLOUTS_V1ALPHA1, OLD_FULL) if alpha else (KRUISE_ROLLOUTS, FULL)
    way = data.draw(st.sampled_from(places_in({"spec": whole["spec"]})))
    caplog.clear()
    bench = Bench()
    bench.deploy("web", "web:v1", 2)
    bench.settle(1)
    try:
        bench.storage.create(KRUISE_ROLLOUTS, to_stored(asked, spoiled(whole, way, junk)), asked=asked)
    except (Invalid, DeniedError, ConversionFailedError):
        return
    to_shown(KRUISE_ROLLOUTS_V1ALPHA1, bench.storage.get(KRUISE_ROLLOUTS, "default", "web"))
    bench.settle(2)
    bench.set_image("web", "web:v2")
    bench.settle(8)
    assert not [record.exc_info for record in caplog.records if record.levelname == "ERROR"]


RUNNING = ("phase", "message", "conditions", "observedGeneration", "currentStepIndex", "currentStepState")
SUB = ("currentStepIndex", "nextStepIndex", "currentStepState", "finalisingStep", "lastUpdateTime", "stableRevision")
WAYS = [(field,) for field in RUNNING] + [("canaryStatus",)] + [("canaryStatus", field) for field in SUB]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(way=st.sampled_from(WAYS), junk=JUNK)
def test_a_status_with_junk_in_it_stops_nobody(
    caplog: pytest.LogCaptureFixture, way: tuple[str, ...], junk: Any
) -> None:
    caplog.clear()
    bench = Bench()
    bench.deploy("web", "web:v1", 2)
    bench.settle(1)
    bench.storage.create(KRUISE_ROLLOUTS, rollout({"replicas": 1}, {"replicas": 2}))
    bench.settle(2)
    bench.set_image("web", "web:v2")
    bench.settle(6)
    running = bench.storage.get(KRUISE_ROLLOUTS, "default", "web")
    try:
        bench.storage.update(KRUISE_ROLLOUTS, spoiled(running, ("status", *way), junk), subresource="status")
    except Invalid:
        return
    bench.settle(8)
    assert not [record.exc_info for record in caplog.records if record.levelname == "ERROR"]
