"""When a Prometheus is asked, for which rollouts, and what is said while it does not answer."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cockpit.metrics.handles import Handles, handles_of
from cockpit.metrics.promql import PART
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.probe_answer import Answer, Failure, ProbeRequest
from cockpit.model.probe_target import ProbeTarget, ProxiedService, proxied_target
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.view import RolloutView
from cockpit.session.clock import ManualClock
from cockpit.session.facts.assemble import IDLE
from cockpit.session.metrics.places import Places
from cockpit.session.metrics.reader import POLL_SECONDS, MetricsReader
from cockpit.session.metrics.settings import HeaderSource, PrometheusSettings, PrometheusSource
from tests.metrics.situations import istio

SITUATION = istio()


def series(part: str, version: str, value: float, now: float) -> dict[str, object]:
    labels = {PART: part, "destination_workload": f"reviews-{version}"}
    return {"metric": labels, "value": [now, str(value)]}


@dataclass
class Prometheus:
    """Implements `ProbeTransport`: answers as one with Istio's metrics, or as `say` says."""

    clock: ManualClock
    queries: list[str] = field(default_factory=list)
    requests: list[ProbeRequest] = field(default_factory=list)
    say: Callable[[], Answer] | None = None
    in_flight: int = 0
    most: int = 0
    delay: float = 0.0

    async def send(self, request: ProbeRequest) -> Answer:
        self.requests.append(request)
        self.queries.append(parse_qs(urlsplit(request.probe_target.path).query)["query"][0])
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await self.clock.sleep(self.delay)
        self.in_flight -= 1
        return self.say() if self.say else self.answer(self.queries[-1])

    def answer(self, query: str) -> Answer:
        now = self.clock.now()
        found = [series("istio-destination", version, now - 5, now) for version in ("v1", "v2")]
        if '"istio-destination"' not in query:
            found = [series("newest", version, now - 5, now) for version in ("v1", "v2")]
            for part in ("requests", "requests_before"):
                found += [series(part, "v1", 90.0, now), series(part, "v2", 30.0, now)]
            found.append(series("errors", "v2", 30.0, now))
        data = {"resultType": "vector", "result": found}
        return Answer(200, body=json.dumps({"status": "success", "data": data}).encode())

    async def close(self) -> None: ...


def named(name: str, **fields: object) -> Rollout:
    return replace(SITUATION.rollout, key=RolloutKey("test", "default", name, "istio"), **fields)  # type: ignore[arg-type]


def seen(rollout: Rollout, health: Health = Health.FINE) -> RolloutView:
    return RolloutView(rollout, IDLE, "", RolloutHealth(health))


AT_REST = seen(named("rest", phase=Phase.AT_REST))
MOVING = seen(named("moving", phase=Phase.CANARY))
HURT = seen(named("hurt", phase=Phase.AT_REST), Health.HURT)


@dataclass
class Stage:
    reader: MetricsReader
    clock: ManualClock
    prometheus: Prometheus
    changed: list[RolloutKey]
    views: list[RolloutView]

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.5)):
            await self.clock.advance(0.5)
            for _ in range(10):
                await asyncio.sleep(0)


@asynccontextmanager
async def reading(views: Iterable[RolloutView] = (), **settings: object) -> AsyncIterator[Stage]:
    clock, changed, shown = ManualClock(), list[RolloutKey](), list(views)
    prometheus = Prometheus(clock)
    made = PrometheusSettings(**({"url": "http://prometheus:9090"} | settings))  # type: ignore[arg-type]

    def handles(rollout: Rollout) -> Handles:
        return handles_of(rollout, SITUATION.cluster)

    places = Places(made, lambda _: None, clock, {"TOKEN": "sesame"})
    reader = MetricsReader(places, prometheus, clock, handles, changed.append, 0.01)
    task = asyncio.ensure_future(reader.run(lambda: shown))
    try:
        yield Stage(reader, clock, prometheus, changed, shown)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_moves_or_is_hurt_is_read_and_what_rests_is_not() -> None:
    async with reading([AT_REST, MOVING, HURT]) as stage:
        await stage.pass_time(1)
        assert {key.name for key in stage.changed} == {"moving", "hurt"}
        assert stage.reader.seen(AT_REST.rollout.key) is None
        view = stage.reader.seen(MOVING.rollout.key)
        assert view
        assert (view.gateway, view.source) == ("Istio", "http://prometheus:9090")
        assert [one.share for one in view.traffic] == [0.75, 0.25]
        assert stage.prometheus.most == 1


async def test_the_selected_one_is_read_after_a_moment() -> None:
    async with reading([AT_REST]) as stage:
        await stage.pass_time(1)
        assert stage.prometheus.queries == []
        stage.reader.select([AT_REST.rollout.key])
        await stage.pass_time(2)
        assert stage.reader.seen(AT_REST.rollout.key)


async def test_the_gateway_is_found_once_and_a_round_is_one_question() -> None:
    async with reading([MOVING]) as stage:
        await stage.pass_time(1)
        assert len(stage.prometheus.queries) == 2
        await stage.pass_time(4 * POLL_SECONDS)
        assert len(stage.prometheus.queries) == 6


async def test_a_cursor_that_runs_through_a_list_asks_once() -> None:
    views = [seen(named(f"r{n}", phase=Phase.AT_REST)) for n in range(50)]
    async with reading(views) as stage:
        await stage.pass_time(1)
        for view in views:
            stage.reader.select([view.rollout.key])
        await stage.pass_time(3)
        assert len(stage.prometheus.queries) == 2
        assert stage.reader.seen(views[-1].rollout.key)


async def test_nobody_is_asked_unless_a_user_wants_it() -> None:
    for settings in ({"url": ""}, {"mode": "off"}, {"mode": "off", "url": ""}):
        async with reading([MOVING], **settings) as stage:
            stage.reader.select([MOVING.rollout.key])
            await stage.pass_time(60)
            assert stage.prometheus.queries == []
            assert await stage.reader.read(MOVING.rollout) is None


async def test_a_prometheus_that_is_away_is_asked_less_and_less_and_what_it_said_gets_old() -> None:
    async with reading([MOVING, HURT]) as stage:
        await stage.pass_time(1)
        stage.prometheus.say = lambda: Answer(None, failure=Failure.TIMEOUT, text="no complete answer within 10 s")
        asked = len(stage.prometheus.queries)
        await stage.pass_time(100)
        view = stage.reader.seen(MOVING.rollout.key)
        assert view
        assert view.problem == "http://prometheus:9090: no complete answer within 10 s"
        assert (view.stale, len(view.traffic)) == (False, 2)
        # One of the two asks for both: after 15, 30 and 60 s.
        assert len(stage.prometheus.queries) - asked <= 4
        await stage.pass_time(100)
        assert (view := stage.reader.seen(MOVING.rollout.key))
        assert view.stale
        stage.prometheus.say = None
        await stage.pass_time(300)
        assert (view := stage.reader.seen(MOVING.rollout.key))
        assert (view.stale, view.problem) == (False, "")


async def test_what_is_not_read_any_more_is_forgotten() -> None:
    async with reading([MOVING]) as stage:
        await stage.pass_time(1)
        stage.views[:] = [replace(MOVING, rollout=replace(MOVING.rollout, phase=Phase.AT_REST))]
        await stage.pass_time(60)
        assert stage.reader.seen(MOVING.rollout.key)
        await stage.pass_time(120)
        assert stage.reader.seen(MOVING.rollout.key) is None


async def test_an_answer_that_is_too_long_is_asked_for_without_times() -> None:
    async with reading() as stage:
        await stage.reader.read(MOVING.rollout)

        def long_with_buckets() -> Answer:
            found = stage.prometheus.answer(stage.prometheus.queries[-1])
            return replace(found, cut="_bucket" in stage.prometheus.queries[-1])

        stage.prometheus.say = long_with_buckets
        await stage.pass_time(POLL_SECONDS)
        view = await stage.reader.read(MOVING.rollout)
        assert view
        assert (view.problem, len(view.traffic)) == ("", 2)
        assert "_bucket" not in stage.prometheus.queries[-1]


async def test_headers_come_from_variables_and_files_when_they_are_sent(tmp_path: object) -> None:
    headers = {"Authorization": HeaderSource(env="TOKEN", prefix="Bearer ")}
    async with reading(headers=headers) as stage:
        await stage.reader.read(MOVING.rollout)
        assert dict(stage.prometheus.requests[0].probe_target.headers) == {"Authorization": "Bearer sesame"}
        assert "sesame" not in repr(stage.reader.seen(MOVING.rollout.key))


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (HeaderSource(env="NOT_THERE"), "the value of header X is empty: variable NOT_THERE"),
        (HeaderSource(file="/nonexistent/token"), "the value of header X cannot be read: file /nonexistent/token"),
    ],
)
async def test_a_header_without_a_value_is_not_sent(header: HeaderSource, problem: str) -> None:
    async with reading(headers={"X": header}) as stage:
        view = await stage.reader.read(MOVING.rollout)
        assert view
        assert view.problem == problem
        assert stage.prometheus.requests == []


class InEachCluster(Places):
    """Finds a Service of the same name in every cluster."""

    def wanted(self, key: RolloutKey) -> bool:
        return True

    async def place(self, key: RolloutKey) -> ProbeTarget:
        return proxied_target(ProxiedService(key.context, "monitoring", "prometheus", "9090"), 9090)


async def test_a_prometheus_that_is_down_silences_none_of_the_same_name_in_another_cluster() -> None:
    clock = ManualClock()
    prometheus = Prometheus(clock, say=lambda: Answer(None, failure=Failure.REFUSED))
    places = InEachCluster(PrometheusSettings(), lambda _: None, clock)
    reader = MetricsReader(
        places, prometheus, clock, lambda one: handles_of(one, SITUATION.cluster), lambda _: None, 0.01
    )
    await reader.read(MOVING.rollout)
    prometheus.say = None
    other = replace(MOVING.rollout, key=replace(MOVING.rollout.key, context="other"))
    view = await reader.read(other)
    assert view
    assert (view.problem, len(view.traffic)) == ("", 2)


async def test_a_pipe_with_a_header_does_not_stop_the_session(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token")
    async with reading(headers={"X": HeaderSource(file=str(tmp_path / "token"))}) as stage:
        view = await stage.reader.read(MOVING.rollout)
        assert view
        assert view.problem == f"the value of header X cannot be read: file {tmp_path / 'token'}"


async def test_each_rollout_and_context_may_have_its_own_place() -> None:
    own = PrometheusSource(url="http://own:1")
    context = PrometheusSource(url="http://context:1")
    async with reading(contexts={"test": context}, rollouts={"default/moving": own}) as stage:
        for view, host in ((MOVING, "own"), (HURT, "context")):
            await stage.reader.read(view.rollout)
            assert stage.prometheus.requests[-1].probe_target.host == host


async def test_a_rollout_whose_reading_fails_for_an_unknown_reason_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = seen(named("broken", versions=None))
    async with reading([broken, MOVING]) as stage:
        await stage.pass_time(1)
        assert stage.reader.seen(MOVING.rollout.key)
    assert "default/broken could not be read" in caplog.text


async def test_a_command_does_not_wait_for_a_slow_prometheus_for_ever() -> None:
    async with reading() as stage:
        stage.prometheus.delay = 8.0
        task = asyncio.ensure_future(stage.reader.read_all([named(f"r{n}") for n in range(10)]))
        await stage.pass_time(60)
        assert task.done()
        assert len(stage.prometheus.queries) == 4  # two for each of two, then it is enough
