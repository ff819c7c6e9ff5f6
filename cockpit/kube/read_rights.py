"""Whether the kinds that are watched may still be read.

The API server checks a right when a watch begins and not again, so that one which is open goes on for up to an hour
after its right was taken away.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Random
from cockpit.kube.errors import KubeError
from cockpit.kube.reflector import Reflector
from cockpit.model.clock import Clock
from cockpit.model.refs import EVERYTHING, Ref, Resource
from cockpit.model.view import Sync

log = logging.getLogger(__name__)

# Seconds between two reviews: what was taken away is told within five minutes.
REVIEW_SECONDS = (180.0, 240.0)
# The right that what is shown rests on.
_VERB = "watch"
# Of a kind that was listed in spite of a no, each next doubt waits for twice as many reviews, up to so many: a proxy
# that shows each user a part of a kind says no as long as it is asked.
_RAREST = 16


class ReadRights:
    """Reviews the rights to what these reflectors watch, in one namespace or in all with None.

    A review only doubts: a kind of which it says no is listed anew, and the answer to that decides.
    """

    def __init__(
        self,
        api: KubeApi,
        reflectors: Mapping[Resource, Reflector],
        namespace: str | None,
        *,
        clock: Clock,
        rng: Random,
    ) -> None:
        self._api = api
        self._reflectors = reflectors
        self._namespace = namespace or ""
        self._clock = clock
        self._rng = rng
        self._noes: dict[Resource, int] = {}  # in a row, of kinds that are live all the same

    async def run(self) -> None:
        """Review until cancelled."""
        while True:
            await self._clock.sleep(self._rng.uniform(*REVIEW_SECONDS))
            try:
                await self._review()
            except KubeError as error:
                log.info("what this user may read in %s is not known: %s", self._api.context, error)

    async def _review(self) -> None:
        """Ask for everything at once, and kind by kind only who may not do everything. Raises KubeError."""
        if not await self._api.allowed("*", EVERYTHING):
            return
        for resource, reflector in self._reflectors.items():
            place = Ref(resource, self._namespace if resource.namespaced else "", "")
            if reflector.progress.state is not Sync.LIVE or not await self._api.allowed(_VERB, place):
                self._noes.pop(resource, None)
                continue
            self._noes[resource] = noes = self._noes.get(resource, 0) + 1
            if noes % _RAREST == 0 or noes.bit_count() == 1:
                reflector.list_anew()
