"""A session in another thread: asked, heard, ended, and never silently dead."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from cockpit.model.guard import GuardOrder
from cockpit.model.inspection import EventGroup, LogLine, LogOrder, Revision
from cockpit.model.pairing import ControlsAnswer, ControlsOrder
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import PODS, SERVICES, Ref, RolloutKey
from cockpit.model.sampling import SampleScope
from cockpit.model.second_order import SecondOrder
from cockpit.model.view import FleetView, Kept, Outcome, Prepared, Stage
from cockpit.probe.from_pods import JobReport
from cockpit.probe.sample import SampleOrder, SampleResult
from cockpit.session.bridge import Bridge, SessionEndedError
from cockpit.workloads.probe_targets import FoundTarget
from tests.session.conftest import KEY, PATIENCE

EMPTY = FleetView(1.0, (), (), (), False, "ann")
PLAN = Plan(Act.FLIP, KEY, "flip", (), (), ())


class Recorded:
    """A session that notes on which thread it was asked."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.left = False
        self.current = EMPTY
        self.listeners: list[Callable[[FleetView], None]] = []
        self.hang = asyncio.Event()
        self.selected: tuple[RolloutKey, ...] = ()

    def _note(self) -> None:
        self.threads.add(threading.get_ident())

    def view(self) -> FleetView:
        return self.current

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    async def prepare(self, key: Any, ask: Ask) -> Prepared | Refused:
        self._note()
        return Refused(ask.act, key, "no")

    async def outline(self, key: Any, ask: Ask) -> Plan | Refused:
        self._note()
        return Refused(ask.act, key, "no")

    async def outdated(self, prepared: Any) -> str:
        self._note()
        return ""

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        self._note()
        if wait > 1000:
            await self.hang.wait()
        if report:
            report(Outcome(Stage.SENDING, f"{threading.get_ident()}", None))
        return Outcome(Stage.SENT, "", prepared.plan)

    async def probe(self, key: Any, running: bool) -> None:
        self._note()
        for listener in self.listeners:
            listener(self.current)

    def select(self, keys: Collection[RolloutKey]) -> None:
        self._note()
        self.selected = tuple(keys)

    async def sample(self, contexts: Collection[str], scope: SampleScope) -> Kept:
        self._note()
        return Kept()

    async def set_target(self, key: Any, probe_target: ProbeTarget | None, rate: float | None = None) -> Kept:
        raise ValueError("no such target")

    async def find_prometheus(self, contexts: Collection[str]) -> None:
        self._note()

    async def read_real(self, keys: Collection[RolloutKey]) -> None:
        self._note()

    async def guard(self, key: Any, order: GuardOrder | None) -> str:
        self._note()
        return "it is at rest"

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        self._note()
        return ControlsAnswer(False, "nobody pairs here")

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        self._note()
        return ControlsAnswer(False, "nobody proposes here")

    def follow_others(self) -> None:
        self.threads.add(threading.get_ident())

    async def read_others(self, contexts: Collection[str]) -> None:
        self.follow_others()

    async def note(self, key: RolloutKey, text: str) -> str:
        return ""

    async def target_inside(self, key: RolloutKey) -> FoundTarget:
        return FoundTarget(missing="nothing is asked from inside here")

    async def prepare_job(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        raise AssertionError("no Job is planned here")

    async def run_job(self, prepared: Prepared, progress: Callable[[SampleResult], None]) -> JobReport:
        raise AssertionError("no Job is run here")

    async def prepare_inside(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        raise AssertionError("no Job is planned here")

    async def probe_inside(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        raise AssertionError("no Job is run here")

    async def yaml(self, context: str, ref: Ref) -> str:
        return f"{context} {ref}"

    async def describe(self, context: str, ref: Ref) -> tuple[str, ...]:
        self._note()
        return ("described",)

    async def events(self, context: str, ref: Ref) -> tuple[EventGroup, ...] | str:
        return "event"

    async def revisions(self, key: RolloutKey) -> tuple[Revision, ...]:
        self._note()
        return ()

    async def difference(self, key: RolloutKey, old: str, new: str) -> tuple[str, ...] | str:
        self._note()
        return (old, new)

    async def containers(self, context: str, pod: Ref) -> tuple[str, ...] | str:
        self._note()
        return ("app",)

    async def follow_log(self, order: LogOrder, tell: Callable[[Sequence[LogLine]], None]) -> str:
        self._note()
        tell((LogLine(order.pod.name, "", f"{threading.get_ident()}"),))
        await self.hang.wait()
        return "the pod is gone"

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        return ("log",) * lines


@asynccontextmanager
async def opened(session: Recorded) -> AsyncIterator[Recorded]:
    try:
        yield session
    finally:
        session.left = True


def refuse(why: str) -> None:
    raise RuntimeError(why)


async def test_everything_is_asked_in_the_thread_of_the_session() -> None:
    session = Recorded()
    async with asyncio.timeout(PATIENCE), Bridge(lambda: opened(session)) as cockpit:
        assert cockpit.view() is EMPTY
        answer = await cockpit.prepare(KEY, Ask(Act.FLIP))
        assert isinstance(answer, Refused)
        heard: list[int] = []
        end = cockpit.subscribe(lambda view: heard.append(threading.get_ident()))
        await cockpit.probe(KEY, True)
        await cockpit.find_prometheus(["test"])
        await cockpit.read_real([KEY])
        end()
        await cockpit.probe(KEY, True)
        reported: list[Outcome] = []
        outcome = await cockpit.send(Prepared(PLAN, ()), report=reported.append)
        assert outcome.stage is Stage.SENT
        assert await cockpit.guard(KEY, GuardOrder()) == "it is at rest"
        cockpit.select([KEY])
        assert await cockpit.sample(("test",), SampleScope.ALL) == Kept()
        assert session.selected == (KEY,)
        assert await cockpit.yaml("test", Ref(SERVICES, "a", "b")) == "test Service a/b"
        assert await cockpit.events("test", Ref(SERVICES, "a", "b")) == "event"
        assert await cockpit.describe("test", Ref(SERVICES, "a", "b")) == ("described",)
        assert await cockpit.revisions(KEY) == ()
        assert await cockpit.difference(KEY, "v1", "v2") == ("v1", "v2")
        assert await cockpit.containers("test", Ref(SERVICES, "a", "b")) == ("app",)
        assert await cockpit.logs("test", Ref(SERVICES, "a", "b"), 2) == ("log", "log")
    assert session.left
    (thread,) = session.threads
    assert thread != threading.get_ident()
    assert heard == [thread]
    assert reported[0].why == str(thread)
    assert "session" not in {t.name for t in threading.enumerate()}


async def test_a_log_is_told_in_the_thread_of_the_session_until_nobody_reads_it() -> None:
    session = Recorded()
    told: list[LogLine] = []
    async with asyncio.timeout(PATIENCE), Bridge(lambda: opened(session)) as cockpit:
        heard = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell(lines: Sequence[LogLine]) -> None:
            told.extend(lines)
            loop.call_soon_threadsafe(heard.set)

        order = LogOrder("test", Ref(PODS, "a", "b"))
        following = asyncio.create_task(cockpit.follow_log(order, tell))
        await heard.wait()
        following.cancel()
        with pytest.raises(asyncio.CancelledError):
            await following
    (thread,) = session.threads
    assert [line.text for line in told] == [str(thread)]


async def test_an_error_of_a_question_reaches_the_one_who_asked() -> None:
    async with asyncio.timeout(PATIENCE), Bridge(lambda: opened(Recorded())) as cockpit:
        with pytest.raises(ValueError, match="no such target"):
            await cockpit.set_target(KEY, None)
        assert cockpit.view() is EMPTY


async def test_a_session_that_cannot_be_opened_raises_where_it_was_entered() -> None:
    @asynccontextmanager
    async def fails() -> AsyncIterator[Recorded]:
        refuse("no kubeconfig")
        yield Recorded()

    bridge = Bridge(fails)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(RuntimeError, match="no kubeconfig"):
            async with bridge:
                pytest.fail("entered")


async def test_a_session_that_dies_says_so_to_all() -> None:
    crash = asyncio.Event()
    failed: list[BaseException] = []
    told = threading.Event()

    @asynccontextmanager
    async def dies() -> AsyncIterator[Recorded]:
        async def fuse() -> None:
            await crash.wait()
            raise RuntimeError("a defect")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fuse())
            session = Recorded()
            session.probe = lambda key, running: blow(crash)  # type: ignore[method-assign]
            yield session

    async def blow(event: asyncio.Event) -> None:
        event.set()

    def on_failure(error: BaseException) -> None:
        failed.append(error)
        told.set()

    bridge = Bridge(dies, on_failure)
    async with asyncio.timeout(PATIENCE):
        cockpit = await bridge.__aenter__()
        hanging = asyncio.ensure_future(cockpit.send(Prepared(PLAN, ()), wait=2000))
        await cockpit.probe(KEY, True)
        with pytest.raises(SessionEndedError):
            await hanging
        await asyncio.to_thread(told.wait)
        assert cockpit.view() is EMPTY
        with pytest.raises(SessionEndedError) as ended:
            await cockpit.prepare(KEY, Ask(Act.FLIP))
        assert ended.value.__cause__ is failed[0]
        with pytest.raises(BaseExceptionGroup) as raised:
            await bridge.__aexit__(None, None, None)
    assert "a defect" in repr(raised.value.exceptions[0])


async def test_giving_up_on_a_question_leaves_the_session_running() -> None:
    async with asyncio.timeout(PATIENCE), Bridge(lambda: opened(Recorded())) as cockpit:
        asked = asyncio.ensure_future(cockpit.send(Prepared(PLAN, ()), wait=2000))
        await cockpit.probe(KEY, True)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert await cockpit.events("test", Ref(SERVICES, "a", "b")) == "event"


async def test_giving_up_while_it_opens_ends_the_thread() -> None:
    begun, ended = threading.Event(), threading.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[Recorded]:
        begun.set()
        try:
            yield Recorded()
        finally:
            ended.set()

    bridge = Bridge(slow)
    entering = asyncio.ensure_future(bridge.__aenter__())
    await asyncio.sleep(0)
    entering.cancel()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(asyncio.CancelledError):
            await entering
    assert begun.is_set() == ended.is_set()
    assert "session" not in {t.name for t in threading.enumerate()}


async def test_a_face_is_shown_something_before_there_is_a_session_and_hears_of_it_then() -> None:
    session, heard = Recorded(), list[FleetView]()
    session.current = replace(EMPTY, at=2.0)
    reached = threading.Event()

    def listen(view: FleetView) -> None:
        heard.append(view)
        reached.set()

    async with asyncio.timeout(PATIENCE), Bridge(lambda: opened(session), meanwhile=EMPTY) as cockpit:
        end = cockpit.subscribe(listen)
        forgotten = cockpit.subscribe(lambda _: pytest.fail("it had ended"))
        forgotten()
        assert cockpit.view() is EMPTY
        asking = asyncio.ensure_future(cockpit.probe(KEY, True))
        await asyncio.sleep(0)
        assert not asking.done(), "what is asked waits for the session"
        cockpit.select([KEY])
        cockpit.begin()
        cockpit.begin()
        await asking
        await asyncio.to_thread(reached.wait)
        assert session.selected == (KEY,), "what was selected before is told"
        assert heard[0] is session.current
        assert cockpit.view() is session.current
        assert len(session.listeners) == 1
        end()
        assert session.listeners == []
    assert session.left


async def test_a_session_that_cannot_be_opened_later_is_a_failure_and_raised_when_leaving() -> None:
    @asynccontextmanager
    async def fails() -> AsyncIterator[Recorded]:
        refuse("the token is old")
        yield Recorded()

    told = threading.Event()
    bridge = Bridge(fails, lambda _: told.set(), meanwhile=EMPTY)
    async with asyncio.timeout(PATIENCE):
        cockpit = await bridge.__aenter__()
        cockpit.begin()
        await asyncio.to_thread(told.wait)
        assert cockpit.view() is EMPTY
        with pytest.raises(RuntimeError, match="the token is old"):
            await cockpit.prepare(KEY, Ask(Act.FLIP))
        with pytest.raises(RuntimeError, match="the token is old"):
            await bridge.__aexit__(None, None, None)


async def test_leaving_before_the_session_was_begun_leaves_nothing_behind() -> None:
    async with asyncio.timeout(PATIENCE), Bridge(lambda: opened(Recorded()), meanwhile=EMPTY) as cockpit:
        assert cockpit.view() is EMPTY
    cockpit.begin()
    cockpit.select([KEY])
    assert "session" not in {thread.name for thread in threading.enumerate()}
