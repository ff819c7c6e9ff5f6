"""Reads and writes Leases of one cluster: reads through its API, writes through the one sender."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import BadAnswer, NotFound
from cockpit.kube.sender import Sender
from cockpit.model.objects import Lease
from cockpit.model.plan import Request, Verb
from cockpit.model.refs import Ref


class LeaseAccess(Protocol):
    """What pairing needs of a cluster. Both raise KubeError."""

    async def read(self, ref: Ref) -> Lease | None:
        """The Lease; None if there is none."""
        ...

    async def write(self, request: Request) -> Lease | None:
        """Send one write; the Lease as written, None after a deletion."""
        ...


class ClusterLeases:
    """Implements LeaseAccess on a cluster."""

    def __init__(self, api: KubeApi, sender: Sender) -> None:
        self._api = api
        self._sender = sender

    async def read(self, ref: Ref) -> Lease | None:
        try:
            return self._lease(await self._api.get(ref), ref)
        except NotFound:
            return None

    async def write(self, request: Request) -> Lease | None:
        answer = await self._sender.send(request)
        return None if request.verb is Verb.DELETE else self._lease(answer, request.ref)

    async def try_out(self, request: Request) -> Lease:
        """What the server would write; nothing is written. Raises KubeError."""
        return self._lease(await self._sender.send(request, dry_run=True), request.ref)

    def _lease(self, answer: Any, ref: Ref) -> Lease:
        try:
            return msgspec.convert(answer, Lease)
        except msgspec.ValidationError as error:
            raise BadAnswer(f"not a Lease ({error})", context=self._api.context, what=str(ref)) from None
