"""Which kinds a cluster serves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import ApiError, BadAnswer, NotFound
from cockpit.model.clock import Clock
from cockpit.model.refs import Resource

# Where these are not found, something other than an API server has answered.
_ALWAYS_SERVED = frozenset({"/api/v1", "/apis/apps/v1"})


# Groups that are part of Kubernetes itself.
_BUILT_IN = frozenset({"", "apps", "autoscaling", "coordination.k8s.io", "discovery.k8s.io", "networking.k8s.io"})
_GROUPS = "/apis"
# Kinds that are not served are looked for about once a minute, each at its own time: that the list of groups holds for
# so many seconds makes it a few requests a minute for all of them.
_FRESH_SECONDS = 20.0


class _Version(msgspec.Struct, rename="camel"):
    group_version: str


class _Group(msgspec.Struct):
    versions: list[_Version] | None = None


class _GroupList(msgspec.Struct):
    groups: list[_Group] | None = None


class _Served(msgspec.Struct):
    name: str


class _ServedList(msgspec.Struct):
    resources: list[_Served] | None = None


class Discovery:
    """What one cluster serves. All who ask at the same time share an answer; the list of groups holds for a while."""

    def __init__(self, api: KubeApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._asked: dict[str, tuple[float, asyncio.Task[frozenset[str]]]] = {}

    async def served(self, resources: Iterable[Resource]) -> frozenset[Resource]:
        """The `resources` that the cluster serves in their version. Raises ApiError if discovery fails."""
        wanted: dict[str, list[Resource]] = {}
        for resource in resources:
            if not await self.lacks(resource):
                wanted.setdefault(_group_path(resource), []).append(resource)
        found: set[Resource] = set()
        for path, kinds in wanted.items():
            names = await self._shared(path, 0.0)
            found.update(kind for kind in kinds if kind.plural in names)
        return frozenset(found)

    async def lacks(self, resource: Resource) -> bool:
        """True if the cluster certainly does not serve the kind's group; it never raises."""
        if resource.group in _BUILT_IN:
            return False
        try:
            groups = await self._shared(_GROUPS, _FRESH_SECONDS)
        except ApiError:
            return False
        return _group_path(resource) not in groups

    async def close(self) -> None:
        """Give up the questions that are under way."""
        tasks = [task for _, task in self._asked.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _shared(self, path: str, holds: float) -> frozenset[str]:
        at, task = self._asked.get(path, (0.0, None))
        if task is None or (task.done() and (_failed(task) or self._clock.monotonic() - at >= holds)):
            asking = _groups(self._api) if path == _GROUPS else _names(self._api, path)
            task = asyncio.create_task(asking)
            # Whoever asked may have been cancelled; then nobody is left to hear of a failure.
            task.add_done_callback(_failed)
            self._asked[path] = (self._clock.monotonic(), task)
        return await asyncio.shield(task)


def _failed(task: asyncio.Task[frozenset[str]]) -> bool:
    return task.cancelled() or task.exception() is not None


def _group_path(resource: Resource) -> str:
    return f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"


async def _names(api: KubeApi, path: str) -> frozenset[str]:
    try:
        body = await api.get_path(path)
    except NotFound:
        if path in _ALWAYS_SERVED:
            raise BadAnswer("every Kubernetes API serves this", context=api.context, what=path, status=404) from None
        return frozenset()
    try:
        listed = msgspec.json.decode(body, type=_ServedList)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer(f"not a list of resources ({error})", context=api.context, what=path) from None
    return frozenset(resource.name for resource in listed.resources or ())


async def _groups(api: KubeApi) -> frozenset[str]:
    """The paths of all groups but the core. Raises ApiError, also for a list that no API server would give."""
    body = await api.get_path(_GROUPS)
    try:
        listed = msgspec.json.decode(body, type=_GroupList)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswer(f"not a list of groups ({error})", context=api.context, what=_GROUPS) from None
    versions = (version for group in listed.groups or () for version in group.versions or ())
    paths = frozenset(f"{_GROUPS}/{version.group_version}" for version in versions)
    if not paths & _ALWAYS_SERVED:
        raise BadAnswer("a list of groups without apps/v1", context=api.context, what=_GROUPS)
    return paths
