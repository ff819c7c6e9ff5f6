"""An exporter on loopback with the metrics of gateways and meshes, and a real Prometheus that scrapes it.

Counters move by a fixed amount with each scrape, so that rates do not depend on how fast this machine is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.probe.servers import Exchange, free_port, serving

PATIENCE = 60.0
VARIABLE = "COCKPIT_TEST_PROMETHEUS"
Labels = Mapping[str, str]


def prometheus_program() -> Path:
    """The program; skips the test where there is none."""
    named = os.environ.get(VARIABLE) or shutil.which("prometheus")
    if not named:
        pytest.skip(f"no prometheus on PATH and none named by {VARIABLE} (apt-get download prometheus; dpkg -x)")
    return Path(named)


@dataclass
class Series:
    """A counter, or a histogram if it has bounds; `step` is what each scrape adds, by bucket for a histogram."""

    name: str
    labels: Labels
    step: float = 0.0
    bounds: tuple[float, ...] = ()
    steps: tuple[float, ...] = ()  # not cumulative; the last is beyond all bounds
    value: float = 0.0
    values: list[float] = field(default_factory=list)

    def scraped(self) -> Iterator[str]:
        if not self.bounds:
            self.value += self.step
            yield f"{self.name}{{{_joined(self.labels)}}} {self.value}"
            return
        self.values = [a + b for a, b in zip(self.values or [0.0] * len(self.steps), self.steps, strict=True)]
        total = 0.0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.values, strict=True):
            total += count
            yield f"{self.name}_bucket{{{_joined({**self.labels, 'le': bound})}}} {total}"
        middle = sum(count * bound for count, bound in zip(self.values, (*self.bounds, self.bounds[-1]), strict=True))
        yield f"{self.name}_sum{{{_joined(self.labels)}}} {middle}"
        yield f"{self.name}_count{{{_joined(self.labels)}}} {total}"


def _joined(labels: Labels) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


@dataclass
class Exporter:
    """What `/metrics` shows; while it is `down`, scrapes fail."""

    series: list[Series]
    port: int = 0
    scrapes: int = 0
    down: bool = False

    async def behave(self, exchange: Exchange) -> None:
        if self.down:
            await exchange.answer("gone", "500 Internal Server Error")
            return
        self.scrapes += 1
        lines = [line for series in self.series for line in series.scraped()]
        await exchange.answer("\n".join(lines) + "\n", Content_Type="text/plain; version=0.0.4")


@contextlib.asynccontextmanager
async def exporting(*series: Series) -> AsyncIterator[Exporter]:
    made = Exporter(list(series))
    async with serving(made.behave) as server:
        made.port = server.port
        yield made


@contextlib.asynccontextmanager
async def prometheus(folder: Path, exporter: Exporter, labels: Labels | None = None) -> AsyncIterator[str]:
    """The URL of a Prometheus that scrapes the exporter each second; `labels` are the target's own."""
    async with scraping(folder, f"127.0.0.1:{exporter.port}", labels) as (url, process):
        # The first scrape comes once everything else works.
        await _until(process, lambda: exporter.scrapes > 0)
        yield url


@contextlib.asynccontextmanager
async def scraping(
    folder: Path, target: str, labels: Labels | None = None
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A Prometheus that scrapes `target` each second: its URL, before it answers, and its process."""
    program, port = prometheus_program(), free_port()
    own = "".join(f"\n          {name}: {value}" for name, value in (labels or {}).items()) or " {}"
    config = folder / "prometheus.yml"
    config.write_text(
        f"""global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs:
  - job_name: gateways
    static_configs:
      - targets: ["{target}"]
        labels:{own}
"""
    )
    words = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    words += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    process = await asyncio.create_subprocess_exec(
        str(program), *words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


async def _until(process: asyncio.subprocess.Process, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            if process.returncode is not None:
                assert process.stderr is not None
                pytest.fail(f"Prometheus ended: {(await process.stderr.read()).decode()[-2000:]}")
            await asyncio.sleep(0.05)
