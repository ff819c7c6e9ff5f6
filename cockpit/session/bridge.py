"""Runs a session on an event loop in its own thread, so that a blocked terminal does not block the session."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from cockpit.model.guard import GuardOrder
    from cockpit.model.inspection import EventGroup, LogLine, LogOrder, Revision
    from cockpit.model.pairing import ControlsAnswer, ControlsOrder
    from cockpit.model.plan import Ask, Plan, Refused
    from cockpit.model.probe_job import InsideWish, JobShape
    from cockpit.model.probe_target import ProbeTarget
    from cockpit.model.refs import Ref, RolloutKey
    from cockpit.model.sampling import SampleScope
    from cockpit.model.second_order import SecondOrder
    from cockpit.model.view import FleetView, Kept, Outcome, Prepared
    from cockpit.probe.from_pods import JobReport
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.session.port import Cockpit
    from cockpit.workloads.probe_targets import FoundTarget

log = logging.getLogger(__name__)

T = TypeVar("T")


# Seconds to wait for a session's thread that is busy with a reading, and between looks whether it has ended.
PATIENCE_SECONDS, _POLL_SECONDS = 0.7, 0.01


class SessionEndedError(Exception):
    """The session's thread has ended, so calls no longer work; `__cause__` says why, if it failed."""


class Bridge:
    """Implements `port.Cockpit` for a caller on another event loop. Use as `async with Bridge(...) as cockpit`.

    `open_session` creates the session; it is entered and exited in the session's thread. Entering raises what the
    session raised. `on_failure` is called, in that thread, with an exception that ended the session; exiting raises
    it as well.

    With `meanwhile`, callers see that view before the session exists: entering does not wait, `begin` opens the
    session, calls made until then wait for it, and failing to open it counts as a failure.
    """

    def __init__(
        self,
        open_session: Callable[[], AbstractAsyncContextManager[Cockpit]],
        on_failure: Callable[[BaseException], None] = lambda _: None,
        meanwhile: FleetView | None = None,
        patience: float = PATIENCE_SECONDS,
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
        self._patience = patience
        self._heard = threading.Event()  # the session's thread knows that it has to end
        self._sending = 0
        self._selected: Collection[RolloutKey] = ()
        self._follows = False

    def begin(self) -> None:
        """Open the session, once."""
        if not self._leaving and not self._thread.is_alive() and not self._opened.done():
            self._thread.start()

    async def __aenter__(self) -> Self:
        if self._meanwhile is not None:
            return self
        self.begin()
        try:
            # Shielded, because the thread reports here even if no one waits any more.
            await asyncio.shield(asyncio.wrap_future(self._opened))
        except BaseException:
            # Cancelled or failed while opening: the thread cleans up.
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()
        if error is None and self._opened.done() and not self._thread.is_alive():
            self._opened.result()
            self._ended.result()

    def view(self) -> FleetView:
        """The latest view; after the session has ended, its last one."""
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

    def select(self, keys: Collection[RolloutKey]) -> None:
        """See `Cockpit.select`; returns at once, also before the session is open and after it has ended."""
        with self._lock:
            self._selected = keys
            if self._loop and self._opened.done() and not self._opened.exception():
                # RuntimeError: the loop has already stopped.
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._opened.result().select, keys)

    def follow_others(self) -> None:
        """See `Cockpit.follow_others`; returns at once, also before the session is open and after it has ended."""
        with self._lock:
            self._follows = True
            if self._loop and self._opened.done() and not self._opened.exception():
                # RuntimeError: the loop has already stopped.
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._opened.result().follow_others)

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        return await self._ask(lambda cockpit: cockpit.prepare(key, ask))

    async def outline(self, key: RolloutKey, ask: Ask) -> Plan | Refused:
        return await self._ask(lambda cockpit: cockpit.outline(key, ask))

    async def outdated(self, prepared: Prepared) -> str:
        return await self._ask(lambda cockpit: cockpit.outdated(prepared))

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        self._sending += 1
        try:
            return await self._ask(lambda cockpit: cockpit.send(prepared, wait=wait, report=report))
        finally:
            self._sending -= 1

    async def probe(self, key: RolloutKey, running: bool) -> None:
        await self._ask(lambda cockpit: cockpit.probe(key, running))

    async def sample(self, contexts: Collection[str], scope: SampleScope) -> Kept:
        return await self._ask(lambda cockpit: cockpit.sample(contexts, scope))

    async def set_target(self, key: RolloutKey, probe_target: ProbeTarget | None, rate: float | None = None) -> Kept:
        return await self._ask(lambda cockpit: cockpit.set_target(key, probe_target, rate))

    async def find_prometheus(self, contexts: Collection[str]) -> None:
        await self._ask(lambda cockpit: cockpit.find_prometheus(contexts))

    async def read_real(self, keys: Collection[RolloutKey]) -> None:
        await self._ask(lambda cockpit: cockpit.read_real(keys))

    async def guard(self, key: RolloutKey, order: GuardOrder | None) -> str:
        return await self._ask(lambda cockpit: cockpit.guard(key, order))

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        return await self._ask(lambda cockpit: cockpit.controls(key, order))

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        return await self._ask(lambda cockpit: cockpit.second(key, order))

    async def read_others(self, contexts: Collection[str]) -> None:
        await self._ask(lambda cockpit: cockpit.read_others(contexts))

    async def note(self, key: RolloutKey, text: str) -> str:
        return await self._ask(lambda cockpit: cockpit.note(key, text))

    async def target_inside(self, key: RolloutKey) -> FoundTarget:
        return await self._ask(lambda cockpit: cockpit.target_inside(key))

    async def prepare_job(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        return await self._ask(lambda cockpit: cockpit.prepare_job(key, order, shape, workers))

    async def run_job(self, prepared: Prepared, progress: Callable[[SampleResult], None]) -> JobReport:
        return await self._ask(lambda cockpit: cockpit.run_job(prepared, progress))

    async def prepare_inside(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        return await self._ask(lambda cockpit: cockpit.prepare_inside(key, wish))

    async def probe_inside(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        return await self._ask(lambda cockpit: cockpit.probe_inside(prepared, report))

    async def yaml(self, context: str, ref: Ref) -> str:
        return await self._ask(lambda cockpit: cockpit.yaml(context, ref))

    async def describe(self, context: str, ref: Ref) -> tuple[str, ...]:
        return await self._ask(lambda cockpit: cockpit.describe(context, ref))

    async def events(self, context: str, ref: Ref) -> tuple[EventGroup, ...] | str:
        return await self._ask(lambda cockpit: cockpit.events(context, ref))

    async def revisions(self, key: RolloutKey) -> tuple[Revision, ...]:
        return await self._ask(lambda cockpit: cockpit.revisions(key))

    async def difference(self, key: RolloutKey, old: str, new: str) -> tuple[str, ...] | str:
        return await self._ask(lambda cockpit: cockpit.difference(key, old, new))

    async def containers(self, context: str, pod: Ref) -> tuple[str, ...] | str:
        return await self._ask(lambda cockpit: cockpit.containers(context, pod))

    async def follow_log(self, order: LogOrder, tell: Callable[[Sequence[LogLine]], None]) -> str:
        return await self._ask(lambda cockpit: cockpit.follow_log(order, tell))

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        return await self._ask(lambda cockpit: cockpit.logs(context, pod, lines))

    async def _ask(self, question: Callable[[Cockpit], Coroutine[Any, Any, T]]) -> T:
        """Await a coroutine of the session on its loop; raises SessionEndedError if the session has ended."""
        if self._meanwhile is not None:
            await asyncio.shield(asyncio.wrap_future(self._opened))
        if self._ended.done() or self._loop is None:
            raise SessionEndedError("the session has ended") from self._failure()
        coroutine = question(self._opened.result())
        try:
            answer = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError as error:
            # The loop was closed after the check.
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
            # RuntimeError: the loop has already stopped.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._leave.set)
        if self._thread.ident is not None:
            await asyncio.shield(self._thread_ended())

    async def _thread_ended(self) -> None:
        """Wait for the session to clean up; not for a reading that takes long, unless an act is under way.

        Such a thread is left behind: it is a daemon, and a reading changes nothing.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience
        while self._thread.is_alive():
            await asyncio.sleep(_POLL_SECONDS)
            if loop.time() >= end and self._is_only_reading():
                log.warning("the session does not answer; left without waiting for it")
                return

    def _is_only_reading(self) -> bool:
        """Whether the session's loop has not heard that it has to end, and no act is under way."""
        if not self._opened.done() or self._opened.exception() or self._heard.is_set() or self._sending:
            return False
        return not any(shown.acting for shown in self._opened.result().view().rollouts)

    def _run(self) -> None:
        """Main function of the session's thread."""
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
            self._heard.set()

    def _hand_over(self, cockpit: Cockpit) -> None:
        """Switch from the placeholder view to the session, for earlier listeners too."""
        with self._lock:
            self._opened.set_result(cockpit)
            if self._selected:
                cockpit.select(self._selected)
            if self._follows:
                cockpit.follow_others()
            early, self._early = self._early, {}
            for token, listener in early.items():
                self._subscribed[token] = cockpit.subscribe(listener)
        for listener in early.values():
            listener(cockpit.view())
