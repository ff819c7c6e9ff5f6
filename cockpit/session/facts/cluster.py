"""One context of a session: its objects, its rollouts, and how far they can be trusted."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence

from cockpit.kube.api import KubeApi
from cockpit.kube.informers import Informers
from cockpit.kube.sender import Sender
from cockpit.kube.store import ChangeSet
from cockpit.kube.tap import Tap
from cockpit.model.adapter import Adapter
from cockpit.model.ages import utc_time
from cockpit.model.clock import Clock
from cockpit.model.kinds import LATE
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Plan, Request
from cockpit.model.refs import Ref, Resource, RolloutKey
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import ClusterView, KindSync, Sync
from cockpit.planning.probe_job_rights import JOB_NEEDS
from cockpit.session.facts.act_rights import ActRights
from cockpit.session.facts.assemble import lost, sync_state, unalarmed
from cockpit.session.facts.federation import MERGED
from cockpit.session.facts.rollouts import Rollouts
from cockpit.session.fence import NO_FENCE, Fence
from cockpit.session.reads import Reads
from cockpit.session.second import NO_SECOND, SecondPerson
from cockpit.workloads.findings import finding
from cockpit.workloads.unread import DECIDING

log = logging.getLogger(__name__)

# Seconds to wait after an internal error; network errors never stop the reading.
_RESTART_SECONDS = 10.0
# States in which a kind may not have been read yet.
_UNREAD = frozenset({Sync.CONNECTING, Sync.SYNCING, Sync.RETRYING, Sync.REFUSED})


@dataclass(frozen=True, slots=True)
class Connection:
    """A cluster to read; `namespace` None means all namespaces, `aside` is as in `ClusterView`, `tap` gets what it
    sends, `reads` is how much is read."""

    api: KubeApi
    namespace: str | None
    aside: bool = False
    tap: Tap | None = None
    reads: Reads = Reads.FOLLOWING


class Cluster:
    """Reads one cluster until cancelled. `on_change` is called on the event loop when something may have changed."""

    def __init__(
        self,
        connection: Connection,
        adapters: Sequence[Adapter],
        *,
        production: bool,
        read_only: bool,
        clock: Clock,
        rng: random.Random,
        on_change: Callable[[], None],
    ) -> None:
        self.api = connection.api
        self.sender = Sender(connection.api, read_only)
        self.production = production
        self.aside = connection.aside
        self._reads = connection.reads
        self.namespace = connection.namespace
        self.fence: Fence = NO_FENCE
        self.second: SecondPerson = NO_SECOND
        self._needs = {adapter.id: frozenset(adapter.needs) for adapter in adapters}
        self._resources = _kinds(adapters)
        self._clock = clock
        self._on_change = on_change
        self._topics: set[str] = set()
        self._settled = False
        self._defect = ""
        self._defect_since = 0.0
        self._informers = Informers(
            connection.api,
            self._resources,
            connection.namespace,
            clock=clock,
            rng=rng,
            on_change=self._changed,
            tap=connection.tap,
            brief=connection.reads is not Reads.FOLLOWING,
            first={resource for adapter in adapters for resource in adapter.roots},
        )
        self.store = self._informers.store
        self.pulse = self._informers.pulse
        self.rollouts = Rollouts(self.store, adapters)
        self.act_rights = ActRights(connection.api, clock, on_change)
        self.neighbours: tuple[Cluster, ...] = ()
        self._person = ""

    @property
    def context(self) -> str:
        return self.api.context

    @property
    def user_at_context(self) -> str:
        """Who acts where, for the journal: the user as the API server knows it, until then as the kubeconfig does."""
        return f"{self._person or self.api.user}@{self.context}"

    async def meet(self) -> None:
        """Ask the API server who the user is, for the journal; it never raises."""
        if self._reads is Reads.FACTS:
            return
        self._person = await self.api.who_am_i()

    def join(self, neighbours: Sequence[Cluster]) -> None:
        """Share a gateway with these clusters: their workloads are behind it too."""
        self.neighbours = tuple(neighbours)
        self.rollouts.join([neighbour.store for neighbour in neighbours])

    def of(self, ref: Ref, context: str = "") -> Cluster:
        """The cluster of an object: the named one, else the one that has it, else this one."""
        if context or self.has(ref) is not False:
            return next((n for n in self.neighbours if n.context == context), self)
        return next((neighbour for neighbour in self.neighbours if neighbour.has(ref)), self)

    def place(self, plan: Plan) -> Cluster:
        """The cluster that the requests of a plan go to."""
        return self.of(plan.requests[0].ref, plan.requests[0].context) if plan.requests else self

    def objects(self, rollout: Rollout) -> Objects:
        """The objects from which an act on a rollout is planned."""
        return self.rollouts.objects_of(rollout.objects[0]) if rollout.objects else self.store

    @property
    def follows(self) -> bool:
        """Whether everything is watched from the start."""
        return self._reads is Reads.FOLLOWING

    def follow(self) -> None:
        """Watch from now on what was only to be read."""
        self._informers.follow()

    async def first_read(self) -> None:
        """Return once each kind was tried; at once in a session that lasts, which shows what it has."""
        if brief := self._informers.brief:
            await brief.read.wait()

    async def run(self) -> None:
        """Read until cancelled. An internal error becomes this cluster's state and does not affect the others."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            if self._reads is not Reads.FACTS:
                tasks.create_task(self._informers.read_rights.run())
            if not self.sender.read_only and self._reads is not Reads.FACTS:
                tasks.create_task(self.act_rights.run(lambda: {key.namespace for key in self.rollouts.current()}))

    async def _read(self) -> None:
        while True:
            try:
                await self._informers.run()
            except Exception as error:
                log.exception("reading %s failed", self.context)
                self._defect = safe_text(f"internal error while reading: {type(error).__name__}: {error}")
                self._defect_since = self._clock.now()
                self._on_change()
            await self._clock.sleep(_RESTART_SECONDS)

    def read(self, seconds: float) -> bool:
        """Read again what changed, for about so many seconds; true if something is left to read."""
        end = self._clock.monotonic() + seconds
        self.note_changes()
        self.rollouts.read_until(lambda: self._clock.monotonic() >= end)
        return self.rollouts.waiting > 0

    def note_changes(self) -> None:
        """Note which rollouts the changes since the last call concern; before enough was read there are none."""
        self._settled = self._settled or self._informers.enough
        if self._settled and self._topics:
            topics, self._topics = self._topics, set()
            self.rollouts.mark(topics)

    def view(self) -> ClusterView:
        kinds = self._informers.kinds()
        state, message, since = sync_state(kinds)
        if self._defect:
            state, message, since = Sync.RETRYING, self._defect, self._defect_since
        elif state is Sync.LIVE and (late := self._to_reread()):
            # Its objects are read, but what is shown is not made of them yet.
            state, message, since = Sync.SYNCING, self._still_read(late), max(kind.since for kind in kinds)
        return ClusterView(
            context=self.context,
            server=self.api.server,
            user=self.api.user,
            namespace=self.namespace,
            production=self.production,
            state=state,
            message=message,
            stale_since=since,
            kinds=kinds,
            aside=self.aside,
            unfinished=self.rollouts.waiting,
            asking=self.act_rights.asking,
            read_only=self.sender.read_only,
        )

    def stale(self, key: RolloutKey) -> str:
        """Why a rollout's data may be stale; "" while it is live.

        Only the kinds that its adapter reads count, so that one broken kind does not affect the others.
        """
        adapter = self.rollouts.adapter(key)
        return self._stale(self._needs[adapter.id] if adapter else self._resources) or self._early(key)

    def stale_rollouts(self) -> dict[RolloutKey, str]:
        """The rollouts whose data may be stale, and why; none while the whole cluster is live and all of it is read."""
        late = self._to_reread()
        early = dict.fromkeys(self.rollouts.early, self._still_read(late)) if late else {}
        if not self.rollouts.current() or self.view().state is Sync.LIVE:
            return early
        kinds = self._informers.kinds()
        why = {adapter: self._stale(needs, kinds) for adapter, needs in self._needs.items()}
        readers = ((key, self.rollouts.adapter(key)) for key in self.rollouts.current())
        return early | {key: words for key, adapter in readers if adapter and (words := why[adapter.id])}

    def _early(self, key: RolloutKey) -> str:
        """Why a rollout may be stale that was read before late kinds were, and is about to be read again; else ""."""
        late = self._to_reread() if key in self.rollouts.early else []
        return self._still_read(late) if late else ""

    def half_read(self, key: RolloutKey) -> bool:
        """Whether a rollout was read before late kinds were, and is to be read again once they are."""
        return key in self.rollouts.early and bool(LATE & self._informers.reading or self._to_reread())

    def _to_reread(self) -> list[str]:
        """The late kinds that are read by now, by their plurals, while some rollout was read without them."""
        return [kind.plural for kind in sorted(LATE) if self.store.known(kind)] if self.rollouts.early else []

    def _still_read(self, plurals: Sequence[str]) -> str:
        return f"{' and '.join(plurals)} of {self.context} are still being read"

    def away(self, rollout: Rollout) -> tuple[Finding, ...]:
        """Findings about stale or missing versions in neighbouring clusters, which do not block acts here."""
        found = []
        merged = any(ref.resource in MERGED for ref in rollout.objects[:1])
        for neighbour in self.neighbours:
            if not (words := neighbour.behind()):
                continue
            names = [version.name for version in rollout.versions if version.context == neighbour.context]
            if merged and neighbour.unread():
                text = f"versions that run in {neighbour.context} may be missing here: {words}"
                found.append(finding("part-unread", Severity.WARNING, text, neighbour.view().message))
            elif names:
                text = f"{', '.join(names)} runs in another cluster: {words}"
                found.append(finding("part-stale", Severity.WARNING, text, neighbour.view().message))
        return tuple(found)

    def not_allowed_any_more(self) -> dict[Resource, float]:
        """The kinds that were read and may not be read any more, and since when (UTC seconds)."""
        kinds = zip(self._resources, self._informers.kinds(), strict=True)
        return {resource: kind.since for resource, kind in kinds if lost(kind)}

    def old(self, rollout: Rollout) -> tuple[Finding, ...]:
        """A finding about kinds that may not be read any more, of which old objects are shown; no act is blocked."""
        adapter = self.rollouts.adapter(rollout.key)
        gone = self.not_allowed_any_more() if adapter else {}
        place = rollout.key.namespace
        shown = sorted(kind for kind in gone if adapter and kind in self._needs[adapter.id] and self._has(kind, place))
        if not shown:
            return ()
        names = " and ".join(kind.plural for kind in shown)
        since = utc_time(min(gone[kind] for kind in shown))
        text = f"{self.context} does not allow you to read {names} any more: what is shown of them is as of {since}"
        return (finding("right-lost", Severity.WARNING, text),)

    def _has(self, kind: Resource, namespace: str) -> bool:
        return bool(self.store.every(kind, namespace if kind.namespaced else ""))

    def unread(self) -> bool:
        """Whether a kind that the cluster may serve was never read."""
        kinds = zip(self._resources, self._informers.kinds(), strict=True)
        return any(kind.state in _UNREAD and not self.store.known(resource) for resource, kind in kinds)

    def behind(self) -> str:
        """Why this cluster's data may be stale; "" while it is live."""
        return self._stale(self._resources)

    def _stale(self, needs: Collection[Resource], kinds: Sequence[KindSync] = ()) -> str:
        since: float | None = self._defect_since
        state = Sync.RETRYING
        if not self._defect:
            now = zip(self._resources, kinds or self._informers.kinds(), strict=True)
            state, _, since = sync_state([kind for resource, kind in now if resource in needs])
        if state is Sync.LIVE:
            return ""
        if state in (Sync.CONNECTING, Sync.SYNCING) and (late := self._late_only()):
            return self._still_read(late)
        began = "" if since is None else f" since {utc_time(since)}"
        return f"{self.context} is not up to date ({state}{began}), so this data may be stale"

    def certain(self, rollout: Rollout) -> Rollout:
        """The rollout without alarms that late kinds, which are still being read, could take back."""
        if self._late_only() or self._early(rollout.key):
            return unalarmed(rollout, LATE | self._informers.reading)
        return rollout

    def unread_of(self, rollout: Rollout) -> frozenset[Resource]:
        """The kinds of which the rollout may have objects that were not read, so that they only seem to be missing."""
        adapter = self.rollouts.adapter(rollout.key)
        return self.unread_kinds() & self._needs[adapter.id] if adapter else frozenset()

    def unread_kinds(self) -> frozenset[Resource]:
        """The same of all kinds that findings rest on: a right to read can come and go, and no rollout changes."""
        return frozenset(filter(self.store.unread, DECIDING))

    def _late_only(self) -> list[str]:
        """The late kinds that are being read, by their plurals, if everything else was read; else none."""
        reading = self._informers.reading
        return sorted(resource.plural for resource in reading) if reading <= LATE else []

    def rollout(self, key: RolloutKey) -> Rollout | None:
        return self.rollouts.current().get(key)

    def denied(self, rollout: Rollout) -> Mapping[Act, str]:
        """The acts on a rollout, as it was read, that this user certainly may not send, and why."""
        adapter = self.rollouts.adapter(rollout.key)
        return self.act_rights.denied(rollout, adapter, self.objects(rollout)) if adapter else {}

    def denied_beside(self, rollout: Rollout, undo: Callable[[], Sequence[Request]]) -> tuple[tuple[Act, str], ...]:
        """Why this user certainly may not undo the last act, by these requests, or probe from inside the cluster."""
        rights, namespace, context = self.act_rights, rollout.key.namespace, rollout.key.context
        if not rights.limited:
            return ()
        own = [request for request in undo() if request.context in ("", context)]
        lacks = (rights.lacking(request.ref.namespace, (request.right,)) for request in own)
        found = ((Act.UNDO, next(filter(None, lacks), "")), (Act.PROBE, rights.lacking(namespace, JOB_NEEDS)))
        return tuple((act, why) for act, why in found if why)

    def uid_of(self, ref: Ref) -> str:
        """The uid of an object that was read; "" if it is not there."""
        found = self.store.get(ref.resource, ref.namespace, ref.name)
        return found.metadata.uid if found else ""

    def has(self, ref: Ref) -> bool | None:
        """Whether an object exists; None if its kind is not read."""
        if not self.store.known(ref.resource):
            return None
        return self.store.get(ref.resource, ref.namespace, ref.name) is not None

    def _changed(self, changes: ChangeSet) -> None:
        self._defect = ""
        for cluster in (self, *self.neighbours):
            cluster._topics |= changes.topics
        self._on_change()


def _kinds(adapters: Sequence[Adapter]) -> tuple[Resource, ...]:
    return tuple(sorted({resource for adapter in adapters for resource in adapter.needs}))
