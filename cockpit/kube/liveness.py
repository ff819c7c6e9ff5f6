"""Whether a watch that is open may be called live, and for how long it is asked for."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Random
from cockpit.kube.decode import Decoder, Undecodable
from cockpit.kube.errors import BadAnswer
from cockpit.kube.pulse import QUIET_SECONDS, Pulse, answer_in_time
from cockpit.kube.transport import Call
from cockpit.model.clock import Clock

# A stream without an event or a bookmark for longer than bookmarks take has to be proven.
UNPROVEN_SECONDS = 65.0
# The rest of a silence can be too short for a clock to tell.
_SHORTEST_DOZE = 0.1
# For how long a watch is asked for. A bookmark comes every minute, so that no watch has to end for its version to stay
# young, and each that ends is a request. Ends at different times spread the load on a server.
WATCH_SECONDS = (1800.0, 3600.0)
# Watches that are opened together get their bookmarks together, and the server is silent until the next minute. The
# first of each kind is short, so that the kinds go on at different times, and one of them is always heard.
FIRST_WATCH_SECONDS = (60.0, 120.0)


class Missed(Exception):  # noqa: N818 - what happened
    """Something may have happened that a watch does not tell: only a new list does."""


class Liveness:
    """Proves, for one kind, that a silent stream missed nothing. `heard_at` is when this stream last brought something,
    or was shown to have missed nothing; monotonic seconds.
    """

    def __init__(
        self,
        api: KubeApi,
        path: str,
        labels: dict[str, str],
        *,
        what: str,
        decoder: Decoder,
        clock: Clock,
        pulse: Pulse,
    ) -> None:
        self._api = api
        self._path = path
        self._labels = labels
        self._what = what
        self._decoder = decoder
        self._clock = clock
        self._pulse = pulse
        self._first = True
        self.heard_at = 0.0

    def heard(self) -> None:
        """The stream brought something, or a list was read."""
        self.heard_at = self._clock.monotonic()

    def began(self) -> None:
        """The next watch is opened when those of other kinds are: at the start, and after a failure."""
        self._first = True

    def watch_seconds(self, rng: Random) -> float:
        """For how long to ask for the next watch."""
        first, self._first = self._first, False
        return rng.uniform(*(FIRST_WATCH_SECONDS if first else WATCH_SECONDS))

    async def doubt(self, version: Callable[[], str]) -> None:
        """Ask the server whenever it is silent; raises ApiError if it does not answer, and Missed after a silence of
        this stream in which something may have happened. `version` is the one that the stream is at, "" if unknown."""
        while True:
            quiet = self._clock.monotonic() - max(self.heard_at, self._pulse.at)
            if quiet < QUIET_SECONDS:
                await self._clock.sleep(max(QUIET_SECONDS - quiet, _SHORTEST_DOZE))
                continue
            await self._pulse.ask(self._path, self._what)
            if self._clock.monotonic() - self.heard_at >= UNPROVEN_SECONDS:
                await self._prove(version())

    async def _prove(self, version: str) -> None:
        """Show that this stream missed nothing, though neither an event nor a bookmark came: the server's version is
        still the same. Raises Missed if it is not."""
        call = Call("GET", self._path, {"limit": "1"} | self._labels, what=self._what)
        body = await answer_in_time(self._api, call, self._clock)
        try:
            found = self._decoder.page(body).version
        except Undecodable as error:
            raise BadAnswer(str(error), context=self._api.context, what=self._what) from None
        if not version or found != version:
            raise Missed
        self.heard()
