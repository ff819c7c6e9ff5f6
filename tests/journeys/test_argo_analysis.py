"""Steps that a controller judges itself: passed by a person where they cannot tell, told where they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cockpit.model.checks import CheckState
from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Role
from cockpit.model.view import RolloutView
from tests.journeys.argo import (
    NAME,
    NEW,
    OLD,
    at_step,
    declared,
    findings,
    in_phase,
    ingress,
    release,
    services,
    standing,
    start,
    written,
)
from tests.journeys.flight import flying
from tests.places import Place

# The conditions by which one measurement of anything comes to a result.
CONDITIONS = {
    "Inconclusive": {"successCondition": "false", "failureCondition": "false"},
    "Failed": {"failureCondition": "true"},
}


def analysis(place: Place, name: str, result: str) -> dict[str, Any]:
    """A template whose one metric asks the gateway, and comes to this result whatever it answers."""
    web = {"url": f"{place.gateway}/{place.namespace}", "timeoutSeconds": 5, "jsonPath": "{$.pod}"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": name, "annotations": {"demo.cockpit/result": result}},
        "spec": {"metrics": [{"name": "answers", **CONDITIONS[result], "provider": {"web": web}}]},
    }


def way_for_analysis(place: Place) -> dict[str, Any]:
    """An Ingress for every host, because the controller's requests name none; the path is the test's own."""
    doc = ingress()
    doc["metadata"]["name"] = "for-analysis"
    (rule,) = doc["spec"]["rules"]
    del rule["host"]
    rule["http"]["paths"][0]["path"] = f"/{place.namespace}"
    return doc


def judged(name: str) -> dict[str, Any]:
    return {"analysis": {"templates": [{"templateName": name}]}}


async def test_an_analysis_that_cannot_tell_is_passed_and_one_that_fails_is_told(place: Place, tmp_path: Path) -> None:
    steps = [{"setWeight": 50}, judged("unsure"), {"pause": {}}, judged("bad"), {"pause": {}}]
    root, _ = services()
    async with flying(place, tmp_path) as pilot:
        templates = (analysis(place, "unsure", "Inconclusive"), analysis(place, "bad", "Failed"))
        await standing(place, pilot, root, ingress(), way_for_analysis(place), *templates, release(steps, replicas=2))
        await start(place, pilot)
        shown = await at_step(pilot, 2)
        assert "judged" in findings(shown)
        (check,) = shown.rollout.checks
        assert (check.part, check.state, check.now) == ("step 2", CheckState.INCONCLUSIVE, True)
        assert [(metric.name, metric.state) for metric in check.metrics] == [("answers", CheckState.INCONCLUSIVE)]
        prepared = await pilot.plan(NAME, Ask(Act.APPROVE))
        assert "analysis unsure is skipped without its result" in prepared.plan.warnings
        await pilot.do(NAME, Ask(Act.APPROVE))
        await at_step(pilot, 3)

        sent = await pilot.cockpit.send(await pilot.plan(NAME, Ask(Act.APPROVE)), wait=0.0)
        assert sent.plan
        await in_phase(pilot, Phase.ABORTED)
        shown = await pilot.until_seen(
            NAME, lambda s: "judged" in findings(s) and written(s) == {OLD: 1.0}, "the way back"
        )
        (told,) = [finding.text for finding in shown.rollout.findings if finding.id == "judged"]
        assert "is Failed" in told
        assert shown.rollout.checks[0].state is CheckState.FAILED
        assert shown.rollout.step
        assert (shown.rollout.step.index, shown.rollout.step.count) == (0, 5)
        assert "aborted" in findings(shown)


async def test_an_experiment_is_a_version_of_its_own_while_it_runs(place: Place, tmp_path: Path) -> None:
    trial = {"templates": [{"name": "baseline", "specRef": "stable", "replicas": 2}], "duration": "20s"}
    steps: list[dict[str, Any]] = [{"setWeight": 50}, {"experiment": trial}, {"pause": {}}]
    root, _ = services()

    def beside(shown: RolloutView) -> bool:
        versions = [v for v in shown.rollout.versions if v.role is Role.TRIAL]
        return [(v.name, v.ready) for v in versions] == [("baseline", 2)] and written(shown).get("baseline") == 0.5

    async with flying(place, tmp_path) as pilot:
        await standing(place, pilot, root, ingress(), release(steps, replicas=2))
        await start(place, pilot)
        shown = await pilot.until_seen(NAME, beside, "the experiment's two pods beside the two of the versions")
        assert written(shown) == {OLD: 0.25, NEW: 0.25, "baseline": 0.5}
        assert declared(shown) == {OLD: 0.5, NEW: 0.5}
        assert [(check.kind, check.part, check.state) for check in shown.rollout.checks] == [
            ("Experiment", "step 2", CheckState.RUNNING)
        ]
        assert "others" not in findings(shown)
        shown = await at_step(pilot, 3)
        assert all(version.role is not Role.TRIAL for version in shown.rollout.versions)
