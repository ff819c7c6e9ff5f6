"""What kubectl sets of any router or workload is one line of the journal: who, from what, to what."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from cockpit.kube.sender import FIELD_MANAGER
from cockpit.model.refs import Ref, Resource, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import Entry
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Cluster as SessionCluster
from cockpit.session.journal.foreign import ForeignChanges
from tests.adapters.situations import HERE, SITUATIONS
from tests.objects import Cluster, Doc, seed
from tests.systems.test_deployment import revise

Path = tuple[str | int, ...]
# Kinds that only controllers write, and the gateways themselves, which split nothing.
NOT_SET = {"Pod", "EndpointSlice", "ControllerRevision", "IngressClass", "Gateway", "IstioGateway"}
KUBECTL, TOLD = "kubectl-edit", "kubectl (kubectl-edit)@test"


class Read:
    """What `ForeignChanges` asks of a session's cluster, on objects in memory."""

    def __init__(self, objects: Cluster) -> None:
        self.store = objects
        self.context = objects.context

    def of(self, ref: Ref) -> Read:
        return self

    def unread_of(self, rollout: Rollout) -> frozenset[Resource]:
        return frozenset()

    def half_read(self, key: RolloutKey) -> bool:
        return False


class Watch:
    """A journal's eye on the objects of a situation."""

    def __init__(self, objects: Cluster, acted: bool = False) -> None:
        self.objects, self.at = objects, 1000.0
        clusters = cast("Mapping[str, SessionCluster]", {objects.context: Read(objects)})
        names = iter(range(10**6))
        self.foreign = ForeignChanges(
            *(clusters, self, lambda of: self.at if acted else None, lambda context: True),
            *(lambda entry: None, lambda: str(next(names)), lambda: None),
        )
        self.shown: dict[RolloutKey, Rollout] = {}

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError

    def look(self) -> list[Entry]:
        """Read all rollouts, and what is due of the journal a minute later."""
        found = {
            rollout.key: rollout
            for adapter in ADAPTERS
            for kind in adapter.roots
            for root in self.objects.every(kind, HERE)
            for rollout in adapter.read(root, self.objects)
        }
        for rollout in found.values():
            self.foreign.look(rollout, again=True)
        for key in self.shown.keys() - found.keys():
            self.foreign.left(key)
        self.shown = found
        self.at += 60
        return list(self.foreign.due())

    def edit(self, place: tuple[str, str, str], path: Path, manager: str) -> list[Entry]:
        """What is told of a field that a manager changed."""
        doc = copy.deepcopy(self.objects.docs[place])
        holder: Any = doc
        for part in path[:-1]:
            holder = holder.setdefault(part, {}) if isinstance(holder, dict) else holder[part]
        holder[path[-1]] = _other(holder.get(path[-1], "") if isinstance(holder, dict) else holder[path[-1]])
        written = {"manager": manager, "operation": "Update", "time": "2026-05-01T00:00:00Z"}
        doc["metadata"]["managedFields"] = [written]
        self.objects.docs[place] = doc
        return self.look()


def _other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case _:
            return f"x{value}"


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path
        return
    for key, item in items:
        yield from _leaves(item, (*path, key))


def _set(cluster: Cluster) -> Iterator[tuple[tuple[str, str, str], Doc]]:
    """The objects that people and tools set."""
    for place, doc in cluster.docs.items():
        if place[0] not in NOT_SET and not doc["metadata"].get("ownerReferences"):
            yield place, doc


def _edits() -> Iterator[tuple[str, tuple[str, str, str], Path]]:
    """Each field of the spec of each kind, once for each system and router."""
    known = set()
    for name, made in SITUATIONS.items():
        for place, doc in _set(made()):
            for path in _leaves(doc.get("spec", {}), ("spec",)):
                what = (name.split(":")[0], place[0], tuple(part for part in path if isinstance(part, str)))
                if what not in known:
                    known.add(what)
                    yield name, place, path


EDITS = list(_edits())
IDS = [f"{name} {place[0]} {'.'.join(map(str, path[1:]))}" for name, place, path in EDITS]


@pytest.mark.parametrize(("name", "place", "path"), EDITS, ids=IDS)
def test_what_kubectl_sets_of_a_spec_is_told_once_of_each_rollout(
    name: str, place: tuple[str, str, str], path: Path
) -> None:
    watch = Watch(SITUATIONS[name]())
    assert watch.look() == []
    told = watch.edit(place, path, KUBECTL)
    assert told
    assert {entry.who for entry in told} == {TOLD}
    assert len({entry.rollout for entry in told}) == len(told)
    assert all(any(word in entry.title for word in (" -> ", "added: ", "removed, ", "changed")) for entry in told)
    assert watch.look() == []


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize(
    "path", [("status", "phase"), ("metadata", "labels", "team"), ("metadata", "annotations", "x")]
)
def test_status_labels_and_notes_are_no_changes(name: str, path: Path) -> None:
    for place, _ in _set(SITUATIONS[name]()):
        watch = Watch(SITUATIONS[name]())
        watch.look()
        if place[0] != "ReplicaSet":  # a label of one of these turns its traffic off
            watch.objects.docs[place].setdefault("status", {})
            assert not [entry.title for entry in watch.edit(place, path, KUBECTL) if ": " in entry.title]


ONE_OF_A_KIND = list({(name.split(":")[0], place[0]): (name, place, path) for name, place, path in EDITS}.values())


@pytest.mark.parametrize(("name", "place", "path"), ONE_OF_A_KIND)
def test_fields_that_a_controller_sets_and_what_a_cockpit_sent_are_not_told(
    name: str, place: tuple[str, str, str], path: Path
) -> None:
    watch = Watch(SITUATIONS[name]())
    watch.look()
    told = watch.edit(place, path, "rollouts-controller")
    assert not [entry.title for entry in told if ": spec" in entry.title]
    watch = Watch(SITUATIONS[name](), acted=True)
    watch.look()
    assert watch.edit(place, path, FIELD_MANAGER) == []


def test_what_no_rollout_has_any_more_is_forgotten() -> None:
    """A session lasts for days, and each release leaves a ReplicaSet behind."""
    cluster = revise(Cluster(seed("blue-green-v1") + seed("blue-green-service")), 1, "bebullish/demo:v1")
    watch = Watch(cluster)
    watch.look()
    kept = []
    for number in range(2, 12):
        revise(cluster, number, f"bebullish/demo:v{number}")
        watch.look()
        watch.foreign.forget(lambda key: key not in watch.shown)
        kept.append(len(watch.foreign._objects[cluster.context]))
    assert max(kept[2:]) == kept[2]
