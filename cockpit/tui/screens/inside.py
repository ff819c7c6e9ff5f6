"""The plan dialog of a probe from inside the cluster."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.probe_job import InsideWish
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Outcome, Prepared
from cockpit.session.port import Cockpit
from cockpit.tui.screens.plan import PlanDialog


class InsideDialog(PlanDialog):
    """Plans the Job, creates it, and says how its pods are doing.

    Closing it does not stop them: the key that stops a probe does.
    """

    one_line_a_stage = True

    def __init__(self, rollout: RolloutKey, wish: InsideWish) -> None:
        super().__init__(rollout, Ask(Act.PROBE), ())
        self.wish = wish

    async def plan_it(self, cockpit: Cockpit) -> Prepared | Refused:
        return await cockpit.prepare_inside(self.rollout, self.wish)

    async def carry_out(self, cockpit: Cockpit, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        return await cockpit.probe_inside(prepared, report)
