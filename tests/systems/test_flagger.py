"""Flagger's canaries: phases, steps, lanes, gates, and what steering would do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.checks import CheckState, Said, limit_words, progress_words
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import FLAGGER_CANARIES, SERVICES
from cockpit.model.rollout import Phase, Role, Rollout
from cockpit.model.text import safe_text
from cockpit.systems.flagger.adapter import FlaggerSystem
from tests.objects import Cluster, ConflictError, ref

SYSTEM = FlaggerSystem()
Doc = dict[str, Any]
GATE = {"name": "ask", "type": "confirm-promotion", "url": "http://user:secret@loadtester.test/gate/check?token=x"}


def deployment(name: str, app: str, image: str, replicas: int) -> Doc:
    template = {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "c", "image": f"pod:{image}"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": app}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name: str, app: str) -> Doc:
    spec = {"selector": {"app": app}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def route(canary: int, header: str = "") -> Doc:
    backends = [
        {"name": "web-primary", "port": 80, "weight": 100 - canary},
        {"name": "web-canary", "port": 80, "weight": canary},
    ]
    match: Doc = {"path": {"type": "PathPrefix", "value": "/"}}
    rules = [{"matches": [match], "backendRefs": backends}]
    if header:
        matched = {**match, "headers": [{"name": header, "value": "yes"}]}
        rules.insert(0, {"matches": [matched], "backendRefs": [{"name": "web-canary", "port": 80}]})
        backends[0]["weight"], backends[1]["weight"] = 100, 0
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"rules": rules},
    }


def canary(phase: str = "Progressing", weight: int = 20, *, analysis: Doc | None = None, **more: Any) -> Doc:
    spec = {
        "provider": "gatewayapi:v1",
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "analysis": analysis or {"stepWeight": 10, "maxWeight": 30, "threshold": 5, "webhooks": [GATE]},
        **more,
    }
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": "web", "generation": 3},
        "spec": spec,
        "status": {"phase": phase, "canaryWeight": weight, "failedChecks": 1, "iterations": 2},
    }


def cluster(*docs: Doc) -> Cluster:
    found = Cluster(
        [
            deployment("web-primary", "web-primary", "v1", 3),
            deployment("web", "web", "v2", 1),
            service("web", "web-primary"),
            service("web-primary", "web-primary"),
            service("web-canary", "web"),
            *(docs or (canary(), route(20))),
        ]
    )
    return found.run("web-primary").run("web")


def read(objects: Cluster) -> Rollout:
    found = objects.get(FLAGGER_CANARIES, "default", "web")
    assert found is not None
    (rollout,) = SYSTEM.read(found, objects)
    return rollout


def planned(objects: Cluster, act: Act) -> Plan:
    answer = SYSTEM.plan(read(objects), Ask(act), objects)
    assert isinstance(answer, Plan), answer
    return answer


def refusal(objects: Cluster, act: Act) -> str:
    answer = SYSTEM.plan(read(objects), Ask(act), objects)
    assert isinstance(answer, Refused), answer
    return answer.why


def test_the_users_workload_is_the_canary_and_the_primary_serves() -> None:
    rollout = read(cluster())
    assert (rollout.key.system, rollout.router, rollout.phase) == ("flagger", "gateway-api", Phase.PROGRESSING)
    assert [(v.name, v.role, str(v.workload)) for v in rollout.versions] == [
        ("v1", Role.STABLE, "Deployment default/web-primary"),
        ("v2", Role.CANARY, "Deployment default/web"),
    ]
    shares = rollout.lanes[0].shares
    assert {s.version: (s.declared, s.written) for s in shares} == {"v1": (0.8, 0.8), "v2": (0.2, 0.2)}
    assert rollout.step is not None
    assert (rollout.step.index, rollout.step.count) == (2, 3)
    assert [s.title for s in rollout.steps] == ["10%", "20%", "30%"]
    assert {"Service", "Deployment", "HTTPRoute"} <= {r.resource.kind for r in rollout.objects[1:]}


def test_a_weight_by_hand_shows_as_another_written_share() -> None:
    rollout = read(cluster(canary(weight=20), route(60)))
    assert {s.version: (s.declared, s.written) for s in rollout.lanes[0].shares}["v2"] == (0.2, 0.6)


def test_what_flagger_drives_is_part_of_its_rollout() -> None:
    objects = cluster()
    assert ref(objects.doc("Service", "web")) in read(objects).objects
    assert ref(objects.doc("Service", "web")).resource == SERVICES


@pytest.mark.parametrize(
    ("phase", "more", "shown"),
    [
        ("Initializing", {}, Phase.PROGRESSING),
        ("Initialized", {}, Phase.AT_REST),
        ("Waiting", {}, Phase.WAITING),
        ("WaitingPromotion", {}, Phase.WAITING),
        ("Finalising", {}, Phase.PROGRESSING),
        ("Succeeded", {}, Phase.AT_REST),
        ("Failed", {}, Phase.ABORTED),
        ("Progressing", {"suspend": True}, Phase.PAUSED),
        ("", {}, Phase.PROGRESSING),
    ],
)
def test_phases(phase: str, more: Doc, shown: Phase) -> None:
    assert read(cluster(canary(phase, **more), route(0))).phase is shown


def test_iterations_are_steps_and_a_match_is_a_lane() -> None:
    analysis = {"iterations": 10, "match": [{"headers": {"x-tester": {"exact": "yes"}}}], "threshold": 2}
    rollout = read(cluster(canary(analysis=analysis), route(0, header="x-tester")))
    assert rollout.step is not None
    assert (rollout.step.index, rollout.step.count, rollout.step.weight) == (2, 10, None)
    assert "A/B" in rollout.message
    lane = rollout.lanes[1]
    assert lane.headers == (("x-tester", "yes"),)
    assert {s.version: s.written for s in lane.shares} == {"v1": 0.0, "v2": 1.0}
    assert rollout.lanes[0].shares[0].declared is None


def test_provider_kubernetes_is_told_by_the_endpoints() -> None:
    objects = cluster(canary(provider="kubernetes", analysis={"iterations": 3}))
    shares = read(objects).lanes[0].shares
    assert read(objects).router == "service"
    assert {s.version: s.written for s in shares} == {"v1": 1.0, "v2": 0.0}


def test_a_gate_is_shown_without_credentials_and_says_how_it_opens() -> None:
    objects = cluster(canary("WaitingPromotion"), route(30))
    rollout = read(objects)
    (gate,) = [f for f in rollout.findings if f.id == "gate"]
    assert gate.evidence == "confirm-promotion at loadtester.test/gate/check"
    why = refusal(objects, Act.APPROVE)
    assert "POST /gate/open" in why
    assert "secret" not in why + str(rollout)
    assert "token" not in why + str(rollout)


def test_suspend_and_resume() -> None:
    objects = cluster()
    before = objects.plain()
    plan = planned(objects, Act.PAUSE)
    assert any("failing checks do not roll it back" in w for w in plan.warnings)
    objects.send_all(plan.requests)
    assert read(objects).phase is Phase.PAUSED
    assert "already suspended" in refusal(objects, Act.PAUSE)
    resume = planned(objects, Act.RESUME)
    objects.send_all(resume.requests)
    assert objects.plain() == before
    objects.send_all(resume.inverse)
    objects.send_all(plan.inverse)
    assert objects.plain() == before


def test_promotion_skips_the_analysis_and_says_that_it_stays_so() -> None:
    objects = cluster()
    plan = planned(objects, Act.PROMOTE)
    assert (plan.raises, plan.final) == (True, True)
    assert any("later releases skip" in w for w in plan.warnings)
    stale = cluster()
    stale.doc("Canary", "web")["metadata"]["generation"] = 4
    with pytest.raises(ConflictError):
        stale.send_all(plan.requests)
    objects.send_all(plan.requests)
    assert any(f.id == "analysis-skipped" for f in read(objects).findings)
    assert "already skips the analysis" in refusal(objects, Act.PROMOTE)
    assert "no analysis in progress" in refusal(cluster(canary("Succeeded"), route(0)), Act.PROMOTE)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Act.SET_WEIGHT, "a manual weight changes its analysis unnoticed"),
        (Act.ROLLBACK, "back to the image of web-primary; a change during the analysis restarts it"),
        (Act.SET_IMAGE, "starts a release when Deployment web changes"),
        (Act.RETRY, "change the template of Deployment web"),
        (Act.APPROVE, "no gate blocks it"),
        (Act.FLIP, "Flagger controls this Canary"),
    ],
)
def test_everything_else_is_refused_with_what_would_do_it(act: Act, words: str) -> None:
    assert words in refusal(cluster(), act)


def test_a_gate_on_more_traffic_is_told_while_the_analysis_goes_on() -> None:
    hooks = {"webhooks": [{"name": "more", "type": "confirm-traffic-increase", "url": "http://gate.test/gate/check"}]}
    why = refusal(cluster(canary(analysis={"stepWeight": 10, **hooks}), route(10)), Act.APPROVE)
    assert "gate more (confirm-traffic-increase)" in why


def test_a_rollback_gate_is_the_way_back() -> None:
    hooks = {"webhooks": [{"name": "stop", "type": "rollback", "url": "http://gate.test/rollback/check"}]}
    assert "open rollback gate stop at gate.test/rollback/check" in refusal(
        cluster(canary(analysis={"stepWeight": 10, **hooks}), route(10)), Act.ROLLBACK
    )


def test_without_its_primary_users_have_nobody() -> None:
    objects = cluster().remove("Deployment", "web-primary")
    rollout = read(objects)
    assert [f.id for f in rollout.findings if f.severity == "critical"] == ["no-primary"]
    assert rollout.lanes == ()


METRICS = [
    {"name": "request-success-rate", "thresholdRange": {"min": 99}, "interval": "1m"},
    {"name": "latency", "thresholdRange": {"min": 0.5, "max": 500}, "templateRef": {"name": "latency"}},
    {"name": "former", "threshold": 2, "query": "up"},
]


def test_the_analysis_is_a_check_with_a_row_for_each_metric() -> None:
    analysis = {"interval": "30s", "stepWeight": 10, "threshold": 5, "metrics": METRICS}
    (check,) = read(cluster(canary(analysis=analysis), route(20))).checks
    assert (check.kind, check.state, check.now) == ("Canary", CheckState.RUNNING, True)
    counted, *metrics = check.metrics
    assert (*progress_words(counted), *limit_words(counted)) == ("1 failed", "every 30s", "4 may fail")
    assert [(metric.name, metric.asked, metric.interval) for metric in metrics] == [
        ("request-success-rate", "at least 99", "1m"),
        ("latency", "at least 0.5, at most 500", ""),
        ("former", "at most 2", ""),
    ]


@pytest.mark.parametrize(
    ("phase", "state"),
    [("Failed", CheckState.FAILED), ("Succeeded", CheckState.SUCCESSFUL), ("Initialized", CheckState.PENDING)],
)
def test_after_the_analysis_its_result_stands(phase: str, state: CheckState) -> None:
    (check,) = read(cluster(canary(phase, 0), route(0))).checks
    assert (check.state, check.now) == (state, False)


def test_an_analysis_that_is_skipped_checks_nothing() -> None:
    assert read(cluster(canary(skipAnalysis=True), route(20))).checks == ()


def test_what_flagger_says_is_told_in_its_own_words() -> None:
    doc = canary("Failed", 0)
    doc["status"]["conditions"] = [
        {
            "type": "Promoted",
            "status": "False",
            "reason": "Failed",
            "message": "Canary analysis failed\x1b[31m, \n scaled",
        }
    ]
    assert read(cluster(doc, route(0))).said == (Said("Promoted Failed", "Canary analysis failed,   scaled"),)


FIELDS = [
    *("metrics", "thresholdRange", "min", "max", "threshold", "interval", "failedChecks", "conditions", "message"),
    "targetRef",
    "name",
    "kind",
    "analysis",
    "webhooks",
    "type",
    "url",
    "stepWeights",
    "stepWeight",
    "maxWeight",
    "iterations",
    "match",
    "phase",
    "canaryWeight",
    "service",
    "provider",
    "ingressRef",
    "suspend",
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(max_size=8),
    lambda x: st.lists(x, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), x, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(spec=ODD, status=ODD)
def test_any_shape_of_canary_is_borne(spec: Any, status: Any) -> None:
    doc = canary()
    doc["spec"] = spec if isinstance(spec, dict) else {**doc["spec"], "analysis": spec}
    doc["status"] = status if isinstance(status, dict) else {"phase": status, "canaryWeight": status}
    objects = Cluster([doc, deployment("web", "web", "v2", 1), service("web", "web")])
    rollout = read(objects)
    texts = [words for check in rollout.checks for m in check.metrics for words in (m.name, m.asked, *limit_words(m))]
    texts += [words for said in rollout.said for words in (said.where, said.text)]
    assert [words for words in texts if words != safe_text(words, 1000)] == []
    for act in Act:
        if act is not Act.UNDO:
            assert isinstance(SYSTEM.plan(rollout, Ask(act), objects), Plan | Refused)


@pytest.mark.parametrize(("failed", "told"), [(0, []), (1, ["1 check failed"]), (2, ["2 checks failed"])])
def test_failed_checks_are_counted_against_the_roll_back(failed: int, told: list[str]) -> None:
    document = canary()
    document["status"]["failedChecks"] = failed
    found = [f.text for f in read(cluster(document, route(20))).findings if f.id == "failed-checks"]
    assert found == [f"Canary default/web: {words}; at 5 Flagger rolls back" for words in told]
