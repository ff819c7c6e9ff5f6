"""The one place that makes findings, so that their ids are known and their texts safe."""

from __future__ import annotations

from cockpit.model.advice import acts_told
from cockpit.model.finding_kinds import FindingId
from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text

# What a gateway does that gives a canary nothing while its main has nothing; answers that came win over it.
NOBODY_SERVED = "every request gets 503, even those for the canary"


def finding(kind: FindingId, severity: Severity, text: str, evidence: str = "", about: str = "") -> Finding:
    """A finding with id `kind`; text and evidence are made safe for one line of a terminal.

    `about` is the version and lane of a finding whose text has figures: with other figures it is the same finding.
    What each id means and which severities it has is in model/finding_catalogue.py.
    """
    acts = acts_told(text)
    return Finding(kind, severity, safe_text(text, 500), safe_text(evidence, 500), safe_text(about, 500), acts=acts)


def percent(share: float) -> str:
    """A fraction as people read it: 0.3 is "30%", 0.125 is "12.5%"."""
    return f"{share * 100:.4g}%"


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"
