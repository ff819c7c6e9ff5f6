"""Answers per second and CPU per answer on new connections, against one curl process a request in the same run."""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection

import pytest

from cockpit.model.clock import Clock
from cockpit.model.door import Door
from cockpit.model.rollout import Verdict
from cockpit.probe.sample import SampleOrder, sample
from cockpit.probe.sender import HttpxTransport, Transport
from cockpit.probe.sender_curl import CurlTransport
from cockpit.session.clock import SystemClock

ANSWERS = 3000
CURLS = 150
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


async def probe(make: Callable[[Clock], Transport], port: int, concurrency: int = 8) -> tuple[float, float]:
    """The same of the whole way through pacer, transport, recognition and counts."""
    transport = make(SystemClock())
    door = Door("127.0.0.1", port, "www.example.com", "/version")
    order = SampleOrder(door, written={"v1": 1.0}, count=ANSWERS, rate=10_000, concurrency=concurrency)
    await sample(transport, SystemClock(), replace(order, count=50))
    began, used = time.perf_counter(), processor_seconds(resource.RUSAGE_SELF)
    result = await sample(transport, SystemClock(), order)
    seconds, cost = time.perf_counter() - began, processor_seconds(resource.RUSAGE_SELF) - used
    await transport.close()
    assert (result.samples, result.errors, result.unknown, result.verdict) == (ANSWERS, 0, 0, Verdict.ON)
    return ANSWERS / seconds, cost / ANSWERS


@pytest.mark.benchmark
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is the floor")
def test_probe_rate(port: int) -> None:
    floor, floor_cost = curl_loop(port)
    print(f"\ncurl, a process each: {floor:.0f} answers/s, {floor_cost * 1e6:.0f} us of CPU each")
    ways: list[tuple[str, Callable[[Clock], Transport], int, int]] = [("httpx", HttpxTransport, 8, 500)]
    if importlib.util.find_spec("pycurl"):
        ways.append(("libcurl", CurlTransport, 32, 5000))
    for name, make, concurrency, budget in ways:
        rate, cost = asyncio.run(probe(make, port, concurrency))
        print(f"probe by {name}: {rate:.0f} answers/s beside the server, {cost * 1e6:.0f} us of CPU each")
        print(f"probe by {name}: {1 / cost:.0f} answers per second of one core (budget {budget})")
        print(f"probe by {name} / curl: {rate / floor:.1f} x the answers, {cost / floor_cost:.2f} x the CPU of each")
