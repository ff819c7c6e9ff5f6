"""Time until 500 rollouts with 10,000 pods are read, against downloading the same lists with curl."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.kube.connect import ConnectOptions, connect, resolve
from cockpit.model.refs import PODS
from cockpit.model.view import FleetView, Sync
from cockpit.session.acts.journal import Journal
from cockpit.session.clock import SystemClock
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.cluster import Connection
from cockpit.session.probing.probes import Sampling
from cockpit.session.session import Session
from cockpit.session.settings import Settings
from tests.places import demo_process, open_client, real_cluster


def no_probe() -> Sampling:
    raise AssertionError("nothing is probed here")


async def seconds_to_sync(kubeconfig: Path) -> tuple[float, int, int]:
    """Until every kind is live; with the number of rollouts and pods."""
    clock = SystemClock()
    options = ConnectOptions(kubeconfig=kubeconfig)
    (target,) = resolve(options, {})
    start = time.perf_counter()
    api = await connect(target, options, clock)
    session = Session(
        [Connection(api, None)],
        adapters=ADAPTERS,
        make_probe=no_probe,
        settings=Settings(),
        journal=Journal(None),
        clock=clock,
        rng=random.Random(1),
    )
    done = asyncio.Event()

    def look(view: FleetView) -> None:
        kinds = [kind for cluster in view.clusters for kind in cluster.kinds]
        if kinds and view.rollouts and all(kind.state in (Sync.LIVE, Sync.ABSENT) for kind in kinds):
            done.set()

    async with session as cockpit:
        cockpit.subscribe(look)
        async with asyncio.timeout(120):
            await done.wait()
        seconds = time.perf_counter() - start
        store = session.cluster(target.context)
        assert store
        return seconds, len(cockpit.view().rollouts), store.store.count(PODS)


def served_paths(kubeconfig: Path) -> list[str]:
    """The lists of the kinds that are read and that the cluster serves."""
    paths = sorted({resource.path() for adapter in ADAPTERS for resource in adapter.needs})
    with open_client(kubeconfig) as client:
        return [path for path in paths if client.get(path, params={"limit": "1"}).is_success]


def seconds_to_download(kubeconfig: Path, paths: list[str], folder: Path) -> tuple[float, int]:
    """curl fetching these lists one after the other; and the bytes."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    urls = [word for n, path in enumerate(paths) for word in ("-o", f"{folder}/{n}", f"{cluster['server']}{path}")]
    start = time.perf_counter()
    subprocess.run(
        ["curl", "-sk", "--fail", "-H", f"Authorization: Bearer {user['token']}", *urls], check=True, timeout=120
    )
    return time.perf_counter() - start, sum(f.stat().st_size for f in folder.iterdir())


async def compare(kubeconfig: Path, folder: Path, name: str) -> None:
    paths = served_paths(kubeconfig)
    floor, size = min(seconds_to_download(kubeconfig, paths, folder) for _ in range(3))
    runs = [await seconds_to_sync(kubeconfig) for _ in range(3)]
    seconds, rollouts, pods = min(runs)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{name}: synced {rollouts} rollouts, {pods} pods in {seconds:.2f} s; curl {size / 1e6:.1f} MB {floor:.2f} s"
    )
    print(f"{name}: sync / download: {seconds / floor:.2f} (budget 3); peak memory of the test {memory:.0f} MB")


def wait_until_all_stand(kubeconfig: Path) -> None:
    """Follow the Deployments until each has all its pods ready."""

    def missing(deployment: dict[str, Any]) -> bool:
        return bool(deployment["status"].get("readyReplicas", 0) < deployment["spec"]["replicas"])

    with open_client(kubeconfig) as client:
        path = "/apis/apps/v1/deployments"
        listing = client.get(path).raise_for_status().json()
        left = {item["metadata"]["uid"] for item in listing["items"] if missing(item)}
        query = {"watch": "1", "timeoutSeconds": "90", "resourceVersion": listing["metadata"]["resourceVersion"]}
        with client.stream("GET", path, params=query, timeout=100) as stream:
            lines = stream.iter_lines()
            while left:
                found = json.loads(next(lines))["object"]
                (left.add if missing(found) else left.discard)(found["metadata"]["uid"])


@pytest.mark.benchmark
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
async def test_embedded(tmp_path: Path) -> None:
    with demo_process("big", "--seed", "1") as ready:
        await asyncio.to_thread(wait_until_all_stand, Path(ready["kubeconfig"]))
        await compare(Path(ready["kubeconfig"]), tmp_path, "embedded")


@pytest.mark.benchmark
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
async def test_real(tmp_path: Path) -> None:
    """On the cluster that COCKPIT_TEST_KUBECONFIG names, as it stands."""
    real = real_cluster()
    if real is None or "COCKPIT_TEST_BIG" not in os.environ:
        pytest.skip("COCKPIT_TEST_BIG=1 with a real cluster that holds many pods")
    await compare(real[0], tmp_path, "real")
