"""What an Event claims of another person's act is held against the objects before anything is planned of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.adapter import Adapter
from cockpit.model.plan import Act, Expected, Plan, Refused, Verb
from cockpit.model.release_state import ReleaseState, release_state
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.instead import instead_of_undo
from cockpit.planning.undo_of_others import OthersAct, shows_undone, undo_plan, why_over
from cockpit.session.acts.undo import UndoStack, UndoStep
from cockpit.session.facts.adapters import ADAPTERS
from tests.adapters.situations import HERE, SITUATIONS
from tests.objects import Cluster, Doc

AT = "2026-01-01T00:00:00Z"
V1, V2 = "bebullish/demo:v1", "bebullish/demo:v2"
SET = OthersAct(
    "ann", Act.SET_IMAGE, "set image", ReleaseState(), changes=(f"image of demo {V1} -> {V2}",), replaces="v1"
)


def deployment() -> Cluster:
    """Version v2 of an image, v1 kept as a revision: they differ in their image alone."""
    cluster = SITUATIONS["deployment: at rest"]()
    for doc in cluster.docs.values():
        if doc["kind"] in ("ReplicaSet", "Deployment"):
            container_of(doc).pop("env", None)
    return cluster


def container_of(doc: Doc) -> Doc:
    found: Doc = doc["spec"]["template"]["spec"]["containers"][0]
    return found


def read(cluster: Cluster, id: str = "deployment") -> tuple[Adapter, Rollout]:
    adapter = next(each for each in ADAPTERS if each.id == id)
    found = (
        each for kind in adapter.roots for root in cluster.every(kind, HERE) for each in adapter.read(root, cluster)
    )
    return adapter, next(found)


def undo(cluster: Cluster, told: OthersAct, id: str = "deployment") -> Plan | Refused:
    adapter, rollout = read(cluster, id)
    return undo_plan(told, rollout, adapter, cluster, AT)


def test_an_image_is_undone_by_the_template_that_the_cluster_keeps() -> None:
    plan = undo(deployment(), SET)
    assert isinstance(plan, Plan), plan
    assert [str(change) for change in plan.changes] == ["pod template v2 -> v1"]
    written = next(each["value"] for each in plan.requests[0].body if each["op"] == "replace")
    assert written["spec"]["containers"][0]["image"] == V1
    assert plan.title == "undo set image, sent by ann as its Event says"
    assert plan.warnings[0] == (
        "that it happened, who sent it and how it was before is known from its Event alone: anybody who may create"
        " Events can have written it"
    )


def test_an_image_out_of_an_event_is_never_written() -> None:
    """Whoever forges an Event can name a version that the cluster keeps, and nothing else."""
    evil = "attacker/miner:1"
    for told in (replace(SET, replaces=evil), replace(SET, before=ReleaseState(images=(("v1", evil),)), replaces=evil)):
        refused = undo(deployment(), told)
        assert isinstance(refused, Refused)
        assert "no version attacker/miner:1" in refused.why


def test_an_image_that_is_not_the_one_that_was_set_is_not_undone() -> None:
    refused = undo(deployment(), replace(SET, changes=(f"image of demo {V1} -> {V2}5",)))
    assert isinstance(refused, Refused)
    assert refused.why == (
        "undo set image, sent by ann as its Event says: it was changed since: v2 is the template now; nothing to undo"
    )


def test_an_image_is_not_undone_over_another_change_of_the_template() -> None:
    cluster = deployment()
    for doc in cluster.docs.values():
        if doc["kind"] in ("ReplicaSet", "Deployment") and container_of(doc)["image"] == V2:
            container_of(doc)["env"] = [{"name": "MODE", "value": "new"}]
    refused = undo(cluster, SET)
    assert isinstance(refused, Refused)
    assert refused.why.endswith("its template was changed since, in more than the image")


def test_a_rollback_is_undone_only_while_its_template_is_the_present_one() -> None:
    back = OthersAct("ann", Act.ROLLBACK, "back", ReleaseState(), changes=("pod template v1 -> v2",), replaces="v1")
    assert isinstance(undo(deployment(), back), Plan)
    other = undo(deployment(), replace(back, changes=("pod template v1 -> v3",)))
    assert isinstance(other, Refused)
    assert "v2 is the template now" in other.why


def test_a_step_of_the_release_before_is_not_gone_back_to() -> None:
    """It went back from step 3 to step 1; in a newer release, that undone is a jump forward."""
    cluster = SITUATIONS["kruise: paused at a step"]()
    images = release_state(read(cluster, "kruise")[1]).images
    back = OthersAct("ann", Act.JUMP, "go to step 1", ReleaseState(step=3, images=images))
    assert isinstance(undo(cluster, back, "kruise"), Plan)
    earlier = tuple((name, f"{image}-before") for name, image in images)
    refused = undo(cluster, replace(back, before=ReleaseState(step=3, images=earlier)), "kruise")
    assert isinstance(refused, Refused)
    assert "it was changed since" in refused.why


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (OthersAct("ann", Act.RESTART, "restart", ReleaseState()), "the replaced pods are gone"),
        (OthersAct("ann", Act.FINISH, "finish", ReleaseState(), gone=("Deployment a/b",)), "it deleted Deployment a/b"),
        (OthersAct("ann", Act.FINISH, "finish", ReleaseState()), "apply their manifests again"),
        (OthersAct("ann", Act.PROMOTE, "promote", ReleaseState()), "instead: rollback"),
    ],
)
def test_what_cannot_be_known_is_refused_with_what_to_do_instead(told: OthersAct, why: str) -> None:
    refused = undo(deployment(), told)
    assert isinstance(refused, Refused)
    assert why in refused.why


_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(["v1", "v2", "default"])
_share = st.floats(0, 1)
_states = st.builds(
    ReleaseState,
    shares=st.lists(st.tuples(_words, _words, _share), max_size=4).map(tuple),
    pods=st.lists(st.tuples(_words, st.integers(0, 9)), max_size=4).map(tuple),
    step=st.none() | st.integers(0, 1000),
    headers=st.lists(st.tuples(_words, _words, _words), max_size=2).map(tuple),
    steps=st.lists(_share, max_size=3).map(tuple),
)
_claims = st.builds(
    OthersAct,
    who=_words,
    act=st.sampled_from([act for act in Act if act not in (Act.UNDO, Act.PROBE)]),
    title=_words,
    before=_states,
    expected=st.lists(st.builds(Expected, _words, _words, _share), max_size=4).map(tuple),
    changes=st.lists(_words | st.just("v2 pods (Deployment x) 3 -> 7"), max_size=3).map(tuple),
    gone=st.lists(_words, max_size=3).map(tuple),
    replaces=_words,
)


@settings(max_examples=150, deadline=None)
@given(_claims, st.sampled_from(["mesh: split", "route: steps", "ingress: by header", "service: v2 active"]))
def test_whatever_is_claimed_nothing_but_the_rollouts_own_objects_is_written(told: OthersAct, name: str) -> None:
    cluster = SITUATIONS[name]()
    ids = {"mesh": "istio", "route": "gateway-api", "ingress": "ingress", "service": "service"}
    adapter, rollout = read(cluster, ids[name.partition(":")[0]])
    plan = undo_plan(told, rollout, adapter, cluster, AT)
    assert plan.act is Act.UNDO
    if isinstance(plan, Plan):
        own = {*rollout.objects, *(version.workload for version in rollout.versions)}
        assert all(request.ref in own or request.verb is Verb.CREATE for request in plan.requests)
        assert {request.right for request in plan.requests} <= {r for rights in adapter.writes.values() for r in rights}


# An act, what was set before it, how it is set while the act is in force, and how it is once it was undone.
CLAIMS = {
    Act.PAUSE: (ReleaseState(), Phase.PAUSED, Phase.PROGRESSING),
    Act.RESUME: (ReleaseState(paused=True), Phase.PROGRESSING, Phase.PAUSED),
    Act.ABORT: (ReleaseState(), Phase.ABORTED, Phase.PROGRESSING),
    Act.RETRY: (ReleaseState(), Phase.PROGRESSING, Phase.ABORTED),
}


@pytest.mark.parametrize("act", CLAIMS)
def test_a_claim_that_an_act_was_undone_holds_once_its_state_is_over(act: Act) -> None:
    before, standing, over = CLAIMS[act]
    _, rollout = read(deployment())
    told = OthersAct("ann", act, act.value, before)
    assert not shows_undone(told, replace(rollout, phase=standing))
    assert shows_undone(told, replace(rollout, phase=over))


def test_a_claim_about_pods_steps_and_templates_is_held_against_the_objects() -> None:
    _, rollout = read(deployment())
    now = release_state(rollout)
    fewer = replace(now, pods=tuple((name, count + 1) for name, count in now.pods))
    for act, before in (
        (Act.SCALE, fewer),
        (Act.STEPS, replace(now, steps=(0.5,))),
        (Act.APPROVE, replace(now, step=7)),
    ):
        assert not shows_undone(OthersAct("ann", act, act.value, before), rollout)
        assert shows_undone(OthersAct("ann", act, act.value, now), rollout)
    old, new = (version.name for version in rollout.own_versions)
    assert not shows_undone(replace(SET, replaces=old), rollout), "the new template is still there"
    assert shows_undone(replace(SET, replaces=new), rollout)
    assert not shows_undone(OthersAct("ann", Act.RESTART, "restart", now), rollout), "nothing undoes a restart"


def test_a_forged_claim_hides_no_undo_of_an_act_without_shares() -> None:
    _, rollout = read(deployment())
    stack = UndoStack()
    told = OthersAct("ann", Act.PAUSE, "pause", ReleaseState())
    stack.learn(rollout.key, UndoStep("pause", (), (), (), id="id1", at=1.0, told=told))
    stack.claim("id1")
    paused = replace(rollout, phase=Phase.PAUSED)
    assert stack.top(rollout.key, paused) is not None
    assert stack.top(rollout.key, rollout) is None, "it is resumed: the claim is borne out"


def test_a_plan_tells_what_the_objects_show_and_what_only_an_event_says() -> None:
    cluster = SITUATIONS["ingress: by weight"]()
    adapter, rollout = read(cluster, "ingress")
    state = release_state(rollout)
    expected = tuple(Expected(lane, version, share) for lane, version, share in state.shares)
    before = replace(state, shares=tuple((lane, version, 1 - share) for lane, version, share in state.shares))
    told = OthersAct("alice", Act.SET_WEIGHT, "v2 30%", before, expected)
    plan = undo_plan(told, rollout, adapter, cluster, AT)
    assert isinstance(plan, Plan), plan
    assert plan.title == "undo v2 30%, sent by alice as its Event says"
    assert plan.warnings[0].startswith("the objects show where it is said to have led (")
    assert "who sent it and how it was before is known from its Event alone" in plan.warnings[0]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_shares_that_are_in_force_are_not_said_to_be_changed_since(situation: str) -> None:
    """Also where pod counts decide them, which nobody writes."""
    cluster = SITUATIONS[situation]()
    for adapter in ADAPTERS:
        roots = (root for kind in adapter.roots for root in cluster.every(kind, HERE))
        for rollout in (found for root in roots for found in adapter.read(root, cluster)):
            lanes = [lane for lane in rollout.lanes if not lane.sticky]
            shares = tuple(
                Expected(lane.name, share.version, share.written)
                for lane in lanes
                for share in lane.shares
                if share.written is not None and not share.others
            )
            assert why_over(replace(SET, expected=shares), rollout) == "", rollout.key


def test_where_no_template_is_kept_the_image_leads_back_from_a_roll_back() -> None:
    cluster = deployment()
    adapter, rollout = read(cluster)
    resting = replace(rollout, acts=())
    did = OthersAct("you", Act.ROLLBACK, "back", ReleaseState(images=(("v9", "demo:v9"),)), replaces="v9")
    assert instead_of_undo(did, resting, adapter, cluster, AT) == "set-image demo:v9"
    for other in (replace(did, act=Act.RESTART), replace(did, replaces="v8")):
        assert instead_of_undo(other, resting, adapter, cluster, AT) == ""


def test_an_act_whose_share_follows_from_pods_can_be_undone() -> None:
    cluster = deployment()
    _, rollout = read(cluster)
    lane = rollout.default_lane
    assert lane
    assert lane.derived
    for name in (version.name for version in rollout.own_versions if version.ready):
        told = replace(SET, expected=(Expected(lane.name, name, 1.0),))
        assert isinstance(undo(cluster, told), Plan)
        assert not shows_undone(told, rollout), "the objects do not show that it is over"
