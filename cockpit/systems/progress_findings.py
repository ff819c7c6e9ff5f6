"""Findings about the progress of a release that several systems have in common, each made here."""

from __future__ import annotations

from cockpit.model.rollout import Finding, Severity
from cockpit.workloads.findings import finding


def stuck(text: str, evidence: str = "") -> Finding:
    """An update that makes no progress any more."""
    return finding("stuck", Severity.WARNING, text, evidence)


def replica_failure(text: str, evidence: str = "", *, ready: int) -> Finding:
    """A controller that cannot create or delete pods. As long as some are `ready`, they answer the users."""
    return finding("replica-failure", Severity.WARNING if ready else Severity.CRITICAL, text, evidence)


def not_observed(text: str, severity: Severity, evidence: str) -> Finding:
    """A change that `text` says a controller has not processed: none runs, or none is responsible."""
    return finding(
        "not-observed", severity, f"{text}; if this lasts longer than a minute, check that it runs", evidence
    )


def rolled_back(text: str, severity: Severity) -> Finding:
    """A release that ended on the version before: `warning` where its controller did that, `info` where a person."""
    return finding("rolled-back", severity, text)
