"""What a person may want to jump to in a record: acts, and findings that came up. Pure but for what it remembers."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Severity
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView, Stage
from cockpit.record.entries import Mark, MarkKind, key_words

_LONGEST = 200


class Marks:
    """Compares each view with the one before it. What is there in the first view is no news."""

    def __init__(self) -> None:
        self._stages: dict[str, Stage] | None = None
        self._findings: dict[RolloutKey, tuple[RolloutView, frozenset[tuple[str, str]]]] = {}

    def of(self, at: float, view: FleetView) -> Iterator[Mark]:
        """What is new in this view."""
        yield from self._acts(at, view)
        yield from self._found(at, view)

    def _acts(self, at: float, view: FleetView) -> Iterator[Mark]:
        before = self._stages
        self._stages = {entry.id: entry.stage for entry in view.journal}
        if before is None:
            return
        for entry in view.journal:
            if before.get(entry.id) is not entry.stage:
                words = f"{entry.who}: {entry.act} {entry.rollout.name}: {entry.title}: {entry.stage}"
                yield Mark(at, MarkKind.ACT, safe_text(words, _LONGEST), key_words(entry.rollout))

    def _found(self, at: float, view: FleetView) -> Iterator[Mark]:
        known = {}
        for each in view.rollouts:
            key = each.rollout.key
            before = self._findings.get(key)
            if before and before[0] is each:
                known[key] = before
                continue
            grave = {f.subject: f for f in each.rollout.findings if f.severity is not Severity.INFO}
            known[key] = (each, frozenset(grave))
            for subject in grave if before else ():
                if before and subject not in before[1]:
                    words = f"{key.name}: {grave[subject].text}"
                    yield Mark(at, MarkKind.FINDING, safe_text(words, _LONGEST), key_words(key))
        self._findings = known
