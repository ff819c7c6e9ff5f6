"""Whatever happens to the objects of a cluster: what a session shows is what a new session would read from them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.kube.store import ChangeSet, Removed, Store
from cockpit.model.kinds import KINDS, LATE, STRUCTS
from cockpit.model.objects import Obj, Workload
from cockpit.model.refs import DEPLOYMENTS, ENDPOINTSLICES, PODS, REPLICASETS, Resource, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.rollouts import Rollouts
from tests.adapters.situations import SITUATIONS
from tests.objects import Doc, decode, kind_word

Place = tuple[str, str]
RESOURCES = sorted({resource for adapter in ADAPTERS for resource in adapter.needs})
BY_VERSION = {(row.resource.api_version, row.resource.kind): row.resource for row in KINDS}
FAMILIES = sorted({name.partition(":")[0] for name in SITUATIONS})
# An object does not change its name.
NAMES = (("metadata",), ("metadata", "name"), ("metadata", "namespace"))
# What is written over a field beside what the same field is elsewhere.
ODD = ("", "v1", "v2", "other", 0, 1, 100, True, False)


def resource_of(doc: Doc) -> Resource:
    """The kind of a document; those of the core kinds may lack an apiVersion."""
    known = BY_VERSION.get((doc.get("apiVersion", ""), doc["kind"]))
    return known or next(resource for resource in RESOURCES if resource.kind == kind_word(doc))


@cache
def moments(family: str) -> list[dict[tuple[Resource, Place], Doc]]:
    """The objects of one kind of rollout, at each moment that the adapters' contracts know of."""
    found = []
    for name, make in SITUATIONS.items():
        if name.startswith(f"{family}:"):
            docs = make().docs
            found.append({(resource_of(doc), (place[1], place[2])): doc for place, doc in docs.items()})
    return found


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field, in order."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from fields(each, (*path, key))


def inside(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def written(chance: Random, doc: Doc, elsewhere: Doc) -> Doc:
    """The document with one field left out, or as it is elsewhere, or odd."""
    doc = copy.deepcopy(doc)
    paths = [path for path in fields(doc) if path not in NAMES and path[0] not in ("kind", "apiVersion")]
    *way, last = chance.choice(paths)
    holder = inside(doc, tuple(way))
    others = [inside(elsewhere, path) for path in fields(elsewhere) if path[-1] == last]
    what = chance.randrange(3)
    if what == 0:
        del holder[last]
    else:
        holder[last] = copy.deepcopy(chance.choice(others if others and what == 1 else ODD))
    return doc


class Watched:
    """A cluster that is followed as a session follows it, event by event."""

    def __init__(self, family: str, late: bool) -> None:
        self.moments = moments(family)
        self.docs: dict[tuple[Resource, Place], tuple[Doc, Obj]] = {}
        self.absent: set[Resource] = set()
        self.forbidden: set[Resource] = set()
        self.version = 0
        self.store = Store("test")
        self.rollouts = Rollouts(self.store, ADAPTERS)
        for (resource, place), doc in self.moments[0].items():
            self.hold(resource, place, doc)
        for resource in RESOURCES:
            if not (late and resource in LATE):
                self.list(resource)
        if late:
            self.rollouts.settle()
            for resource in sorted(LATE):
                self.list(resource)

    def hold(self, resource: Resource, place: Place, doc: Doc) -> Obj | None:
        """Write an object; None if no API server could have sent it."""
        self.version += 1
        doc = copy.deepcopy(doc)
        doc.setdefault("metadata", {}).update(resourceVersion=str(self.version), name=place[1])
        if resource.namespaced:
            doc["metadata"]["namespace"] = place[0]
        try:
            obj = decode(doc)
            obj.index_keys()
        except (msgspec.ValidationError, ValueError):
            return None
        self.docs[resource, place] = doc, obj
        return obj

    def list(self, resource: Resource) -> None:
        self.absent.discard(resource)
        self.forbidden.discard(resource)
        self.tell(self.store.replace(resource, [obj for (kind, _), (_, obj) in self.docs.items() if kind == resource]))

    def tell(self, changes: ChangeSet) -> None:
        self.rollouts.mark(changes.topics)
        self.rollouts.read_until(lambda: True)  # one rollout at once; the others when all is settled

    def send(self, resource: Resource, change: Obj | Removed | None) -> None:
        if change is not None and resource not in self.absent | self.forbidden:
            self.tell(self.store.apply(resource, [change]))

    def some(self, chance: Random) -> tuple[Resource, Place] | None:
        """One object of those that are there; each kind as often as another."""
        kinds = sorted({resource for resource, _ in self.docs})
        return self.one_of(chance.choice(kinds), chance) if kinds else None

    def one_of(self, kind: Resource, chance: Random) -> tuple[Resource, Place] | None:
        places = [key for key in self.docs if key[0] == kind]
        return chance.choice(places) if places else None

    # What can happen

    def change_field(self, chance: Random) -> None:
        if key := self.some(chance):
            doc, _ = self.docs[key]
            elsewhere = chance.choice(self.moments).get(key, doc)
            self.send(key[0], self.hold(*key, written(chance, doc, elsewhere)))

    def become(self, chance: Random) -> None:
        """An object becomes what it is at another moment, or comes, or goes."""
        there = chance.choice(self.moments)
        key = chance.choice(sorted({*there, *self.docs}, key=str))
        if key in there:
            self.send(key[0], self.hold(*key, there[key]))
        else:
            self.remove(*key)

    def remove(self, resource: Resource, place: Place) -> None:
        del self.docs[resource, place]
        self.send(resource, Removed(*place))

    def delete(self, chance: Random) -> None:
        if key := self.some(chance):
            self.remove(*key)

    def touch(self, chance: Random) -> None:
        """Another version in which nothing differs."""
        if key := self.some(chance):
            self.send(key[0], self.hold(*key, self.docs[key][0]))

    def copy(self, chance: Random) -> None:
        if key := self.some(chance):
            resource, (namespace, name) = key
            away = resource.namespaced and chance.random() < 0.5
            to = ("away", name) if away else (namespace, f"{name}-too")
            self.send(resource, self.hold(resource, to, self.docs[key][0]))

    def fall(self, chance: Random) -> None:
        """A pod, or an endpoint of a slice, is ready or no more; a pod is about to go."""
        if key := self.one_of(PODS, chance):
            doc = copy.deepcopy(self.docs[key][0])
            ready = chance.choice(("True", "False"))
            doc.setdefault("status", {})["conditions"] = [{"type": "Ready", "status": ready}]
            if chance.random() < 0.3:
                doc["metadata"]["deletionTimestamp"] = "2026-01-01T05:00:00Z"
            self.send(PODS, self.hold(*key, doc))
        if key := self.one_of(ENDPOINTSLICES, chance):
            doc = copy.deepcopy(self.docs[key][0])
            for endpoint in doc.get("endpoints") or ():
                endpoint["conditions"] = {"ready": chance.random() < 0.5}
            if chance.random() < 0.3:
                doc["ports"] = chance.choice(([], [{"name": "other", "port": 1}]))
            self.send(ENDPOINTSLICES, self.hold(*key, doc))

    def move(self, chance: Random) -> None:
        """A pod, or endpoints, or a ReplicaSet, gets the labels or owners of another."""
        kind = chance.choice((PODS, ENDPOINTSLICES, REPLICASETS))
        one, other = self.one_of(kind, chance), self.one_of(kind, chance)
        if one and other:
            doc, meta = copy.deepcopy(self.docs[one][0]), self.docs[other][0]["metadata"]
            for name in chance.choice((("labels",), ("ownerReferences",), ("labels", "ownerReferences"))):
                doc["metadata"][name] = copy.deepcopy(meta.get(name))
            self.send(kind, self.hold(*one, doc))

    def miss(self, chance: Random) -> None:
        """A list brings what no event told of."""
        resource, moment = self.kind(chance), chance.choice(self.moments)
        self.docs = {key: held for key, held in self.docs.items() if key[0] != resource}
        for (kind, place), doc in moment.items():
            if kind == resource:
                self.hold(kind, place, doc)
        self.list(resource)

    def kind(self, chance: Random) -> Resource:
        return chance.choice(sorted({resource for each in self.moments for resource, _ in each}))

    def unserve(self, chance: Random) -> None:
        resource = self.kind(chance)
        self.docs = {key: held for key, held in self.docs.items() if key[0] != resource}
        self.absent.add(resource)
        if self.store.known(resource):
            self.tell(self.store.replace(resource, ()))
        self.tell(self.store.absent(resource))

    def forbid(self, chance: Random) -> None:
        resource = self.kind(chance)
        self.absent.discard(resource)
        self.forbidden.add(resource)
        self.tell(self.store.forbidden(resource))

    def permit(self, chance: Random) -> None:
        """What was absent or forbidden is listed again."""
        if away := sorted(self.absent | self.forbidden):
            self.list(chance.choice(away))

    def empty(self, chance: Random) -> None:
        """A namespace goes, with all that is in it."""
        namespace = chance.choice(("default", "away"))
        for resource, place in [key for key in self.docs if key[1][0] == namespace]:
            self.remove(resource, place)

    # What is compared

    def shown(self) -> dict[RolloutKey, Rollout]:
        self.rollouts.read_until(lambda: False)
        self.rollouts.settle()
        return self.rollouts.current()

    def anew(self) -> dict[RolloutKey, Rollout]:
        """What is read from the same objects by whoever comes now."""
        store = Store("test")
        topics: set[str] = set()
        for resource in RESOURCES:
            if resource in self.absent:
                topics |= store.absent(resource).topics
            else:
                objs = [obj for (kind, _), (_, obj) in self.docs.items() if kind == resource]
                topics |= store.replace(resource, objs).topics
        rollouts = Rollouts(store, ADAPTERS)
        rollouts.apply(topics)
        return rollouts.current()


Happening = Callable[[Watched, Random], None]
SMALL: tuple[Happening, ...] = (
    Watched.change_field,
    Watched.become,
    Watched.fall,
    Watched.move,
    Watched.touch,
    Watched.copy,
    Watched.delete,
)
LARGE: tuple[Happening, ...] = (Watched.miss, Watched.unserve, Watched.forbid, Watched.permit, Watched.empty)
EVENTS = st.lists(st.tuples(st.sampled_from((*SMALL, *SMALL, *LARGE)), st.integers(0, 2**32)), min_size=1, max_size=20)


def difference(shown: dict[RolloutKey, Rollout], anew: dict[RolloutKey, Rollout]) -> list[str]:
    """Where two readings differ, in words."""
    found = [f"{key} is {'missing' if key in anew else 'stale'}" for key in shown.keys() ^ anew.keys()]
    for key in shown.keys() & anew.keys():
        for name in ("versions", "lanes", "findings", "acts"):
            old, new = getattr(shown[key], name), getattr(anew[key], name)
            if old != new:
                found.append(f"{key} {name}: {old} instead of {new}")
        if shown[key] != anew[key] and not found:
            found.append(f"{key}: {shown[key]} instead of {anew[key]}")
    return found


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=15)
@given(st.booleans(), EVENTS)
def test_what_is_shown_is_what_a_new_session_reads(
    family: str, late: bool, events: list[tuple[Happening, int]]
) -> None:
    watched = Watched(family, late)
    for happen, number in events:
        happen(watched, Random(number))
        if not watched.forbidden:
            assert not difference(watched.shown(), watched.anew())
    for resource in sorted(watched.forbidden):
        watched.list(resource)
    assert not difference(watched.shown(), watched.anew())
    assert not watched.rollouts.failures


@pytest.mark.parametrize("family", FAMILIES)
def test_no_workload_claims_another_one(family: str) -> None:
    """So that of a workload that is not shown, as it is part of another rollout, nothing has to be known."""
    watched, found = Watched(family, late=False), 0
    for moment in watched.moments:
        watched.docs = {}
        for (resource, place), doc in moment.items():
            watched.hold(resource, place, doc)
        for resource in RESOURCES:
            watched.list(resource)
        for number, adapter in enumerate(ADAPTERS):
            if not all(issubclass(STRUCTS[root], Workload) for root in adapter.roots):
                continue
            later = {root for each in ADAPTERS[number:] for root in each.roots}
            for root in adapter.roots:
                for obj in watched.store.everywhere(root):
                    for rollout in adapter.read(obj, watched.store):
                        own, *others = rollout.objects
                        assert (own.resource, own.namespace, own.name) == (root, *_place(obj))
                        workloads = {version.workload for version in rollout.versions if version.workload} - {own}
                        assert not {ref.resource for ref in (*others, *workloads)} & later
                        found += 1
    assert found or not any(kind == DEPLOYMENTS for each in watched.moments for kind, _ in each)


def _place(obj: Obj) -> Place:
    return obj.metadata.namespace, obj.metadata.name
