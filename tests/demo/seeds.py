"""Manifests of the walk-throughs, applied to a storage without an API."""

from __future__ import annotations

from cockpit.demo.patches.patching import merged
from cockpit.demo.schemas.kinds import by_kind
from cockpit.demo.schemas.objects import copied
from tests.demo.conftest import Bench
from tests.places import seed


def apply(bench: Bench, *names: str) -> None:
    """Create the objects of manifests in `default`, or merge them into what is there."""
    for name in names:
        for doc in seed(name):
            kind = by_kind(doc["apiVersion"], doc["kind"])
            assert kind
            doc["metadata"].setdefault("namespace", "default")
            stored = bench.storage.peek(kind, "default", doc["metadata"]["name"])
            if stored is None:
                bench.storage.create(kind, doc)
            else:
                doc["metadata"].pop("generation", None)
                bench.storage.update(kind, merged(copied(stored), doc))
