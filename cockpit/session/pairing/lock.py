"""The lock of a rollout, where a team has made one: opened by who confirms for who proposed, then closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import Forbidden, NotFound
from cockpit.kube.sender import Sender
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import RolloutKey
from cockpit.pairing.proposal_marks import CONFIRMED_BY, PROPOSER, lock_ref


class Locks:
    """The locks of one cluster; `namespace` holds them, "" for each rollout's own. A write raises KubeError."""

    def __init__(self, api: KubeApi, sender: Sender, namespace: str) -> None:
        self._api = api
        self._sender = sender
        self._namespace = namespace

    async def open(self, key: RolloutKey, proposer: str, confirmer: str) -> None:
        """Let `proposer` pass, because `confirmer`, who is this user, confirmed what they proposed."""
        await self._say(key, {PROPOSER: proposer, CONFIRMED_BY: confirmer})

    async def close(self, key: RolloutKey) -> None:
        """Let nobody pass any more."""
        await self._say(key, {PROPOSER: None, CONFIRMED_BY: None})

    async def _say(self, key: RolloutKey, said: Mapping[str, str | None]) -> None:
        ref = lock_ref(key, self._namespace)
        try:
            meta: Any = (await self._api.get(ref)).get("metadata")
        except (NotFound, Forbidden):
            return  # who may not read it has none as far as they know, and the API server refuses what it holds
        found = meta if isinstance(meta, dict) else {}
        annotations = found.get("annotations") or {}
        if all(annotations.get(name) == value for name, value in said.items()):
            return
        metadata = {"uid": found.get("uid"), "resourceVersion": found.get("resourceVersion"), "annotations": said}
        await self._sender.send(Request(Verb.PATCH, ref, {"metadata": metadata}, PatchType.MERGE))
