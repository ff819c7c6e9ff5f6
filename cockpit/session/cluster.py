"""One context of a session: its objects, its rollouts, and how far they can be trusted."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cockpit.kube.api import KubeApi
from cockpit.kube.informers import Informers
from cockpit.kube.sender import Sender
from cockpit.kube.store import ChangeSet
from cockpit.model.adapter import Adapter
from cockpit.model.clock import Clock
from cockpit.model.lookup import Objects
from cockpit.model.plan import Plan
from cockpit.model.refs import Ref, Resource, RolloutKey
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.model.text import safe_text
from cockpit.model.view import ClusterView, Sync
from cockpit.session.assemble import settled, sync_state
from cockpit.session.federation import MERGED
from cockpit.session.rollouts import Rollouts

log = logging.getLogger(__name__)

# After a defect of ours in reading a cluster; what the network does wrong never ends the reading.
_RESTART_SECONDS = 10.0
# States in which a kind may yet be read for the first time.
_UNREAD = frozenset({Sync.CONNECTING, Sync.SYNCING, Sync.RETRYING, Sync.REFUSED})


@dataclass(frozen=True, slots=True)
class Connection:
    """A cluster to read; `namespace` None means all namespaces, `aside` is as in `ClusterView`."""

    api: KubeApi
    namespace: str | None
    aside: bool = False


class Cluster:
    """Reads one cluster until it is cancelled. `on_change` is called, on the loop, when there may be news."""

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
        self._namespace = connection.namespace
        self._adapters = tuple(adapters)
        self._resources = _kinds(adapters)
        self._clock = clock
        self._on_change = on_change
        self._topics: set[str] = set()
        self._settled = False
        self._defect = ""
        self._defect_since = 0.0
        self._informers = Informers(
            connection.api, self._resources, connection.namespace, clock=clock, rng=rng, on_change=self._changed
        )
        self.store = self._informers.store
        self.rollouts = Rollouts(self.store, adapters)
        self.neighbours: tuple[Cluster, ...] = ()

    @property
    def context(self) -> str:
        return self.api.context

    def join(self, neighbours: Sequence[Cluster]) -> None:
        """Share a gateway with these clusters: what they run is part of what is behind it."""
        self.neighbours = tuple(neighbours)
        self.rollouts.join([neighbour.store for neighbour in neighbours])

    def of(self, ref: Ref, context: str = "") -> Cluster:
        """The cluster to ask for an object: the one named, else the one that has it, else this one."""
        if context or self.has(ref) is not False:
            return next((n for n in self.neighbours if n.context == context), self)
        return next((neighbour for neighbour in self.neighbours if neighbour.has(ref)), self)

    def place(self, plan: Plan) -> Cluster:
        """The cluster that the requests of a plan go to."""
        return self.of(plan.requests[0].ref, plan.requests[0].context) if plan.requests else self

    def objects(self, rollout: Rollout) -> Objects:
        """What an act on a rollout is planned on."""
        return self.rollouts.objects_of(rollout.objects[0]) if rollout.objects else self.store

    async def run(self) -> None:
        """Read until cancelled. A defect here is shown as this cluster's state and leaves the others alone."""
        while True:
            try:
                await self._informers.run()
            except Exception as error:
                log.exception("reading %s failed", self.context)
                self._defect = safe_text(f"internal error while reading: {type(error).__name__}: {error}")
                self._defect_since = self._clock.now()
                self._on_change()
            await self._clock.sleep(_RESTART_SECONDS)

    def refresh(self) -> bool:
        """Read again what changed since the last call; true where a rollout changed."""
        self._settled = self._settled or settled(self._informers.kinds())
        if not self._settled or not self._topics:
            return False
        topics, self._topics = self._topics, set()
        return self.rollouts.apply(topics)

    def view(self) -> ClusterView:
        kinds = self._informers.kinds()
        state, message, since = sync_state(kinds)
        if self._defect:
            state, message, since = Sync.RETRYING, self._defect, self._defect_since
        return ClusterView(
            context=self.context,
            server=self.api.server,
            user=self.api.user,
            namespace=self._namespace,
            production=self.production,
            state=state,
            message=message,
            stale_since=since,
            kinds=kinds,
            aside=self.aside,
        )

    def stale(self, key: RolloutKey) -> str:
        """Why nothing should be decided by what is shown of a rollout, in words; "" while that is live.

        Only the kinds that its adapter looks at count, so that one broken kind stops none of the others.
        """
        adapter = self.rollouts.adapter(key)
        return self._stale(self._resources if adapter is None else adapter.needs)

    def stale_rollouts(self) -> dict[RolloutKey, str]:
        """The rollouts of which what is shown may be old, with why; none while the whole cluster is live."""
        if self.view().state is Sync.LIVE:
            return {}
        why = {adapter.id: self._stale(adapter.needs) for adapter in self._adapters}
        readers = ((key, self.rollouts.adapter(key)) for key in self.rollouts.current())
        return {key: words for key, adapter in readers if adapter and (words := why[adapter.id])}

    def away(self, rollout: Rollout) -> tuple[Finding, ...]:
        """What to tell of versions in neighbours of which what is shown may be old or missing; acts here stay open."""
        found = []
        merged = any(ref.resource in MERGED for ref in rollout.objects[:1])
        for neighbour in self.neighbours:
            if not (words := neighbour.behind()):
                continue
            names = [version.name for version in rollout.versions if version.context == neighbour.context]
            if merged and neighbour.unread():
                text = f"versions that run in {neighbour.context} may be missing here: {words}"
                found.append(Finding("part-unread", Severity.WARNING, text, neighbour.view().message))
            elif names:
                text = f"{', '.join(names)} runs in another cluster: {words}"
                found.append(Finding("part-stale", Severity.WARNING, text, neighbour.view().message))
        return tuple(found)

    def unread(self) -> bool:
        """Whether a kind that the cluster may serve was never read."""
        kinds = zip(self._resources, self._informers.kinds(), strict=True)
        return any(kind.state in _UNREAD and not self.store.known(resource) for resource, kind in kinds)

    def behind(self) -> str:
        """Why nothing should be decided by what is shown of this cluster; "" while it is live."""
        return self._stale(self._resources)

    def _stale(self, needs: Collection[Resource]) -> str:
        since: float | None = self._defect_since
        state = Sync.RETRYING
        if not self._defect:
            kinds = zip(self._resources, self._informers.kinds(), strict=True)
            state, _, since = sync_state([kind for resource, kind in kinds if resource in needs])
        if state is Sync.LIVE:
            return ""
        began = "" if since is None else f" since {clock_time(since)}"
        return f"{self.context} is {state}{began}, so what is shown may be old"

    def rollout(self, key: RolloutKey) -> Rollout | None:
        return self.rollouts.current().get(key)

    def has(self, ref: Ref) -> bool | None:
        """Whether an object is there; None where its kind is not read."""
        if not self.store.known(ref.resource):
            return None
        return self.store.get(ref.resource, ref.namespace, ref.name) is not None

    def _changed(self, changes: ChangeSet) -> None:
        self._defect = ""
        for cluster in (self, *self.neighbours):
            cluster._topics |= changes.topics
        self._on_change()


def clock_time(at: float) -> str:
    """UTC seconds since 1970 as a time of day."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")


def _kinds(adapters: Sequence[Adapter]) -> tuple[Resource, ...]:
    return tuple(sorted({resource for adapter in adapters for resource in adapter.needs}))
