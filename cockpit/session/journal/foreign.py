"""Changes of a release that no cockpit sent: seen in what is read anyway, told once, named by who wrote the object."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from cockpit.kube.sender import FIELD_MANAGER
from cockpit.model.clock import Clock
from cockpit.model.journal import Origin
from cockpit.model.objects import DaemonSet, Obj, Workload
from cockpit.model.plan import Change
from cockpit.model.refs import SERVICES, Ref, Resource, RolloutKey
from cockpit.model.release_state import ReleaseState, changes_between, release_state
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Entry, Stage
from cockpit.planning.writers import Managers, Writer, last_writer, managers_of
from cockpit.session.facts.cluster import Cluster
from cockpit.session.journal.object_changes import FieldsChange, ObjectChanges
from cockpit.session.journal.who import by_whom, controller_of, is_said, of_image, writer_of
from cockpit.workloads.lookups import refs_leading_to

CHANGE = "change"
# What a controller does so soon after an act on the rollout is what was asked of it.
_CONSEQUENCE_SECONDS = 60.0
# Changes by one writer that follow each other within this are one entry, save the steps of a release.
_TOGETHER_SECONDS = 30.0
# Seconds that an act of another cockpit has to be told by its Event, which follows its last request, before its write,
# or what a controller made of it, is told by what was seen.
_EVENT_SECONDS, _CONSEQUENCE_WAITS = 60.0, 3.0
# Seconds after the last change of an entry until it is kept.
_STILL_SECONDS = 2.0
_MOST_WORDS = 8
# Identities of changes that are remembered, to tell two within a second apart.
_MOST_IDS = 1000
_ANOTHER_COCKPIT = "another session of the cockpit"
_SILENT_COCKPIT = "another session of the cockpit, which leaves no Event"


@dataclass(slots=True)
class _Known:
    """A rollout as it was last seen: what was set, how many pods of each workload, and who had written its objects."""

    rollout: Rollout
    state: ReleaseState
    replicas: dict[Ref, int]
    managers: dict[Ref, Managers]
    unread: frozenset[Resource]


@dataclass(slots=True)
class _Run:
    """Changes by one writer that follow each other: one entry, from the state before the first of them."""

    entry: Entry
    before: _Known
    last: float
    due: float
    uncertain: bool = False  # it may turn out to be what an act of a cockpit led to
    by_cockpit: bool = False
    kept: bool = False
    fields: dict[Ref, FieldsChange] = field(default_factory=dict)  # what shares and images do not say

    def add(self, fields: Iterable[FieldsChange]) -> None:
        """One more change of objects, from the state before the first."""
        for each in fields:
            first = self.fields.get(each.ref, each)
            self.fields[each.ref] = FieldsChange(each.ref, first.before, each.after)


@dataclass(slots=True)
class ForeignChanges:
    """`last_act` says when anybody acted by a cockpit on a rollout that a test holds of (UTC seconds), None if nobody.

    `hears` says whether the acts of other cockpits in a context are read. `show` is called with each entry as it
    stands, `news` once there is one that will be `due`; `new_id` names one of which the writer's time is not known.
    """

    clusters: Mapping[str, Cluster]
    clock: Clock
    last_act: Callable[[Callable[[RolloutKey], bool]], float | None]
    hears: Callable[[str], bool]
    show: Callable[[Entry], None]
    new_id: Callable[[], str]
    news: Callable[[], None]
    _known: dict[RolloutKey, _Known] = field(default_factory=dict)
    _runs: dict[tuple[RolloutKey, str], _Run] = field(default_factory=dict)
    _objects: dict[str, ObjectChanges] = field(default_factory=dict)  # of each context
    _followed: list[_Run] = field(default_factory=list)  # by another run, before they were kept
    _ids: dict[str, None] = field(default_factory=dict)

    def look(self, rollout: Rollout, again: bool = False) -> None:
        """A rollout was read: tell what was set anew since it was read before. The first reading tells nothing.

        With `again` an object of it changed, even if it is the same.
        """
        known = self._known.get(rollout.key)
        if known is not None and known.rollout is rollout and not again:
            return
        cluster = self.clusters.get(rollout.key.context)
        if cluster is None or cluster.half_read(rollout.key):
            return
        objects = _objects_around(cluster, rollout)
        managers = {ref: managers_of(obj) for ref, obj in objects.items()}
        now = _Known(rollout, release_state(rollout), _replicas(objects), managers, cluster.unread_of(rollout))
        self._known[rollout.key] = now
        fields = self._objects.setdefault(cluster.context, ObjectChanges())
        before = _objects_before(cluster, known.managers.keys() - objects.keys() if known else ())
        changed = [each for each in fields.look(rollout.key, objects | before, self.clock.now()) if each.words]
        fields.leave(before, self.clock.now())
        if known is None:
            # A route or a selector that leads elsewhere can give a rollout another name, and then it is read as new.
            self._changed(now, now, (), changed)
        elif known.unread == now.unread:
            # What only now may be read, or may not any more, has not changed.
            same = known.rollout.objects[:1] == rollout.objects[:1]
            self._changed(known, now, _changes(known, now) if same else (), changed)

    def left(self, key: RolloutKey) -> None:
        """A rollout is no more: tell what was set of its objects that no other rollout has."""
        known, cluster = self._known.pop(key, None), self.clusters.get(key.context)
        fields = self._objects.get(key.context)
        if known is not None and cluster is not None and fields is not None:
            objects = _objects_before(cluster, known.managers)
            changed = fields.look(key, objects, self.clock.now(), alone=True)
            self._changed(known, known, (), [each for each in changed if each.words])
            fields.leave(known.managers, self.clock.now())

    def unsure(self) -> set[str]:
        """The contexts of entries that are due, and that may be what an act of a cockpit led to."""
        now = self.clock.now()
        return {run.entry.rollout.context for run in self._all if run.uncertain and not run.kept and now >= run.due}

    def due(self, everything: bool = False) -> Iterator[Entry]:
        """Entries that are to be kept by now, or `everything` at the end save what is too fresh to be told from an act.

        What an act led to is none of them.
        """
        now = self.clock.now()
        for run in self._all:
            waited = now >= run.due
            if (waited or everything) and not run.kept:
                run.kept = True
                known = waited or now - run.last >= _CONSEQUENCE_WAITS
                if not run.uncertain:
                    yield run.entry
                elif known and not self._acted_lately(run.entry.rollout, run.entry.at, run.by_cockpit):
                    yield self._of_nobody_told(run) if waited else run.entry
        self._followed = [run for run in self._followed if not run.kept]
        for name, run in list(self._runs.items()):
            if run.kept and now - run.last > _TOGETHER_SECONDS:
                del self._runs[name]

    @property
    def waiting(self) -> bool:
        """Whether an entry will be due."""
        return any(not run.kept for run in self._all)

    @property
    def _all(self) -> tuple[_Run, ...]:
        return (*self._followed, *self._runs.values())

    def forget(self, gone: Callable[[RolloutKey], bool]) -> None:
        """Forget rollouts that are gone, and objects that no rollout has any more."""
        for key in [key for key in self._known if gone(key)]:
            del self._known[key]
        for context, fields in self._objects.items():
            fields.forget(self.clock.now(), lambda context=context: self._held(context))  # type: ignore[misc]

    def _held(self, context: str) -> set[Ref]:
        return {ref for key, known in self._known.items() if key.context == context for ref in known.managers}

    def last_writes(self, rollout: Rollout) -> Iterator[Entry]:
        """The last write of each object by another tool, as an entry of then; not by a cockpit, nor by a controller."""
        cluster = self.clusters.get(rollout.key.context)
        for ref, obj in _objects(cluster, rollout) if cluster else ():
            writer = last_writer(managers_of(obj))
            if writer is None or writer.at is None or writer.controller or writer.manager == FIELD_MANAGER:
                continue
            id_ = safe_text(f"last {rollout.key} {ref}", 600)
            title = safe_text(f"last wrote {ref}, before it was looked at")
            yield _entry(id_, writer.at, rollout.key, writer, title)

    def _changed(
        self, before: _Known, after: _Known, changes: tuple[Change, ...], fields: Sequence[FieldsChange]
    ) -> None:
        """Tell what was set; the fields of objects only where shares, images and pods do not say it."""
        if changes:
            writer = writer_of(before.managers, after.managers, fields)
            for by, those in by_whom(writer, controller_of(before.managers, after.managers), changes):
                self._told(before, after, by, those, ())
            return
        by_writer: dict[str, list[FieldsChange]] = {}
        for each in fields:
            by_writer.setdefault(each.writer.manager, []).append(each)
        for of_one in by_writer.values():
            # What a controller sets of its own objects is its way, which is told by shares and steps.
            if not of_one[0].writer.controller:
                self._told(before, after, of_one[0].writer, (), of_one)

    def _told(
        self,
        before: _Known,
        after: _Known,
        writer: Writer,
        changes: tuple[Change, ...],
        fields: Sequence[FieldsChange],
    ) -> None:
        key, now = after.rollout.key, self.clock.now()
        if writer.controller:
            # A controller pauses and resumes on its own way, and makes the version that somebody asked for.
            said = self._said_by_people(key, now)
            changes = tuple(c for c in changes if c.what != "paused" and not (of_image(c) and is_said(c, said)))
        # What cannot be told from a consequence of an act is taken for one.
        uncertain = writer.controller or writer.manager in ("", FIELD_MANAGER)
        by_cockpit = writer.manager == FIELD_MANAGER
        if not (changes or fields) or (uncertain and self._acted_lately(key, now, by_cockpit)):
            return
        writer = self._led_by(key, writer, now)
        run = self._runs.get((key, writer.manager))
        if run is None or now - run.last > _TOGETHER_SECONDS or _is_next_step(run, before, after, fields, now):
            if run is not None and not run.kept:
                self._followed.append(run)
            run = self._runs[key, writer.manager] = self._begun(before, writer, now)
        else:
            run.last, run.due, run.kept = now, max(run.due, now + _STILL_SECONDS), False
            changes = _changes(run.before, after) or changes
        run.add(fields)
        title = _title(changes, run.fields.values()) or _title((), fields)
        run.entry = replace(run.entry, title=title)
        if not uncertain:
            self.show(run.entry)
        self.news()

    def _led_by(self, key: RolloutKey, writer: Writer, now: float) -> Writer:
        """The writer; of what nobody is noted for, whoever set something a moment ago, which it follows."""
        if writer.manager:
            return writer
        runs = [(run.last, manager) for (of, manager), run in self._runs.items() if of == key and manager]
        last, manager = max(runs, default=(0.0, ""))
        return replace(writer, manager=manager) if manager and now - last <= _STILL_SECONDS else writer

    def _said_by_people(self, key: RolloutKey, now: float) -> str:
        """What was told of others than controllers a moment ago."""
        runs = [run for run in self._all if run.entry.rollout == key and not run.uncertain]
        return "\n".join(run.entry.title for run in runs if now - run.last <= _CONSEQUENCE_SECONDS)

    def _begun(self, before: _Known, writer: Writer, now: float) -> _Run:
        key = before.rollout.key
        by_cockpit = writer.manager == FIELD_MANAGER
        uncertain = by_cockpit or writer.controller or not writer.manager
        wait = _EVENT_SECONDS if by_cockpit else _CONSEQUENCE_WAITS if uncertain else _STILL_SECONDS
        words = replace(writer, words=_ANOTHER_COCKPIT) if by_cockpit else writer
        entry = _entry(self._id(key, writer), now, key, words, "")
        return _Run(entry, before, now, now + wait, uncertain, by_cockpit)

    def _id(self, key: RolloutKey, writer: Writer) -> str:
        """The same in each session that sees the change: several of one machine write to one file."""
        if writer.at is None:
            return self.new_id()
        place, number = f"{key} {key.system} {writer.manager} {writer.at}", 0
        while (found := hashlib.sha256(f"{place} {number}".encode()).hexdigest()[:16]) in self._ids:
            number += 1
        self._ids[found] = None
        if len(self._ids) > _MOST_IDS:
            del self._ids[next(iter(self._ids))]
        return found

    def _of_nobody_told(self, run: _Run) -> Entry:
        """An entry of what nobody told; a cockpit is said to leave no Event only where Events are read."""
        key = run.entry.rollout
        if run.by_cockpit and self.hears(key.context):
            return replace(run.entry, who=_who(_SILENT_COCKPIT, key))
        return run.entry

    def _acted_lately(self, key: RolloutKey, now: float, by_cockpit: bool) -> bool:
        """Whether what was seen comes of an act: what a cockpit wrote can belong to more rollouts than it acted on."""
        known = self._known.get(key)

        def fits(other: RolloutKey) -> bool:
            theirs = self._known.get(other)
            if by_cockpit and (known is None or theirs is None):
                return other.context == key.context
            if known is None or other == key:
                return other == key
            shared = by_cockpit and theirs is not None and not known.managers.keys().isdisjoint(theirs.managers)
            return shared or known.rollout.was(other)

        acted = self.last_act(fits)
        return acted is not None and abs(now - acted) <= _CONSEQUENCE_SECONDS


def _objects(cluster: Cluster, rollout: Rollout) -> Iterator[tuple[Ref, Obj | None]]:
    """The objects that a release is set by, the root first."""
    workloads = (version.workload for version in rollout.versions if version.workload)
    for ref in dict.fromkeys((*rollout.objects, *workloads)):
        yield ref, _object(cluster, ref)


def _objects_around(cluster: Cluster, rollout: Rollout) -> dict[Ref, Obj | None]:
    """These, and the routes that lead to its Services."""
    objects = dict(_objects(cluster, rollout))
    for ref in [ref for ref in objects if ref.resource == SERVICES]:
        for route in refs_leading_to(cluster.of(ref).store, ref.namespace, ref.name):
            objects.setdefault(route, _object(cluster, route))
    return objects


def _objects_before(cluster: Cluster, refs: Iterable[Ref]) -> dict[Ref, Obj | None]:
    """Objects that a rollout had, None if one is gone; without kinds that are not read any more."""
    return {ref: _object(cluster, ref) for ref in refs if cluster.of(ref).store.known(ref.resource)}


def _object(cluster: Cluster, ref: Ref) -> Obj | None:
    return cluster.of(ref).store.get(ref.resource, ref.namespace, ref.name)


def _is_next_step(run: _Run, before: _Known, after: _Known, fields: Sequence[FieldsChange], now: float) -> bool:
    """Whether a change is another step than the run so far: it sets again what that has set, later or by its number.

    Each step has a line and a time of its own; what one step writes, object by object, has one in common.
    """
    so_far = {change.what for change in changes_between(run.before.state, before.state)}
    again = any(change.what in so_far for change in changes_between(before.state, after.state))
    again = again or any(each.ref in run.fields for each in fields)
    return again and (now - run.last > _STILL_SECONDS or before.state.step != after.state.step)


def _changes(before: _Known, after: _Known) -> tuple[Change, ...]:
    replicas = [
        Change(f"pods of {ref}", str(before.replicas[ref]), str(count))
        for ref, count in after.replicas.items()
        if before.replicas.get(ref, count) != count
    ]
    return (*changes_between(before.state, after.state), *replicas)


def _replicas(objects: Mapping[Ref, Obj | None]) -> dict[Ref, int]:
    """Pods asked for of workloads that are no part of another one, which would set them on its way."""
    return {ref: obj.desired for ref, obj in objects.items() if isinstance(obj, Workload) and _stands_alone(obj)}


def _stands_alone(workload: Workload) -> bool:
    owned = any(owner.controller for owner in workload.metadata.owner_references or ())
    return not owned and not isinstance(workload, DaemonSet)


def _title(changes: tuple[Change, ...], fields: Iterable[FieldsChange]) -> str:
    said = [*map(str, changes), *(line for each in fields for line in each.words)]
    more = [f"and {len(said) - _MOST_WORDS} more"] if len(said) > _MOST_WORDS else []
    return safe_text(", ".join([*said[:_MOST_WORDS], *more]), 500)


def _entry(id_: str, at: float, key: RolloutKey, writer: Writer, title: str) -> Entry:
    return Entry(
        id=id_,
        at=at,
        who=_who(writer.words, key),
        rollout=key,
        act=CHANGE,
        title=title,
        stage=Stage.NOTED,
        origin=Origin.CHANGE,
    )


def _who(words: str, key: RolloutKey) -> str:
    return safe_text(f"{words}@{key.context}", 200)
