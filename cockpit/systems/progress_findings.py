"""Findings about the progress of a release that several systems have in common, each made here."""

from __future__ import annotations

from cockpit.model.awaited import Awaited
from cockpit.model.lazy_re import lazy_re
from cockpit.model.rollout import Finding, Severity
from cockpit.workloads.findings import finding

# How an API server begins to say why it did not admit a pod.
_REFUSED_POD = lazy_re(r'^(Error creating: )?pods "[^"]*" is forbidden: ')


def stuck(text: str, evidence: str = "") -> Finding:
    """An update that makes no progress any more."""
    return finding("stuck", Severity.WARNING, text, evidence)


def replica_failure(what: str, reason: str, message: str, *, ready: int) -> Finding:
    """A controller that cannot create or delete pods. As long as some are `ready`, they answer the users.

    Why comes first, without the name of the pod, which is another one at each attempt: a line may be cut.
    """
    why = _REFUSED_POD.sub("", message, count=1)
    text = f"{why}; {what}: {reason}" if why else f"{what}: {reason}"
    severity = Severity.WARNING if ready else Severity.CRITICAL
    return finding("replica-failure", severity, text, about=what)


def not_observed(awaited: Awaited, evidence: str = "", *, overdue: str = "") -> Finding:
    """A change that a controller has not processed; `overdue` says since when, once that has taken too long."""
    severity = Severity.WARNING if overdue else Severity.INFO
    words = awaited.overdue(overdue) if overdue else awaited.yet()
    return finding("not-observed", severity, words, evidence, about=" ".join(awaited.subject) if overdue else "")


def scaled_to_zero(what: str) -> Finding:
    """A workload or Rollout that wants no pods."""
    return finding("scaled-to-zero", Severity.INFO, f"{what} is scaled to 0 pods: nobody answers requests to it")


def rolled_back(text: str, severity: Severity) -> Finding:
    """A release that ended on the version before: `warning` where its controller did that, `info` where a person."""
    return finding("rolled-back", severity, text)
