"""A session on a loop in a thread of its own, so that a terminal that is not read cannot hold up what it watches."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self, TypeVar

from cockpit.model.door import Door
from cockpit.model.plan import Ask, Refused
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.view import FleetView, Kept, Outcome, Prepared
from cockpit.session.port import Cockpit

log = logging.getLogger(__name__)

T = TypeVar("T")


class SessionEndedError(Exception):
    """The session's thread has ended, so nothing more can be asked of it; `__cause__` says why, if it failed."""


class Bridge:
    """Implements `port.Cockpit` for a face on another loop. Use as `async with Bridge(...) as cockpit`.

    `open_session` makes the session; it is entered and left in the session's thread. Entering raises what the
    session raised. `on_failure` is called, in that thread, with an exception that ended the session by itself;
    leaving raises it as well.

    With `meanwhile` a face is shown that view before there is a session: entering does not wait, `begin` opens the
    session, what is asked until then waits for it, and one that cannot be opened is a failure.
    """

    def __init__(
        self,
        open_session: Callable[[], AbstractAsyncContextManager[Cockpit]],
        on_failure: Callable[[BaseException], None] = lambda _: None,
        meanwhile: FleetView | None = None,
    ) -> None:
        self._open_session = open_session
        self._on_failure = on_failure
        self._meanwhile = meanwhile
        self._early: dict[object, Callable[[FleetView], None]] = {}
        self._subscribed: dict[object, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)
        self._opened: concurrent.futures.Future[Cockpit] = concurrent.futures.Future()
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None
        self._leaving = False

    def begin(self) -> None:
        """Open the session, once."""
        if not self._leaving and not self._thread.is_alive() and not self._opened.done():
            self._thread.start()

    async def __aenter__(self) -> Self:
        if self._meanwhile is not None:
            return self
        self.begin()
        try:
            # Shielded, because the thread reports here even where nobody waits any more.
            await asyncio.shield(asyncio.wrap_future(self._opened))
        except BaseException:
            # Cancelled or failed while it opened: the thread ends what it began.
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()
        if error is None and self._opened.done():
            self._opened.result()
            self._ended.result()

    def view(self) -> FleetView:
        """The latest view; the last one where the session has ended."""
        if self._meanwhile is not None and (not self._opened.done() or self._opened.exception()):
            return self._meanwhile
        return self._opened.result().view()

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        """See `Cockpit.subscribe`: `listener` is called in the session's thread."""
        token = object()
        with self._lock:
            if self._opened.done() or self._meanwhile is None:
                return self._opened.result().subscribe(listener)
            self._early[token] = listener

        def end() -> None:
            with self._lock:
                self._early.pop(token, None)
                unsubscribe = self._subscribed.pop(token, None)
            if unsubscribe:
                unsubscribe()

        return end

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        return await self._ask(lambda cockpit: cockpit.prepare(key, ask))

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        return await self._ask(lambda cockpit: cockpit.send(prepared, wait=wait, report=report))

    async def probe(self, key: RolloutKey, running: bool) -> None:
        await self._ask(lambda cockpit: cockpit.probe(key, running))

    async def aim(self, key: RolloutKey, door: Door | None, rate: float | None = None) -> Kept:
        return await self._ask(lambda cockpit: cockpit.aim(key, door, rate))

    async def yaml(self, context: str, ref: Ref) -> str:
        return await self._ask(lambda cockpit: cockpit.yaml(context, ref))

    async def events(self, context: str, ref: Ref) -> tuple[str, ...]:
        return await self._ask(lambda cockpit: cockpit.events(context, ref))

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        return await self._ask(lambda cockpit: cockpit.logs(context, pod, lines))

    async def _ask(self, question: Callable[[Cockpit], Coroutine[Any, Any, T]]) -> T:
        """Await a coroutine of the session on its loop; raises SessionEndedError where there is none."""
        if self._meanwhile is not None:
            await asyncio.shield(asyncio.wrap_future(self._opened))
        if self._ended.done() or self._loop is None:
            raise SessionEndedError("the session has ended") from self._failure()
        coroutine = question(self._opened.result())
        try:
            answer = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError as error:
            # The loop was closed since it was looked at.
            coroutine.close()
            raise SessionEndedError("the session has ended") from self._failure() or error
        try:
            return await asyncio.wrap_future(answer)
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if asking and asking.cancelling():
                raise
            raise SessionEndedError("the session ended before it answered") from self._failure()

    def _failure(self) -> BaseException | None:
        return self._ended.exception() if self._ended.done() else None

    async def _end(self) -> None:
        self._leaving = True
        if self._loop and self._leave:
            # RuntimeError: the loop has ended by itself.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._leave.set)
        if self._thread.ident is not None:
            await asyncio.shield(asyncio.to_thread(self._thread.join))

    def _run(self) -> None:
        """The session's thread, from its start to its end."""
        try:
            asyncio.run(self._hold())
        except BaseException as error:
            if self._opened.done():
                log.error("the session failed", exc_info=error)
                self._ended.set_exception(error)
                self._on_failure(error)
            else:
                self._ended.set_result(None)
                self._opened.set_exception(error)
                if self._meanwhile is not None:
                    self._on_failure(error)
        else:
            self._ended.set_result(None)

    async def _hold(self) -> None:
        self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
        if self._leaving:
            self._leave.set()
        async with self._open_session() as cockpit:
            self._hand_over(cockpit)
            await self._leave.wait()

    def _hand_over(self, cockpit: Cockpit) -> None:
        """From here on the session is asked; who listened before hears what it shows."""
        with self._lock:
            self._opened.set_result(cockpit)
            early, self._early = self._early, {}
            for token, listener in early.items():
                self._subscribed[token] = cockpit.subscribe(listener)
        for listener in early.values():
            listener(cockpit.view())
