"""Probe targets that people set: used at once, and remembered for later sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cockpit.model.clock import Clock
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import Kept
from cockpit.session.probing.probes import Probes
from cockpit.session.probing.targets import RememberedTarget, Targets, keep_target

# Seconds between looks at whether the file is another one, which cost a system call.
_LOOK_SECONDS = 5.0


class TargetMemory:
    """Gives probes the targets that were set in this session, or are remembered from an earlier one, in `targets`."""

    def __init__(self, probes: Probes, targets: Targets | None) -> None:
        self._probes = probes
        self._targets = targets
        self._recalled: dict[RolloutKey, RememberedTarget | None] = {}  # as the file had it

    async def set(
        self,
        key: RolloutKey,
        target: ProbeTarget | None,
        rate: float | None,
        contexts: Iterable[Mapping[RolloutKey, Rollout]],
    ) -> Kept:
        """Use a target from now on, None for the derived one; the result says whether it could be remembered.

        `contexts` are the rollouts of each cluster.
        """
        current = next((each for each in contexts if key in each), dict[RolloutKey, Rollout]())
        kept = await keep_target(self._targets, key, target, current.get(key), frozenset(current))
        note = f"not remembered, because secret: {', '.join(kept.withheld)}" if kept.withheld else kept.problem
        self._recalled[key] = self._targets.get(key) if self._targets else None
        self._probes.choose(key, target, rate, note)
        return kept

    def recall(self, rollout: Rollout, current: Mapping[RolloutKey, Rollout]) -> None:
        """Apply the remembered target to a new rollout's probe, once; `current` are the rollouts of its cluster."""
        key = rollout.key
        if key in self._recalled:
            return
        target = self._recalled[key] = self._targets.of(rollout, current) if self._targets else None
        if target:
            self._apply(key, target)

    async def follow(
        self,
        clock: Clock,
        contexts: Callable[[], Iterable[Mapping[RolloutKey, Rollout]]],
        touch: Callable[[RolloutKey], None],
    ) -> None:
        """Apply what another session remembers or forgets, until cancelled; `contexts` are the rollouts of each."""
        while self._targets:
            await clock.sleep(_LOOK_SECONDS)
            if self._targets.replaced():
                for current in contexts():
                    for rollout in current.values():
                        self._recall_anew(self._targets, rollout, current, touch)

    def _recall_anew(
        self,
        targets: Targets,
        rollout: Rollout,
        current: Mapping[RolloutKey, Rollout],
        touch: Callable[[RolloutKey], None],
    ) -> None:
        key = rollout.key
        target = targets.of(rollout, current)
        # What was set in this session is newer than a file that says the same as before.
        if key in self._recalled and target != self._recalled[key]:
            self._recalled[key] = target
            self._apply(key, target)
            touch(key)

    def _apply(self, key: RolloutKey, target: RememberedTarget | None) -> None:
        withheld = ", ".join(target.withheld) if target else ""
        note = f"enter again, secret and so not remembered: {withheld}" if withheld else ""
        self._probes.choose(key, target.probe_target if target else None, note=note)
