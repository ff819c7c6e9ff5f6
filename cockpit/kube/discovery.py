"""Which kinds a cluster serves."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import BadAnswer, NotFound
from cockpit.model.refs import Resource

# Where these are not found, something other than an API server has answered.
_ALWAYS_SERVED = frozenset({"/api/v1", "/apis/apps/v1"})


class _Served(msgspec.Struct):
    name: str


class _ServedList(msgspec.Struct):
    resources: list[_Served] | None = None


async def served(api: KubeApi, resources: Iterable[Resource]) -> frozenset[Resource]:
    """The `resources` that the cluster serves in their version. Raises ApiError if discovery fails."""
    wanted: dict[str, list[Resource]] = {}
    for resource in resources:
        wanted.setdefault(_group_path(resource), []).append(resource)
    found: set[Resource] = set()
    for path, kinds in wanted.items():
        names = await _names(api, path)
        found.update(kind for kind in kinds if kind.plural in names)
    return frozenset(found)


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
