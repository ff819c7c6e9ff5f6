"""The control plane of a lab: its parts killed, held and started again, its history forgotten, its store put back.

COCKPIT_TEST_LAB is a command that takes `kill|stop|cont|start PART`, `status` and `compact` with `--dir`,
COCKPIT_TEST_LAB_DIR the directory, in which etcd keeps its data in `etcd`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

LAB = os.environ.get("COCKPIT_TEST_LAB", "")
LAB_DIR = os.environ.get("COCKPIT_TEST_LAB_DIR", "")
without_lab = pytest.mark.skipif(not (LAB and LAB_DIR), reason="COCKPIT_TEST_LAB and COCKPIT_TEST_LAB_DIR name no lab")
API = "kube-apiserver"
# What keeps objects in memory, and would go on by what a store that was put back does not have.
READERS = ("kube-controller-manager", "kube-scheduler", "kwok")


def lab(*words: str) -> None:
    subprocess.run([LAB, *words, "--dir", LAB_DIR], check=True, capture_output=True, timeout=120)


def kill(part: str) -> None:
    """Kill a part and wait until it is gone: what still ends is not started again."""
    lab("kill", part)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        done = subprocess.run([LAB, "status", "--dir", LAB_DIR], check=True, capture_output=True, text=True, timeout=60)
        if any(line.split()[:2] == [part, "DOWN"] for line in done.stdout.splitlines()):
            return
        time.sleep(0.1)
    raise AssertionError(f"{part} does not end")


class ControlPlane:
    """Blocks while it works: call it in a thread."""

    def __init__(self, client: Callable[[], httpx.Client], folder: Path) -> None:
        self._client = client
        self._kept = folder / "etcd"

    def kill(self, seconds: float) -> None:
        """The API server dies, and is started again after so many seconds."""
        kill(API)
        time.sleep(seconds)
        lab("start", API)
        self.wait()

    def hold(self, seconds: float) -> None:
        """The API server stands still for so many seconds."""
        lab("stop", API)
        time.sleep(seconds)
        lab("cont", API)
        self.wait()

    def compact(self, seconds: float) -> None:
        """The API server comes back with an etcd that has no history."""
        lab("compact")
        self.kill(seconds)

    def keep(self) -> None:
        """A snapshot of etcd, as a disk has it after a loss of power."""
        lab("stop", "etcd")
        try:
            shutil.rmtree(self._kept, ignore_errors=True)
            shutil.copytree(Path(LAB_DIR) / "etcd", self._kept)
        finally:
            lab("cont", "etcd")

    def put_back(self, then: Callable[[], None]) -> None:
        """Restore the snapshot as Kubernetes asks for: every API server stopped, every reader started again. `then` is
        called before the readers are back."""
        for part in (API, *READERS, "etcd"):
            kill(part)
        shutil.rmtree(Path(LAB_DIR) / "etcd")
        shutil.copytree(self._kept, Path(LAB_DIR) / "etcd")
        lab("start", "etcd")
        lab("start", API)
        self.wait()
        then()
        for part in READERS:
            lab("start", part)

    def wait(self) -> None:
        """Until the API server answers."""
        end = time.monotonic() + 120
        with self._client() as client:
            while time.monotonic() < end:
                try:
                    if client.get("/readyz").text == "ok":
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.1)
        raise AssertionError("the API server never came back")
