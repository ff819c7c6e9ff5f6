"""The versions of a flip say which of them took the traffic before, and which failed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cockpit.model.journal import HEALTH, Origin, Seen, SeenShare
from cockpit.model.plan import Act, Ask, Plan, Verb
from cockpit.model.rollout import Finding, Severity
from cockpit.model.view import Entry, Stage
from cockpit.tui.forms import choice_of
from tests.objects import Cluster, merged
from tests.planning.states import answered, by_selector, rollout_of, with_v3


def flipped(version: str) -> Cluster:
    """Three versions, of which the cockpit flipped the Service to this one."""
    cluster = with_v3(by_selector())
    plan = answered("service", cluster, Ask(Act.FLIP, version=version))
    assert isinstance(plan, Plan), plan
    [request] = plan.requests
    assert request.verb is Verb.PATCH
    doc = cluster.doc("Service", "shelf")
    body: dict[str, Any] = {**request.body, "metadata": {"annotations": request.body["metadata"]["annotations"]}}
    doc.update(merged(doc, body))
    return cluster.balance()


def options(cluster: Cluster, *findings: Finding, journal: tuple[Entry, ...] = ()) -> dict[str, str]:
    rollout = rollout_of("service", cluster)
    choice = choice_of(replace(rollout, findings=findings), Act.FLIP, journal)
    assert choice
    return {ask.version or "": text for text, ask in choice.options}


def test_the_one_that_took_the_traffic_before_says_so() -> None:
    told = options(flipped("v3"))
    assert set(told) == {"v1", "v2"}
    assert told["v2"].endswith("took the traffic before")
    assert "before" not in told["v1"]


def test_where_the_selector_was_mistyped_the_one_that_was_flipped_to_took_the_traffic_before() -> None:
    cluster = flipped("v3")
    cluster.doc("Service", "shelf")["spec"]["selector"]["version"] = "v9"
    told = options(cluster.balance())
    assert [version for version, text in told.items() if "took the traffic before" in text] == ["v3"]


def test_one_that_failed_says_how_by_what_is_shown_or_was_noted_here() -> None:
    cluster = flipped("v3")
    found = Finding("errors", Severity.WARNING, "v2: 20% of its answers are errors", "")
    assert "v2: 20% of its answers are errors" in options(cluster, found)["v2"]
    assert "errors" not in options(cluster, found)["v1"]
    key = rollout_of("service", cluster).key
    seen = Seen("at-rest", "hurt", shares=(SeenShare("default", "v1", observed=0.5, samples=100, errors=10),))
    note = Entry("1", 1.0, "cockpit", key, HEALTH, "users were hurt for 2m", Stage.NOTED, seen=seen)
    told = options(cluster, journal=(note,))
    assert told["v1"].endswith("failed 20% of 50 answers before")
    assert "failed" not in told["v2"]
    few = replace(seen, shares=(replace(seen.shares[0], errors=1),))
    for other in (replace(note, origin=Origin.EVENT), replace(note, seen=few), replace(note, seen=None)):
        assert "failed" not in options(cluster, journal=(other,))["v1"]
