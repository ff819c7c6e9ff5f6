"""One blue-green release in an embedded cluster, and a person who flips it on the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.launch.terminals import OnTerminal
from tests.places import Place

VERIFIED = "✓ verified"
# How much faster the time of the embedded cluster runs.
SPEED = 4


class Cluster:
    """One blue-green release in an embedded cluster; both versions are ready, and v1 is active."""

    def __init__(self, ready: dict[str, Any], place: Place) -> None:
        self.words = ["--kubeconfig", ready["kubeconfig"], "-n", place.namespace, "--sample", "none"]
        self.place = place
        self.service = place.path("Service", "demo-service")

    def active(self) -> str:
        return str(self.place.client.get(self.service).json()["spec"]["selector"]["version"])

    def faults(self, **fault: Any) -> None:
        self.place.client.post("/demo/faults", json=fault).raise_for_status()

    def stir(self, number: int) -> None:
        """Something that every screen shows."""
        path = self.place.path("Deployment", "demo-dp-v2")
        container = {"name": "demo", "image": f"bebullish/demo:v2-{number}"}
        body = {"spec": {"template": {"spec": {"containers": [container]}}}}
        headers = {"Content-Type": "application/strategic-merge-patch+json"}
        self.place.client.patch(path, content=json.dumps(body), headers=headers).raise_for_status()


def opened(terminal: OnTerminal) -> None:
    terminal.until(" ○ demo-service", "● live", "v1 active, 3/3", "v2 preview, 3/3")


def planned(terminal: OnTerminal) -> None:
    """The plan of a flip to v2 stands on the screen, with the focus on Send."""
    terminal.press(b"f")
    terminal.until("selector version  v1 → v2", "▸ Cancel")
    terminal.press(b"\t")
    terminal.until("▸ Send")


def closed(terminal: OnTerminal) -> None:
    """Back to the first screen and out, without a word of a failure."""
    terminal.press(b"\x1b")
    terminal.until("enter open")
    assert terminal.end(b"q") == 0
    assert b"Traceback" not in terminal.raw


def entries(state: Path) -> list[dict[str, Any]]:
    """The journal on disk."""
    found = sorted(state.rglob("journal*.jsonl"))
    return [json.loads(line) for file in found for line in file.read_text().splitlines()]


def stages(state: Path) -> list[str]:
    return [entry["stage"] for entry in entries(state) if entry.get("act") == "flip"]
