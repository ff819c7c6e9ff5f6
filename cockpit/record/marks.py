"""What a person may want to jump to in a record: acts, and findings that came up. Pure but for what it remembers."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.model.changes import changed_places
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Severity
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, FleetView, RolloutView, Stage
from cockpit.record.entries import Mark, MarkKind, key_words

_LONGEST = 200


class Marks:
    """Compares each view with the one before it. What is there in the first view is no news."""

    def __init__(self) -> None:
        self._journal: tuple[Entry, ...] | None = None
        self._stages: dict[str, Stage] | None = None
        self._findings: dict[RolloutKey, frozenset[tuple[str, str]]] = {}
        self._last: tuple[RolloutView, ...] = ()

    def of(self, at: float, view: FleetView) -> Iterator[Mark]:
        """What is new in this view."""
        yield from self._acts(at, view)
        yield from self._found(at, view)

    def _acts(self, at: float, view: FleetView) -> Iterator[Mark]:
        if view.journal is self._journal:
            return
        self._journal, before = view.journal, self._stages
        self._stages = {entry.id: entry.stage for entry in view.journal}
        if before is None:
            return
        for entry in view.journal:
            if before.get(entry.id) is not entry.stage:
                words = f"{entry.who}: {entry.act} {entry.rollout.name}: {entry.title}: {entry.stage}"
                yield Mark(at, MarkKind.ACT, safe_text(words, _LONGEST), key_words(entry.rollout))

    def _found(self, at: float, view: FleetView) -> Iterator[Mark]:
        places = changed_places(self._last, view.rollouts)
        self._last = view.rollouts
        changed = view.rollouts if places is None else [view.rollouts[place] for place in places]
        if places is None:
            here = {each.rollout.key for each in changed}
            self._findings = {key: found for key, found in self._findings.items() if key in here}
        for each in changed:
            yield from self._of_rollout(at, each)

    def _of_rollout(self, at: float, shown: RolloutView) -> Iterator[Mark]:
        key, before = shown.rollout.key, self._findings.get(shown.rollout.key)
        grave = {found.subject: found for found in shown.rollout.findings if found.severity is not Severity.INFO}
        self._findings[key] = frozenset(grave)
        for subject in grave if before is not None else ():
            if before is not None and subject not in before:
                words = f"{key.name}: {grave[subject].text}"
                yield Mark(at, MarkKind.FINDING, safe_text(words, _LONGEST), key_words(key))
