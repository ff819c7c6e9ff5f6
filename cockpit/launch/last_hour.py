"""The last hour of a running screen, in memory, to be written when something went wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.launch.recording import PROGRAM, as_a_screen

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cockpit.kube.api import KubeApi
    from cockpit.kube.tap import Tap
    from cockpit.model.refs import RolloutKey
    from cockpit.record.following import Following
    from cockpit.record.recorder import Recorder
    from cockpit.record.sinks import Ring
    from cockpit.session.port import Cockpit
    from cockpit.tui.telling_keys import Told

    OpenSession = Callable[[Callable[[KubeApi, str | None], Tap | None]], AbstractAsyncContextManager[Cockpit]]


NOTHING = "nothing is recorded yet"


class LastHour:
    """Records a session into a ring. Of objects it holds what changed: those that stay the same cost nothing."""

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._ring: Ring | None = None
        self._following: Following | None = None

    @contextlib.asynccontextmanager
    async def beside(self, open_session: OpenSession) -> AsyncIterator[Cockpit]:
        """The session, recorded while it is open."""
        from cockpit.record.blocks import Header
        from cockpit.record.following import Following
        from cockpit.record.recorder import RING_WAITING, Recorder
        from cockpit.record.sinks import Ring
        from cockpit.record.writer import Writer
        from cockpit.session.clock import SystemClock

        clock, ring = SystemClock(), Ring()
        from importlib import metadata

        header = Header(metadata.version(PROGRAM), clock.now(), objects=False)
        since, order = as_a_screen(clock.now())
        writer = Writer(ring, header, forgets=True, since=since, order=order)
        with Recorder(writer, clock, lists=False, most_waiting=RING_WAITING) as recorder:

            def tap(api: KubeApi, _: str | None) -> Tap:
                return recorder.tap(api.context)

            async with open_session(tap) as cockpit:
                self._recorder, self._ring = recorder, ring
                self._following = Following(cockpit, recorder, clock)
                following = asyncio.create_task(self._following.run(), name="record")
                try:
                    yield cockpit
                finally:
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)

    def tell(self, what: Told, words: str, rollout: RolloutKey | None) -> None:
        """A person pressed a key or opened a screen."""
        from cockpit.record.entries import MarkKind

        if self._recorder is not None:
            self._recorder.mark(MarkKind(what.value), words, rollout)

    def write(self, path: Path) -> str:
        """Write what is held to a new file; returns why it could not be written, "" if it was. Not for the loop."""
        if self._recorder is None or self._ring is None or self._following is None:
            return NOTHING
        self._following.catch_up()
        self._recorder.work()
        if not self._ring.size:
            return NOTHING
        try:
            self._ring.write(path)
        except OSError as error:
            return f"{path}: not written: {error.strerror or error}"
        return self._recorder.problem
