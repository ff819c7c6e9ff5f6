"""Whether a probe through a target can judge a rollout's split."""

from __future__ import annotations

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text


def why_not_judged(rollout: Rollout, target: ProbeTarget | None) -> str:
    """Why the probe says nothing about the split, though requests reach pods; "" if it can judge it.

    The API server sends requests to one Service and obeys no mesh, Ingress or route: it shows the split only if that
    Service decides it.
    """
    if target is None or target.service is None:
        return ""
    decides = rollout.api_target.service if rollout.api_target else None
    if decides and target.service.is_of(decides):
        return ""
    name = safe_text(f"{target.service.namespace}/{target.service.name}")
    return f"requests reach Service {name} through the API server: they show its pods, not the split of this rollout"
