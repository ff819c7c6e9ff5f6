"""Fields of an object that the API server or a controller writes: they say nothing about what a user changed."""

from __future__ import annotations

Path = tuple[str, ...]

SERVER_WRITTEN: frozenset[Path] = frozenset(
    {
        ("metadata", "resourceVersion"),
        ("metadata", "generation"),
        ("metadata", "managedFields"),
        ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
        ("metadata", "annotations", "deployment.kubernetes.io/revision"),
        ("status",),
    }
)
