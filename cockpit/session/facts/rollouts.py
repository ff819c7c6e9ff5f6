"""The rollouts of one cluster, kept current by rereading only what a change affects."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import field, replace

from cockpit.kube.questions import object_topic
from cockpit.kube.store import Store
from cockpit.kube.tracking import Tracked
from cockpit.model.adapter import Adapter
from cockpit.model.kinds import LATE, STRUCTS
from cockpit.model.objects import Obj, Workload
from cockpit.model.refs import Ref, Resource, RolloutKey
from cockpit.model.rollout import Phase, Rollout, Severity
from cockpit.model.values import dataclass
from cockpit.planning.awaited import with_awaited
from cockpit.session.facts.federation import MERGED, Federated, placed
from cockpit.session.facts.root_labels import with_root
from cockpit.workloads.findings import finding

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Changes:
    """Rollouts that changed; `reshaped` if some were added or removed, so that any can differ.

    `again` are those that were read again, because an object changed, and are as they were.
    """

    keys: set[RolloutKey] = field(default_factory=set)
    again: set[RolloutKey] = field(default_factory=set)
    reshaped: bool = False


@dataclass(frozen=True, slots=True)
class _Root:
    """One root object and the adapter that reads it."""

    adapter: int
    ref: Ref


@dataclass(frozen=True, slots=True)
class _Reading:
    rollouts: tuple[Rollout, ...]
    topics: frozenset[str]


class Rollouts:
    """The rollouts that adapters read from a store; an object claimed by one adapter is no rollout of a later one.

    `failures` counts readings in which an adapter raised an exception.
    """

    def __init__(self, store: Store, adapters: Sequence[Adapter]) -> None:
        self._store = store
        self._neighbours: tuple[Store, ...] = ()
        self._adapters = tuple(adapters)
        self._readings: dict[_Root, _Reading] = {}
        self._asked: dict[str, set[_Root]] = {}
        self._prefixes = _prefixes(self._adapters)
        self._leaves = _leaves(self._adapters)
        self._hidden: set[_Root] = set()
        self._current: dict[RolloutKey, Rollout] = {}
        self._readers: dict[RolloutKey, int] = {}
        self._changes = Changes()
        self._early: set[RolloutKey] = set()
        self._waiting: dict[_Root, int] = {}  # and how often something was shown before it was marked
        self._shown = 0
        self._queue: list[_Root] = []
        self._reshaped = False
        self.failures = 0
        self.read = 0  # total readings, to test that the cost depends on the change

    def current(self) -> dict[RolloutKey, Rollout]:
        """Every rollout that is not part of another, by key, in order of the keys."""
        return self._current

    def adapter(self, key: RolloutKey) -> Adapter | None:
        """The adapter that read this rollout."""
        place = self._readers.get(key)
        return None if place is None else self._adapters[place]

    @property
    def early(self) -> Set[RolloutKey]:
        """The rollouts that were read before anything was known of kinds that come late (`model.kinds.LATE`)."""
        return self._early

    def join(self, neighbours: Sequence[Store]) -> None:
        """Read backends of a shared gateway from these clusters too; their topics must be applied here as well."""
        self._neighbours = tuple(neighbours)

    def objects_of(self, root: Ref) -> Tracked | Federated:
        """The objects from which a rollout of this root is read and planned."""
        if self._neighbours and root.resource in MERGED:
            return Federated(self._store, self._neighbours)
        return Tracked(self._store)

    def take_changes(self) -> Changes:
        """What changed since the last call."""
        changes, self._changes = self._changes, Changes()
        return changes

    def apply(self, topics: Iterable[str]) -> bool:
        """Reread every root that asked about one of the topics; true if a rollout changed."""
        self.mark(topics)
        changed = self.read_until(lambda: False)
        self.settle()
        return changed

    def mark(self, topics: Iterable[str]) -> None:
        """Note the roots that asked about one of the topics, to be read again; not workloads that are hidden."""
        for topic in topics:
            for root in (*self._asked.get(topic, ()), *self._named(topic)):
                if root not in self._hidden:
                    self._waiting.setdefault(root, self._shown)

    @property
    def waiting(self) -> int:
        """How many roots are still to be read again."""
        return len(self._waiting)

    def read_until(self, over: Callable[[], bool]) -> bool:
        """Reread marked roots until none is left or `over`, which is asked after each; true if a rollout changed.

        The roots of earlier adapters come first, because what they claim is no rollout of later ones; but before them
        comes what was left over when something was shown last, or what changes all the time would keep it waiting.
        """
        if len(self._queue) != len(self._waiting):
            self._queue = sorted(self._waiting, key=self._turn, reverse=True)
        changed = False
        while self._queue:
            root = self._queue.pop()
            del self._waiting[root]
            changed = self._reread(root) or changed
            if over():
                break
        return changed

    def _reread(self, root: _Root) -> bool:
        """Read one root again; true if that changed a rollout."""
        before = self._readings.get(root)
        if not self._read(root):
            return False
        after = self._readings.get(root)
        if _shape(before) != _shape(after):
            self._reshaped = True
        elif after:
            self._update(root, after)
        return True

    def _turn(self, root: _Root) -> tuple[bool, tuple[int, str, str, str]]:
        return self._waiting[root] == self._shown, _order(root)

    def settle(self) -> None:
        """Decide which of the readings are shown; `current` follows only then.

        A workload that is part of another rollout was not read while it was: it is read before it is shown.
        """
        self._shown += 1
        while self._reshaped:
            self._reshaped = False
            before = self._hidden
            self._select()
            for root in before - self._hidden:
                self._reread(root)

    def _named(self, topic: str) -> Iterable[_Root]:
        """The roots of a topic that names an object of a root kind, or says that such a kind was read."""
        what, _, rest = topic.partition("|")
        if what == "object":
            kind, _, place = rest.partition("|")
            namespace, _, name = place.partition("|")
            return [_Root(n, Ref(resource, namespace, name)) for n, resource in self._prefixes.get(kind, ())]
        if what == "sync":
            return [root for n, resource in self._prefixes.get(rest, ()) for root in self._unread(n, resource)]
        return ()

    def _unread(self, adapter: int, resource: Resource) -> Iterator[_Root]:
        """The roots of a kind that were never read."""
        for obj in self._store.everywhere(resource):
            root = _Root(adapter, Ref(resource, obj.metadata.namespace, obj.metadata.name))
            if root not in self._readings:
                yield root

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
                read = (with_root(rollout, found) for rollout in adapter.read(found, objects))
                rollouts = tuple(with_awaited(rollout, objects) for rollout in read)
                if isinstance(objects, Federated):
                    rollouts = tuple(placed(rollout, objects) for rollout in rollouts)
            except Exception as error:
                # One object that breaks an adapter must not hide all others.
                self.failures += 1
                log.exception("%s cannot read %s in %s", adapter.id, root.ref, self._store.context)
                rollouts = _unreadable(adapter, root.ref, self._store.context, before, error)
        self._remember(root, before, _Reading(rollouts, objects.topics) if found is not None else None)
        if before and self._early:
            self._early.difference_update(rollout.key for rollout in before.rollouts)
        if objects.lacking & LATE:
            self._early.update(rollout.key for rollout in rollouts)
        if (before.rollouts if before else ()) != rollouts:
            return True
        self._changes.again.update(rollout.key for rollout in rollouts)
        return False

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
        """Reread the rollouts of one root if that cannot add or remove other rollouts."""
        for rollout in reading.rollouts:
            if (
                self._readers.get(rollout.key) == root.adapter
                and self._current[rollout.key].objects[:1] == rollout.objects[:1]
            ):
                self._current[rollout.key] = rollout
                self._changes.keys.add(rollout.key)

    def _select(self) -> None:
        """Drop rollouts that are part of another one, and second readings of a key."""
        found: dict[RolloutKey, tuple[Rollout, int]] = {}
        claims: dict[Ref, int] = {}
        hidden: set[_Root] = set()
        for root in sorted((root for root, reading in self._readings.items() if reading.rollouts), key=_order):
            reader = root.adapter
            for rollout in self._readings[root].rollouts:
                for ref in _claims(rollout):
                    claims.setdefault(ref, reader)
                if all(claims[ref] >= reader for ref in rollout.objects[:1]):
                    found.setdefault(rollout.key, (rollout, reader))
                elif reader >= self._leaves:
                    hidden.add(root)
        shown = dict(sorted(found.items(), key=lambda item: _key_order(item[0])))
        self._hidden = hidden
        self._early -= {each.key for root in hidden for each in self._readings[root].rollouts} - shown.keys()
        self._changes.reshaped = True
        self._current = {key: rollout for key, (rollout, _) in shown.items()}
        self._readers = {key: reader for key, (_, reader) in shown.items()}


def _order(root: _Root) -> tuple[int, str, str, str]:
    return root.adapter, root.ref.resource.plural, root.ref.namespace, root.ref.name


def _key_order(key: RolloutKey) -> tuple[str, str, str, str]:
    return key.context, key.namespace, key.name, key.system


def _claims(rollout: Rollout) -> tuple[Ref, ...]:
    """The objects that this rollout claims: for later adapters they are not rollouts of their own."""
    return (*rollout.objects, *(version.workload for version in rollout.versions if version.workload))


def _shape(reading: _Reading | None) -> tuple[tuple[RolloutKey, tuple[Ref, ...], tuple[Ref, ...]], ...]:
    """The part of a reading that decides which rollouts are shown."""
    return tuple((r.key, r.objects[:1], _claims(r)) for r in (reading.rollouts if reading else ()))


def _leaves(adapters: Sequence[Adapter]) -> int:
    """The place of the first adapter from which on all are rooted in workloads. No workload claims another one, so that
    nothing depends on a reading of theirs that is not shown."""
    place = len(adapters)
    while place and all(issubclass(STRUCTS.get(root, Obj), Workload) for root in adapters[place - 1].roots):
        place -= 1
    return place


def _prefixes(adapters: Sequence[Adapter]) -> dict[str, list[tuple[int, Resource]]]:
    """The adapters for an object, by the kind in its topic."""
    found: dict[str, list[tuple[int, Resource]]] = {}
    for place, adapter in enumerate(adapters):
        for resource in adapter.roots:
            kind = object_topic(resource, "", "").split("|")[1]
            found.setdefault(kind, []).append((place, resource))
    return found


def _unreadable(
    adapter: Adapter, ref: Ref, context: str, before: _Reading | None, error: Exception
) -> tuple[Rollout, ...]:
    """The last reading, or an empty rollout, with a finding that says what happened."""
    unread = finding(
        "unreadable",
        Severity.WARNING,
        f"{ref} in {context} could not be read; its data is stale or missing",
        f"{adapter.id}: {type(error).__name__}: {error}",
    )
    if before and before.rollouts:
        return tuple(
            replace(rollout, findings=(*(f for f in rollout.findings if f.id != unread.id), unread), acts=())
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
            findings=(unread,),
        ),
    )
