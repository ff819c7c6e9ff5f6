"""The part of a session that reads objects, events and logs for a person to look at.

What reads them is loaded when somebody first asks: no command and no first screen does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cockpit.kube.errors import KubeError
from cockpit.model.clock import Clock
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.text import safe_text
from cockpit.session.facts.cluster import Cluster

if TYPE_CHECKING:
    from cockpit.model.inspection import EventGroup, LogLine, LogOrder, Revision


class Readings:
    """Answers for `port.Cockpit`. A session inherits it and says which clusters there are."""

    _clock: Clock
    _rng: random.Random

    def cluster(self, context: str) -> Cluster | None:
        """The cluster of a context of this session."""
        raise NotImplementedError

    async def yaml(self, context: str, ref: Ref) -> str:
        from cockpit.session.inspecting.objects import as_yaml

        cluster = self.cluster(context)
        return await as_yaml(cluster.api, ref) if cluster else no_context(context)

    async def describe(self, context: str, ref: Ref) -> tuple[str, ...]:
        from cockpit.session.inspecting.describe import described
        from cockpit.session.inspecting.objects import events_of, read_object

        cluster = self.cluster(context)
        if cluster is None:
            return (no_context(context),)
        found = await read_object(cluster.api, ref)
        if isinstance(found, str):
            return (found,)
        return described(found, await events_of(cluster.api, ref), self._clock.now())

    async def events(self, context: str, ref: Ref) -> tuple[EventGroup, ...] | str:
        from cockpit.session.inspecting.objects import events_of

        cluster = self.cluster(context)
        return await events_of(cluster.api, ref) if cluster else no_context(context)

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        from cockpit.session.inspecting.objects import log_of

        cluster = self.cluster(context)
        return await log_of(cluster.api, pod, lines) if cluster else (no_context(context),)

    async def containers(self, context: str, pod: Ref) -> tuple[str, ...] | str:
        from cockpit.kube.containers import containers_of

        cluster = self.cluster(context)
        if cluster is None:
            return no_context(context)
        try:
            found = await cluster.api.get(pod)
        except KubeError as error:
            return str(error)
        return tuple(safe_text(name, 63) for name in containers_of(found))

    async def follow_log(self, order: LogOrder, tell: Callable[[Sequence[LogLine]], None]) -> str:
        from cockpit.session.inspecting.logs import LogFollower

        cluster = self.cluster(order.context)
        if cluster is None:
            return no_context(order.context)
        return await LogFollower(cluster.api, self._clock, self._rng, order, tell).run()

    async def revisions(self, key: RolloutKey) -> tuple[Revision, ...]:
        from cockpit.session.inspecting.templates import revisions_of

        cluster = self.cluster(key.context)
        rollout = cluster.rollout(key) if cluster else None
        return revisions_of(rollout, cluster.store) if cluster and rollout else ()

    async def difference(self, key: RolloutKey, old: str, new: str) -> tuple[str, ...] | str:
        from cockpit.session.inspecting.templates import difference, template_named

        cluster = self.cluster(key.context)
        rollout = cluster.rollout(key) if cluster else None
        if cluster is None or rollout is None:
            return f"{safe_text(key)}: this rollout is gone"
        templates = []
        for name in (old, new):
            version = rollout.version(name)
            place = self.cluster(version.context) if version and version.context else cluster
            found = template_named(name, rollout, place.store if place else cluster.store)
            if isinstance(found, str):
                return found
            templates.append((name, found))
        return difference(templates[0], templates[1])


def no_context(context: str) -> str:
    """What is said of a context that the session does not read."""
    return f"{safe_text(context, 100)} is not among the contexts of this session"
