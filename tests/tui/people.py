"""The part of a cockpit without a session that is about other people: it notes what it is asked."""

from __future__ import annotations

from cockpit.model.pairing import ControlsAnswer, ControlsOrder
from cockpit.model.refs import RolloutKey
from cockpit.model.second_order import SecondOrder


class FakePeople:
    """Implements that part of the port; every wish has the same answer."""

    def __init__(self) -> None:
        self.orders: list[tuple[RolloutKey, ControlsOrder]] = []
        self.seconds: list[tuple[RolloutKey, SecondOrder]] = []
        self.controls_answer = ControlsAnswer(True, "done")

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        self.orders.append((key, order))
        return self.controls_answer

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        self.seconds.append((key, order))
        return self.controls_answer
