"""What judges an update: which runs belong to it, what each measured, and what to do when one stops it."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.checks import Check, CheckState, limit_words, progress_words, value_words
from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from tests.objects import Cluster, Doc, owner
from tests.systems.argo.releases import (
    ABORTED,
    HASH,
    NEW,
    OLD,
    RUNNING,
    ids,
    planned,
    previewed,
    promoted,
    read,
    routed,
    said,
    text_of,
)

METRIC: Doc = {
    "name": "errors",
    "interval": "30s",
    "count": 5,
    "failureLimit": "1",
    "successCondition": "result < 0.05",
    "provider": {"web": {"url": "http://x"}},
}
UNSURE = [{"reason": "InconclusiveAnalysisRun", "startTime": "2026-01-01T10:00:00Z"}]


def run(
    cluster: Cluster, name: str, phase: str, *, role: str = "Step", of: str = NEW, step: str = "2", **more: Any
) -> Cluster:
    """A run of the Rollout's: `spec`, `at` (minute of its creation), and fields of its status."""
    labels = {HASH: of, "rollout-type": role} | ({"step-index": step} if role == "Step" else {})
    return cluster.add(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisRun",
            "metadata": {
                "name": name,
                "labels": labels,
                "creationTimestamp": f"2026-01-01T00:{more.pop('at', 1):02}:00Z",
                "ownerReferences": [owner(cluster.doc("Rollout", "web"))],
            },
            "spec": more.pop("spec", {"metrics": [METRIC]}),
            "status": {"phase": phase, **more},
        }
    )


def result(phase: str, *values: tuple[str, str], **counts: Any) -> Doc:
    """The result of the one metric, with its measurements as phase and value."""
    measured = [{"phase": p, "value": v, "finishedAt": "2026-01-01T00:01:30Z"} for p, v in values]
    return {"name": "errors", "phase": phase, "measurements": measured, "count": len(values), **counts}


def named(cluster: Cluster, field: str, name: str, part: str = "canary") -> Cluster:
    """The status names this run as one that decides."""
    said(cluster).setdefault(part, {})[field] = {"name": name, "status": "Running"}
    return cluster


def checks(cluster: Cluster) -> tuple[Check, ...]:
    return read(cluster).checks


def test_a_run_of_an_earlier_release_of_the_same_template_does_not_judge_this_one() -> None:
    """The hash comes again with the template, the revision does not."""
    cluster = routed(0, **ABORTED)
    run(cluster, "before", "Failed", step="0", at=1)
    run(cluster, "now", "Successful", step="2", at=2)
    for name, revision in (("before", "1"), ("now", "2")):
        cluster.doc("AnalysisRun", name)["metadata"]["annotations"] = {"rollout.argoproj.io/revision": revision}
    assert [(check.name, check.state) for check in checks(cluster)] == [("now", CheckState.SUCCESSFUL)]
    assert "judged" not in ids(cluster), "an abort by hand is not blamed on it"


def test_no_way_back_leads_to_a_version_whose_analysis_failed_unless_it_is_named() -> None:
    """v2 was aborted, and v3 released after it: the version before is v1."""
    cluster = promoted()
    assert planned(cluster, Ask(Act.ROLLBACK)).title == "web back to v2 (revision 2)"
    run(cluster, "bad", "Failed", of="h2", at=1)
    annotations = cluster.doc("AnalysisRun", "bad")["metadata"].setdefault("annotations", {})
    annotations["rollout.argoproj.io/revision"] = "1"
    assert "v2" in planned(cluster, Ask(Act.ROLLBACK)).title, "of an earlier release of it"
    annotations["rollout.argoproj.io/revision"] = "2"
    plan = planned(cluster, Ask(Act.ROLLBACK))
    assert plan.title == "web back to v1 (revision 1)"
    assert "not to v2: its analysis failed (AnalysisRun bad)" in plan.warnings
    assert "releases v1 again, through all steps" in [state.leads for state in read(cluster).acts]
    assert planned(cluster, Ask(Act.ROLLBACK, version="v2")).risky
    run(cluster, "good", "Successful", of="h2", at=2)
    cluster.doc("AnalysisRun", "good")["metadata"]["annotations"] = annotations
    assert "v2" in planned(cluster, Ask(Act.ROLLBACK)).title, "a retry succeeded"


def test_a_run_is_read_with_its_metrics_their_values_and_their_limits() -> None:
    cluster = routed(**RUNNING)
    seen = result("Running", ("Successful", "0.01"), ("Failed", "0.2"), failed=1, successful=1)
    run(cluster, "web-run", "Running", metricResults=[seen], startedAt="2026-01-01T00:01:00Z")
    (check,) = checks(named(cluster, "currentStepAnalysisRunStatus", "web-run"))
    assert (check.kind, check.name, check.part, check.state) == (
        "AnalysisRun",
        "web-run",
        "step 3",
        CheckState.RUNNING,
    )
    assert check.now
    assert check.since == "2026-01-01T00:01:00Z"
    (metric,) = check.metrics
    assert [(each.value, each.state) for each in metric.values] == [
        ("0.01", CheckState.SUCCESSFUL),
        ("0.2", CheckState.FAILED),
    ]
    assert metric.asked == "good if result < 0.05"
    assert progress_words(metric) == ("2 of 5", "1 failed")
    assert limit_words(metric) == ("every 30s", "1 may fail")
    assert value_words(metric) == "0.01, 0.2 (failed)"


def test_a_metric_without_result_is_pending_and_one_without_interval_is_measured_once() -> None:
    once = {"name": "once", "provider": {"job": {}}}
    cluster = run(routed(**RUNNING), "web-run", "Running", spec={"metrics": [once]})
    (metric,) = checks(cluster)[0].metrics
    assert (metric.state, metric.taken, metric.count, metric.failure_limit) == (CheckState.PENDING, 0, 1, 0)
    assert limit_words(metric) == ("none may fail",)


def test_a_metric_with_an_interval_and_no_count_goes_on_until_it_is_ended() -> None:
    endless = {**METRIC, "count": None, "failureLimit": -1}
    seen = result("Running", ("Error", ""), consecutiveError=2)
    seen["measurements"][0]["message"] = "connection refused"
    cluster = run(routed(**RUNNING), "web-run", "Running", spec={"metrics": [endless]}, metricResults=[seen])
    (metric,) = checks(cluster)[0].metrics
    assert progress_words(metric) == ("1 so far", "2 errors in a row")
    assert limit_words(metric) == ("every 30s", "any number may fail", "4 errors in a row may occur")
    assert value_words(metric) == "connection refused (in error)", "a measurement without value says why"


def test_runs_of_other_versions_and_older_tries_of_the_same_step_are_left_out() -> None:
    cluster = routed(**RUNNING)
    run(cluster, "of-old", "Failed", of=OLD)
    run(cluster, "first-try", "Inconclusive", at=2)
    run(cluster, "second-try", "Running", at=3)
    run(cluster, "back", "Successful", role="Background", at=4)
    named(cluster, "currentBackgroundAnalysisRunStatus", "back")
    assert {(check.name, check.part) for check in checks(cluster)} == {
        ("second-try", "step 3"),
        ("back", "background"),
    }


def test_after_a_retry_the_runs_of_the_first_try_judge_nothing() -> None:
    """Argo starts again from the first step, with new runs; those of the first try stay until they are removed."""
    cluster = routed(20, currentStepIndex=1)
    run(cluster, "first-0", "Successful", step="0", at=1)
    run(cluster, "first-3", "Failed", step="3", at=2)
    run(cluster, "first-background", "Failed", role="Background", at=2)
    run(cluster, "second-0", "Successful", step="0", at=5)
    assert [check.name for check in checks(cluster)] == ["second-0"]
    run(cluster, "second-1", "Running", step="1", at=6)
    run(cluster, "second-background", "Running", role="Background", at=6)
    named(cluster, "currentStepAnalysisRunStatus", "second-1")
    named(cluster, "currentBackgroundAnalysisRunStatus", "second-background")
    assert {check.name for check in checks(cluster)} == {"second-0", "second-1", "second-background"}


def test_what_ended_the_first_try_is_told_until_it_is_retried() -> None:
    cluster = routed(0, **ABORTED)
    run(cluster, "first-3", "Failed", step="3")
    assert [check.name for check in checks(cluster)] == ["first-3"]


def test_before_the_switch_of_a_second_try_the_runs_of_the_first_judge_nothing() -> None:
    cluster = run(previewed(), "first-pre", "Failed", role="PrePromotion")
    assert checks(cluster) == ()
    named(cluster, "prePromotionAnalysisRunStatus", "first-pre", "blueGreen")
    assert [check.name for check in checks(cluster)] == ["first-pre"]


def test_what_decides_now_comes_first_and_of_that_the_worst() -> None:
    cluster = routed(**RUNNING)
    run(cluster, "passed", "Failed", step="0")
    run(cluster, "step", "Running")
    run(cluster, "back", "Error", role="Background")
    named(cluster, "currentStepAnalysisRunStatus", "step")
    named(cluster, "currentBackgroundAnalysisRunStatus", "back")
    assert [(check.name, check.now) for check in checks(cluster)] == [
        ("back", True),
        ("step", True),
        ("passed", False),
    ]


@pytest.mark.parametrize(
    ("role", "field", "part"),
    [
        ("PrePromotion", "prePromotionAnalysisRunStatus", "before the switch"),
        ("PostPromotion", "postPromotionAnalysisRunStatus", "after the switch"),
    ],
)
def test_a_blue_green_release_is_judged_before_and_after_its_switch(role: str, field: str, part: str) -> None:
    cluster = named(run(previewed(), "check", "Running", role=role), field, "check", "blueGreen")
    (check,) = checks(cluster)
    assert (check.part, check.now) == (part, True)


def test_an_experiment_comes_with_the_runs_that_judge_it() -> None:
    cluster = routed(**RUNNING)
    meta = {
        "name": f"web-{NEW}-2-2-1",  # the second try
        "uid": "experiment",
        "labels": {HASH: NEW},
        "ownerReferences": [owner(cluster.doc("Rollout", "web"))],
    }
    status = {"phase": "Running", "message": "", "availableAt": "2026-01-01T00:01:00Z"}
    trial = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Experiment", "metadata": meta, "spec": {}, "status": status}
    cluster.add(trial)
    run(cluster, "of-trial", "Running")
    cluster.doc("AnalysisRun", "of-trial")["metadata"] |= {
        "labels": {},
        "ownerReferences": [owner(cluster.doc("Experiment", str(meta["name"])))],
    }
    said(cluster)["canary"]["currentExperiment"] = meta["name"]
    assert {(check.kind, check.part, check.now) for check in checks(cluster)} == {
        ("Experiment", "step 3", True),
        ("AnalysisRun", "step 3, experiment", True),
    }


def test_an_inconclusive_step_waits_for_a_person_and_says_both_ways() -> None:
    cluster = run(routed(pauseConditions=UNSURE, currentStepIndex=2), "unsure", "Inconclusive", message="neither")
    shown = read(cluster)
    assert shown.phase is Phase.WAITING
    told = text_of(cluster, "judged")
    assert "is Inconclusive; the release waits for you" in told
    assert "(neither" in told
    assert "approve goes on without its result, abort sends everyone to the stable version" in told


def test_an_inconclusive_background_run_is_measured_again_after_an_approval() -> None:
    cluster = run(routed(pauseConditions=UNSURE), "unsure", "Inconclusive", role="Background")
    assert "approve goes on and has it measured again" in text_of(cluster, "judged")


def test_an_error_is_no_word_against_the_version() -> None:
    told = text_of(run(routed(0, **ABORTED), "broken", "Error"), "judged")
    assert "it could not be measured: check where its metrics come from, then retry" in told


def test_a_metric_that_begins_to_fail_is_told_before_its_limit_is_reached() -> None:
    cluster = routed(**RUNNING)
    run(cluster, "web-run", "Running", metricResults=[result("Running", ("Failed", "0.2"), failed=1)])
    assert "metric-fails" not in ids(cluster), "a run that decides nothing"
    named(cluster, "currentStepAnalysisRunStatus", "web-run")
    told = text_of(cluster, "metric-fails")
    assert "web-run: errors failed 1 time; with more than 1 the release is aborted (1 of 5, 1 failed, last 0.2)" in told
    (measured,) = cluster.doc("AnalysisRun", "web-run")["status"]["metricResults"]
    measured["dryRun"] = True
    assert "metric-fails" not in ids(cluster), "its result does not count"


def test_after_an_abort_it_stands_before_the_first_step() -> None:
    step = read(routed(0, **ABORTED)).step
    assert step is not None
    assert (step.index, step.count, step.weight, step.asks) == (0, 4, 0.0, False)


def test_an_aborted_blue_green_release_has_no_steps_to_stand_at() -> None:
    assert read(previewed(**ABORTED | {"currentStepIndex": None})).step is None
