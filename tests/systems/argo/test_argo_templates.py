"""The way back to an older template, other images, restarts and counts."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Expected
from cockpit.model.rollout import Phase
from cockpit.systems.argo.old_templates import carried_back
from tests.objects import Cluster, ConflictError, Doc
from tests.systems.argo.releases import (
    ABORTED,
    HASH,
    NEW,
    OLD,
    PROMOTED,
    basic,
    ids,
    only_once,
    planned,
    previewed,
    promoted,
    read,
    refusal,
    replica_set,
    routed,
    send,
    template,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def back(version: str | None = None) -> Ask:
    return Ask(Act.ROLLBACK, version=version)


def image(tag: str, container: str = "") -> Ask:
    return Ask(Act.SET_IMAGE, image=(container, f"shop/web:{tag}"))


def spec(cluster: Cluster) -> Doc:
    found: Doc = cluster.doc("Rollout", "web")["spec"]
    return found


def test_in_the_middle_of_an_update_the_stable_template_comes_back_to_the_letter() -> None:
    cluster = routed()
    plan = planned(cluster, back())
    assert not plan.raises
    assert plan.expected == (Expected("default", "v1", 1.0),)
    assert plan.reaches
    assert (plan.reaches.phases, plan.reaches.identity) == (("at rest",), read(cluster).versions[0].identity[0])
    assert "to the stable version immediately" in plan.warnings[0]
    only_once(cluster, plan)
    assert spec(cluster)["template"] == template("v1"), "without hash and without the API's defaults"


def moves(cluster: Cluster) -> list[str]:
    return [text for text in planned(cluster, back()).warnings if "traffic moves" in text or "stay on it" in text]


def test_before_the_switch_of_a_blue_green_release_going_back_moves_nobody() -> None:
    assert moves(previewed()) == ["users are on it already and stay on it"]
    switched = previewed(blueGreen={"activeSelector": NEW, "previewSelector": NEW})
    assert moves(switched) == ["the steps are skipped: all traffic moves to the stable version immediately"]


@pytest.mark.parametrize("active", [OLD, NEW])
def test_where_requests_fail_whatever_the_version_no_traffic_is_said_to_move(active: str) -> None:
    cluster = previewed(blueGreen={"activeSelector": active, "previewSelector": NEW})
    cluster.doc("Service", "web-stable")["spec"]["selector"][HASH] = "mistyped"
    assert "selector-misses" in ids(cluster.balance())
    assert not moves(cluster)


def test_out_of_a_release_of_an_older_template_the_way_home_is_no_way_forward() -> None:
    cluster = routed()
    cluster.doc("ReplicaSet", f"web-{OLD}")["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z"
    plan = planned(cluster, back())
    assert not plan.raises
    assert not any("came after" in warning for warning in plan.warnings)


def test_what_the_controller_puts_into_its_copies_does_not_come_back() -> None:
    cluster = routed()
    for name, stage in ((OLD, "stable"), (NEW, "canary")):
        found = cluster.doc("ReplicaSet", f"web-{name}")
        kept = found["spec"]["template"]
        kept["metadata"]["labels"]["stage"] = stage
        kept["metadata"]["annotations"] = {"note": stage}
        injected = {"labels": {"stage": stage}, "annotations": {"note": stage}}
        found["metadata"]["annotations"]["rollout.argoproj.io/ephemeral-metadata"] = json.dumps(injected)
    term = {
        "labelSelector": {"matchExpressions": [{"key": HASH, "operator": "In", "values": [OLD]}]},
        "topologyKey": "kubernetes.io/hostname",
    }
    mine = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "zone"}
    of_stable = cluster.doc("ReplicaSet", f"web-{OLD}")["spec"]["template"]["spec"]
    of_stable["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term, mine]}}
    of_new = cluster.doc("ReplicaSet", f"web-{NEW}")["spec"]["template"]["spec"]
    weighted = {"weight": 1, "podAffinityTerm": term}
    of_new["affinity"] = {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [weighted]}}
    cluster.docs = copy.deepcopy(cluster.docs)
    only_once(cluster, planned(cluster, back()))
    wanted = template("v1")
    wanted["spec"]["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [mine]}}
    assert spec(cluster)["template"] == wanted


def test_aborted_and_paused_by_hand_it_goes_back_and_on() -> None:
    cluster = routed(0, **ABORTED)
    spec(cluster)["paused"] = True
    plan = planned(cluster, back())
    only_once(cluster, plan)
    assert spec(cluster)["template"] == template("v1")
    assert "paused" not in spec(cluster)


def test_after_promotion_it_is_a_release_of_its_own_and_says_so() -> None:
    cluster = promoted()
    plan = planned(cluster, back())
    assert "back to v2 (revision 2)" in plan.title
    assert any("new release of the older template" in warning for warning in plan.warnings)
    assert any("may never have been stable" in warning for warning in plan.warnings)
    assert plan.reaches
    assert plan.reaches.not_phases == ("at rest", "aborted")
    only_once(cluster, plan)
    assert spec(cluster)["template"] == template("v2")
    assert "rollback --to 3" in plan.undo


@pytest.mark.parametrize("name", ["1", "h1", "v1", "web-h1"])
def test_older_revisions_are_named_by_number_hash_or_tag(name: str) -> None:
    cluster = promoted()
    plan = planned(cluster, back(name))
    only_once(cluster, plan)
    assert spec(cluster)["template"] == template("v1")
    assert not any("may never have been stable" in warning for warning in plan.warnings)


def test_revisions_that_are_not_there_or_not_one() -> None:
    cluster = promoted()
    assert "existing revisions: 3 (v3), 2 (v2), 1 (v1)" in refusal(cluster, back("v9"))
    assert "already the current template" in refusal(cluster, back("v3"))
    replica_set(cluster, "h4", "v1", 4, 0)
    replica_set(cluster, "h5", "v8", 5, 0)  # the one that is shown beside the present one
    assert "matches revisions 1, 4" in refusal(cluster, back("v1"))
    for name in ("h1", "h2", "h4", "h5"):
        cluster.remove("ReplicaSet", f"web-{name}")
    assert "only template in the revision history" in refusal(cluster, back())


INVALID = {"type": "InvalidSpec", "status": "True", "reason": "InvalidSpec", "message": "no such field"}


@pytest.mark.parametrize("name", ["v2", "v3"])
def test_before_a_change_is_seen_a_named_version_comes_back_without_anything_of_it(name: str) -> None:
    cluster = promoted()
    cluster.doc("Rollout", "web")["metadata"]["generation"] = 8
    spec(cluster)["template"]["spec"]["hostNetwork"] = True
    only_once(cluster, planned(cluster, back(name)))
    assert "hostNetwork" not in spec(cluster)["template"]["spec"]


@pytest.mark.parametrize("why", ["paused", "invalid", "not taken up"])
def test_a_template_of_which_nothing_was_made_goes_back_to_the_stable_one_and_not_the_one_before(why: str) -> None:
    cluster = promoted(paused=why == "paused")
    if why == "invalid":
        cluster.doc("Rollout", "web")["status"]["conditions"] = [INVALID]
        spec(cluster)["template"]["spec"]["containers"][0]["ports"] = "odd"
    else:
        spec(cluster)["template"] = template("v4")
        spec(cluster)["template"]["spec"]["hostNetwork"] = True
    plan = planned(cluster, back())
    assert "back to v3 (revision 3)" in plan.title
    assert [str(change) for change in plan.changes] == ["pod template the current template -> v3"]
    assert any("no such field" in warning for warning in plan.warnings) is (why == "invalid")
    assert "--to" not in plan.undo
    only_once(cluster, plan)
    defaults = {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst"}
    wanted = template("v3")
    wanted["spec"] |= defaults
    wanted["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
    assert spec(cluster)["template"] == wanted, "nothing of the template that is given up"


def test_within_the_window_the_way_back_is_fast() -> None:
    assert any(
        "steps and analysis are skipped" in w
        for w in planned(promoted(rollbackWindow={"revisions": 3}), back("v1")).warnings
    )
    assert any("new release" in w for w in planned(promoted(rollbackWindow={"revisions": 1}), back("v1")).warnings)


def test_blue_green_goes_back_at_once_while_the_old_pods_run() -> None:
    cluster = previewed(
        **PROMOTED | {"currentStepIndex": None, "blueGreen": {"activeSelector": NEW, "previewSelector": NEW}}
    )
    old = cluster.doc("ReplicaSet", f"web-{OLD}")
    old["metadata"]["annotations"]["scale-down-deadline"] = "2026-01-01T10:00:30Z"
    plan = planned(cluster, back())
    assert any("switches immediately" in warning for warning in plan.warnings)
    assert plan.reaches
    assert plan.reaches.phases == ("at rest",), "it may be there before anybody looks"
    assert plan.expected == (Expected("default", "v1", 1.0),)
    assert "kept-for-rollback" in ids(cluster)


def test_pods_that_fail_are_no_way_back_while_others_are_ready() -> None:
    later = "2026-01-01T10:00:30Z"
    fields = {"currentPodHash": "h3", "stableRS": "h3", "currentStepIndex": None, "blueGreen": {"activeSelector": "h3"}}
    cluster = previewed(**PROMOTED | fields)
    spec(cluster)["template"] = template("v3")
    replica_set(cluster, "h3", "v3", 3, 5)
    for hash_ in (OLD, NEW):
        cluster.doc("ReplicaSet", f"web-{hash_}")["metadata"]["annotations"]["scale-down-deadline"] = later
    assert planned(cluster, back()).title.startswith("web back to v2 ")
    cluster.doc("ReplicaSet", f"web-{NEW}")["status"]["readyReplicas"] = 0
    for key, doc in cluster.docs.items():
        if key[0] == "Pod" and NEW in key[2]:
            doc["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    assert planned(cluster, back()).title.startswith("web back to v1 ")
    told = {found.id: found.text for found in read(cluster).findings}
    assert told["kept-for-rollback"].startswith("v1 keeps its pods")
    assert told["abandoned-version"] == f"v2 keeps its pods until {later}, and none of them is ready"


def test_an_image_whose_pods_still_run_may_be_switched_to_at_once() -> None:
    said_ = PROMOTED | {"currentStepIndex": None, "blueGreen": {"activeSelector": NEW, "previewSelector": NEW}}
    cluster = previewed(**said_)
    assert not any("immediately" in warning for warning in planned(cluster, image("v1")).warnings)
    kept = cluster.doc("ReplicaSet", f"web-{OLD}")["metadata"]["annotations"]
    kept["scale-down-deadline"] = "2026-01-01T10:00:30Z"
    plan = planned(cluster, image("v1"))
    assert any("v1 still has its pods" in warning for warning in plan.warnings)
    assert plan.reaches is None


def test_the_stable_image_in_the_middle_of_an_update_may_end_it() -> None:
    plan = planned(routed(), image("v1"))
    assert any("if this is the template of v1, the update ends" in warning for warning in plan.warnings)
    assert plan.reaches is None
    assert planned(routed(), image("v3")).reaches


def test_an_image_is_set_in_the_container_that_is_named() -> None:
    cluster = routed(**PROMOTED)
    spec(cluster)["template"]["spec"]["initContainers"] = [{"name": "setup", "image": "shop/setup:1"}]
    only_once(cluster, planned(cluster, image("v3")))
    assert spec(cluster)["template"]["spec"]["containers"][0]["image"] == "shop/web:v3", "the application's container"
    spec(cluster)["template"]["spec"]["containers"][0]["image"] = "shop/web:v2"
    spec(cluster)["template"]["spec"]["containers"].append({"name": "jobs", "image": "shop/jobs:1"})
    assert "say which container, as CONTAINER=IMAGE: app, jobs and setup" in refusal(cluster, image("v3"))
    del spec(cluster)["template"]["spec"]["containers"][1]
    assert "no container db; containers: app and setup" in refusal(cluster, image("v3", "db"))
    assert "already has image shop/web:v2" in refusal(cluster, image("v2", "app"))
    assert "say which image" in refusal(cluster, Ask(Act.SET_IMAGE, image=("app", "")))
    plan = planned(cluster, image("v3", "app"))
    only_once(cluster, plan)
    assert spec(cluster)["template"]["spec"]["containers"][0]["image"] == "shop/web:v3"
    for request in plan.inverse:
        send(cluster, request)
    assert spec(cluster)["template"]["spec"]["containers"][0]["image"] == "shop/web:v2"


def test_an_image_in_the_middle_of_an_update_takes_its_place() -> None:
    assert any("this one replaces it" in warning for warning in planned(routed(), image("v3")).warnings)


def referring(**fields: Any) -> Cluster:
    """The template is that of a Deployment with no pods of its own."""
    cluster = routed(**fields)
    found = spec(cluster)
    kept = found.pop("template")
    found["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return cluster.add(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "generation": 4},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": kept},
        }
    )


def test_with_a_workload_reference_templates_are_written_there() -> None:
    cluster = referring()
    for ask in (back(), image("v3")):
        plan = planned(cluster, ask)
        assert [str(request.ref) for request in plan.requests] == ["Deployment default/web"]
    only_once(cluster, planned(cluster, back()))
    assert cluster.doc("Deployment", "web")["spec"]["template"] == template("v1")
    assert "Deployment default/web" in map(str, read(cluster).objects), "it is no rollout of its own"


def test_a_workload_that_is_not_known_is_changed_where_it_is() -> None:
    cluster = referring()
    cluster.remove("Deployment", "web")
    assert "its template comes from Deployment web, which cannot be read here" in refusal(cluster, image("v3"))
    assert "cannot be read here" in refusal(cluster, back())
    assert "no-workload" in ids(cluster)


def test_pods_of_the_workload_itself_are_told() -> None:
    cluster = referring()
    cluster.doc("Deployment", "web")["spec"]["replicas"] = 5
    assert "doubled-pods" in ids(cluster)


def test_a_workload_that_moved_on_is_waited_for() -> None:
    cluster = referring(workloadObservedGeneration="3")
    cluster.doc("Rollout", "web")["metadata"]["annotations"] = {"rollout.argoproj.io/workload-generation": "4"}
    assert read(cluster).phase is Phase.PROGRESSING
    assert "has not seen the last change" in refusal(cluster, Act.APPROVE)


def test_a_restart_evicts_exactly_the_pods_that_are_there() -> None:
    """It needs no clock: a second after the youngest pod was made."""
    cluster = routed(**PROMOTED)
    for key, doc in cluster.docs.items():
        if key[0] == "Pod":
            doc["metadata"]["creationTimestamp"] = "2026-01-01T11:59:59Z"
    plan = planned(cluster, Act.RESTART)
    only_once(cluster, plan)
    assert spec(cluster)["restartAt"] == "2026-01-01T12:00:00Z"
    paused = routed(**PROMOTED)
    spec(paused)["paused"] = True
    assert "resume it first" in refusal(paused, Act.RESTART)


def test_a_rollout_without_pods_has_nothing_to_restart() -> None:
    assert "no pods" in refusal(basic(old=0, new=0), Act.RESTART)


def test_one_count_for_all_versions() -> None:
    cluster = routed(**PROMOTED)
    plan = planned(cluster, Ask(Act.SCALE, counts=(("v2", 3),)))
    assert plan.pods == (("v2", 3),)
    assert "capacity: web carries its traffic on 3 ready pods; it needs 5 to keep the load per pod" in plan.warnings
    for request in plan.requests:
        send(cluster, request)
    assert spec(cluster)["replicas"] == 3
    with pytest.raises(ConflictError):
        send(cluster, plan.requests[0])
    for request in plan.inverse:
        send(cluster, request)
    assert spec(cluster)["replicas"] == 5


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((), "say how many"),
        ((("v2", 0),), "every request fails"),
        ((("v2", 10**9),), "a count is 1 to"),
        ((("v2", 5),), "already set"),
        ((("v1", 1), ("v2", 2)), "one replica count"),
        ((("v9", 1),), "no version v9"),
    ],
)
def test_counts_that_cannot_be(counts: tuple[tuple[str, int], ...], why: str) -> None:
    assert why in refusal(routed(), Ask(Act.SCALE, counts=counts))


def test_a_count_without_a_field_is_one() -> None:
    cluster = routed(**PROMOTED)
    del spec(cluster)["replicas"]
    plan = planned(cluster, Ask(Act.SCALE, counts=(("v2", 2),)))
    send(cluster, plan.requests[0])
    assert spec(cluster)["replicas"] == 2


def test_a_count_while_paused_by_hand_would_be_ignored() -> None:
    cluster = routed()
    spec(cluster)["paused"] = True
    assert "ignores scaling while paused" in refusal(cluster, Ask(Act.SCALE, counts=(("v2", 6),)))


@given(values, values, values)
def test_carrying_back_is_exact_where_the_live_one_is_what_it_was(live: Any, before: Any, after: Any) -> None:
    assert carried_back(before, before, after) == after
    assert carried_back(live, before, before) == live
    carried_back(live, before, after)


def test_an_autoscaler_on_the_rollout_is_heeded() -> None:
    cluster = routed(**PROMOTED)
    (name,) = {name for kind, _, name in cluster.docs if kind == "Rollout"}
    target = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": name}
    scaler = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 6}
    meta = {"name": "load"}
    cluster.add({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": scaler})
    assert "HorizontalPodAutoscaler load" in refusal(cluster, Ask(Act.SCALE, counts=(("v2", 9),)))
    plan = planned(cluster, Ask(Act.SCALE, counts=(("v2", 3),)))
    assert any("HorizontalPodAutoscaler load" in w and "may change it again" in w for w in plan.warnings)
