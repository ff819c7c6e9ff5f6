"""How one command reads a cluster: each kind once, and a watch only once changes are wanted.

A session that lasts watches every kind. For one command that is most of its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from cockpit.model.refs import Resource


class Brief:
    """What the readers of one cluster share: which kinds are left, and the word that changes are wanted from now on.

    `read` is set once each of the kinds was tried.
    """

    def __init__(self, resources: Collection[Resource]) -> None:
        self._left = set(resources)
        self.followed = asyncio.Event()
        self.read = asyncio.Event()
        if not self._left:
            self.read.set()

    def tried(self, resource: Resource) -> None:
        """A kind was read, is not served, or could not be read."""
        self._left.discard(resource)
        if not self._left:
            self.read.set()

    async def until_followed(self, resource: Resource) -> None:
        """A kind was read; return once changes are wanted."""
        self.tried(resource)
        await self.followed.wait()
