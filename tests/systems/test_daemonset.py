"""DaemonSets: versions by revision, one pod on each matching node, and why there is no pause."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Role
from tests.systems.sets import Set


def test_at_rest_and_rolling() -> None:
    rollout = Set("DaemonSet", ["v1", "v1"], newest="v1").read()
    assert (rollout.phase, rollout.key.system) == (Phase.AT_REST, "daemonset")
    assert [(v.name, v.role, v.ready, v.desired) for v in rollout.versions] == [("v1", Role.STABLE, 2, 2)]
    rollout = Set("DaemonSet", ["v1", "v2"], newest="v2").read()
    assert rollout.phase is Phase.PROGRESSING
    assert [(v.name, v.role, v.desired) for v in rollout.versions] == [("v1", Role.OLD, 0), ("v2", Role.NEW, 2)]
    assert rollout.message == "1 of 2 updated, 2 ready, 1 old"


def test_with_max_surge_both_pods_of_a_node_count_to_their_own_version() -> None:
    agent = Set("DaemonSet", ["v1", "v2", "v2"], newest="v2")
    agent.doc["status"]["desiredNumberScheduled"] = 2
    assert [(v.name, v.ready) for v in agent.read().versions] == [("v1", 1), ("v2", 2)]
    assert agent.read().phase is Phase.PROGRESSING


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Act.PAUSE, "no pause and no partition"),
        (Act.RESUME, "nothing to resume"),
        (Act.SCALE, "one pod on each matching node"),
        (Act.SET_WEIGHT, "no weights"),
        (Act.JUMP, "no weights or steps"),
    ],
)
def test_what_it_does_not_have_it_says(act: Act, words: str) -> None:
    assert words in Set("DaemonSet", ["v1", "v2"], newest="v2").refusal(Ask(act))


def test_roll_back_restart_and_image() -> None:
    agent = Set("DaemonSet", ["v1", "v2"], newest="v2")
    before = agent.cluster.plain()
    plan = agent.plan(Ask(Act.ROLLBACK))
    agent.cluster.send_all(plan.requests)
    assert agent.image() == "v1"
    agent.cluster.send_all(plan.inverse)
    assert agent.cluster.plain() == before
    assert agent.plan(Ask(Act.RESTART, at="2026-01-01T00:00:00Z")).requests
    assert agent.plan(Ask(Act.SET_IMAGE, image=("main", "demo/db:v3"))).raises


def test_on_delete_waits_for_somebody() -> None:
    rollout = Set("DaemonSet", ["v1", "v2"], newest="v2", strategy={"type": "OnDelete"}).read()
    assert rollout.phase is Phase.WAITING
    assert "delete each to replace it" in rollout.message
