"""Runs embedded clusters in their own process."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cockpit.demo import kubeconfig
from cockpit.demo.clock import DemoClock
from cockpit.demo.cluster import DemoCluster
from cockpit.demo.scenarios import load
from cockpit.demo.scenarios.course import Course
from cockpit.demo.schemas.objects import Object

Ready = Callable[[dict[str, Any]], None]


async def serve(
    scenarios: Sequence[str],
    *,
    contexts: Sequence[str] = (),
    kubeconfig_out: Path | None = None,
    api_port: int = 0,
    gateway_port: int = 0,
    ready: Ready,
    exit_with_parent: bool = False,
    seed: int | None = None,
    speed: float = 1.0,
    one_gateway: bool = False,
    run_jobs: Sequence[str] = (),
    course: Course | None = None,
) -> None:
    """Run a cluster per context until SIGTERM or SIGINT, or with `exit_with_parent` until stdin closes.

    The first cluster gets the given ports, the others free ones. Every cluster gets every scenario. Without
    `contexts`, the clusters are those that a scenario names, else one called "demo". With `one_gateway`, or if a
    scenario has several clusters, the first cluster's gateway serves them all. Time runs `speed` times as fast.
    `run_jobs` are the commands of Jobs that run as processes of this machine: SHA-256 digests of a probe's scripts, or
    "any". With a `course`, the first cluster plays it instead of scenarios, and "guess" is told once somebody acts.
    `ready` is called with the addresses of the kubeconfig, the gateways, the mesh proxies and the APIs:
    {"kubeconfig", "gateway", "gateway_tls", "mesh", "api", "contexts", "one_gateway"}.
    Without `kubeconfig_out`, the file is in a temporary directory that is deleted at the end.
    """
    clock, played = DemoClock(speed), [load(name) for name in scenarios]
    named = next((scenario.contexts for scenario in played if scenario.contexts), ())
    together = one_gateway or bool(named)
    clusters: list[DemoCluster] = []
    for index, name in enumerate(contexts or named or ("demo",)):
        clusters.append(
            DemoCluster(
                name,
                clock=clock,
                api_port=0 if index else api_port,
                gateway_port=0 if index else gateway_port,
                seed=None if seed is None else seed + index,
                behind=clusters[0] if index and together else None,
                run_jobs=frozenset(run_jobs),
                controlled=course is None or index > 0,
            )
        )
    started: list[DemoCluster] = []
    with tempfile.TemporaryDirectory(prefix="cockpit-demo-") as folder:
        path = kubeconfig_out or Path(folder) / "kubeconfig"
        try:
            for number, cluster in enumerate(clusters):
                await cluster.start()
                started.append(cluster)
                for scenario in played:
                    cluster.play(scenario, number)
            kubeconfig.write(kubeconfig.joined([cluster.kubeconfig() for cluster in clusters]), path)
            if course:
                clusters[0].follow(course, lambda obj: ready({"guess": {"at": clock.now(), "object": _named(obj)}}))
            ready({**_addresses(path, clusters, course), "one_gateway": together})
            await _until_asked_to_end(exit_with_parent)
        finally:
            for cluster in reversed(started):
                await cluster.stop()


def gateway_url(cluster: DemoCluster) -> str:
    """The URL of the gateway for Ingresses."""
    return f"http://{cluster.gateway.address}"


def gateway_tls_url(cluster: DemoCluster) -> str:
    """The URL of the gateway for Ingresses with TLS."""
    return f"https://{cluster.gateway.tls_address}"


def mesh_url(cluster: DemoCluster) -> str:
    """The HTTP proxy that routes requests as if they came from a client in the mesh."""
    return f"http://{cluster.gateway.mesh_address}"


def _addresses(path: Path, clusters: Sequence[DemoCluster], course: Course | None) -> dict[str, Any]:
    return {
        "left_out": course.left_out if course else 0,
        "kubeconfig": str(path),
        "gateway": gateway_url(clusters[0]),
        "gateway_tls": gateway_tls_url(clusters[0]),
        "mesh": mesh_url(clusters[0]),
        "api": clusters[0].api_url,
        "contexts": {
            cluster.name: {
                "api": cluster.api_url,
                "gateway": gateway_url(cluster),
                "gateway_tls": gateway_tls_url(cluster),
                "mesh": mesh_url(cluster),
            }
            for cluster in clusters
        },
    }


def _named(obj: Object) -> str:
    return f"{obj['kind']} {obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}"


async def _until_asked_to_end(exit_with_parent: bool) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    if exit_with_parent:
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        closed = asyncio.create_task(_drain(reader))
        closed.add_done_callback(lambda _: asked.set())
    await asked.wait()


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(1024):
        continue
