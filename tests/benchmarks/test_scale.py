"""The cockpit's screen on 10,000 and 50,000 pods, in a process of its own, against downloading the same lists.

The server (`tests/scale`) serves lists that were made once, as fast as a kube-apiserver on two cores gives them.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable

import pytest

from tests.benchmarks.figure import Figure
from tests.scale.running import FIRST_PAINT, FIRST_ROWS, Screen, Served, on_screen, serving
from tests.scale.server import GROUPS

LIVE = "● live".encode()
# A first start asks what to sample, in a dialog that is open until somebody answers.
QUESTION, ESCAPE = b"sample the traffic?", b"\x1b"
# 10,000 pods, 81 MB, in 1.2 s: what kube-apiserver 1.34 gives on two cores.
APISERVER = 68e6
SLOW = {"round_trip": 0.1, "bandwidth": 10e6 / 8}
CHURN = 5000.0
REST_SECONDS = 60.0


def after_paint(screen: Screen, marker: bytes) -> float:
    """Seconds from the first paint until a marker."""
    return screen.until(marker) - screen.until(FIRST_PAINT)


def seconds_to_download(served: Served) -> float:
    """curl fetching every list one after the other, whole and compressed as the cockpit asks for it."""
    paths = [f"{served.url}{group}/{plural}" for group, plurals in GROUPS.items() for plural in plurals]
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        words = [word for n, path in enumerate(paths) for word in ("-o", f"{folder}/{n}", path)]
        subprocess.run(["curl", "-s", "--fail", *words], check=True, timeout=300)
    return time.perf_counter() - start


def at_size(pods: int, most_seconds: float, most_memory: float) -> list[Figure]:
    """First rows, sync and memory at so many pods."""
    what = f"{pods:,} pods"
    with serving(pods, bandwidth=APISERVER) as served:
        floor = seconds_to_download(served) if shutil.which("curl") else 0.0
        with on_screen(served.kubeconfig, LIVE) as screen:
            rows, synced = after_paint(screen, FIRST_ROWS), after_paint(screen, LIVE)
            cpu = screen.cpu_at[LIVE]
            time.sleep(5)
            memory, peak = screen.memory()
    peer = f"curl {floor:.1f} s" if floor else ""
    ratio = f"{synced / floor:.2f}x" if floor else "not compared"
    return [
        Figure(f"first rows at {what}, after the first paint", f"{rows:.1f} s", peer, f"<= {most_seconds:g} s",
               rows <= most_seconds),
        Figure(f"synced at {what}, after the first paint", f"{synced:.1f} s, {ratio}", peer, "<= 1.5x",
               synced <= 1.5 * floor if floor else None),
        Figure(f"CPU until synced at {what}", f"{cpu:.1f} s", "", "", None),
        Figure(f"memory at {what}", f"{memory:.0f} MB, at most {peak:.0f} MB", "", f"<= {most_memory:g} MB",
               memory <= most_memory),
    ]  # fmt: skip


def over_a_slow_line() -> list[Figure]:
    """First rows at 100 ms round trip and 10 Mbit/s; the server has to be elsewhere than on loopback for gzip."""
    with serving(10_000, host=_outside_address(), **SLOW) as served, on_screen(served.kubeconfig, LIVE) as screen:
        rows, synced = after_paint(screen, FIRST_ROWS), after_paint(screen, LIVE)
    return [
        Figure("first rows over 100 ms and 10 Mbit/s, after the first paint", f"{rows:.1f} s", "", "<= 3 s", rows <= 3),
        Figure("synced over 100 ms and 10 Mbit/s", f"{synced:.1f} s", "4.0 MB with gzip: 3.2 s", "", None),
    ]


def _outside_address() -> str:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def under_churn() -> list[Figure]:
    """Events folded a second, and how long a key takes to be painted meanwhile and at rest: in the list, and in the
    question that lies above it after a first start."""
    with serving(10_000) as served, on_screen(served.kubeconfig, LIVE, QUESTION) as screen:
        screen.until(LIVE)
        screen.until(QUESTION)
        time.sleep(5)
        calm_dialog = keys(screen, 100)
        _, busy_dialog = keys_meanwhile(screen, served, 25_000)
        screen.press(ESCAPE)
        time.sleep(2)
        calm, cpu = keys(screen, 100), screen.cpu()
        rate, busy = keys_meanwhile(screen, served, 100_000)
        cpu = (screen.cpu() - cpu) / 100_000 * 1e6
    return [
        Figure("watch events folded, screen alive", f"{rate:,.0f}/s, {cpu:.0f} us CPU each", "", ">= 5,000/s",
               rate >= CHURN * 0.98),
        painted("in the list", busy, calm),
        painted("in a dialog", busy_dialog, calm_dialog),
    ]  # fmt: skip


def painted(where: str, busy: list[float], calm: list[float]) -> Figure:
    """How long a key takes to be painted there, meanwhile and at rest."""
    p99, rest = centile(busy, 0.99), centile(calm, 0.99)
    ours, beside = f"{p99 * 1000:.0f} ms", f"at rest {rest * 1000:.0f} ms"
    return Figure(f"key to paint {where} meanwhile, p99", ours, beside, "<= 100 ms", max(p99, rest) <= 0.1)


def keys_meanwhile(screen: Screen, served: Served, events: int) -> tuple[float, list[float]]:
    """Events folded a second, and the seconds of each key that is pressed until all were."""
    before, found = time.perf_counter(), []
    with subprocess.Popen(["curl", "-s", "-X", "POST", f"{served.url}/churn?events={events}&rate={CHURN}"],
                          stdout=subprocess.DEVNULL) as churn:  # fmt: skip
        while churn.poll() is None:
            found += keys(screen, 1)
    return events / (time.perf_counter() - before), found


def keys(screen: Screen, count: int) -> list[float]:
    """Seconds from each of so many keys to what it paints."""
    found = []
    for number in range(count):
        time.sleep(0.1)
        found.append(screen.press(b"jk"[number % 2 : number % 2 + 1]))
    return found


def centile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def at_rest() -> list[Figure]:
    """What a screen writes and uses while nothing happens, over a minute after everything has settled."""
    with serving(10_000) as served, on_screen(served.kubeconfig, LIVE) as screen:
        screen.until(LIVE)
        time.sleep(30)
        written, cpu, before = screen.written, screen.cpu(), served.counts()
        time.sleep(REST_SECONDS)
        written, cpu = screen.written - written, (screen.cpu() - cpu) / REST_SECONDS
        after = served.counts()
    asked = sum(after["requests"].values()) - sum(before["requests"].values())
    size = sum(after["bytes"].values()) - sum(before["bytes"].values())
    return [
        Figure("written to the terminal in a minute at rest", f"{written} B", "", "0 B", written == 0),
        Figure("CPU at rest at 10,000 pods", f"{cpu:.2%} of a core", "", "<= 0.5%", cpu <= 0.005),
        Figure("asked of the server in a minute at rest", f"{asked} requests, {size} B", "", "", None),
    ]


PARTS: tuple[Callable[[], list[Figure]], ...] = (
    lambda: at_size(10_000, 1.0, 120),
    lambda: at_size(50_000, 2.0, 400),
    over_a_slow_line,
    under_churn,
    at_rest,
)


def figures() -> list[Figure]:
    """All of them; takes about five minutes."""
    return [figure for part in PARTS for figure in part()]


@pytest.mark.benchmark
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", PARTS)
def test_scale(part: Callable[[], list[Figure]]) -> None:
    print()
    for figure in part():
        print(f"{figure.what}: {figure.ours} ({figure.peer or 'no peer'}; budget {figure.budget or 'none'})")
