"""Whatever a cluster holds under the names of Argo Rollouts: nothing fails, and every refusal has words."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.model.checks import limit_words, progress_words, value_words
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from tests.objects import Cluster, Doc
from tests.systems.argo.releases import (
    NEW,
    OLD,
    STEPS,
    SYSTEM,
    blue_green,
    canary,
    found,
    ingress,
    read,
    replica_set,
    rollout,
    service,
    status,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "web", "web-stable", OLD, NEW, "10m", "7", "-", "\x1b[31m", "\ud7ff\u202e", "2026-01-01T00:00:00Z"]
    )
)
SPEC_KEYS = [
    "replicas",
    "strategy",
    "canary",
    "blueGreen",
    "steps",
    "trafficRouting",
    "nginx",
    "stableIngress",
    "istio",
    "virtualService",
    "destinationRule",
    "name",
    "plugins",
    "argoproj-labs/gatewayAPI",
    "httpRoute",
    "alb",
    "ingress",
    "setWeight",
    "pause",
    "duration",
    "stableService",
    "canaryService",
    "pingPong",
    "activeService",
    "template",
    "metadata",
    "labels",
    "spec",
    "containers",
    "image",
    "paused",
    "workloadRef",
    "kind",
    "rollbackWindow",
    "revisions",
]
STATUS_KEYS = [
    "phase",
    "message",
    "observedGeneration",
    "currentPodHash",
    "stableRS",
    "currentStepIndex",
    "pauseConditions",
    "reason",
    "startTime",
    "conditions",
    "type",
    "status",
    "controllerPause",
    "abort",
    "promoteFull",
    "canary",
    "weights",
    "weight",
    "additional",
    "blueGreen",
    "activeSelector",
    "currentStepAnalysisRunStatus",
    "stablePingPong",
    "workloadObservedGeneration",
]


def trees(keys: list[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(keys), inner, max_size=5),
        max_leaves=25,
    )


def planted(base: Doc, keys: list[str]) -> st.SearchStrategy[Doc]:
    """A sane object with some of its fields, at any depth, replaced by anything."""

    def plant(choice: tuple[list[int], Any]) -> Doc:
        doc = copy.deepcopy(base)
        place: Any = doc
        path, value = choice
        for at, number in enumerate(path):
            options = (
                list(place) if isinstance(place, dict) else list(range(len(place))) if isinstance(place, list) else []
            )
            if not options:
                break
            key = options[number % len(options)]
            if at == len(path) - 1 or not isinstance(place[key], dict | list):
                place[key] = value
                break
            place = place[key]
        return doc

    return st.tuples(st.lists(st.integers(0, 30), min_size=1, max_size=7), trees(keys)).map(plant)


SPECS = [
    rollout(canary(routing={"nginx": {"stableIngress": "web"}}))["spec"],
    rollout(canary(routing={"plugins": {"argoproj-labs/gatewayAPI": {"httpRoutes": [{"name": "web"}]}}}))["spec"],
    rollout(canary(routing={"istio": {"virtualServices": [{"name": "web"}]}, "alb": {"ingress": "web"}}))["spec"],
    rollout(canary(STEPS), rollbackWindow={"revisions": 1}, paused=True)["spec"],
    rollout(blue_green(autoPromotionSeconds=30))["spec"],
]
ASKS = (
    *(Ask(act) for act in Act if act is not Act.UNDO),
    *(Ask(Act.JUMP, step=step) for step in (1, 2, 4)),
    *(Ask(Act.SET_WEIGHT, weights=(("v2", share),)) for share in (0.2, 0.6)),
    *(Ask(Act.ROLLBACK, version=name) for name in ("v1", "1", OLD)),
    Ask(Act.SET_IMAGE, image=("", "shop/web:v3")),
    Ask(Act.SCALE, counts=(("v2", 2),)),
)
specs = trees(SPEC_KEYS) | st.sampled_from(SPECS).flatmap(lambda base: planted(base, SPEC_KEYS))
statuses = trees(STATUS_KEYS) | planted(status(), STATUS_KEYS)


def cluster_with(spec: Any, said: Any) -> Cluster:
    doc = rollout(canary())
    cluster = Cluster([{**doc, "spec": spec, "status": said}])
    replica_set(cluster, OLD, "v1", 1, 1)
    replica_set(cluster, NEW, "v2", 2, 1)
    cluster.add(service("web-stable", OLD), service("web-canary"), ingress("web", "web-stable"))
    return cluster


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs, statuses)
def test_anything_is_read_and_every_answer_has_words(spec: Any, said: Any) -> None:
    cluster = cluster_with(spec, said)
    rollout_ = read(cluster)
    assert all(key.startswith("steers=") for key in found(cluster).index_keys())
    for text in (
        rollout_.message,
        rollout_.router,
        *(f.text for f in rollout_.findings),
        *(s.title for s in rollout_.steps),
    ):
        assert text == safe_text(text, 1000)
    for act in rollout_.acts:
        assert act.enabled or act.why
    for lane in rollout_.lanes:
        for share in (*(s.declared for s in lane.shares), *(s.written for s in lane.shares)):
            assert share is None or 0.0 <= share <= 1.0
    for ask in ASKS:
        answer = SYSTEM.plan(rollout_, ask, cluster)
        if isinstance(answer, Refused):
            assert len(answer.why) > 30
            assert "default/web" in answer.why
        else:
            assert isinstance(answer, Plan)
            assert answer.requests
            assert answer.commands()


@settings(deadline=None)
@given(trees([*STATUS_KEYS, "metricResults", "measurements", "value"]), st.text(max_size=30))
def test_odd_runs_and_annotations_are_borne(said: Any, text: str) -> None:
    cluster = cluster_with(rollout(canary())["spec"], status(abort=True))
    owner = [{"kind": "Rollout", "name": "web", "uid": found(cluster).metadata.uid, "controller": True}]
    for kind in ("AnalysisRun", "Experiment"):
        meta = {"name": "odd", "labels": {"rollouts-pod-template-hash": NEW}, "ownerReferences": owner}
        cluster.add(
            {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": meta, "spec": said, "status": said}
        )
    annotations = cluster.doc("ReplicaSet", f"web-{OLD}")["metadata"]["annotations"]
    for key in ("rollout.argoproj.io/revision", "rollout.argoproj.io/ephemeral-metadata", "scale-down-deadline"):
        annotations[key] = text
    rollout_ = read(cluster)
    assert isinstance(SYSTEM.plan(rollout_, Ask(Act.ROLLBACK), cluster), Plan | Refused)
    assert_checks_are_safe(rollout_)


def assert_checks_are_safe(rollout_: Rollout) -> None:
    for check in rollout_.checks:
        texts = [check.name, check.part, check.message]
        for metric in check.metrics:
            texts += [metric.name, metric.asked, metric.interval, metric.message]
            texts += [each.value for each in metric.values]
            texts += [*progress_words(metric), *limit_words(metric), value_words(metric)]
        assert [text for text in texts if text != safe_text(text, 500)] == []


RUN_KEYS = [
    *("phase", "message", "metricResults", "metrics", "measurements", "value", "name", "count", "interval"),
    *("failed", "failureLimit", "inconclusive", "inconclusiveLimit", "consecutiveError", "dryRun", "finishedAt"),
    *("successCondition", "templateStatuses", "podTemplateHash", "serviceName", "startedAt"),
]
RESULT = {"name": "m", "phase": "Running", "count": 2, "failed": 1, "measurements": [{"phase": "Failed", "value": "1"}]}
RUN_STATUS = {"phase": "Running", "metricResults": [RESULT], "templateStatuses": [{"podTemplateHash": "x"}]}
RUN_SPEC = {"metrics": [{"name": "m", "interval": "1m", "count": 5, "failureLimit": 1, "successCondition": "true"}]}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted(RUN_SPEC, RUN_KEYS), planted(RUN_STATUS, RUN_KEYS), st.text(max_size=20))
def test_runs_that_decide_are_read_whatever_they_hold(spec: Any, said: Any, label: str) -> None:
    names = {"currentStepAnalysisRunStatus": {"name": "odd"}, "currentExperiment": "odd"}
    cluster = cluster_with(rollout(canary())["spec"], status(canary=names, phase="Progressing"))
    owner = [{"kind": "Rollout", "name": "web", "uid": found(cluster).metadata.uid, "controller": True}]
    for kind in ("AnalysisRun", "Experiment"):
        labels = {"rollouts-pod-template-hash": NEW, "rollout-type": label, "step-index": label}
        meta = {"name": "odd", "uid": kind, "labels": labels, "ownerReferences": owner}
        cluster.add(
            {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": meta, "spec": spec, "status": said}
        )
    replica = copy.deepcopy(cluster.doc("ReplicaSet", f"web-{NEW}"))
    annotations = {"experiment.argoproj.io/template-name": label}
    trial = [{"kind": "Experiment", "name": "odd", "uid": "Experiment", "controller": True}]
    replica["metadata"] |= {"name": "odd", "uid": "trial", "annotations": annotations, "ownerReferences": trial}
    rollout_ = read(cluster.add(replica))
    assert_checks_are_safe(rollout_)
    assert {check.kind for check in rollout_.checks} == {"AnalysisRun", "Experiment"}
    names_ = [version.name for version in rollout_.versions]
    assert len(names_) == len(set(names_)) == 3
