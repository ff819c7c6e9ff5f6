"""A share that is configured but cannot be served: one rule for every object that splits by weight.

Each router finds such shares in its own objects and says what happens to their requests. The consequence is the same
for routers and for controllers that write them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.rollout import Finding, Phase, Severity
from cockpit.workloads.unread import rests_on_unread

# A controller that is still progressing may be about to fix it; "aborted" says more than "degraded".
_LEFT = (Phase.PROGRESSING, Phase.ABORTED)


def before_pods(findings: Sequence[Finding], unserved: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of a router while no pods are expected behind it: nobody loses what was there before.

    That shares are not served goes without saying then; a route that is missing has to be made all the same.
    """
    missing = {found.subject for found in findings if found.id == "route-missing"}
    return tuple(
        replace(found, severity=Severity.WARNING) if found.subject in missing and found in unserved else found
        for found in findings
        if found not in unserved or found.subject in missing
    )


def degraded_by(phase: Phase, message: str, unserved: Sequence[Finding], objects: Objects) -> tuple[Phase, str]:
    """Phase and message of a rollout whose router has shares that it certainly cannot serve: the reason comes first."""
    certain = [found for found in unserved if not rests_on_unread(found, objects)]
    if not certain or phase in _LEFT:
        return phase, message
    return Phase.DEGRADED, "; ".join(filter(None, (certain[0].text, message)))
