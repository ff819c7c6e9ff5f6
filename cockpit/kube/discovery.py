"""Which kinds a cluster serves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from cockpit.kube.api import LIST_BYTES, KubeApi
from cockpit.kube.errors import ApiError, BadAnswer, NotFound
from cockpit.kube.transport import Call
from cockpit.model.clock import Clock
from cockpit.model.refs import Resource

# Where these are not found, something other than an API server has answered.
_ALWAYS_SERVED = frozenset({"/api/v1", "/apis/apps/v1"})
# Groups that are part of Kubernetes itself.
_BUILT_IN = frozenset({"", "apps", "autoscaling", "coordination.k8s.io", "discovery.k8s.io", "networking.k8s.io"})
_GROUPS = "/apis"
# Kinds that are not served are looked for about once a minute, each at its own time: that the list of groups holds for
# so many seconds makes it one request a minute for all of them.
_FRESH_SECONDS = 60.0
_PLAIN = "application/json"
# As kubectl asks (apidiscovery.k8s.io): every group with its kinds in one answer. A server that does not know it
# answers with names of groups alone.
_FORM = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
_WITH_KINDS = ",".join((_FORM.format("v2"), _FORM.format("v2beta1"), _PLAIN))
T = TypeVar("T")


class _Served(msgspec.Struct):
    name: str


class _ServedList(msgspec.Struct):
    resources: list[_Served] | None = None


class _Kind(msgspec.Struct):
    resource: str = ""


class _Version(msgspec.Struct, rename="camel"):
    group_version: str = ""
    # The rest is told by the form with kinds alone.
    version: str = ""
    resources: list[_Kind] | None = None
    freshness: str = "Current"


class _Name(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Name = msgspec.field(default_factory=_Name)
    versions: list[_Version] | None = None


class _GroupList(msgspec.Struct):
    groups: list[_Group] | None = None
    items: list[_Group] | None = None


class Discovery:
    """What one cluster serves. All who ask at the same time share an answer; the list of groups holds for a while."""

    def __init__(self, api: KubeApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._form = _WITH_KINDS
        self._groups = _Shared[Mapping[str, frozenset[str] | None]]()
        self._names: dict[str, _Shared[frozenset[str]]] = {}

    async def served(self, resources: Iterable[Resource], *, anew: bool = False) -> frozenset[Resource]:
        """The `resources` that the cluster serves in their version. Raises ApiError if discovery fails.

        With `anew` a kind counts as served only by an answer from now on.
        """
        found: set[Resource] = set()
        wanted: dict[str, list[Resource]] = {}
        for resource in resources:
            names = await self._told(resource)
            if names is None or (anew and names):
                wanted.setdefault(_group_path(resource), []).append(resource)
            elif resource.plural in names:
                found.add(resource)
        for path, kinds in wanted.items():
            asked = self._names.setdefault(path, _Shared())
            names = await asked.answer(lambda path=path: _names(self._api, path), self._clock.monotonic(), 0.0)
            found.update(kind for kind in kinds if kind.plural in names)
        return frozenset(found)

    async def lacks(self, resource: Resource) -> bool:
        """True if the cluster certainly does not serve the kind; it never raises."""
        names = await self._told(resource)
        return names is not None and resource.plural not in names

    async def close(self) -> None:
        """Give up the questions that are under way."""
        await self._groups.close()
        for asked in self._names.values():
            await asked.close()

    async def _told(self, resource: Resource) -> frozenset[str] | None:
        """The kinds of the resource's group and version by the list of groups; None if it does not tell."""
        if resource.group in _BUILT_IN:
            return None
        try:
            groups = await self._groups.answer(self._list_groups, self._clock.monotonic(), _FRESH_SECONDS)
        except ApiError:
            return None
        return groups.get(_group_path(resource), frozenset())

    async def _list_groups(self) -> Mapping[str, frozenset[str] | None]:
        # With kinds it is long, and saves questions only where everything is asked for: at the start.
        form, self._form = self._form, _PLAIN
        return await _groups(self._api, form)


class _Shared(Generic[T]):
    """A question that all who ask at the same time share; `answer` raises what the question raises."""

    def __init__(self) -> None:
        self._at = 0.0
        self._task: asyncio.Task[T] | None = None

    async def answer(self, ask: Any, now: float, holds: float) -> T:
        """The answer that is on its way, or is at most `holds` seconds old, or a new one."""
        task = self._task
        if task is None or (task.done() and (_failed(task) or now - self._at >= holds)):
            asking: Coroutine[Any, Any, T] = ask()
            task = self._task = asyncio.create_task(asking)
            # Whoever asked may have been cancelled; then nobody is left to hear of a failure.
            task.add_done_callback(_failed)
            self._at = now
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give it up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def _failed(task: asyncio.Task[Any]) -> bool:
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


async def _groups(api: KubeApi, form: str) -> Mapping[str, frozenset[str] | None]:
    """The paths of all groups but the core, with their kinds where the server tells them for certain.

    Raises ApiError, also for a list that no API server would give.
    """
    body = await api.transport.fetch(Call("GET", _GROUPS, accept=form, what=_GROUPS), limit=LIST_BYTES)
    try:
        listed = msgspec.json.decode(body, type=_GroupList)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"not a list of groups ({error})", context=api.context, what=_GROUPS) from None
    known: dict[str, frozenset[str] | None] = {}
    for group in listed.groups or ():
        known |= {f"{_GROUPS}/{version.group_version}": None for version in group.versions or ()}
    for group in listed.items or ():
        for version in group.versions or ():
            kinds = frozenset(kind.resource for kind in version.resources or ())
            # What an aggregated API server served when it was last heard of may have changed.
            known[f"{_GROUPS}/{group.metadata.name}/{version.version}"] = (
                kinds if version.freshness == "Current" else None
            )
    if not known.keys() & _ALWAYS_SERVED:
        raise BadAnswer("a list of groups without apps/v1", context=api.context, what=_GROUPS)
    return known
