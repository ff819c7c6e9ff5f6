"""An operator's hand on a cluster's API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tests.places import Place
from tests.stories.story import Obj

# A person looks before acting. Without that a real Argo Rollouts overlooks a write now and then: what it has just
# written itself goes into its cache after the write that came in between, and nothing makes it look again.
REACTION = 0.5


class PlaceHand:
    """An operator's hand on a cluster's API."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def apply(self, *docs: Obj) -> None:
        self._place.apply(*docs)

    def merge(self, kind: str, name: str, patch: Obj, subresource: str = "") -> None:
        self._place.merge(kind, f"{name}/{subresource}" if subresource else name, patch)

    def edit(self, kind: str, name: str, *operations: Obj) -> None:
        answer = self._place.client.patch(
            self._place.path(kind, name),
            content=json.dumps(operations),
            headers={"Content-Type": "application/json-patch+json"},
        )
        assert answer.status_code == 200, answer.text

    def get(self, kind: str, name: str) -> Obj:
        found = self._place.get(kind, name)
        assert found is not None, f"no {kind} {name}"
        return found

    def delete(self, kind: str, name: str) -> None:
        self._place.delete(kind, name)

    def until(self, kind: str, name: str, test: Callable[[Obj], object]) -> None:
        self._place.until(kind, lambda items: any(test(obj) for obj in items if obj["metadata"]["name"] == name))
        if self._place.real:
            time.sleep(REACTION)
