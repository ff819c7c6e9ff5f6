"""Clusters behind one gateway: read as the gateway sees them, each act to the one that has the object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.store import Store
from cockpit.model.objects import Obj
from cockpit.model.plan import Act, Ask, PatchType, Refused, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, Ref, Resource
from cockpit.model.rollout import Rollout
from cockpit.model.view import Outcome, Prepared, Stage, Sync
from cockpit.routers.ingress.adapter import IngressRouter
from cockpit.session.acts.undo import UndoStack, UndoStep
from cockpit.session.facts.federation import Federated, placed
from cockpit.session.settings import Settings
from tests.objects import RESOURCES, Cluster, Doc, decode, seed
from tests.session.apiserver import ApiServer
from tests.session.conftest import V1, Open, deployment, shop
from tests.session.conftest import Stage as On
from tests.session.far import KEY, ROUTE, Far

APART = ("http-server-v1", "http-server-v2", "route2")
TOGETHER = Settings(one_gateway=(("test", "second"),))


def story() -> Cluster:
    """The canary walk-through at 30%."""
    cluster = Cluster(seed("weight-http-server-v1") + seed("weight-ingress1")).run("http-server-v1")
    cluster.add(*seed("weight-http-server-v2"), created="2026-01-01T01:00:00Z").run("http-server-v2")
    return cluster.add(*seed("weight-ingress2"), created="2026-01-01T02:00:00Z").balance()


def stored(context: str, docs: Collection[Doc], known: Collection[Resource]) -> Store:
    store, kinds = Store(context), defaultdict[Resource, list[Obj]](list)
    for doc in docs:
        kinds[RESOURCES[doc["kind"]]].append(decode(doc))
    for resource in known:
        store.replace(resource, kinds[resource])
    return store


def part_of(doc: Doc, docs: Collection[Doc]) -> str:
    """The name of the workload or Ingress that an object belongs to; a Service goes with its workload."""
    for owner in doc["metadata"].get("ownerReferences", ()):
        keeper = next((d for d in docs if d["metadata"].get("uid") == owner["uid"]), None)
        if keeper:
            return part_of(keeper, docs)
    return str(doc["metadata"]["name"])


def read(docs: Collection[Doc], away: Collection[str]) -> Rollout:
    """The rollout of route1 where these parts run in the other cluster."""
    there = [doc for doc in docs if part_of(doc, docs) in away]
    here = [doc for doc in docs if doc not in there]
    router = IngressRouter()
    objects = Federated(stored("one", here, router.needs), [stored("two", there, router.needs)])
    root = objects.get(INGRESSES, "default", "route1")
    assert root
    (rollout,) = router.read(root, objects)
    return placed(rollout, objects)


@given(st.sets(st.sampled_from(APART)))
def test_a_release_spread_over_two_clusters_reads_as_in_one(away: set[str]) -> None:
    docs = list(story().docs.values())
    whole, spread = read(docs, ()), read(docs, away)
    assert {version.name: version.context for version in spread.versions} == {
        name: "two" if f"http-server-{name}" in away else "" for name in ("v1", "v2")
    }
    here = tuple(replace(version, context="") for version in spread.versions)
    assert replace(spread, versions=here) == whole


def test_what_runs_in_both_clusters_is_told_by_each_for_itself() -> None:
    docs = list(story().docs.values())
    router = IngressRouter()
    both = Federated(stored("one", docs, router.needs), [stored("two", docs, router.needs)])
    root = both.get(INGRESSES, "default", "route1")
    assert root
    assert router.read(root, both) == (read(docs, ()),)


def test_owners_in_a_circle_end() -> None:
    circle: list[Doc] = [
        {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x", "namespace": "default", "uid": kind,
         "ownerReferences": [{"kind": other, "name": "x", "uid": other, "controller": True}]}, "spec": {}}
        for kind, other in (("Deployment", "ReplicaSet"), ("ReplicaSet", "Deployment"))
    ]  # fmt: skip
    kinds = tuple(RESOURCES[doc["kind"]] for doc in circle)
    objects = Federated(stored("one", [], kinds), [stored("two", circle, kinds)])
    assert objects.every(kinds[0], "default") == []


@pytest.fixture
async def pair() -> AsyncIterator[tuple[ApiServer, ApiServer]]:
    """The route in the first cluster, the Deployment that it leads to in the second."""
    async with ApiServer().serving() as first, ApiServer().serving() as second:
        first.put(ROUTE, {"kind": "Ingress", "metadata": {"annotations": {"runs": "shop-v1"}}, "spec": {}})
        second.put(V1, deployment("v1"))
        yield first, second


async def stand(pair: tuple[ApiServer, ApiServer], stage: Open) -> On:
    on = await stage(*pair, adapters=(Far(),), settings=TOGETHER)
    await on.until(lambda view: view.rollouts and view.rollouts[0].rollout.versions)
    assert isinstance(on, On)
    return on


async def prepared(on: On, act: Act) -> Prepared:
    plan = await on.passing(on.session.prepare(KEY, Ask(act)))
    assert isinstance(plan, Prepared), plan
    return plan


async def send(on: On, act: Act) -> Outcome:
    outcome = await on.passing(on.session.send(await prepared(on, act)))
    assert isinstance(outcome, Outcome)
    return outcome


async def test_an_act_and_its_undo_go_to_the_cluster_that_has_the_object(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    first, second = pair
    on = await stand(pair, stage)
    assert on.session.view().rollouts[0].rollout.versions[0].context == "second"
    scaled = await send(on, Act.SCALE)
    assert scaled.stage is Stage.VERIFIED, scaled
    assert scaled.plan
    assert scaled.plan.commands()[0].startswith("kubectl --context second ")
    assert (first.writes, second.writes) == ([], [("PATCH", V1)])
    undone = await send(on, Act.UNDO)
    assert undone.stage is Stage.VERIFIED, undone
    assert second.docs[V1]["spec"]["replicas"] == 1
    held = await send(on, Act.PAUSE)
    assert held.stage is Stage.VERIFIED, held
    assert first.writes == [("PATCH", ROUTE)]
    entry = on.session.view().journal[0]
    assert entry.who == "ann@second"


async def test_an_act_on_objects_of_both_is_refused_with_what_to_type(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    on = await stand(pair, stage)
    refused = await on.passing(on.session.prepare(KEY, Ask(Act.FINISH)))
    assert isinstance(refused, Refused)
    assert "Ingress shop/route in test, Deployment shop/shop-v1 in second" in refused.why
    assert "kubectl --context second -n shop delete deployment/shop-v1" in refused.why


async def test_a_cluster_that_goes_away_marks_its_part_and_leaves_the_rest_open(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    first, second = pair
    on = await stand(pair, stage)
    second.die()
    lost = {"test": Sync.LIVE, "second": Sync.RETRYING}
    view = await on.until(lambda view: {cluster.context: cluster.state for cluster in view.clusters} == lost)
    rollout = view.rollouts[0].rollout
    assert rollout.versions, "what was read stays"
    [finding] = rollout.findings
    assert (finding.id, finding.text.partition(" since")[0]) == (
        "part-stale",
        "shop-v1 runs in another cluster: second is not up to date (retrying",
    )
    assert all(act.enabled for act in rollout.acts)
    held = await send(on, Act.PAUSE)
    assert held.stage is Stage.VERIFIED, held
    assert first.writes == [("PATCH", ROUTE)]
    assert "second" in (await prepared(on, Act.SCALE)).blocked
    second.dead = False
    view = await on.until(lambda view: not view.rollouts[0].rollout.findings)
    assert (await send(on, Act.SCALE)).stage is Stage.VERIFIED


async def test_a_neighbour_that_was_never_read_is_told_where_its_versions_may_be_missing(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    _, second = pair
    second.die()
    on = await stage(*pair, adapters=(Far(),), settings=TOGETHER, live=False)
    view = await on.until(lambda view: view.rollouts and view.clusters[1].state is Sync.RETRYING)
    [rollout] = [shown.rollout for shown in view.rollouts]
    [finding] = rollout.findings
    words = "versions that run in second may be missing here: second is not up to date (retrying"
    assert (rollout.versions, finding.id, finding.text.partition(" since")[0]) == ((), "part-unread", words)
    second.dead = False
    await on.until(lambda view: view.rollouts[0].rollout.versions and not view.rollouts[0].rollout.findings)


async def test_a_namesake_here_is_the_version_here(pair: tuple[ApiServer, ApiServer], stage: Open) -> None:
    first, _ = pair
    shop(first)
    on = await stand(pair, stage)
    assert on.session.view().rollouts[0].rollout.versions[0].context == ""
    await send(on, Act.SCALE)
    assert ("PATCH", V1) in first.writes


def test_a_ref_that_is_nowhere_is_at_home_here() -> None:
    objects = Federated(stored("one", [], (INGRESSES,)), [stored("two", [], (INGRESSES,))])
    assert objects.home(Ref(INGRESSES, "default", "x")) == ""


async def test_a_neighbour_that_goes_away_after_the_plan_was_shown_gets_nothing(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    _, second = pair
    on = await stand(pair, stage)
    shown = await prepared(on, Act.SCALE)
    second.die()
    await on.until(lambda view: {cluster.state for cluster in view.clusters} == {Sync.LIVE, Sync.RETRYING})
    second.dead = False
    outcome = await on.session.send(shown)
    assert (outcome.stage, "second is not up to date" in outcome.why, second.writes) == (Stage.REFUSED, True, [])


async def test_an_undo_of_an_act_in_a_cluster_that_is_not_read_here_is_refused(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    first, _ = pair
    first.put(V1, deployment("v1"))
    undo = UndoStack()
    body = {"spec": {"replicas": 2}}
    scale = Request(Verb.PATCH, Ref(DEPLOYMENTS, "shop", "shop-v1"), body, PatchType.MERGE, context="second")
    undo.push(KEY, UndoStep("scale", (scale,), (), ()))
    on = await stage(first, adapters=(Far(),), undo=undo)
    await on.until(lambda view: view.rollouts and view.rollouts[0].rollout.versions)
    refused = await on.passing(on.session.prepare(KEY, Ask(Act.UNDO)))
    assert isinstance(refused, Refused), refused
    assert "writes to second" in refused.why
    assert "one_gateway" in refused.why


async def test_a_plan_is_of_production_where_its_route_or_its_object_is(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    on = await stage(*pair, adapters=(Far(),), settings=msgspec.structs.replace(TOGETHER, production=("test",)))
    await on.until(lambda view: view.rollouts and view.rollouts[0].rollout.versions)
    assert (await prepared(on, Act.SCALE)).production


async def test_nothing_is_sent_to_a_neighbour_that_the_settings_make_read_only(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    settings = msgspec.structs.replace(TOGETHER, read_only_contexts=("second",))
    on = await stage(*pair, adapters=(Far(),), settings=settings)
    view = await on.until(lambda view: view.rollouts and view.rollouts[0].rollout.versions)
    assert not view.read_only
    plan = await prepared(on, Act.SCALE)
    assert "read-only" in plan.blocked
    assert (await on.passing(on.session.send(plan))).stage is Stage.REFUSED
    assert [server.writes for server in pair] == [[], []]


async def test_a_cluster_that_was_not_asked_for_shows_no_rollouts_of_its_own(
    pair: tuple[ApiServer, ApiServer], stage: Open
) -> None:
    first, second = pair
    second.put(ROUTE, first.docs[ROUTE])
    on = await stage(*pair, adapters=(Far(),), settings=TOGETHER, aside=("second",))
    view = await on.until(lambda view: view.rollouts and view.rollouts[0].rollout.versions)
    assert [shown.rollout.key for shown in view.rollouts] == [KEY]
    assert view.rollouts[0].rollout.versions[0].context == "second"
    assert [cluster.aside for cluster in view.clusters] == [False, True]
