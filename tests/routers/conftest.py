"""Clusters as the walk-throughs leave them after each step."""

from __future__ import annotations

import pytest

from tests.objects import Cluster, seed


@pytest.fixture
def blue_green() -> Cluster:
    """Both versions stand, the Service names v1."""
    cluster = Cluster(seed("blue-green-v1") + seed("blue-green-service"))
    cluster.add(*seed("blue-green-v2"), created="2026-01-01T01:00:00Z")
    return cluster.run("demo-dp-v1").run("demo-dp-v2")
