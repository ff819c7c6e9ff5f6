"""How one command reads a cluster: what the cluster serves in one question, each kind once, and few at a time.

A session that lasts lists each kind on a connection of its own, asks about each version of a kind, and watches all of
them. For one command that is most of its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import msgspec

from cockpit.kube.api import LIST_BYTES, KubeApi
from cockpit.kube.errors import ApiError
from cockpit.kube.transport import Call
from cockpit.model.refs import Resource

# Lists at a time: each needs a connection, and a handshake costs more than waiting for the one before.
AT_ONCE = 6
# Served by every cluster, in the version that is read: what they hold can be asked for at once.
_ALWAYS = frozenset({"", "apps", "autoscaling", "coordination.k8s.io", "discovery.k8s.io", "networking.k8s.io"})
# As kubectl asks (apidiscovery.k8s.io); a server that does not know it answers with names of groups alone.
_FORM = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
_ACCEPT = ",".join((_FORM.format("v2"), _FORM.format("v2beta1"), "application/json"))


class _Kind(msgspec.Struct):
    resource: str = ""


class _Version(msgspec.Struct):
    version: str = ""
    resources: list[_Kind] = []
    freshness: str = "Current"


class _Name(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Name = msgspec.field(default_factory=_Name)
    versions: list[_Version] = []


class _Groups(msgspec.Struct):
    kind: str = ""
    items: list[_Group] = []


class Brief:
    """What the readers of one cluster share: a limit, and the word that changes are wanted from now on."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._asking: asyncio.Task[_Groups | None] | None = None
        self._left: set[Resource] = set()
        self.lists = asyncio.Semaphore(AT_ONCE)
        self.followed = asyncio.Event()
        self.read = asyncio.Event()

    def expect(self, resources: Collection[Resource]) -> None:
        """These kinds are to be read; `read` is set once each was tried."""
        self._left = set(resources)

    def tried(self, resource: Resource) -> None:
        """A kind was read, is not served, or could not be read."""
        self._left.discard(resource)
        if not self._left:
            self.read.set()

    async def served(self, family: Sequence[Resource]) -> tuple[Resource, ...] | None:
        """The versions of one kind that the cluster serves; None if it does not say, or only by asking for each."""
        group = family[0].group
        if group in _ALWAYS:
            return None
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        found = await asyncio.shield(self._asking)
        if found is None:
            return None
        versions = [v for each in found.items if each.metadata.name == group for v in each.versions]
        if any(version.freshness != "Current" for version in versions):
            return None
        there = {(version.version, kind.resource) for version in versions for kind in version.resources}
        return tuple(resource for resource in family if (resource.version, resource.plural) in there)

    async def _ask(self) -> _Groups | None:
        call = Call("GET", "/apis", accept=_ACCEPT, what="/apis")
        try:
            body = await self._api.transport.fetch(call, limit=LIST_BYTES)
            found = msgspec.json.decode(body, type=_Groups)
        except (ApiError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return found if found.kind == "APIGroupDiscoveryList" else None

    async def close(self) -> None:
        """Give up a question that is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
