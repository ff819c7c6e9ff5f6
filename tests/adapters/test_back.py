"""Where every adapter's way back leads: what the list of acts says of it, and what its plan does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cockpit.model.adapter import Adapter
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.planning.instead import instead_of_undo
from cockpit.planning.undo_of_others import as_told
from cockpit.session.facts.adapters import ADAPTERS
from tests.adapters.situations import HERE, SITUATIONS, situation
from tests.adapters.test_acts import sensible
from tests.adapters.test_undo_by_others import NOW, played
from tests.objects import Cluster
from tests.systems import test_deployment
from tests.systems.argo import releases as argo
from tests.systems.kruise import releases as kruise
from tests.systems.sets import Set

_SCALE = re.compile(r"cockpit scale (\S+) (\S+)")
_TO = re.compile(r"--to ([\w.-]+)")


def enabled(rollout: Rollout, act: Act) -> bool:
    return any(state.act is act and state.enabled for state in rollout.acts)


@pytest.mark.parametrize("name", SITUATIONS)
def test_where_it_leads_is_listed_and_is_where_its_plan_leads(name: str) -> None:
    cluster, rollouts = situation(name)
    for adapter, rollout in rollouts:
        for state in (s for s in rollout.acts if s.act is Act.ROLLBACK and s.enabled):
            plan = adapter.plan(rollout, Ask(Act.ROLLBACK), cluster)
            assert isinstance(plan, Plan)
            named = [v.name for v in rollout.own_versions if v.name in state.leads.replace(",", "").split()]
            assert len(named) == 1, (rollout.key, state.leads)
            assert named[0] in plan.title, (plan.title, state.leads)
            assert ("sends everyone" in state.leads or "at once" in state.leads) <= bool(plan.expected or plan.pods)


@pytest.mark.parametrize("name", SITUATIONS)
def test_whether_requests_can_undo_it_is_listed(name: str) -> None:
    cluster, rollouts = situation(name)
    for adapter, rollout in rollouts:
        for state in (s for s in rollout.acts if s.act in (Act.ROLLBACK, Act.ABORT) and s.enabled):
            plan = adapter.plan(rollout, Ask(state.act), cluster)
            assert isinstance(plan, Plan)
            assert plan.undoable is state.undoable, (rollout.key, state.act)


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_approval_that_leads_to_everyone_says_so_and_counts_as_a_promotion(name: str) -> None:
    cluster, rollouts = situation(name)
    for adapter, rollout in rollouts:
        for state in (s for s in rollout.acts if s.act is Act.APPROVE and s.enabled):
            plan = adapter.plan(rollout, Ask(Act.APPROVE), cluster)
            assert isinstance(plan, Plan)
            at_once = state.leads.startswith("everyone gets ") and "in the end" not in state.leads
            assert plan.decisive is at_once, (rollout.key, plan.title, state.leads)
            assert (state.leads in plan.title) or plan.title.startswith("switch "), (plan.title, state.leads)


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_act_that_an_answer_advises_is_one_that_is_planned(name: str) -> None:
    """Whatever a refusal or a plan says to type can be typed."""
    cluster, rollouts = situation(name)
    for adapter, rollout in rollouts:
        for text in _said(adapter, rollout, cluster):
            for ask in _advised(text):
                answer = adapter.plan(rollout, ask, cluster)
                assert isinstance(answer, Plan), (text, answer)


def _said(adapter: Adapter, rollout: Rollout, cluster: Cluster) -> Iterator[str]:
    """Refusals and warnings; not the undo of a plan, which speaks of what will be."""
    for state in rollout.acts:
        if not state.enabled:
            yield state.why
            continue
        for ask in sensible(rollout, state):
            answer = adapter.plan(rollout, ask, cluster)
            if isinstance(answer, Refused):
                yield answer.why


def _advised(text: str) -> Iterator[Ask]:
    for found in _SCALE.finditer(text):
        name, count = shlex.split(found[2])[0].rsplit("=", 1)
        yield Ask(Act.SCALE, counts=((name, int(count)),))
    if "name the version" in text:
        yield from (Ask(Act.ROLLBACK, version=found[1]) for found in _TO.finditer(text))


# What is left after a release of v3 was rolled back to v2, where v1 came before it.


def deployment() -> Cluster:
    cluster = SITUATIONS["deployment: first template"]()
    for revision in (2, 3):
        test_deployment.revise(cluster, revision, f"bebullish/demo:v{revision}")
    _aged(cluster, "deployment.kubernetes.io/revision", lambda doc: _image(doc)[-1])
    container = cluster.doc("Deployment", test_deployment.NAME)["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "bebullish/demo:v2"
    container["env"] = [{"name": "REVISION", "value": "2"}]
    for key in [key for key in cluster.docs if key[0] == "Pod"]:
        del cluster.docs[key]
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "ReplicaSet":
            doc["spec"]["replicas"] = doc["status"]["replicas"] = doc["status"]["readyReplicas"] = 0
    cluster.run(test_deployment.NAME)
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "Deployment" or (kind == "ReplicaSet" and _image(doc).endswith("v2")):
            doc["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "4"
    return cluster


def _image(doc: dict[str, Any]) -> str:
    return str(doc["spec"]["template"]["spec"]["containers"][0]["image"])


def _aged(cluster: Cluster, annotation: str, day: Callable[[dict[str, Any]], str]) -> None:
    for (kind, _, _), doc in cluster.docs.items():
        if kind == "ReplicaSet":
            doc["metadata"]["creationTimestamp"] = f"2026-01-0{day(doc)}T00:00:00Z"


def argo_rollout() -> Cluster:
    cluster = Cluster()
    status = argo.status(**argo.PROMOTED | {"currentPodHash": "h2", "stableRS": "h2"})
    cluster.add({**argo.rollout(argo.canary(), tag="v2"), "status": status})
    for number in (1, 2, 3):
        made = argo.replica_set(cluster, f"h{number}", f"v{number}", number, 5 if number == 2 else 0)
        if number == 2:
            made["metadata"]["annotations"]["rollout.argoproj.io/revision"] = "4"
    return cluster.balance()


def kruise_rollout() -> Cluster:
    cluster = kruise.rolled_back()
    present = kruise.sets(cluster)[0]
    for doc in kruise.sets(cluster):
        tag = _image(doc).rpartition(":")[2]
        doc["metadata"]["creationTimestamp"] = {"1.10.2": "2026-01-02", "1.10.3": "2026-01-03"}[tag] + "T00:00:00Z"
    first = {**present, "metadata": {**present["metadata"], "name": "echoserver-first", "uid": "uid-first"}}
    first["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    first["metadata"]["labels"] = {**present["metadata"]["labels"], "pod-template-hash": "first"}
    first["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "0"}
    template = present["spec"]["template"]
    first["spec"] = {**present["spec"], "replicas": 0, "template": {**template, "spec": {**template["spec"]}}}
    container = {**template["spec"]["containers"][0], "image": "openkruise/demo:1.10.1"}
    first["spec"]["template"]["spec"]["containers"] = [container]
    first["status"] = {"replicas": 0}
    return cluster.add(first)


def own_set(kind: str) -> Cluster:
    made = Set(kind, ["v2", "v2"], newest="v2")
    for image, number in (("v1", 1), ("v3", 3), ("v2", 4)):
        made.revision(image, number)
        made.cluster.doc("ControllerRevision", f"db-h{image}")["metadata"]["creationTimestamp"] = (
            f"2026-01-0{image[1]}T00:00:00Z"
        )
    return made.cluster


ROLLED_BACK: dict[str, tuple[Callable[[], Cluster], str, str, str]] = {
    "deployment": (deployment, "v2", "v1", "v3"),
    "argo": (argo_rollout, "v2", "v1", "v3"),
    "kruise": (kruise_rollout, "1.10.2", "1.10.1", "1.10.3"),
    "statefulset": (lambda: own_set("StatefulSet"), "v2", "v1", "v3"),
    "daemonset": (lambda: own_set("DaemonSet"), "v2", "v1", "v3"),
    "cloneset": (lambda: own_set("CloneSet"), "v2", "v1", "v3"),
    "advanced-statefulset": (lambda: own_set("AdvancedStatefulSet"), "v2", "v1", "v3"),
}


def read(system: str, cluster: Cluster) -> tuple[Adapter, Rollout]:
    adapter = next(each for each in ADAPTERS if each.id == system)
    roots = (root for kind in adapter.roots for root in cluster.every(kind, HERE))
    return adapter, next(found for root in roots for found in adapter.read(root, cluster))


@pytest.mark.parametrize("system", ROLLED_BACK)
def test_a_version_that_was_rolled_back_from_is_no_way_back(system: str) -> None:
    build, now, before, left = ROLLED_BACK[system]
    cluster = build()
    adapter, rollout = read(system, cluster)
    (state,) = (s for s in rollout.acts if s.act is Act.ROLLBACK)
    assert state.enabled, state.why
    assert before in state.leads
    plan = adapter.plan(rollout, Ask(Act.ROLLBACK), cluster)
    assert isinstance(plan, Plan), plan
    assert (plan.changes[0].before, plan.changes[0].after) == (now, before)
    assert any(left in warning and "not to" in warning for warning in plan.warnings), plan.warnings
    named = adapter.plan(rollout, Ask(Act.ROLLBACK, version=left), cluster)
    assert isinstance(named, Plan), named
    assert named.raises, "by its name it can be chosen, and that is deliberate"
    assert f"{left} came after {now}: this rolls it out again" in named.warnings


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_leads_back_where_nothing_undoes_an_act_applies_as_things_are(name: str) -> None:
    for each in played(name):
        if each.act.undoable:
            continue
        told = as_told(each.act, each.before, "you")
        words = instead_of_undo(told, each.now, each.adapter, each.cluster, NOW)
        named = re.findall(r"(?:^| or )([a-z-]+)", words)
        assert bool(named) is bool(words)
        for act in named:
            ask = Ask(Act(act), version=found[1]) if (found := _TO.search(words)) else None
            known = ask is not None and isinstance(each.adapter.plan(each.now, ask, each.cluster), Plan)
            assert known or enabled(each.now, Act(act)), (each.act.title, words)
