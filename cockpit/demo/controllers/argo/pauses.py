"""Pauses and aborts of one reconcile: asked for as it goes, put into the status at its end (rollout/pause.go)."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.argo.plan import Plan, Step, pause_seconds
from cockpit.demo.controllers.podstate import parse_time

CANARY_STEP = "CanaryPauseStep"
BLUE_GREEN = "BlueGreenPause"
INCONCLUSIVE_RUN = "InconclusiveAnalysisRun"
INCONCLUSIVE_EXPERIMENT = "InconclusiveExperiment"


class Pauses:
    """The next `pauseConditions`, `controllerPause`, `abort` and `abortedAt`. `status` is the one that was read."""

    def __init__(self, status: dict[str, Any]) -> None:
        self._status = status
        self.added: list[str] = []
        self._removed: set[str] = set()
        self._cleared = False
        self._add_abort = False
        self._remove_abort = False
        self.abort_message = ""

    @property
    def aborted(self) -> bool:
        """Whether the Rollout is, or is about to be, aborted."""
        return not self._remove_abort and (self._add_abort or bool(self._status.get("abort")))

    def abort(self, message: str) -> None:
        """Abort, telling why."""
        self._add_abort, self.abort_message = True, message

    def remove_abort(self) -> None:
        """Take an abort back."""
        self._remove_abort = True

    def add(self, reason: str) -> None:
        """Pause for a reason."""
        self.added.append(reason)

    def remove(self, reason: str) -> None:
        """End the pause of one reason."""
        self._removed.add(reason)

    def clear(self) -> None:
        """End every pause."""
        self._cleared = True

    def since(self, reason: str) -> float | None:
        """Unix seconds since when a pause lasts; None when there is none of that reason."""
        for entry in self._status.get("pauseConditions") or []:
            if entry.get("reason") == reason:
                return parse_time(entry.get("startTime"))
        return None

    def apply(self, new: dict[str, Any], now: str) -> None:
        """Put the outcome into the status that is about to be written."""
        for field in ("abort", "abortedAt", "pauseConditions", "controllerPause"):
            new.pop(field, None)
        if self._add_abort or (not self._remove_abort and self._status.get("abort")):
            new["abort"], new["abortedAt"] = True, self._status.get("abortedAt") or now
            return
        if self._cleared:
            return
        before = self._status.get("pauseConditions") or []
        kept = [entry for entry in before if entry.get("reason") not in self._removed]
        controlled = self._status.get("controllerPause")
        for reason in self.added:
            if all(entry.get("reason") != reason for entry in before):
                kept.append({"reason": reason, "startTime": now})
                controlled = True
        if kept:
            new["pauseConditions"] = kept
            if controlled:
                new["controllerPause"] = True

    def step_is_over(self, step: Step, now: float) -> bool:
        """Whether a pause step has ended: somebody took its condition away, or its time has passed."""
        since = self.since(CANARY_STEP)
        if since is None:
            return bool(self._status.get("controllerPause"))
        length = pause_seconds(step)
        return length is not None and now > since + length

    def blue_green_is_over(self, plan: Plan, now: float) -> bool:
        """Whether nothing holds a blue-green switch back any more."""
        if self.added:
            return False
        rules = plan.blue_green or {}
        if (self._status.get("blueGreen") or {}).get("scaleUpPreviewCheckPoint") or not pauses_blue_green(plan):
            return True
        since = self.since(BLUE_GREEN)
        if rules.get("autoPromotionEnabled") is False:
            return bool(self._status.get("controllerPause")) and since is None
        return since is not None and now > since + int(rules.get("autoPromotionSeconds") or 0)


def pauses_blue_green(plan: Plan) -> bool:
    """Whether the controller pauses before it switches the active Service."""
    rules = plan.blue_green or {}
    return rules.get("autoPromotionEnabled") is False or int(rules.get("autoPromotionSeconds") or 0) > 0
