"""Answers per second and CPU per answer on new connections, beside those of other load generators in the same run:
one curl process a request, hey and ab."""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from cockpit.model.clock import Clock
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Verdict
from cockpit.probe.sample import SampleOrder, sample
from cockpit.probe.sender import HttpxTransport, ProbeTransport
from cockpit.probe.sender_curl import CurlTransport
from cockpit.session.clock import SystemClock
from tests.benchmarks.peers import Peer, ab, answered, hey

ANSWERS = 3200  # a multiple of the concurrency, of which hey sends no part
CURLS = 150
CONCURRENCY = 32
RUNS = 3
REPLY = b'HTTP/1.1 200 OK\r\nContent-Length: 39\r\nConnection: close\r\n\r\n{"code": 200, "message": "version: v1"}'


def serve(port: Connection) -> None:
    """Answers every connection once, with as little of Python as there can be."""

    class Once(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, _: bytes) -> None:
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(REPLY)
            self.transport.close()

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Once, "127.0.0.1", 0, backlog=1024)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    process.terminate()
    process.join()


def processor_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def curl_loop(port: int) -> tuple[float, float]:
    """Requests per second and CPU seconds per request of one curl process after another."""
    began, used = time.perf_counter(), processor_seconds(resource.RUSAGE_CHILDREN)
    for _ in range(CURLS):
        subprocess.run(["curl", "-s", f"http://127.0.0.1:{port}/"], check=True, capture_output=True)
    cost = processor_seconds(resource.RUSAGE_CHILDREN) - used
    return CURLS / (time.perf_counter() - began), cost / CURLS


async def probe(make: Callable[[Clock], ProbeTransport], port: int, concurrency: int = 8) -> tuple[float, float]:
    """The same of the whole way through pacer, transport, recognition and counts."""
    transport = make(SystemClock())
    probe_target = ProbeTarget("127.0.0.1", port, "www.example.com", "/version")
    order = SampleOrder(probe_target, written={"v1": 1.0}, count=ANSWERS, rate=10_000, concurrency=concurrency)
    await sample(transport, SystemClock(), replace(order, count=50))
    began, used = time.perf_counter(), processor_seconds(resource.RUSAGE_SELF)
    result = await sample(transport, SystemClock(), order)
    seconds, cost = time.perf_counter() - began, processor_seconds(resource.RUSAGE_SELF) - used
    await transport.close()
    assert (result.samples, result.errors, result.unknown, result.verdict) == (ANSWERS, 0, 0, Verdict.ON)
    return ANSWERS / seconds, cost / ANSWERS


def peer_run(peer: Peer, port: int) -> tuple[float, float]:
    """The same of a load generator."""
    began, used = time.perf_counter(), processor_seconds(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        peer.argv(f"http://127.0.0.1:{port}/"),
        env={**os.environ, **peer.environ},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, cost = time.perf_counter() - began, processor_seconds(resource.RUSAGE_CHILDREN) - used
    assert answered(peer.name, done.stdout) == ANSWERS, done.stdout
    return ANSWERS / seconds, cost / ANSWERS


def ways_to_probe() -> Iterator[tuple[str, Callable[[int], tuple[float, float]]]]:
    yield "probe by httpx", lambda port: asyncio.run(probe(HttpxTransport, port))
    if importlib.util.find_spec("pycurl"):
        yield "probe by libcurl", lambda port: asyncio.run(probe(CurlTransport, port, CONCURRENCY))


@pytest.mark.benchmark
def test_probe_rate(port: int, tmp_path: Path) -> None:
    """The least CPU of some runs of each, in turn: what else the machine does only adds to it."""
    ways: dict[str, Callable[[int], tuple[float, float]]] = {}
    if shutil.which("curl"):
        ways["curl, a process each"] = curl_loop
    for found in (hey(tmp_path, ANSWERS, CONCURRENCY), ab(tmp_path, ANSWERS, CONCURRENCY)):
        if isinstance(found, str):
            print(f"\nnot compared: {found}")
        else:
            ways[found.name] = partial(peer_run, found)
    ways |= ways_to_probe()
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            runs[name].append(way(port))
    rates = {name: max(rate for rate, _ in seen) for name, seen in runs.items()}
    costs = {name: min(cost for _, cost in seen) for name, seen in runs.items()}
    print()
    for name in ways:
        print(f"{name}: {rates[name]:.0f} answers/s beside the server, {costs[name] * 1e6:.0f} us of CPU each")
    for name in (name for name in ways if name.startswith("probe")):
        beside = ", ".join(f"{costs[name] / costs[other]:.2f} x {other}" for other in ways if other != name)
        print(f"{name}: CPU of an answer is {beside}")
