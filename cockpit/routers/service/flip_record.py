"""What a flip records on its Service: which version took all traffic before, and which takes it afterwards.

An annotation, so that everyone goes back to the same version: where colours take turns, ages do not tell. The value is
JSON: {"from": {"selector": {...}, "images": [...]}, "to": {...}}; "from" is null after a roll back, because then there
is nothing to go back to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.model.objects import Service
from cockpit.model.values import dataclass
from cockpit.workloads.versions import Candidate

PREVIOUS = "rollouts.cockpit/previous"
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Pick:
    """What a selector matched: the selector and the images behind it, sorted; no images if it was several versions."""

    selector: Mapping[str, str]
    images: tuple[str, ...]

    def among(self, candidates: Iterable[Candidate]) -> Candidate | None:
        """The version that still matches; None if the selector now matches none, several, or other images."""
        found = [c for c in candidates if self.selector.items() <= c.labels.items()]
        return found[0] if len(found) == 1 and self.images and tuple(sorted(found[0].images)) == self.images else None


@dataclass(frozen=True, slots=True)
class FlipRecord:
    """The last recorded flip. `before` is None for a roll back."""

    before: Pick | None
    after: Pick

    @property
    def text(self) -> str:
        """The annotation's value."""
        sides = {"from": self.before, "to": self.after}
        raw = {k: p and {"selector": dict(p.selector), "images": list(p.images)} for k, p in sides.items()}
        return json.dumps(raw, separators=(",", ":"), sort_keys=True)


def flip_record(service: Service) -> FlipRecord | None:
    """The record on a Service; None if there is none or it cannot be read, as if nobody had flipped."""
    text = (service.metadata.annotations or {}).get(PREVIOUS, "")
    if not text or len(text) > _LONGEST:
        return None
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    before, after = _pick(raw.get("from")), _pick(raw.get("to"))
    return FlipRecord(before, after) if after and (before or raw.get("from") is None) else None


def _pick(raw: Any) -> Pick | None:
    selector = raw.get("selector") if isinstance(raw, dict) else None
    images = raw.get("images") if isinstance(raw, dict) else None
    if not isinstance(selector, dict) or not selector or not isinstance(images, list):
        return None
    if not all(isinstance(text, str) for text in (*selector.values(), *images)):
        return None
    return Pick(selector, tuple(sorted(images)))
