"""The way back: inverses, and objects made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Change, Expected, Milestone, PatchType, Plan, Refused, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, PODS, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, PodCell, PodState, Role, Rollout, Severity, Share, Version
from cockpit.session.acts.concerns import concerns, hurting
from cockpit.session.acts.undo import SentAct, UndoStack, UndoStep, recreation, remaining, step_back
from cockpit.session.acts.undo_file import UndoFile

KEY = RolloutKey("test", "shop", "web", "ingress")
SERVICE, DEPLOYMENT, CANARY = (Ref(r, "shop", "web") for r in (SERVICES, DEPLOYMENTS, INGRESSES))
PATCH = Request(Verb.PATCH, SERVICE, {"spec": {"x": 2}}, PatchType.MERGE)
BACK = Request(Verb.PATCH, SERVICE, [{"op": "replace", "path": "/spec/x", "value": 1}], PatchType.JSON)
DELETE = Request(Verb.DELETE, DEPLOYMENT, {"preconditions": {"uid": "u1"}})
CREATE = Request(Verb.CREATE, CANARY, {"metadata": {"name": "web"}, "spec": {"a": 1}})


def plan(*requests: Request, raises: bool = True) -> Plan:
    changes = (Change("v2", "30%", "50%"),)
    expected = (Expected("default", "v2", 0.5),)
    return Plan(Act.SET_WEIGHT, KEY, "v2 50%", changes, requests, expected, inverse=(BACK,), raises=raises)


def test_at_the_same_moment_the_act_of_another_is_the_last_one() -> None:
    """The clock of the other is ahead, and what was heard of its act is that it was sent by now."""
    stack = UndoStack()
    stack.push(KEY, UndoStep("mine", (BACK,), (), (), id="1", at=5.0))
    stack.learn(KEY, UndoStep("theirs", (), (), (), id="2", at=5.0))
    top = stack.top(KEY)
    assert top
    assert top.title == "theirs"


def test_a_deleted_object_is_made_again_without_what_only_the_server_sets() -> None:
    read: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "u1",
            "resourceVersion": "5",
            "generation": 3,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "deletionTimestamp": "2026-01-02T00:00:00Z",
            "managedFields": [{}],
            "labels": {"a": "b"},
            "annotations": {"deployment.kubernetes.io/revision": "4", "keep": "me"},
            "finalizers": ["foregroundDeletion", "example.com/hold"],
            "ownerReferences": [{"uid": "gone", "name": "x"}, {"uid": "there", "name": "y"}],
        },
        "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 80, "nodePort": 30001}]},
        "status": {"loadBalancer": {}},
    }
    request = recreation(SERVICE, read, {"gone"})
    assert (request.verb, request.ref) == (Verb.CREATE, SERVICE)
    assert request.body == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {"a": "b"},
            "annotations": {"keep": "me"},
            "finalizers": ["example.com/hold"],
            "ownerReferences": [{"uid": "there", "name": "y"}],
        },
        "spec": {"ports": [{"port": 80, "nodePort": 30001}]},
    }
    assert read["metadata"]["uid"] == "u1", "what was read stays as it was"


def test_a_headless_service_stays_headless() -> None:
    read = {"metadata": {"name": "web"}, "spec": {"clusterIP": "None", "clusterIPs": ["None"]}}
    assert recreation(SERVICE, read).body["spec"] == {"clusterIP": "None", "clusterIPs": ["None"]}


def test_what_was_deleted_is_made_again_before_traffic_goes_back_to_it() -> None:
    done = [
        SentAct(PATCH),
        SentAct(DELETE, before={"metadata": {"uid": "u1"}}),
        SentAct(CREATE, after={"metadata": {"uid": "n"}}),
    ]
    step = step_back(plan(PATCH, DELETE, CREATE), None, done)
    assert [(r.verb, r.ref) for r in step.requests] == [
        (Verb.CREATE, DEPLOYMENT),
        (Verb.PATCH, SERVICE),
        (Verb.DELETE, CANARY),
    ]
    assert step.requests[2].body["preconditions"] == {"uid": "n"}
    assert step.gone == (CANARY,)
    assert step.changes == (Change("v2", "50%", "30%"),)
    assert not step.raises


def test_a_pod_that_its_controller_makes_anew_is_not_made_again() -> None:
    owner = {"kind": "StatefulSet", "name": "db", "controller": True}
    body = {"metadata": {"name": "db-1", "ownerReferences": [owner]}}
    gone = Request(Verb.DELETE, Ref(PODS, "default", "db-1"), {})
    assert step_back(plan(gone), None, [SentAct(gone, body)]).requests == ()
    bare = {"metadata": {"name": "db-1"}}
    (created,) = step_back(plan(gone), None, [SentAct(gone, bare)]).requests
    assert created.verb is Verb.CREATE


def test_only_what_was_done_is_undone() -> None:
    step = step_back(plan(PATCH, DELETE), None, [SentAct(DELETE, before={"metadata": {}})])
    assert [r.verb for r in step.requests] == [Verb.CREATE]
    assert step.expected == ()
    assert step_back(plan(PATCH, raises=False), None, [SentAct(PATCH)]).raises


def test_steps_come_off_in_reverse_order_and_an_undo_leaves_none() -> None:
    stack = UndoStack()
    assert isinstance(stack.plan(KEY), Refused)
    first, second = (step_back(plan(PATCH), None, [SentAct(PATCH)]) for _ in range(2))
    stack.push(KEY, first)
    stack.push(KEY, second)
    undo = stack.plan(KEY)
    assert isinstance(undo, Plan)
    assert undo.title == "undo: v2 50%"
    assert stack.top(KEY) is second
    stack.replace(KEY, second, None)
    assert stack.top(KEY) is first
    stack.replace(KEY, first, None)
    assert isinstance(stack.plan(KEY), Refused)


def test_what_is_left_of_an_undo_that_stopped_can_be_undone_later() -> None:
    step = step_back(plan(PATCH, DELETE), None, [SentAct(PATCH), SentAct(DELETE, before={"metadata": {}})])
    rest = remaining(step, [SentAct(step.requests[0])], step.requests[1])
    assert rest is not None
    assert rest.requests == step.requests[1:]
    assert remaining(step, [SentAct(r) for r in step.requests], None) is None


def test_a_deletion_that_cannot_be_taken_back_says_so() -> None:
    step = step_back(plan(DELETE), None, [SentAct(DELETE)])
    assert "Deployment shop/web cannot be created again" in step.missing
    stack = UndoStack()
    stack.push(KEY, step)
    refused = stack.plan(KEY)
    assert isinstance(refused, Refused)
    assert "cannot be created again" in refused.why


def stands(v1: float, ready: int = 1) -> Rollout:
    refs = {name: Ref(DEPLOYMENTS, "shop", name) for name in ("v1", "v2")}
    versions = tuple(Version(n, Role.OLD, (), ref, ready if n == "v1" else 1, 1) for n, ref in refs.items())
    lane = Lane("default", "", (Share("v1", v1, v1), Share("v2", 1 - v1, 1 - v1)))
    return Rollout(KEY, "ingress", Phase.CANARY, "", versions, (lane,), (), "1")


def scaled(ref: Ref, before: int, after: int) -> Request:
    operations = [
        {"op": "test", "path": "/spec/replicas", "value": before},
        {"op": "replace", "path": "/spec/replicas", "value": after},
    ]
    return Request(Verb.PATCH, ref, operations, PatchType.JSON)


@pytest.mark.parametrize(("share", "refused"), [(0.0, False), (0.1, True), (1.0, True)])
def test_undo_leaves_no_version_that_takes_traffic_without_pods(share: float, refused: bool) -> None:
    ref = Ref(DEPLOYMENTS, "shop", "v1")
    scale = replace(plan(scaled(ref, 0, 3)), inverse=(scaled(ref, 3, 0),), expected=())
    stack = UndoStack()
    stack.push(KEY, step_back(scale, stands(0.0), [SentAct(scale.requests[0])]))
    answer = stack.plan(KEY, stands(share))
    assert isinstance(answer, Refused) is refused
    if isinstance(answer, Refused):
        assert "v1 receives traffic and would be left without pods" in answer.why


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("ready", [0, 2])
def test_undo_gives_traffic_only_to_what_is_ready(whole: bool, ready: int) -> None:
    away = replace(plan(PATCH, DELETE), expected=(Expected("default", "v1", 0.0), Expected("default", "v2", 1.0)))
    done = [SentAct(PATCH), SentAct(DELETE, before={"metadata": {}})]
    stack = UndoStack()
    stack.push(KEY, step_back(away, stands(1.0), done if whole else done[:1]))
    answer = stack.plan(KEY, stands(0.0, ready))
    assert isinstance(answer, Refused) is (ready == 0)


def test_an_act_without_an_inverse_names_what_leads_back_now_and_not_what_its_plan_told() -> None:
    abort = replace(plan(PATCH), title="abort", inverse=(), undo="retry starts the same version again")
    undo = UndoStack()
    undo.push(KEY, step_back(abort, None, [SentAct(PATCH)]))
    for now in ("", "retry"):

        def advise(_: UndoStep, now: str = now) -> str:
            return now

        refused = undo.plan(KEY, None, advise)
        assert isinstance(refused, Refused)
        assert refused.why == "abort: this act cannot be undone" + (f"; instead: {now}" if now else "")


def test_an_undo_that_leads_to_a_version_that_was_crashing_says_so_and_is_deliberate() -> None:
    now = stands(1.0)
    cells = (PodCell("v2-0", "u", PodState.FAILING, "CrashLoopBackOff"),)
    bad = replace(now, versions=(now.versions[0], replace(now.versions[1], ready=0, pods=cells)))
    back = replace(plan(PATCH), title="web back to v1", replaces="v2", inverse=(PATCH,), expected=())
    stack = UndoStack()
    stack.push(KEY, step_back(back, bad, [SentAct(PATCH)]))
    undo = stack.plan(KEY, now)
    assert isinstance(undo, Plan)
    assert undo.warnings == ("v2 was crashing before this act (CrashLoopBackOff)",)
    assert undo.risky
    assert undo.undo == "not by undo: do it again: web back to v1"
    healthy = UndoStack()
    healthy.push(KEY, step_back(back, now, [SentAct(PATCH)]))
    calm = healthy.plan(KEY, now)
    assert isinstance(calm, Plan)
    assert (calm.warnings, calm.risky) == ((), False)


def test_an_act_can_be_undone_under_another_name_of_its_rollout() -> None:
    stack, old = UndoStack(), replace(KEY, name="web-v1", system="deployment")
    step = step_back(plan(PATCH), None, [SentAct(PATCH)])
    stack.push(old, step)
    refs = (SERVICE, Ref(DEPLOYMENTS, "shop", "web-v1"))
    rollout = Rollout(KEY, "service", Phase.AT_REST, "", (), (), refs, "")
    stack.adopt(rollout, {KEY, old})
    assert stack.top(KEY) is None, "it is another rollout's"
    stack.adopt(rollout, {KEY})
    assert (stack.top(KEY), stack.top(old)) == (step, None)
    stack.adopt(rollout, {KEY})
    assert stack.top(KEY) == step


def with_everybody_on(version: str) -> Rollout:
    shares = tuple(Share(name, None, float(name == version)) for name in ("v1", "v2"))
    return Rollout(KEY, "ingress", Phase.AT_REST, "", (), (Lane("default", "", shares),), (SERVICE,), "1")


@pytest.mark.parametrize(
    ("act", "expected", "replaces", "final"),
    [
        (Act.ROLLBACK, (("v1", 1.0),), "", True),
        (Act.SET_WEIGHT, (("v1", 0.1), ("v2", 0.9)), "", True),
        (Act.ROLLBACK, (), "v2", True),
        (Act.SET_WEIGHT, (("v2", 1.0),), "", False),
        (Act.SCALE, (), "", False),
        (Act.FINISH, (("v1", 1.0),), "", False),
    ],
)
def test_the_undo_of_what_took_everybody_away_gives_everybody_the_version_again(
    act: Act, expected: tuple[tuple[str, float], ...], replaces: str, final: bool
) -> None:
    """Though the shares that such an act expects may not name the version that it takes users from."""
    shares = tuple(Expected("default", *each) for each in expected)
    reaches = Milestone("replaced") if replaces else None
    made = replace(plan(PATCH, raises=False), act=act, expected=shares, replaces=replaces, reaches=reaches)
    step = step_back(made, with_everybody_on("v2"), [SentAct(PATCH, after={})])
    stack = UndoStack()
    stack.push(KEY, step)
    undo = stack.plan(KEY)
    assert isinstance(undo, Plan)
    assert undo.final is final


def test_what_was_wrong_before_a_way_back_speaks_against_its_undo_in_any_session(tmp_path: Path) -> None:
    """The session that undoes it may have seen no request fail."""

    def seen(*findings: Finding) -> Rollout:
        return replace(stands(1.0), findings=findings)

    errors = Finding("errors", Severity.WARNING, "37% of the requests to v2 fail", "HTTP 503")
    note = Finding("owner", Severity.WARNING, "Argo CD manages it")
    back = replace(plan(PATCH, raises=False), act=Act.ROLLBACK, expected=(Expected("default", "v2", 0.0),))
    told = hurting(back, seen(errors, note))
    assert told == ("37% of the requests to v2 fail (HTTP 503)",)
    assert hurting(replace(back, raises=True), seen(errors)) == ()
    servers = {KEY.context: "https://here"}
    step = step_back(back, stands(0.8), [SentAct(PATCH)], hurt=told)
    UndoStack(UndoFile(tmp_path / "undo.json", servers, UndoStep)).push(KEY, step)
    elsewhere = UndoStack(UndoFile(tmp_path / "undo.json", servers, UndoStep))
    undo = elsewhere.plan(KEY, stands(1.0))
    assert isinstance(undo, Plan)
    assert undo.raises
    assert "v2 was rolled back from by this act: users get it again; look first at why" in undo.warnings
    kept = elsewhere.top(KEY)
    assert kept is not None
    assert concerns(undo, seen(), kept.hurt) == ("before this act: 37% of the requests to v2 fail (HTTP 503)",)
    assert concerns(undo, seen(errors), kept.hurt) == told, "said once where this session knows it too"


def test_the_undo_of_what_replaced_every_pod_is_done_when_every_pod_is_replaced_again() -> None:
    old = Version("v1", Role.STABLE, (), None, 2, 2, identity=("uid-v1",))
    before = replace(with_everybody_on("v1"), versions=(old,))
    made = replace(plan(PATCH), act=Act.SET_IMAGE, expected=(), replaces="v1")
    whole = replace(made, reaches=Milestone("every pod", (Phase.AT_REST,), identity="uid-v2", replaced="uid-v1"))
    stack = UndoStack()
    stack.push(KEY, step_back(whole, before, [SentAct(PATCH, after={})]))
    undo = stack.plan(KEY)
    assert isinstance(undo, Plan)
    again = Milestone("every pod has the template of v1 again", (Phase.AT_REST,), identity="uid-v1", replaced="uid-v2")
    assert undo.reaches == again
    hashed = replace(old, identity=("uid-v1", "pod-template-hash=7d84"))
    lasting = step_back(whole, replace(before, versions=(hashed,)), [SentAct(PATCH, after={})]).reaches
    assert lasting == replace(again, identity="pod-template-hash=7d84"), "its ReplicaSet may be gone"
    for part in (replace(made, reaches=Milestone("a step", (Phase.PAUSED,))), made):
        assert step_back(part, before, [SentAct(PATCH, after={})]).reaches is None
