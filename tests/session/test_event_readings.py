"""How much is done for one event: counted, because what it takes in time depends on the machine."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cockpit.kube.kind_index import KindIndex
from cockpit.kube.store import Removed, Store
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, PODS, SERVICES, Resource
from cockpit.model.rollout import PodState
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.rollouts import Rollouts
from tests.benchmarks.test_event_cost import cluster, pod

QUESTIONS = frozenset({"get", "every", "keyed", "anywhere", "owned", "everywhere"})
# Who counts the ready pods of app-0: the Service that splits them. The Deployments that own them are part of that.
COUNTING = 1


class CountingIndex(KindIndex):
    """Counts the questions that it is asked."""

    def __init__(self, resource: Resource, asked: Counter[str]) -> None:
        super().__init__(resource)
        self.asked = asked

    def __getattribute__(self, name: str) -> Any:
        if name in QUESTIONS:
            self.asked[name] += 1
        return super().__getattribute__(name)


class Counting(Store):
    """Counts the questions about all of its kinds."""

    def __init__(self) -> None:
        super().__init__("bench")
        self.asked: Counter[str] = Counter()

    def index(self, resource: Resource) -> KindIndex:
        return self._kind_indexes.setdefault(resource, CountingIndex(resource, self.asked))


def read_all(pods: int) -> tuple[Counting, Rollouts]:
    """All rollouts of a cluster with so many pods, twenty for each."""
    store = cluster(pods, Counting())
    rollouts = Rollouts(store, ADAPTERS)
    for kind in (SERVICES, DEPLOYMENTS, INGRESSES):
        rollouts.apply(f"object|{kind.plural}.{kind.group}|shop|{obj.metadata.name}" for obj in store.everywhere(kind))
    rollouts.take_changes()
    return store, rollouts


def test_a_pod_that_becomes_ready_is_read_by_those_alone_who_count_it() -> None:
    store, rollouts = read_all(100)
    before = rollouts.read
    assert rollouts.apply(store.apply(PODS, [pod("app-0", "v1", 0, 2)]).topics)
    assert rollouts.read - before == COUNTING
    assert {key.name for key in rollouts.take_changes().keys} == {"app-0"}


def test_a_pod_that_comes_or_goes_is_read_by_everybody_whom_it_may_concern() -> None:
    store, rollouts = read_all(100)
    before = rollouts.read
    rollouts.apply(store.apply(PODS, [Removed("shop", "app-0-v1-rs-0")]).topics)
    assert rollouts.read - before > COUNTING, "it may have been the last of an owner behind the Service"


def test_what_one_event_asks_does_not_grow_with_the_cluster() -> None:
    counts = []
    for pods in (100, 1000):
        store, rollouts = read_all(pods)
        store.asked.clear()
        rollouts.apply(store.apply(PODS, [pod("app-0", "v1", 0, 2)]).topics)
        counts.append(dict(store.asked))
    assert counts[0] == counts[1]
    assert counts[0]["keyed"] > 0
    assert "every" not in counts[0], "a question about a whole namespace grows with it"


def test_a_workload_that_is_part_of_a_rollout_is_read_again_as_soon_as_it_is_not() -> None:
    """While it is part of it nothing of it is shown, so that it is not read whatever happens to it."""
    store, rollouts = read_all(100)
    before = rollouts.read
    shops = {key.name for key in rollouts.current()}
    for revision in range(2, 5):
        rollouts.apply(store.apply(PODS, [pod("app-0", "v2", 3, revision)]).topics)
    assert rollouts.read - before == 3 * COUNTING
    rollouts.apply(store.apply(SERVICES, [Removed("shop", "app-0")]).topics)
    alone = {key.name: rollout for key, rollout in rollouts.current().items() if key.name not in shops - {"app-0"}}
    assert sorted(alone) == ["app-0-v1", "app-0-v2"]
    (ready,) = [cell for version in alone["app-0-v2"].versions for cell in version.pods if cell.name.endswith("-3")]
    assert ready.state is PodState.STARTING, "as the last event told, which came while nobody read it"
