"""What a finding says that users get, where the newest answers say otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from cockpit.model.rollout import Finding
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import CellKind, ProbeView
from cockpit.workloads.findings import NOBODY_SERVED

# Newest requests that are looked at; fewer say nothing.
_LATELY = 20


def as_answered(findings: Iterable[Finding], probe: ProbeView) -> tuple[Finding, ...]:
    """The findings; one that says that every request fails says what the newest requests got, if versions answered."""
    newest = list(islice(reversed(probe.strip), _LATELY)) if probe.running else []
    served = [cell.version for cell in newest if cell.kind is CellKind.ANSWER and cell.version]
    if len(newest) < _LATELY or not served:
        return tuple(findings)
    got = f"{percent(len(served) / len(newest))} of the newest requests are answered all the same"
    return tuple(
        replace(each, text=safe_text(each.text.replace(NOBODY_SERVED, got), 500)) if each.id == "main-empty" else each
        for each in findings
    )
