"""Changes of a release that no cockpit sent: seen in what is read anyway, told once, named by who wrote the object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace

from cockpit.kube.sender import FIELD_MANAGER
from cockpit.model.clock import Clock
from cockpit.model.journal import Origin
from cockpit.model.objects import DaemonSet, Obj, Workload
from cockpit.model.plan import Change
from cockpit.model.refs import Ref, Resource, RolloutKey
from cockpit.model.release_state import ReleaseState, changes_between, release_state
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Entry, Stage
from cockpit.planning.writers import UNNAMED, Managers, Writer, last_writer, managers_of, writer_between
from cockpit.session.facts.cluster import Cluster

CHANGE = "change"
# What a controller does so soon after an act on the rollout is what was asked of it.
_CONSEQUENCE_SECONDS = 60.0
# Changes by one writer that follow each other within this are one entry, save the steps of a release.
_TOGETHER_SECONDS = 30.0
# Seconds that an act of another cockpit has to be told by its Event, before its write, or what a controller made of
# it, is told by what was seen.
_EVENT_SECONDS, _CONSEQUENCE_WAITS = 10.0, 3.0
# Seconds after the last change of an entry until it is kept.
_STILL_SECONDS = 2.0
_MOST_WORDS = 8


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
    kept: bool = False


@dataclass(slots=True)
class ForeignChanges:
    """`last_act` says when anybody acted on a rollout by a cockpit (UTC seconds), None if nobody did.

    `show` is called with each entry as it stands, `news` once there is one that will be `due`; `new_id` names one.
    """

    clusters: Mapping[str, Cluster]
    clock: Clock
    last_act: Callable[[RolloutKey], float | None]
    show: Callable[[Entry], None]
    new_id: Callable[[], str]
    news: Callable[[], None]
    _known: dict[RolloutKey, _Known] = field(default_factory=dict)
    _runs: dict[tuple[RolloutKey, str], _Run] = field(default_factory=dict)
    _followed: list[_Run] = field(default_factory=list)  # by another run, before they were kept

    def look(self, rollout: Rollout) -> None:
        """A rollout was read: tell what was set anew since it was read before. The first reading tells nothing."""
        known = self._known.get(rollout.key)
        if known is not None and known.rollout is rollout:
            return
        cluster = self.clusters.get(rollout.key.context)
        if cluster is None or cluster.half_read(rollout.key):
            return
        objects = dict(_objects(cluster, rollout))
        managers = {ref: managers_of(obj) for ref, obj in objects.items()}
        now = _Known(rollout, release_state(rollout), _replicas(objects), managers, cluster.unread_of(rollout))
        self._known[rollout.key] = now
        # What only now may be read, or may not any more, has not changed.
        if known is not None and known.unread == now.unread and (changes := _changes(known, now)):
            self._changed(known, now, _writer(known.managers, now.managers), changes)

    def due(self, everything: bool = False) -> Iterator[Entry]:
        """Entries that are to be kept by now, or `everything` at the end; not those that an Event told meanwhile."""
        now = self.clock.now()
        for run in self._all:
            if (now >= run.due or everything) and not run.kept:
                run.kept = True
                if not (run.uncertain and self._acted_lately(run.entry.rollout, run.entry.at)):
                    yield run.entry
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
        """Forget rollouts that are gone."""
        for key in [key for key in self._known if gone(key)]:
            del self._known[key]

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

    def _changed(self, before: _Known, after: _Known, writer: Writer, changes: tuple[Change, ...]) -> None:
        key, now = after.rollout.key, self.clock.now()
        if writer.controller:
            # A controller pauses and resumes on its own way.
            changes = tuple(change for change in changes if change.what != "paused")
        # What cannot be told from a consequence of an act is taken for one.
        uncertain = writer.controller or writer.manager in ("", FIELD_MANAGER)
        if not changes or (uncertain and self._acted_lately(key, now)):
            return
        run = self._runs.get((key, writer.manager))
        if run is None or now - run.last > _TOGETHER_SECONDS or _is_next_step(run, before, after, now):
            if run is not None and not run.kept:
                self._followed.append(run)
            run = self._runs[key, writer.manager] = self._begun(before, writer, now)
            run.entry = replace(run.entry, title=_title(changes))
        else:
            run.last, run.due, run.kept = now, max(run.due, now + _STILL_SECONDS), False
            run.entry = replace(run.entry, title=_title(_changes(run.before, after) or changes))
        if not uncertain:
            self.show(run.entry)
        self.news()

    def _begun(self, before: _Known, writer: Writer, now: float) -> _Run:
        key = before.rollout.key
        if writer.manager == FIELD_MANAGER:
            words = replace(writer, words="another session of the cockpit, which leaves no Event")
            return _Run(_entry(self.new_id(), now, key, words, ""), before, now, now + _EVENT_SECONDS, True)
        uncertain = writer.controller or not writer.manager
        wait = _CONSEQUENCE_WAITS if uncertain else _STILL_SECONDS
        return _Run(_entry(self.new_id(), now, key, writer, ""), before, now, now + wait, uncertain)

    def _acted_lately(self, key: RolloutKey, now: float) -> bool:
        acted = self.last_act(key)
        return acted is not None and abs(now - acted) <= _CONSEQUENCE_SECONDS


def _objects(cluster: Cluster, rollout: Rollout) -> Iterator[tuple[Ref, Obj | None]]:
    """The objects that a release is set by, the root first."""
    workloads = (version.workload for version in rollout.versions if version.workload)
    for ref in dict.fromkeys((*rollout.objects, *workloads)):
        yield ref, cluster.of(ref).store.get(ref.resource, ref.namespace, ref.name)


def _is_next_step(run: _Run, before: _Known, after: _Known, now: float) -> bool:
    """Whether a change is another step than the run so far: it sets again what that has set, later or by its number.

    Each step has a line and a time of its own; what one step writes, object by object, has one in common.
    """
    so_far = {change.what for change in changes_between(run.before.state, before.state)}
    again = any(change.what in so_far for change in changes_between(before.state, after.state))
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


def _writer(before: Mapping[Ref, Managers], after: Mapping[Ref, Managers]) -> Writer:
    """Whoever wrote one of the objects last; the root's writer before a controller that follows it."""
    found = [each for ref, now in after.items() if (each := writer_between(before.get(ref, {}), now))]
    people = [each for each in found if not each.controller]
    return max(people or found, key=lambda each: each.at or 0.0, default=UNNAMED)


def _title(changes: tuple[Change, ...]) -> str:
    words = [str(change) for change in changes[:_MOST_WORDS]]
    more = [f"and {len(changes) - _MOST_WORDS} more"] if len(changes) > _MOST_WORDS else []
    return safe_text(", ".join([*words, *more]), 500)


def _entry(id_: str, at: float, key: RolloutKey, writer: Writer, title: str) -> Entry:
    return Entry(
        id=id_,
        at=at,
        who=safe_text(f"{writer.words}@{key.context}", 200),
        rollout=key,
        act=CHANGE,
        title=title,
        stage=Stage.NOTED,
        origin=Origin.CHANGE,
    )
