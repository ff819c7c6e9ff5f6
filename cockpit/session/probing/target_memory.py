"""Probe targets that people set: used at once, and remembered for later sessions."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import Kept
from cockpit.session.probing.probes import Probes
from cockpit.session.probing.targets import Targets, keep_target


class TargetMemory:
    """Gives probes the targets that were set in this session, or are remembered from an earlier one, in `targets`."""

    def __init__(self, probes: Probes, targets: Targets | None) -> None:
        self._probes = probes
        self._targets = targets
        self._recalled: set[RolloutKey] = set()

    async def set(self, key: RolloutKey, target: ProbeTarget | None, rate: float | None) -> Kept:
        """Use a target from now on, None for the derived one; the result says whether it could be remembered."""
        kept = await keep_target(self._targets, key, target)
        note = f"not remembered, because secret: {', '.join(kept.withheld)}" if kept.withheld else kept.problem
        self._recalled.add(key)
        self._probes.choose(key, target, rate, note)
        return kept

    def recall(self, rollout: Rollout, current: Mapping[RolloutKey, Rollout]) -> None:
        """Apply the remembered target to a new rollout's probe, once; `current` are the rollouts of its cluster."""
        key = rollout.key
        if key in self._recalled:
            return
        self._recalled.add(key)
        target = self._targets.of(rollout, current) if self._targets else None
        if target:
            note = f"enter again, secret and so not remembered: {', '.join(target.withheld)}" if target.withheld else ""
            self._probes.choose(key, target.probe_target, note=note)
