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


def steps(story: str) -> Cluster:
    """A canary Ingress walk-through up to the canary: both versions behind both Ingresses."""
    cluster = Cluster(seed(f"{story}-http-server-v1") + seed(f"{story}-ingress1")).run("http-server-v1")
    cluster.add(*seed(f"{story}-http-server-v2"), created="2026-01-01T01:00:00Z").run("http-server-v2")
    return cluster.add(*seed(f"{story}-ingress2"), created="2026-01-01T02:00:00Z")


@pytest.fixture
def header_story() -> Cluster:
    return steps("header")


@pytest.fixture
def weight_story() -> Cluster:
    return steps("weight")
