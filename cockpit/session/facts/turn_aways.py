"""Which annotation of a gateway may be why requests are turned away: told where answers have its status. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from cockpit.model.rollout import Finding
from cockpit.model.view import ProbeView

_ID = "may-turn-away"
# What is noticed of requests that no version answers.
_NOTICED = frozenset({"no-answers", "nobody-answers", "no-version", "answers-of-others"})
_LATELY = 100


def with_turn_aways(
    answers: Iterable[Finding], found: Iterable[Finding], probe: ProbeView
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What was noticed, with the annotations that may be the reason as evidence; and what was found, without them."""
    beside = tuple(found)
    notes = [each for each in beside if each.id == _ID]
    if not notes:
        return tuple(answers), beside
    why = _reasons(notes, probe)
    told = (replace(each, evidence=_with(each.evidence, why)) if each.id in _NOTICED else each for each in answers)
    return tuple(told), tuple(each for each in beside if each.id != _ID)


def _reasons(notes: Sequence[Finding], probe: ProbeView) -> str:
    """In words, those whose status is that of most answers which no version gave; "" for none."""
    newest = islice(reversed(probe.strip), _LATELY)
    status = Counter(cell.note[:3] for cell in newest if cell.version is None and cell.note).most_common(1)
    named = [each.text for each in notes if status and status[0][0] in each.evidence.split()]
    return f"perhaps {'; '.join(named)}" if named else ""


def _with(evidence: str, why: str) -> str:
    return "; ".join(part for part in (evidence, why) if part)
