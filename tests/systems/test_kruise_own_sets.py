"""CloneSets and StatefulSets of OpenKruise that no Kruise Rollout drives: versions by pods, partition, pause."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.store import Store
from cockpit.model.objects import CloneSet
from cockpit.model.plan import Act, Ask, Verb
from cockpit.model.refs import CLONESETS, CONTROLLERREVISIONS, KRUISE_ROLLOUTS, PODS
from cockpit.model.rollout import Phase, Role
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.rollouts import Rollouts
from cockpit.workloads.rolling import held_back, partition_for
from tests.objects import ConflictError, decode
from tests.systems.sets import Set

KINDS = ("CloneSet", "AdvancedStatefulSet")
HALF = "v1 v1 v1 v2 v2"


def kept(kind: str, partition: int | str, **more: Any) -> dict[str, Any]:
    fields = {"partition": partition, **more}
    return fields if kind == "CloneSet" else {"type": "RollingUpdate", "rollingUpdate": fields}


def made(kind: str, pods: str, partition: int | str = 0, *, newest: str = "v2", **more: Any) -> Set:
    return Set(kind, pods.split(), newest=newest, strategy=kept(kind, partition, **more))


def strategy(db: Set) -> Any:
    return db.cluster.doc(db.kind, "db")["spec"]["updateStrategy"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_partition_holds_back_is_a_canary(kind: str) -> None:
    rollout = made(kind, HALF, "60%" if kind == "CloneSet" else 3).read()
    assert (rollout.phase, rollout.router) == (Phase.PAUSED, "pods")
    assert rollout.key.system == {"CloneSet": "cloneset", "AdvancedStatefulSet": "advanced-statefulset"}[kind]
    assert [(v.name, v.role, v.ready, v.desired) for v in rollout.versions] == [
        ("v1", Role.STABLE, 3, 3),
        ("v2", Role.CANARY, 2, 2),
    ]
    assert {s.version: s.written for s in rollout.lanes[0].shares} == pytest.approx({"v1": 0.6, "v2": 0.4})
    assert rollout.step is not None
    assert (rollout.step.index, rollout.step.count, rollout.step.asks) == (2, 5, True)
    assert "3 held back by the partition" in rollout.message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("ask", "share", "count"),
    [(Ask(Act.APPROVE), "40%", 2), (Ask(Act.JUMP, step=4), "20%", 1), (Ask(Act.PROMOTE), "0%", 0)],
)
def test_a_partition_stays_a_percentage_or_a_count(kind: str, ask: Ask, share: str, count: int) -> None:
    for before, after in ((3, count), *((("60%", share),) if kind == "CloneSet" else ())):
        db = made(kind, HALF, before)
        objects = db.cluster.plain()
        plan = db.plan(ask)
        db.cluster.send_all(plan.requests)
        assert strategy(db) == kept(kind, after)
        with pytest.raises(ConflictError):
            db.cluster.send_all(plan.requests)
        db.cluster.send_all(plan.inverse)
        assert db.cluster.plain() == objects


@given(st.integers(1, 500), st.data())
def test_the_partition_that_is_written_keeps_exactly_so_many(size: int, data: st.DataObject) -> None:
    goal = data.draw(st.integers(0, size))
    written = partition_for(goal, size, "50%")
    db = made("CloneSet", "v2", written)
    db.doc["spec"]["replicas"] = size
    found = decode(db.doc)
    assert isinstance(found, CloneSet)
    assert held_back(found) == goal


def test_less_than_all_lets_one_pod_be_replaced() -> None:
    assert "4 held back" in made("CloneSet", "v1 v1 v1 v1 v2", "99%").read().message
    assert "5 held back" in made("CloneSet", "v1 v1 v1 v1 v1", "100%").read().message


@pytest.mark.parametrize("kind", KINDS)
def test_pause_and_resume_leave_the_partition(kind: str) -> None:
    db = made(kind, HALF, 1)
    assert db.read().phase is Phase.PROGRESSING
    plan = db.plan(Ask(Act.PAUSE))
    assert not plan.raises
    objects = db.cluster.plain()
    db.cluster.send_all(plan.requests)
    assert strategy(db) == kept(kind, 1, paused=True)
    rollout = db.read()
    assert (rollout.phase, "paused" in rollout.message) == (Phase.PAUSED, True)
    assert "resume it first" in db.refusal(Ask(Act.APPROVE))
    assert "already paused" in db.refusal(Ask(Act.PAUSE))
    assert any("paused" in warning for warning in db.plan(Ask(Act.SET_IMAGE, image=("", "demo/db:v3"))).warnings)
    resumed = db.plan(Ask(Act.RESUME))
    assert resumed.raises
    db.cluster.send_all(resumed.requests)
    assert strategy(db) == kept(kind, 1)
    db.cluster.send_all(resumed.inverse)
    db.cluster.send_all(plan.inverse)
    assert db.cluster.plain() == objects


def test_a_way_back_takes_every_pod_along() -> None:
    """A partition that counts would hold pods of the newer template; an ordinal only those that never left it."""
    cases: tuple[tuple[str, dict[str, Any], int], ...] = (
        ("CloneSet", {}, 0),
        ("AdvancedStatefulSet", {"unorderedUpdate": {}}, 0),
        ("AdvancedStatefulSet", {}, 3),
    )
    for kind, more, after in cases:
        db = made(kind, HALF, 3, paused=True, **more)
        objects = db.cluster.plain()
        plan = db.plan(Ask(Act.ROLLBACK))
        db.cluster.send_all(plan.requests)
        assert strategy(db) == kept(kind, after, **more)
        assert any("paused" in warning for warning in plan.warnings)
        assert any("from 3 to 0" in warning for warning in plan.warnings) is (after == 0)
        assert plan.reaches is not None
        db.cluster.send_all(plan.inverse)
        assert db.cluster.plain() == objects


@pytest.mark.parametrize("kind", KINDS)
def test_acts_on_template_and_size(kind: str) -> None:
    db = made(kind, HALF, 3)
    db.cluster.send_all(db.plan(Ask(Act.ROLLBACK)).requests)
    assert db.image() == "v1"
    db = made(kind, HALF, 3)
    db.cluster.send_all(db.plan(Ask(Act.SET_IMAGE, image=("", "demo/db:v3"))).requests)
    assert db.image() == "v3"
    db = made(kind, HALF, 3)
    db.cluster.send_all(db.plan(Ask(Act.RESTART, at="now")).requests)
    db.cluster.send_all(db.plan(Ask(Act.SCALE, counts=(("v2", 7),))).requests)
    assert db.cluster.doc(kind, "db")["spec"]["replicas"] == 7
    assert "raising the partition does not take them back" in db.refusal(Ask(Act.JUMP, step=1))


def test_a_clone_set_does_not_wait_for_pods_that_fail() -> None:
    db = made("CloneSet", "v1 v1 v2!", 2)
    assert [f.id for f in db.read().findings] == []
    assert {request.verb for request in db.plan(Ask(Act.ROLLBACK)).requests} == {Verb.PATCH}


def test_one_with_a_kruise_rollout_stays_that_rollouts() -> None:
    db = made("CloneSet", HALF, 3)
    store = Store("test")
    rollouts = Rollouts(store, ADAPTERS)
    for resource, kind in ((CLONESETS, "CloneSet"), (CONTROLLERREVISIONS, "ControllerRevision"), (PODS, "Pod")):
        docs = [decode(doc) for (word, _, _), doc in db.cluster.docs.items() if word == kind]
        rollouts.apply(store.replace(resource, docs).topics)
    assert [key.system for key in rollouts.current()] == ["cloneset"]
    workload = {"apiVersion": "apps.kruise.io/v1alpha1", "kind": "CloneSet", "name": "db"}
    driver = {
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "kind": "Rollout",
        "metadata": {"name": "db-release", "namespace": "default", "uid": "r"},
        "spec": {"workloadRef": workload, "strategy": {"canary": {"steps": [{"replicas": "20%"}]}}},
    }
    rollouts.apply(store.replace(KRUISE_ROLLOUTS, [decode(driver)]).topics)
    assert [key.system for key in rollouts.current()] == ["kruise"]
