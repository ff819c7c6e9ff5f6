"""Steps that a controller judges itself: passed by a person where they cannot tell, told where they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from tests.journeys.argo import (
    NAME,
    OLD,
    at_step,
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
        assert "aborted" in findings(shown)
