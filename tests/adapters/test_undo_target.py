"""Where the undo of an act leads, for every adapter: never in silence to a version that cannot answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.lanes import DEFAULT_LANE, SHARE_TOLERANCE
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.planning.readiness import without_pods
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.session.acts.undo import SentAct, UndoStack, step_back
from tests.adapters.situations import HERE, SITUATIONS
from tests.adapters.test_undo_by_others import Played, carry_out, played, read_before
from tests.objects import Cluster

SERVICE = ServiceRouter()


def undo_of(each: Played, now: Rollout) -> Plan | Refused:
    done = [SentAct(request, before=read_before(each, request)) for request in each.act.requests]
    stack = UndoStack()
    stack.push(now.key, step_back(each.act, each.before, done))
    return stack.plan(now.key, now)


def gaining(each: Played) -> set[str]:
    """The versions that had a larger share before the act, as the objects say."""
    shares = {(lane.name, s.version): s.written or 0.0 for lane in each.now.lanes for s in lane.shares}
    return {
        share.version
        for lane in each.before.lanes
        for share in lane.shares
        if (share.written or 0.0) > shares.get((lane.name, share.version), 0.0) + SHARE_TOLERANCE
        and any((e.lane, e.version) == (lane.name, share.version) for e in each.act.expected)
    }


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("gone", [False, True])
def test_no_undo_leads_in_silence_to_a_version_that_cannot_answer(name: str, gone: bool) -> None:
    for each in played(name):
        back = gaining(each)
        if not back or not each.act.undoable:
            continue
        kept = [v for v in each.now.versions if not gone or v.name not in back]
        versions = tuple(replace(v, ready=0, desired=0, pods=()) if v.name in back else v for v in kept)
        undo = undo_of(each, replace(each.now, versions=versions))
        if isinstance(undo, Plan):
            assert undo.risky, each.act.title
            assert any(version in " ".join(undo.warnings) for version in back), (each.act.title, undo.warnings)
        else:
            assert any(version in undo.why for version in back), undo.why


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_undo_that_leads_to_no_version_at_all_is_refused(name: str) -> None:
    for each in played(name):
        lane = each.before.default_lane
        known = [s for s in lane.shares if s.written is not None] if lane else []
        nobody = known and not any(s.written or s.declared for s in known)
        gives = any(e.lane == DEFAULT_LANE and e.share for e in each.act.expected)
        if nobody and gives and each.act.requests[0].ref in each.before.objects and each.before.router == "service":
            undo = undo_of(each, each.now)
            assert isinstance(undo, Refused)
            assert "before this act no version took the traffic" in undo.why


def read(cluster: Cluster) -> Rollout:
    (found,) = (r for kind in SERVICE.roots for root in cluster.every(kind, HERE) for r in SERVICE.read(root, cluster))
    return found


def act(cluster: Cluster, ask: Ask) -> tuple[Plan, Rollout]:
    before = read(cluster)
    plan = SERVICE.plan(before, ask, cluster)
    assert isinstance(plan, Plan), plan
    carry_out(cluster, plan)
    return plan, before


def test_the_undo_of_a_way_out_of_an_outage_does_not_lead_into_it() -> None:
    """Somebody scaled the active version to nothing; the cockpit moved the traffic away."""
    cluster = SITUATIONS["service: v2 active"]()
    cluster.doc("Deployment", "demo-dp-v2")["spec"]["replicas"] = 0
    for key in [key for key, doc in cluster.docs.items() if key[0] == "Pod" and "-v2-" in doc["metadata"]["name"]]:
        del cluster.docs[key]
    for (kind, _, _), doc in cluster.docs.items():
        if kind in ("ReplicaSet", "Deployment") and "-v2" in doc["metadata"]["name"]:
            doc["spec"]["replicas"] = 0
            doc["status"] = {}
    cluster.balance()
    plan, before = act(cluster, Ask(Act.ROLLBACK))
    now = read(cluster)
    stack = UndoStack()
    stack.push(now.key, step_back(plan, before, [SentAct(request) for request in plan.requests]))
    undo = stack.plan(now.key, now)
    flip = SERVICE.plan(now, Ask(Act.FLIP, version="v2"), cluster)
    assert isinstance(undo, Refused)
    assert isinstance(flip, Refused)
    v2 = now.version("v2")
    assert v2 is not None
    words = without_pods(v2, now.own_versions, f"{now.key.namespace}/{now.key.name}")
    assert undo.why.endswith(words)
    assert flip.why.endswith(words)


def test_the_undo_of_the_cure_of_a_selector_typo_is_refused_and_not_offered() -> None:
    cluster = SITUATIONS["service: nothing behind the selector"]()
    plan, before = act(cluster, Ask(Act.FLIP, version="v1"))
    now = read(cluster)
    stack = UndoStack()
    stack.push(now.key, step_back(plan, before, [SentAct(request) for request in plan.requests]))
    undo = stack.plan(now.key, now)
    assert isinstance(undo, Refused)
    assert "before this act no version took the traffic" in undo.why
    assert undo.why.endswith("; to move it elsewhere: flip"), undo.why
    assert stack.standing(now.key, now)[1] in undo.why


def test_the_undo_of_a_roll_back_says_which_version_it_left() -> None:
    cluster = SITUATIONS["service: v2 active"]()
    plan, before = act(cluster, Ask(Act.ROLLBACK))
    stack = UndoStack()
    stack.push(before.key, step_back(plan, before, [SentAct(request) for request in plan.requests]))
    undo = stack.plan(before.key, read(cluster))
    assert isinstance(undo, Plan)
    assert undo.raises
    assert "v2 was rolled back from by this act: users get it again; look first at why" in undo.warnings
