"""A Prometheus in the cluster: found by its Service, and asked through the API server with the user's rights."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cockpit.demo import kubeconfig
from cockpit.demo.clock import DemoClock
from cockpit.demo.cluster import DemoCluster
from cockpit.demo.scenarios.scenario import kind_of
from cockpit.demo.store.storage import ensure_namespace
from cockpit.kube.api import KubeApi
from cockpit.kube.connect import ConnectOptions, connect, resolve
from cockpit.kube.service_proxy import ServiceProxyTransport
from cockpit.metrics.answers import MetricsError
from cockpit.metrics.client import ask
from cockpit.model.objects import Service, ServicePort
from cockpit.model.objects.meta import Meta
from cockpit.model.objects.services import ServiceSpec
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.probe.sender import HttpxTransport
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import SystemClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.metrics.finding import chosen, find_prometheus
from cockpit.session.metrics.places import Places
from cockpit.session.metrics.settings import PrometheusSettings
from cockpit.session.probing.transports import TransportPerTarget
from cockpit.session.session import Session
from cockpit.session.settings import Settings, parse_settings
from tests.objects import seed
from tests.session.conftest import PATIENCE
from tests.session.test_embedded import BLUE_GREEN, until

NOTHING = '{"status":"success","data":{"resultType":"vector","result":[]}}'


def service(name: str, *ports: ServicePort, namespace: str = "monitoring", **labels: str) -> Service:
    own = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    return Service(Meta(name=name, namespace=namespace, labels=own), spec=ServiceSpec(ports=list(ports)))


WEB = ServicePort(9090, "web")


def test_the_server_comes_before_what_stands_beside_it() -> None:
    component = "app_kubernetes_io__component"
    exporter = service("prometheus-node", WEB, **{component: "metrics"})
    server = service("prometheus-server", ServicePort(80, "http"), **{component: "server"})
    assert chosen([exporter, server]) is server
    assert chosen([service("a", WEB), service("prometheus", WEB, namespace="z")]).metadata.name == "prometheus"  # type: ignore[union-attr]
    assert chosen([service("headless")]) is None
    assert chosen([]) is None


def documents() -> list[dict[str, Any]]:
    labels = {"app": "prometheus"}
    template = {
        "metadata": {"labels": labels, "annotations": {"demo.cockpit/body": NOTHING}},
        "spec": {"containers": [{"name": "p", "image": "prom:1", "ports": [{"name": "http", "containerPort": 9090}]}]},
    }
    meta = {"namespace": "monitoring"}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "prometheus", **meta},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-metrics", "labels": {"app.kubernetes.io/name": "prometheus"}, **meta},
            "spec": {
                "selector": labels,
                "ports": [
                    {"name": "reload", "port": 8080, "targetPort": 8080, "protocol": "TCP"},
                    {"name": "web", "port": 9090, "targetPort": 9090, "protocol": "TCP"},
                ],
            },
        },
    ]


@pytest.fixture
async def cluster() -> AsyncIterator[DemoCluster]:
    made = DemoCluster("demo", clock=DemoClock(), seed=7)
    await made.start()
    for namespace in ("shop", "monitoring"):
        ensure_namespace(made.storage, namespace)
    for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
        for doc in seed(name):
            if doc["kind"] == "Service":
                doc["spec"]["ports"][0]["port"] = 8080
            doc["metadata"]["namespace"] = "shop"
            made.storage.create(kind_of(doc), doc)
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def connected(cluster: DemoCluster, folder: Path, context: str = "demo") -> AsyncIterator[KubeApi]:
    kubeconfig.write(cluster.kubeconfig(), folder / "kubeconfig")
    options = ConnectOptions(kubeconfig=folder / "kubeconfig", contexts=(context,))
    (target,) = resolve(options, {})
    api = await connect(target, options, SystemClock())
    try:
        yield api
    finally:
        await api.close()


async def test_a_service_with_the_usual_label_is_asked_through_the_api_server(
    cluster: DemoCluster, tmp_path: Path
) -> None:
    for doc in documents():
        cluster.storage.create(kind_of(doc), doc)
    async with connected(cluster, tmp_path) as api:
        place = await find_prometheus(api)
        assert place.service
        assert (place.service.name, place.service.port, place.tls) == ("kube-metrics", "9090", False)
        transport = ServiceProxyTransport(api.transport, SystemClock())
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    assert await ask(transport, place, "up") == []
                    break
                except MetricsError as error:
                    # The pod takes a moment to get ready.
                    if "no ready endpoints" not in str(error):
                        raise
                    await asyncio.sleep(0.1)


async def test_what_is_missing_is_named(cluster: DemoCluster, tmp_path: Path) -> None:
    async with connected(cluster, tmp_path) as api:
        with pytest.raises(MetricsError, match=r"no Prometheus was found in demo; set `prometheus\.url`"):
            await find_prometheus(api)
    for doc in documents():
        cluster.storage.create(kind_of(doc), doc)
    async with connected(cluster, tmp_path, "demo-viewer") as api:
        with pytest.raises(
            MetricsError, match=r"Service monitoring/kube-metrics is a Prometheus, but .*get services/proxy"
        ):
            await find_prometheus(api)


async def test_a_session_reads_it_once_somebody_asks(cluster: DemoCluster, tmp_path: Path) -> None:
    for doc in documents():
        cluster.storage.create(kind_of(doc), doc)
    clock = SystemClock()
    async with connected(cluster, tmp_path) as api:
        direct, budget = HttpxTransport(clock), Budget(clock)
        transport = TransportPerTarget(direct, {api.context: ServiceProxyTransport(api.transport, clock)})
        session = Session(
            [Connection(api, None)],
            adapters=ADAPTERS,
            make_probe=lambda: Probe(transport, clock, budget),
            settings=Settings(prometheus=PrometheusSettings()),
            journal=Journal(tmp_path / "journal.jsonl"),
            clock=clock,
            rng=random.Random(7),
            transport=transport,
        )
        async with session:
            await until(session, lambda view: [v for v in view.rollouts if v.rollout.key == BLUE_GREEN])
            session.select([BLUE_GREEN])
            await session.read_real([BLUE_GREEN])
            assert session.shown(BLUE_GREEN).real is None  # type: ignore[union-attr]
            await session.find_prometheus(["demo"])

            def answered(view: Any) -> bool:
                (shown,) = (v for v in view.rollouts if v.rollout.key == BLUE_GREEN)
                return bool(shown.real and "know this rollout" in shown.real.problem)

            view = await until(session, answered)
            (shown,) = (v for v in view.rollouts if v.rollout.key == BLUE_GREEN)
            assert shown.real
            assert shown.real.source == "http://kube-metrics.monitoring.svc:9090"
        await direct.close()


async def test_one_in_a_namespace_of_anybody_is_named_and_not_asked(cluster: DemoCluster, tmp_path: Path) -> None:
    planted = documents()[1]
    planted["metadata"]["namespace"] = "shop"
    cluster.storage.create(kind_of(planted), planted)
    async with connected(cluster, tmp_path) as api:
        with pytest.raises(MetricsError, match=r"shop/kube-metrics is named like one.*set `prometheus\.namespaces`"):
            await find_prometheus(api)
        place = await find_prometheus(api, ("shop",))
        assert place.service
        assert place.service.namespace == "shop"
        for doc in documents():
            cluster.storage.create(kind_of(doc), doc)
        place = await find_prometheus(api)
        assert place.service
        assert place.service.namespace == "monitoring"


async def test_the_settings_name_further_namespaces(cluster: DemoCluster, tmp_path: Path) -> None:
    planted = documents()[1]
    planted["metadata"]["namespace"] = "shop"
    cluster.storage.create(kind_of(planted), planted)
    parsed = parse_settings(b"prometheus: {mode: auto, namespaces: [shop]}", "f").prometheus
    async with connected(cluster, tmp_path) as api:
        places = Places(parsed, lambda context: api, SystemClock())
        assert (await places.place(BLUE_GREEN)).url.startswith("http://kube-metrics.shop.svc:9090")
        with pytest.raises(MetricsError, match="usual namespace"):
            await Places(PrometheusSettings(mode="auto"), lambda context: api, SystemClock()).place(BLUE_GREEN)
