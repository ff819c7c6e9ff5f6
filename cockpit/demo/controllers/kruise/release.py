"""One look at a Rollout: what is known, and the status that is being worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers.kruise import plan
from cockpit.demo.controllers.kruise.grace import Grace
from cockpit.demo.controllers.kruise.names import COMPONENT, GRACE
from cockpit.demo.controllers.kruise.status import Status, sub_of
from cockpit.demo.controllers.kruise.workload import Workload
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import KRUISE_ROLLOUTS
from cockpit.demo.schemas.objects import Object


@dataclass
class Release:
    """`status` is changed in place and written when the look is over; `recheck` is seconds until the next one.

    `legacy` makes the controller behave as releases up to 0.5 do.
    """

    world: World
    grace: Grace
    rollout: Object
    status: Status
    workload: Workload | None
    legacy: bool = False
    recheck: float | None = None

    @property
    def sub(self) -> Status:
        """`canaryStatus` or `blueGreenStatus`; empty when there is neither."""
        return sub_of(self.status) or {}

    @property
    def step(self) -> dict[str, Any]:
        """The step at which the release stands."""
        return plan.step_at(self.rollout, self.sub.get("currentStepIndex", 0))

    @property
    def now(self) -> str:
        """The time as statuses have it."""
        return self.world.clock.timestamp()

    def touch(self) -> None:
        """Note the time: waits count from here."""
        self.sub["lastUpdateTime"] = self.now

    def enter(self, state: str) -> None:
        """Go to another state of the step."""
        self.sub["currentStepState"] = state

    def again(self, seconds: float = GRACE) -> None:
        """Look again after so many seconds."""
        self.recheck = seconds

    def say(self, message: str) -> None:
        """Set the message of the whole."""
        self.status["message"] = message

    def tell(self, message: str) -> None:
        """Leave an Event on the Rollout."""
        self.world.tell(KRUISE_ROLLOUTS, self.rollout, "Progressing", message, COMPONENT, "Normal")
