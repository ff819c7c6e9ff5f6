"""An embedded cluster for the tests of a module, and a release of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.launch.flipping import SPEED, Cluster
from tests.places import demo_process, namespace_in, seed


@pytest.fixture(scope="module")
def embedded() -> Iterator[dict[str, Any]]:
    with demo_process("empty", "--seed", "7", "--speed", str(SPEED)) as ready:
        yield ready


@pytest.fixture
def cluster(embedded: dict[str, Any]) -> Iterator[Cluster]:
    with namespace_in("embedded", Path(embedded["kubeconfig"]), embedded["gateway"], "shop") as place:
        for name in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
            place.apply(*seed(name))
        place.ready("demo-dp-v1", "demo-dp-v2")
        made = Cluster(embedded, place)
        yield made
        made.faults(clear=True)
