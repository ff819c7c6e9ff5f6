"""What ends an outage says so and takes nothing from anybody, whatever routes the requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.rollout import Finding, Lane, Rollout, Severity, Share, Verdict
from cockpit.planning.outage import ends_outage, with_outage
from cockpit.session.acts.concerns import concerns
from cockpit.tui.acting import starts_on_cancel
from tests.objects import Cluster
from tests.planning.states import answered, by_selector, fail, rollout_of
from tests.planning.test_way_back_contract import STATES

KEEPERS = {"red-black": "shelf-v001"}


# A gateway answers nothing of a canary Ingress while its main Ingress has nobody, so that no weight helps.
@pytest.mark.parametrize("state", [state for state in STATES if state != "ingress"])
def test_where_no_ready_pod_gets_requests_the_way_to_some_ends_an_outage(state: str) -> None:
    system, build, _, _ = STATES[state]
    other = "v1"
    cluster = fail(build(), KEEPERS.get(system, "shelf-v2"), 2)
    plan = answered(system, cluster, Ask(Act.ROLLBACK, version=other))
    assert isinstance(plan, Plan), plan
    assert (
        plan.ends_outage == f"ends it: no ready pod gets requests now, and this leads them to 2 ready pods of {other}"
    )
    assert not plan.exposes
    assert not plan.decisive
    assert not starts_on_cancel(plan, rollout_of(system, cluster))


@pytest.mark.parametrize("state", STATES)
def test_where_users_are_answered_nothing_ends_an_outage(state: str) -> None:
    system, build, _, _ = STATES[state]
    plan = answered(system, build(), Ask(Act.ROLLBACK, version="v1"))
    if isinstance(plan, Plan):
        assert plan.ends_outage == ""


def mistyped() -> Cluster:
    """The selector leads to no version at all."""
    cluster = by_selector()
    cluster.doc("Service", "shelf")["spec"]["selector"]["version"] = "v9"
    return cluster.balance()


@pytest.mark.parametrize("act", [Act.FLIP, Act.PROMOTE])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_cure_of_a_wrong_selector_is_no_exposure(act: Act, version: str) -> None:
    cluster = mistyped()
    rollout, plan = rollout_of("service", cluster), answered("service", cluster, Ask(act, version=version))
    assert isinstance(plan, Plan), plan
    assert plan.ends_outage
    assert not starts_on_cancel(plan, rollout)
    assert concerns(plan, rollout) == (), "that nobody is answered is why it is sent"


def test_what_a_version_failed_when_it_was_served_speaks_against_it_in_an_outage_too() -> None:
    cluster = mistyped()
    rollout, plan = rollout_of("service", cluster), answered("service", cluster, Ask(Act.FLIP, version="v2"))
    assert isinstance(plan, Plan)
    failed = Finding("errors", Severity.WARNING, "v2: 20% of its answers are errors", "")
    assert concerns(plan, _with(rollout, failed)) == ("v2: 20% of its answers are errors",)


def test_what_is_not_known_is_no_outage() -> None:
    cluster = mistyped()
    rollout, plan = rollout_of("service", cluster), answered("service", cluster, Ask(Act.FLIP, version="v2"))
    assert isinstance(plan, Plan)
    assert ends_outage(plan, rollout)
    assert not ends_outage(plan, _written(rollout, None))
    assert not ends_outage(plan, _written(rollout, 0.5))


@pytest.mark.parametrize("state", [state for state in STATES if state != "ingress"])
def test_pods_that_answer_before_they_are_ready_are_no_outage(state: str) -> None:
    system, build, _, _ = STATES[state]
    cluster = fail(build(), KEEPERS.get(system, "shelf-v2"), 2)
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "Service":
            doc["spec"]["publishNotReadyAddresses"] = True
    plan = answered(system, cluster.balance(), Ask(Act.ROLLBACK, version="v1"))
    assert isinstance(plan, Plan), plan
    assert plan.ends_outage == ""


def test_what_may_only_be_unread_is_no_outage() -> None:
    rollout, plan = _flipped()
    unsure = tuple(replace(found, severity=Severity.WARNING) for found in rollout.findings)
    assert not ends_outage(plan, replace(rollout, findings=unsure))


def test_users_of_a_lane_who_are_answered_make_it_no_outage() -> None:
    rollout, plan = _flipped()
    lane = Lane("beta", "x-beta: yes", (Share("v1", None, 1.0),), (("x-beta", "yes"),))
    assert not ends_outage(plan, replace(rollout, lanes=(*rollout.lanes, lane)))


@pytest.mark.parametrize(
    ("verdict", "samples", "outage"),
    [
        (Verdict.ON, 100, False),
        (Verdict.OFF, 100, False),  # versions answer, others than is written
        (Verdict.DOUBTFUL, 100, False),
        (Verdict.NOT_YET, 20, False),
        (Verdict.NOT_YET, 10, True),  # all of them failed
        (Verdict.UNKNOWN, 0, True),
    ],
)
def test_answers_say_that_there_is_no_outage(verdict: Verdict, samples: int, outage: bool) -> None:
    rollout, plan = _flipped()
    lanes = [replace(each, verdict=verdict, samples=samples, errors=10) for each in rollout.lanes]
    seen = replace(rollout, lanes=tuple(lanes))
    assert bool(ends_outage(plan, seen)) is outage
    assert bool(with_outage(plan, seen).ends_outage) is outage, "what was planned from objects is taken back"


def _flipped() -> tuple[Rollout, Plan]:
    cluster = mistyped()
    rollout, plan = rollout_of("service", cluster), answered("service", cluster, Ask(Act.FLIP, version="v2"))
    assert isinstance(plan, Plan)
    assert plan.ends_outage
    return rollout, plan


def _with(rollout: Rollout, found: Finding) -> Rollout:
    return replace(rollout, findings=(*rollout.findings, found))


def _written(rollout: Rollout, share: float | None) -> Rollout:
    lanes = [replace(lane, shares=tuple(replace(s, written=share) for s in lane.shares)) for lane in rollout.lanes]
    return replace(rollout, lanes=tuple(lanes))
