"""The rollouts of one cluster, kept current by reading again only what a change touched."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cockpit.kube.store import Store
from cockpit.kube.topics import object_topic
from cockpit.kube.tracking import Tracked
from cockpit.model.adapter import Adapter
from cockpit.model.refs import Ref, Resource, RolloutKey
from cockpit.model.rollout import Finding, Phase, Rollout, Severity
from cockpit.model.text import safe_text
from cockpit.session.federation import MERGED, Federated, placed

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Changes:
    """Rollouts that read differently; `reshaped` where some came or went, so that any may differ."""

    keys: set[RolloutKey] = field(default_factory=set)
    reshaped: bool = False


@dataclass(frozen=True, slots=True)
class _Root:
    """One object as one adapter looks at it."""

    adapter: int
    ref: Ref


@dataclass(frozen=True, slots=True)
class _Reading:
    rollouts: tuple[Rollout, ...]
    topics: frozenset[str]


class Rollouts:
    """What the adapters make of a store; an object of one adapter's rollout is no rollout of a later one's.

    `failures` counts readings that an adapter did not survive.
    """

    def __init__(self, store: Store, adapters: Sequence[Adapter]) -> None:
        self._store = store
        self._neighbours: tuple[Store, ...] = ()
        self._adapters = tuple(adapters)
        self._readings: dict[_Root, _Reading] = {}
        self._asked: dict[str, set[_Root]] = {}
        self._prefixes = _prefixes(self._adapters)
        self._current: dict[RolloutKey, Rollout] = {}
        self._readers: dict[RolloutKey, int] = {}
        self._changes = Changes()
        self.failures = 0
        self.read = 0  # readings ever made, to show that cost follows the change

    def current(self) -> dict[RolloutKey, Rollout]:
        """Every rollout that is not part of another, by key, in order of the keys."""
        return self._current

    def adapter(self, key: RolloutKey) -> Adapter | None:
        """The adapter that read this rollout."""
        place = self._readers.get(key)
        return None if place is None else self._adapters[place]

    def join(self, neighbours: Sequence[Store]) -> None:
        """Read what is behind a gateway together with these clusters; their topics have to be applied here, too."""
        self._neighbours = tuple(neighbours)

    def objects_of(self, root: Ref) -> Tracked | Federated:
        """What a rollout of this root is read from and planned on."""
        if self._neighbours and root.resource in MERGED:
            return Federated(self._store, self._neighbours)
        return Tracked(self._store)

    def take_changes(self) -> Changes:
        """What changed since this was last asked."""
        changes, self._changes = self._changes, Changes()
        return changes

    def apply(self, topics: Iterable[str]) -> bool:
        """Read again every root that asked about one of the topics; true where a rollout changed."""
        touched: set[_Root] = set()
        for topic in topics:
            touched |= self._asked.get(topic, frozenset())
            touched.update(self._named(topic))
        shape_changed = changed = False
        for root in sorted(touched, key=_order):
            before = self._readings.get(root)
            if self._read(root):
                changed = True
                after = self._readings.get(root)
                if _shape(before) != _shape(after):
                    shape_changed = True
                elif after:
                    self._update(root, after)
        if shape_changed:
            self._select()
        return changed

    def _named(self, topic: str) -> Iterable[_Root]:
        """The roots that a topic names, if it names an object of a root's kind."""
        what, _, rest = topic.partition("|")
        if what != "object":
            return ()
        kind, _, place = rest.partition("|")
        namespace, _, name = place.partition("|")
        return [_Root(n, Ref(resource, namespace, name)) for n, resource in self._prefixes.get(kind, ())]

    def _read(self, root: _Root) -> bool:
        adapter = self._adapters[root.adapter]
        objects = self.objects_of(root.ref)
        before = self._readings.get(root)
        found = objects.get(root.ref.resource, root.ref.namespace, root.ref.name)
        if isinstance(objects, Federated) and objects.home(root.ref):
            found = None  # a neighbour's root is the neighbour's rollout
        rollouts: tuple[Rollout, ...] = ()
        if found is not None:
            self.read += 1
            try:
                rollouts = tuple(adapter.read(found, objects))
                if isinstance(objects, Federated):
                    rollouts = tuple(placed(rollout, objects) for rollout in rollouts)
            except Exception as error:
                # One object that an adapter cannot bear must not hide all others.
                self.failures += 1
                log.exception("%s cannot read %s in %s", adapter.id, root.ref, self._store.context)
                rollouts = _unreadable(adapter, root.ref, self._store.context, before, error)
        self._remember(root, before, _Reading(rollouts, objects.topics) if found is not None else None)
        return (before.rollouts if before else ()) != rollouts

    def _remember(self, root: _Root, before: _Reading | None, reading: _Reading | None) -> None:
        old = before.topics if before else frozenset()
        new = reading.topics if reading else frozenset()
        for topic in old - new:
            asking = self._asked[topic]
            asking.discard(root)
            if not asking:
                del self._asked[topic]
        for topic in new - old:
            self._asked.setdefault(topic, set()).add(root)
        if reading is None:
            self._readings.pop(root, None)
        elif before is None or before.rollouts != reading.rollouts:
            self._readings[root] = reading
        else:
            self._readings[root] = replace(reading, rollouts=before.rollouts)

    def _update(self, root: _Root, reading: _Reading) -> None:
        """The rollouts of one root anew, where no other rollout can come or go by it."""
        for rollout in reading.rollouts:
            if (
                self._readers.get(rollout.key) == root.adapter
                and self._current[rollout.key].objects[:1] == rollout.objects[:1]
            ):
                self._current[rollout.key] = rollout
                self._changes.keys.add(rollout.key)

    def _select(self) -> None:
        """Leave out what is part of another rollout, and second readings of one key."""
        found: dict[RolloutKey, tuple[Rollout, int]] = {}
        claims: dict[Ref, int] = {}
        for root in sorted((root for root, reading in self._readings.items() if reading.rollouts), key=_order):
            for rollout in self._readings[root].rollouts:
                found.setdefault(rollout.key, (rollout, root.adapter))
                for ref in _claims(rollout):
                    claims.setdefault(ref, root.adapter)
        shown = {
            key: (rollout, reader)
            for key, (rollout, reader) in sorted(found.items(), key=lambda item: _key_order(item[0]))
            if all(claims.get(ref, reader) >= reader for ref in rollout.objects[:1])
        }
        self._changes.reshaped = True
        self._current = {key: rollout for key, (rollout, _) in shown.items()}
        self._readers = {key: reader for key, (_, reader) in shown.items()}


def _order(root: _Root) -> tuple[int, str, str, str]:
    return root.adapter, root.ref.resource.plural, root.ref.namespace, root.ref.name


def _key_order(key: RolloutKey) -> tuple[str, str, str, str]:
    return key.context, key.namespace, key.name, key.system


def _claims(rollout: Rollout) -> tuple[Ref, ...]:
    """The objects that are part of this rollout: to adapters further back they are no rollouts of their own."""
    return (*rollout.objects, *(version.workload for version in rollout.versions if version.workload))


def _shape(reading: _Reading | None) -> tuple[tuple[RolloutKey, tuple[Ref, ...], tuple[Ref, ...]], ...]:
    """What of a reading decides which rollouts are shown."""
    return tuple((r.key, r.objects[:1], _claims(r)) for r in (reading.rollouts if reading else ()))


def _prefixes(adapters: Sequence[Adapter]) -> dict[str, list[tuple[int, Resource]]]:
    """The adapters to ask about an object, by the kind's word in its topic."""
    found: dict[str, list[tuple[int, Resource]]] = {}
    for place, adapter in enumerate(adapters):
        for resource in adapter.roots:
            kind = object_topic(resource, "", "").split("|")[1]
            found.setdefault(kind, []).append((place, resource))
    return found


def _unreadable(
    adapter: Adapter, ref: Ref, context: str, before: _Reading | None, error: Exception
) -> tuple[Rollout, ...]:
    """The last reading, or an empty rollout in its place, that says what happened."""
    finding = Finding(
        "unreadable",
        Severity.WARNING,
        f"{ref} in {context} could not be read; what is shown of it is old or missing",
        safe_text(f"{adapter.id}: {type(error).__name__}: {error}"),
    )
    if before and before.rollouts:
        return tuple(
            replace(rollout, findings=(*(f for f in rollout.findings if f.id != finding.id), finding), acts=())
            for rollout in before.rollouts
        )
    key = RolloutKey(context, ref.namespace, ref.name, adapter.id)
    return (
        Rollout(
            key=key,
            router=adapter.id,
            phase=Phase.DEGRADED,
            message="cannot be read",
            versions=(),
            lanes=(),
            objects=(ref,),
            epoch="",
            findings=(finding,),
        ),
    )
