"""How the double behaves in a namespace, as its ConfigMap `demo-kruise-rollouts` says.

- `profile: legacy`: as releases of Kruise Rollouts up to 0.5; anything else: as 0.6.2.
- `clobber: once`: the next status that somebody else writes is overwritten by what the controller knew before, as
  happens to the real one, which reads and writes whole statuses. The entry goes away with it.
"""

from __future__ import annotations

from cockpit.demo.controllers.kruise.writes import patch, write_status
from cockpit.demo.controllers.world import World
from cockpit.demo.rules.lookup import Lookup
from cockpit.demo.schemas.customkinds import KRUISE_ROLLOUTS
from cockpit.demo.schemas.kinds import CONFIGMAPS
from cockpit.demo.schemas.objects import Object, copied

CONFIGMAP = "demo-kruise-rollouts"
STRICT, LEGACY = "strict", "legacy"


def profile_in(storage: Lookup, namespace: str) -> str:
    """`legacy` or `strict`."""
    return LEGACY if _said(storage, namespace, "profile") == LEGACY else STRICT


def _said(storage: Lookup, namespace: str, entry: str) -> str:
    found = storage.peek(CONFIGMAPS, namespace, CONFIGMAP)
    return str(((found or {}).get("data") or {}).get(entry, ""))


class Clobber:
    """Remembers what the controller wrote last, to write it again over what somebody else wrote."""

    def __init__(self) -> None:
        self._last: dict[str, Object] = {}

    def remember(self, rollout: Object, status: Object) -> None:
        """What the controller knows of a Rollout."""
        self._last[rollout["metadata"]["uid"]] = copied(status)

    def strikes(self, world: World, rollout: Object) -> bool:
        """Overwrite somebody else's status where that is asked for, once; whether it did."""
        namespace, last = rollout["metadata"]["namespace"], self._last.get(rollout["metadata"]["uid"])
        if last is None or last == rollout.get("status") or _said(world.storage, namespace, "clobber") != "once":
            return False
        patch(
            world,
            CONFIGMAPS,
            {"metadata": {"name": CONFIGMAP, "namespace": namespace}},
            {"data": {"clobber": None}},
        )
        write_status(world, KRUISE_ROLLOUTS, rollout, last)
        return True
