"""An operator's hand on an embedded cluster whose time the test moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonpatch

from cockpit.demo.patches.patching import merged
from cockpit.demo.schemas.kind import Kind
from cockpit.demo.schemas.kinds import KINDS
from cockpit.demo.schemas.objects import copied
from cockpit.demo.store.history import Event
from tests.demo.conftest import Bench
from tests.places import collection, kind_of
from tests.stories.story import Obj, Story
from tests.telling import Telling, telling_of

# An embedded cluster's patience, in seconds of its own time, which cost nothing.
PATIENCE, TICK = 300.0, 0.05


class BenchHand:
    """An operator's hand on an embedded cluster without API; waiting moves its clock."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def apply(self, *docs: Obj) -> None:
        for doc in docs:
            kind = served(kind_of(doc))
            placed = {**copied(doc), "metadata": {**doc["metadata"], "namespace": "default"}}
            stored = self._bench.storage.peek(kind, "default", doc["metadata"]["name"])
            if stored is None:
                self._bench.storage.create(kind, placed)
            else:
                self._bench.storage.update(kind, merged(copied(stored), placed))
        self._bench.settle()

    def merge(self, kind: str, name: str, patch: Obj, subresource: str = "") -> None:
        self._bench.storage.update(served(kind), merged(self.get(kind, name), patch), subresource=subresource)
        self._bench.settle()

    def edit(self, kind: str, name: str, *operations: Obj) -> None:
        self._bench.storage.update(served(kind), jsonpatch.apply_patch(self.get(kind, name), list(operations)))
        self._bench.settle()

    def get(self, kind: str, name: str) -> Obj:
        return self._bench.storage.get(served(kind), "default", name)

    def delete(self, kind: str, name: str) -> None:
        self._bench.storage.delete(served(kind), "default", name)
        self._bench.settle()

    def until(self, kind: str, name: str, test: Callable[[Obj], object]) -> None:
        for _ in range(int(PATIENCE / TICK)):
            found = self._bench.storage.peek(served(kind), "default", name)
            if found is not None and test(copied(found)):
                return
            self._bench.clock.advance(TICK)
            self._bench.settle()
        raise AssertionError(f"{kind} {name} never came to what the story waits for: {json.dumps(found)[:3000]}")


def served(kind: str) -> Kind:
    """The kind of an embedded cluster that tests name so."""
    path = collection(kind).replace("/namespaces/{ns}", "")
    return next(known for known in KINDS if f"{known.path}/{known.plural}" == path)


def performed_on_bench(story: Story) -> Telling:
    """Play a story on an embedded cluster and tell what it wrote."""
    bench = Bench()
    kinds = {served(watch.kind): watch.kind for watch in story.watched}
    events: list[tuple[str, Any]] = []

    def keep(event: Event) -> None:
        if event.kind in kinds and event.type != "DELETED":
            events.append((kinds[event.kind], event.obj))

    bench.storage.subscribe(keep)
    story.play(BenchHand(bench))
    return telling_of(story.watched, events)
