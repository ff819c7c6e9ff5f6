"""The queries for each gateway, put to a real Prometheus that scrapes metrics with those names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from cockpit.metrics.handles import handles_of
from cockpit.metrics.own_queries import OwnQueries
from cockpit.model.health import Level
from cockpit.model.real_traffic import RealView
from cockpit.model.refs import RolloutKey
from cockpit.probe.sender import HttpxTransport
from cockpit.session.clock import SystemClock
from cockpit.session.metrics.places import Places
from cockpit.session.metrics.reader import MetricsReader
from cockpit.session.metrics.settings import PrometheusSettings
from tests.metrics.exporter import PATIENCE, Exporter, Labels, Series, exporting, prometheus
from tests.metrics.situations import Situation, envoy, istio, nginx, traefik, traefik_in_front
from tests.objects import Cluster

# Stretches of time that fit into a test; a user's are at least half a minute.
WINDOW = 4


@asynccontextmanager
async def measured(
    cluster: Cluster, folder: Path, *series: Series, labels: Labels | None = None, **settings: object
) -> AsyncIterator[tuple[MetricsReader, Exporter]]:
    """A reader of a Prometheus that scrapes these series from a target with `labels` of its own."""
    clock, changed = SystemClock(), list[RolloutKey]()
    transport = HttpxTransport(clock)
    async with exporting(*series) as exporter, prometheus(folder, exporter, labels) as url:
        made = msgspec.structs.replace(PrometheusSettings(url=url), window=WINDOW, **settings)
        places = Places(made, lambda _: None, clock, {})
        yield (
            MetricsReader(places, transport, clock, lambda one: handles_of(one, cluster), changed.append, 0.01),
            exporter,
        )
    await transport.close()


async def until(reader: MetricsReader, situation: Situation, holds: Callable[[RealView], object]) -> RealView:
    """The first reading of which something holds."""
    async with asyncio.timeout(PATIENCE):
        while True:
            view = await reader.read(situation.rollout)
            assert view is not None
            if holds(view):
                return view
            if not view.traffic:
                # Failed readings are spaced out; here the next scrape is a second away.
                reader._known.clear()
                reader._down.clear()
            await asyncio.sleep(0.3)


def failing(view: RealView) -> bool:
    one = view.of("v2")
    return one is not None and one.failing is Level.ALARM


def assert_told(view: RealView, situation: Situation) -> None:
    v1, v2 = view.of("v1"), view.of("v2")
    assert v1
    assert v2
    assert view.gateway == situation.gateway
    assert (view.problem, view.stale, view.of("")) == ("", False, None)
    assert v1.share == pytest.approx(0.75, abs=0.02)
    assert v2.share == pytest.approx(0.25, abs=0.02)
    assert v1.errors == 0
    assert v2.error_rate == pytest.approx(0.1, abs=0.01)
    assert v1.failing is Level.CALM
    # `increase` extrapolates to the whole window: four scrapes are about four times what one adds.
    assert v2.requests == pytest.approx(30.0 * WINDOW, rel=0.35)
    if situation.exact:
        # Six in ten within the third bucket, of 10 to 25 ms; of v2 the last of a hundred within 250 to 500 ms.
        assert v1.p50_ms == pytest.approx(10 + 15 * 5 / 6, abs=1)
        assert v2.p99_ms == pytest.approx(250 + 250 * 3.9 / 4, abs=10)
    else:
        # A first bucket up to 100 ms tells no quantile, but the sum tells the mean.
        assert v1.p50_ms is None
        assert v1.mean_ms == pytest.approx(180, abs=10)


async def test_each_gateway_tells_its_versions_apart(tmp_path: Path) -> None:
    situations = [istio(), nginx(), traefik(), envoy()]
    series = [one for situation in situations for one in situation.series()]
    async with measured(situations[0].cluster, tmp_path, *series) as (reader, _):
        for situation in situations:
            reader._handles = partial(handles_of, objects=situation.cluster)
            assert_told(await until(reader, situation, failing), situation)


async def test_labels_that_prometheus_renames_are_read_too(tmp_path: Path) -> None:
    situation = nginx()
    # The controller's own Service, as a scrape by Service discovery adds it.
    own = {"namespace": "ingress-nginx", "service": "controller"}
    async with measured(situation.cluster, tmp_path, *situation.series(), labels=own) as (reader, _):
        assert_told(await until(reader, situation, failing), situation)


async def test_traefik_in_front_of_ingresses_is_found_where_nginx_has_no_metrics(tmp_path: Path) -> None:
    situation = traefik_in_front()
    async with measured(situation.cluster, tmp_path, *situation.series()) as (reader, _):
        assert_told(await until(reader, situation, failing), situation)


async def test_a_cluster_for_a_whole_rule_counts_without_versions(tmp_path: Path) -> None:
    situation = envoy(apart=False)
    async with measured(situation.cluster, tmp_path, *situation.series()) as (reader, _):
        view = await until(reader, situation, lambda seen: (one := seen.of("")) and one.errors)
    assert [one.version for one in view.traffic] == [""]
    assert view.traffic[0].error_rate == pytest.approx(0.025, abs=0.005)


async def test_own_queries_are_asked_for_each_version(tmp_path: Path) -> None:
    situation = nginx()
    queries = OwnQueries(
        requests='increase(app_requests{app="{name}",release="{version}"}[{window}])',
        errors='increase(app_failures{release="{version}"}[{window}])',
        p99='1000 * avg_over_time(app_p99{release="{version}"}[{window}])',
    )
    series = [
        Series("app_requests", {"app": "shop", "release": "v1"}, 90.0),
        Series("app_requests", {"app": "shop", "release": "v2"}, 30.0),
        Series("app_failures", {"release": "v2"}, 3.0),
        Series("app_p99", {"release": "v2"}, 0.0, value=0.25),
    ]
    assert queries.problem() == ""
    async with measured(situation.cluster, tmp_path, *series, queries=queries) as (reader, _):
        view = await until(reader, situation, failing)
    v1, v2 = view.of("v1"), view.of("v2")
    assert v1
    assert v2
    assert view.gateway == "your own queries"
    assert v2.error_rate == pytest.approx(0.1, abs=0.01)
    assert v1.share == pytest.approx(0.75, abs=0.03)
    assert v1.p99_ms is None
    assert v2.p99_ms == pytest.approx(250)


async def test_what_prometheus_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    situation, queries = nginx(), OwnQueries(requests='increase(x{release="{version}"}[{window}]')
    async with measured(situation.cluster, tmp_path, *situation.series(), queries=queries) as (reader, _):
        view = await reader.read(situation.rollout)
    assert view is not None
    assert "it refuses the query" in view.problem
    assert "parse error" in view.problem
    assert view.traffic == ()


async def test_a_rollout_that_no_metric_knows_is_said_to_be_unknown(tmp_path: Path) -> None:
    situation = nginx()
    async with measured(situation.cluster, tmp_path, Series("something_else", {}, 1.0)) as (reader, _):
        view = await reader.read(situation.rollout)
    assert view is not None
    assert "no metrics of ingress-nginx or Traefik or Istio know this rollout" in view.problem


async def test_a_gateway_that_is_not_scraped_any_more_leaves_its_last_time(tmp_path: Path) -> None:
    situation = istio()
    async with measured(situation.cluster, tmp_path, *situation.series()) as (reader, exporter):
        await until(reader, situation, failing)
        exporter.down = True
        # With the first scrape that fails the series end; what they counted stays in the window for a while.
        ended = await until(reader, situation, lambda view: not view.traffic)
        assert not failing(ended)
