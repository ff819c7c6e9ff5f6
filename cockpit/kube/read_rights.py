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
            if reflector.progress.state is not Sync.LIVE:
                continue
            place = Ref(resource, self._namespace if resource.namespaced else "", "")
            if await self._api.allowed(_VERB, place):
                reflector.list_anew()
