"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.places import Place, demo_process, namespace_in, real_cluster

# The suite says the same each time it runs; `make fuzz` looks for examples that it has not seen.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def embedded() -> Iterator[dict[str, Any]]:
    """An empty embedded cluster in a process of its own: its ready line."""
    with demo_process("empty", "--seed", "7") as ready:
        yield ready


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.real)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A cluster with a namespace of the test's own: the embedded one, and the real one where it is named."""
    namespace = f"test-{os.getpid()}-{next(numbers)}"
    if request.param == "real":
        real = real_cluster()
        if real is None:
            pytest.skip("COCKPIT_TEST_KUBECONFIG and COCKPIT_TEST_GATEWAY name no real cluster")
        kubeconfig, gateway, proxy = real
        mesh, istio = os.environ.get("COCKPIT_TEST_MESH"), os.environ.get("COCKPIT_TEST_ISTIO_GATEWAY")
    else:
        ready = request.getfixturevalue("embedded")
        kubeconfig, gateway, proxy = Path(ready["kubeconfig"]), ready["gateway"], None
        mesh, istio = ready["mesh"], ready["gateway"]
    with namespace_in(request.param, kubeconfig, gateway, namespace, proxy) as made:
        made.mesh, made.istio_gateway = mesh, istio
        if not made.real:
            made.patience *= ready.get("speed", 1)  # a watch ends by the cluster's own time
        yield made
    if request.node.path.parent.name == "journeys":
        gc.collect()  # what a cockpit left, while the test's own filter holds, see below


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Counting lines makes what computes a lot four times as slow, and other tests reach the same lines.
        if any(item.get_closest_marker(name) for name in ("simulation", "hypothesis")):
            item.add_marker(pytest.mark.no_cover)
    tolerate_what_a_handshake_leaves(items)


def tolerate_what_a_handshake_leaves(items: list[pytest.Item]) -> None:
    """A TLS handshake given up when a cockpit ends leaves its socket to the collector (asyncio): it warns."""
    left_over = (
        "ignore:Exception ignored in. <(socket|function _SelectorTransport):pytest.PytestUnraisableExceptionWarning"
    )
    for item in items:
        if item.get_closest_marker("real") or "place" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(left_over))
