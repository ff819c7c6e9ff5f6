"""What judges a release and what its controller says, on the command line."""

from __future__ import annotations

import json
from dataclasses import replace

from cockpit.model.checks import Check, CheckState, Measured, Metric, Said
from cockpit.model.rollout import Rollout
from tests.cli.fakes import fleet, rollout
from tests.cli.test_facts import program, run

METRIC = Metric(
    "success-rate",
    CheckState.RUNNING,
    (Measured("0.98", CheckState.SUCCESSFUL), Measured("0.91", CheckState.FAILED, "2026-01-01T00:01:30Z")),
    asked="good if result >= 0.95",
    interval="30s",
    taken=3,
    count=5,
    failed=1,
    failure_limit=2,
    inconclusive_limit=0,
    error_limit=4,
)
CHECK = Check("AnalysisRun", "web-2-1", "step 2", CheckState.RUNNING, True, "", (METRIC,), "2026-01-01T00:00:00Z")
SAYS = (Said("canaryStatus", "BatchRelease is at state Progressing"),)


def shown(*checks: Check, said: tuple[Said, ...] = ()) -> Rollout:
    return replace(rollout(), checks=checks, said=said)


def page(found: Rollout, *words: str) -> str:
    return run(program(fleet([found])), "show", "web", *words).stdout


def test_show_has_a_row_for_each_check_and_for_each_of_its_metrics() -> None:
    lines = page(shown(CHECK, said=SAYS)).splitlines()
    (check,) = [line for line in lines if line.startswith("AnalysisRun web-2-1")]
    assert "step 2  running, now" in check
    (metric,) = [line for line in lines if line.startswith("success-rate")]
    for words in ("3 of 5, 1 failed", "every 30s, 2 may fail", "0.98, 0.91 (failed)", "good if result >= 0.95"):
        assert words in metric
    assert "canaryStatus  BatchRelease is at state Progressing" in lines


def test_where_nothing_judges_and_nobody_speaks_there_are_no_such_tables() -> None:
    assert not {"CHECK", "METRIC", "CONTROLLER"} & set(page(shown()).split())


def test_json_has_values_counts_and_limits() -> None:
    document = json.loads(page(shown(CHECK, said=SAYS), "-o", "json"))
    (check,) = document["checks"]
    assert {key: check[key] for key in ("kind", "name", "part", "state", "now", "since")} == {
        "kind": "AnalysisRun",
        "name": "web-2-1",
        "part": "step 2",
        "state": "running",
        "now": True,
        "since": "2026-01-01T00:00:00Z",
    }
    (metric,) = check["metrics"]
    assert metric["values"] == [
        {"value": "0.98", "state": "successful", "at": None},
        {"value": "0.91", "state": "failed", "at": "2026-01-01T00:01:30Z"},
    ]
    assert (metric["taken"], metric["count"], metric["failed"], metric["failure_limit"]) == (3, 5, 1, 2)
    assert document["said"] == [{"where": "canaryStatus", "text": "BatchRelease is at state Progressing"}]
