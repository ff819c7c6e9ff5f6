"""Whether an API server still answers, asked once for all watches of a cluster."""

from __future__ import annotations

import asyncio

from cockpit.kube.api import LIST_BYTES, KubeApi
from cockpit.kube.errors import ApiError, BadAnswer, ServerFailure, Stalled, Unreachable
from cockpit.kube.transport import Call
from cockpit.model.clock import Clock

# A server that is silent for this long is asked something, and has this long to answer: together less than the 45 s
# after which nothing may be called live. Bookmarks come only once a minute (kube-apiserver, cacher.go).
QUIET_SECONDS, ANSWER_SECONDS = 20.0, 15.0


async def answer_in_time(api: KubeApi, call: Call, clock: Clock) -> bytes | bytearray:
    """The body of the response to a small question; Stalled if it does not come within ANSWER_SECONDS."""
    answer = asyncio.create_task(api.transport.fetch(call, limit=LIST_BYTES))
    late = asyncio.create_task(clock.sleep(ANSWER_SECONDS))
    try:
        await asyncio.wait((answer, late), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return await answer
        why = f"{api.server}: nothing was heard, and a question got no answer within {ANSWER_SECONDS:g} s"
        raise Stalled(why, context=api.context, what=call.what, sent=True)
    finally:
        for task in (answer, late):
            task.cancel()
        await asyncio.gather(answer, late, return_exceptions=True)


class Pulse:
    """`heard` is when anything last came from the server: UTC seconds, and `at` the same in monotonic seconds."""

    def __init__(self, api: KubeApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._asking: asyncio.Task[None] | None = None
        self.heard = clock.now()
        self.at = clock.monotonic()

    def beat(self) -> None:
        """Something came: a line of a watch, an answer."""
        self.heard, self.at = self._clock.now(), self._clock.monotonic()

    async def ask(self, path: str, what: str) -> None:
        """Get one object of a kind, at the price of one read; whoever asks meanwhile shares the answer.

        Raises ApiError if the server does not answer in time, or fails. A refusal is an answer.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(path, what))
            # Whoever asked may have been cancelled; then nobody is left to hear of a failure.
            self._asking.add_done_callback(_heard)
        await asyncio.shield(self._asking)

    async def _ask(self, path: str, what: str) -> None:
        call = Call("GET", path, {"limit": "1"}, what=what)
        try:
            await answer_in_time(self._api, call, self._clock)
        except (Unreachable, BadAnswer, ServerFailure):
            raise
        except ApiError:
            pass
        self.beat()

    async def close(self) -> None:
        """Give up a question that is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)


def _heard(asking: asyncio.Task[None]) -> None:
    if not asking.cancelled():
        asking.exception()
