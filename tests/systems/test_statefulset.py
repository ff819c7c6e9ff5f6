"""StatefulSets: versions by revision, the partition as steps, ways back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Plan, Refused, Verb
from cockpit.model.refs import PODS
from cockpit.model.rollout import Phase, Role
from tests.objects import Cluster, ConflictError, decode
from tests.systems.sets import SYSTEMS, Set


def held(number: int) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}


def stateful(pods: str, newest: str, **more: Any) -> Set:
    return Set("StatefulSet", pods.split(), newest=newest, **more)


def test_at_rest_one_version_takes_all() -> None:
    rollout = stateful("v1 v1 v1", "v1").read()
    assert (rollout.phase, rollout.key.system, rollout.step, rollout.steps) == (Phase.AT_REST, "statefulset", None, ())
    assert [(v.name, v.role, v.ready, v.desired) for v in rollout.versions] == [("v1", Role.STABLE, 3, 3)]
    assert [(s.version, s.written) for s in rollout.lanes[0].shares] == [("v1", 1.0)]


def test_a_rolling_update_shows_both_templates() -> None:
    rollout = stateful("v1 v1 v2", "v2").read()
    assert rollout.phase is Phase.PROGRESSING
    assert [(v.name, v.role, v.ready, v.desired) for v in rollout.versions] == [
        ("v1", Role.OLD, 2, 0),
        ("v2", Role.NEW, 1, 3),
    ]
    assert {s.version: s.written for s in rollout.lanes[0].shares} == pytest.approx({"v1": 2 / 3, "v2": 1 / 3})
    assert rollout.lanes[0].derived


def test_who_cannot_read_pods_is_told_what_the_set_counts() -> None:
    db = stateful("v1 v1 v2", "v2")
    db.doc["status"]["readyReplicas"] = 3
    blind = Cluster(db.cluster.docs.values(), unknown=[PODS])
    (rollout,) = SYSTEMS["StatefulSet"].read(decode(db.doc), blind)
    assert [(v.ready, v.role) for v in rollout.versions] == [(2, Role.OLD), (1, Role.NEW)]
    assert rollout.phase is Phase.PROGRESSING
    assert rollout.message == "1 of 3 updated, 3 ready, 2 old"
    assert "no-ready-pods" not in {f.id for f in rollout.findings}


def test_what_the_partition_holds_back_is_a_canary_and_each_pod_a_step() -> None:
    rollout = stateful("v1 v1 v1 v2", "v2", strategy=held(3)).read()
    assert rollout.phase is Phase.PAUSED
    assert [(v.role, v.desired) for v in rollout.versions] == [(Role.STABLE, 3), (Role.CANARY, 1)]
    assert rollout.step is not None
    assert (rollout.step.index, rollout.step.count, rollout.step.asks) == (1, 4, True)
    assert len(rollout.steps) == 4
    assert "3 held back by the partition" in rollout.message


@pytest.mark.parametrize(
    ("ask", "partition", "final"),
    [
        (Ask(Act.APPROVE), 2, False),
        (Ask(Act.JUMP, step=3), 1, False),
        (Ask(Act.PROMOTE), 0, True),
        (Ask(Act.RESUME), 0, True),
    ],
)
def test_the_partition_goes_down_and_only_from_where_it_was(ask: Ask, partition: int, final: bool) -> None:
    db = stateful("v1 v1 v1 v2", "v2", strategy=held(3))
    before = db.cluster.plain()
    plan = db.plan(ask)
    assert (plan.raises, plan.final) == (True, final)
    db.cluster.send_all(plan.requests)
    assert db.cluster.doc("StatefulSet", "db")["spec"]["updateStrategy"] == held(partition)
    with pytest.raises(ConflictError):
        db.cluster.send_all(plan.requests)
    db.cluster.send_all(plan.inverse)
    assert db.cluster.plain() == before


def test_a_template_that_changed_meanwhile_is_not_let_further() -> None:
    db = stateful("v1 v1 v1 v2", "v2", strategy=held(3))
    plan = db.plan(Ask(Act.APPROVE))
    db.cluster.doc("StatefulSet", "db")["status"]["updateRevision"] = "db-hv3"
    with pytest.raises(ConflictError):
        db.cluster.send_all(plan.requests)


def test_going_back_by_the_partition_is_refused_with_the_right_way() -> None:
    db = stateful("v1 v2 v2 v2", "v2", strategy=held(1))
    assert "raising the partition does not take them back: roll back" in db.refusal(Ask(Act.JUMP, step=2))
    assert "1 to 4" in db.refusal(Ask(Act.JUMP, step=9))
    assert "number of pods" in db.refusal(Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))


def test_pause_sets_the_partition_where_the_update_is() -> None:
    plan = stateful("v1 v1 v1 v2 v2", "v2").plan(Ask(Act.PAUSE))
    (request,) = plan.requests
    assert [o["value"] for o in request.body if o["op"] == "replace"] == [3]
    assert not plan.raises
    assert "already holds it" in stateful("v1 v1 v2", "v2", strategy=held(2)).refusal(Ask(Act.PAUSE))
    assert "no update in progress" in stateful("v1 v1", "v1").refusal(Ask(Act.PAUSE))


def test_pods_may_be_numbered_from_elsewhere() -> None:
    db = stateful("v1 v1 v2", "v2")
    db.doc["spec"]["ordinals"] = {"start": 5}
    for number in range(3):
        pod = db.cluster.docs.pop(("Pod", "default", f"db-{number}"))
        pod["metadata"] |= {"name": f"db-{number + 5}", "uid": f"p{number}"}
        db.cluster.add(pod)
    (request,) = db.plan(Ask(Act.PAUSE)).requests
    assert [o["value"] for o in request.body if o["op"] == "replace"] == [2]


def test_on_delete_waits_and_says_why_it_cannot_be_paused() -> None:
    db = stateful("v1 v2", "v2", strategy={"type": "OnDelete"})
    rollout = db.read()
    assert rollout.phase is Phase.WAITING
    assert [f.id for f in rollout.findings] == ["on-delete"]
    assert "OnDelete has no partition" in db.refusal(Ask(Act.PAUSE))
    plan = db.plan(Ask(Act.ROLLBACK))
    assert plan.reaches is None
    assert any("until you delete it" in w for w in plan.warnings)


def test_roll_back_restores_the_template_of_the_revision() -> None:
    db = stateful("v1 v2 v2", "v2")
    before = db.cluster.plain()
    plan = db.plan(Ask(Act.ROLLBACK))
    assert plan.reaches is not None
    assert plan.reaches.identity == "uid-controllerrevision-db-hv1"
    db.cluster.send_all(plan.requests)
    assert db.image() == "v1"
    db.cluster.send_all(plan.inverse)
    assert db.cluster.plain() == before


def test_roll_back_by_number_reaches_what_is_not_shown() -> None:
    db = stateful("v3 v3", "v3")
    db.revision("v1", -1)
    db.revision("v2", 0)
    assert "; revisions: " in db.refusal(Ask(Act.ROLLBACK, version="v9"))
    db.cluster.send_all(db.plan(Ask(Act.ROLLBACK, version="0")).requests)
    assert db.image() == "v2"


def test_pods_that_never_get_ready_are_deleted_by_the_way_back() -> None:
    db = stateful("v1 v1 v2!", "v2")
    rollout = db.read()
    assert rollout.phase is Phase.DEGRADED
    assert {f.id: f.evidence for f in rollout.findings}["stuck"] == "CrashLoopBackOff"
    plan = db.plan(Ask(Act.ROLLBACK))
    assert [(r.verb, r.ref.name) for r in plan.requests] == [(Verb.PATCH, "db"), (Verb.DELETE, "db-2")]
    assert plan.requests[1].body["preconditions"] == {"uid": "uid-pod-db-2"}


def returning(pods: str) -> Set:
    """A colleague has applied the manifest of v1 again, after v2 came."""
    db = stateful(pods, "v1")
    for doc, born in (("db-hv1", "2026-01-01T00:00:00Z"), ("db-hv2", "2026-02-01T00:00:00Z")):
        db.cluster.doc("ControllerRevision", doc)["metadata"]["creationTimestamp"] = born
    return db


@pytest.mark.parametrize("ask", [Ask(Act.ROLLBACK), Ask(Act.ROLLBACK, version="v1")])
def test_a_pod_for_which_the_way_back_waits_is_all_that_is_deleted(ask: Ask) -> None:
    db = returning("v1 v1 v2!")
    rollout = db.read()
    back = next(state for state in rollout.acts if state.act is Act.ROLLBACK)
    assert (back.enabled, back.leads) == (True, "deletes db-2, for which the way back waits")
    stuck = next(f for f in rollout.findings if f.id == "stuck")
    assert "waits for db-2 and replaces no others: roll back" in stuck.text
    plan = db.plan(ask)
    assert [(r.verb, r.ref.name, r.body["preconditions"]) for r in plan.requests] == [
        (Verb.DELETE, "db-2", {"uid": "uid-pod-db-2"})
    ]
    assert (plan.undoable, plan.raises, plan.destroys) == (False, False, False)
    assert plan.reaches
    assert plan.reaches.identity == "uid-controllerrevision-db-hv1"


def test_a_way_back_that_moves_deletes_nothing() -> None:
    assert "already rolling back to v1" in returning("v1 v1 v2").refusal(Ask(Act.ROLLBACK))
    assert "already the current template" in returning("v1 v1 v2").refusal(Ask(Act.ROLLBACK, version="v1"))
    named = returning("v1 v1 v2!").plan(Ask(Act.ROLLBACK, version="v2"))
    assert named.requests[0].verb is Verb.PATCH


def test_another_image_and_a_restart() -> None:
    db = stateful("v1 v1", "v1")
    assert "say which container, as CONTAINER=IMAGE: main" in db.refusal(Ask(Act.SET_IMAGE, image=("side", "x")))
    assert "already has image demo/db:v1" in db.refusal(Ask(Act.SET_IMAGE, image=("", "demo/db:v1")))
    assert "is not a valid image" in db.refusal(Ask(Act.SET_IMAGE, image=("", "a b")))
    plan = db.plan(Ask(Act.SET_IMAGE, image=("", "demo/db:v2")))
    assert plan.raises
    db.cluster.send_all(plan.requests)
    assert db.image() == "v2"
    db.cluster.send_all(plan.inverse)
    restart = db.plan(Ask(Act.RESTART, at="2026-01-01T00:00:00Z"))
    assert restart.inverse == ()
    db.cluster.send_all(restart.requests)
    annotations = db.cluster.doc("StatefulSet", "db")["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}


def test_a_change_that_the_controller_has_not_seen() -> None:
    db = stateful("v1 v1", "v1")
    db.cluster.doc("StatefulSet", "db")["metadata"]["generation"] = 3
    assert db.read().phase is Phase.PROGRESSING
    assert "wait a moment" in db.refusal(Ask(Act.ROLLBACK))
    assert "wait a moment" in db.refusal(Ask(Act.PAUSE))


def test_scale_is_of_the_whole_set() -> None:
    db = stateful("v1 v1", "v1")
    db.cluster.send_all(db.plan(Ask(Act.SCALE, counts=(("v1", 5),))).requests)
    assert db.cluster.doc("StatefulSet", "db")["spec"]["replicas"] == 5
    assert "every request fails" in db.refusal(Ask(Act.SCALE, counts=(("v1", 0),)))


def test_an_owner_is_named() -> None:
    db = stateful("v1 v2", "v2")
    db.cluster.doc("StatefulSet", "db")["metadata"]["ownerReferences"] = [
        {"apiVersion": "rollouts.kruise.io/v1beta1", "kind": "Rollout", "name": "boss", "uid": "u"}
    ]
    assert "Kruise Rollout boss manages StatefulSet default/db" in db.refusal(Ask(Act.ROLLBACK))
    assert not any(act.enabled for act in db.read().acts)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=5),
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(st.sampled_from(["spec", "template", "metadata", "labels", "containers", "image", "name"]), x)
    ),
    max_leaves=12,
)


@settings(max_examples=40)
@given(
    data=ODD, partition=st.none() | st.integers(-2, 9) | st.sampled_from(["50%", "x", ""]), label=st.text(max_size=9)
)
def test_any_revision_partition_and_label_is_borne(data: Any, partition: Any, label: str) -> None:
    db = stateful("v1 v1 v2", "v2", strategy={"type": "RollingUpdate", "rollingUpdate": {"partition": partition}})
    db.cluster.doc("ControllerRevision", "db-hv1")["data"] = data if isinstance(data, dict) else {"spec": data}
    db.cluster.doc("Pod", "db-0")["metadata"]["labels"]["controller-revision-hash"] = label
    rollout = db.read()
    assert sum(len(v.pods) for v in rollout.versions) == 3
    for act in (Act.ROLLBACK, Act.PAUSE, Act.APPROVE, Act.RESTART, Act.PROMOTE):
        answer = SYSTEMS["StatefulSet"].plan(rollout, Ask(act), db.cluster)
        assert isinstance(answer, Plan | Refused)


def test_a_governing_service_that_is_gone_leaves_clients_without_an_address() -> None:
    made = stateful("v1 v1 v1", "v1")
    made.doc["spec"]["serviceName"] = "db"
    assert not [each for each in made.read().findings if each.id == "service-missing"]
    made.cluster.remove("Service", "db")
    [told] = [each for each in made.read().findings if each.id == "service-missing"]
    assert told.text.startswith("Service default/db does not exist: clients have no address for the pods of ")
    del made.doc["spec"]["serviceName"]
    assert not [each for each in made.read().findings if each.id == "service-missing"]
