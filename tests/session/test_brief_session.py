"""A session for one command reads once, and follows its clusters from when somebody is waited for."""

from __future__ import annotations

import pytest

from cockpit.model.pairing import ControlsOrder, PilotMode, Wish
from cockpit.model.plan import Act, Ask
from cockpit.model.view import FleetView, Prepared
from cockpit.session.pairing.settings import PairingSettings
from cockpit.session.reads import Reads
from cockpit.session.settings import Settings
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, Open

# Far longer than a watch takes to bring a change.
SECONDS = 5.0


def written(view: FleetView) -> float | None:
    """The share of v2 by the Service's selector."""
    return view.rollouts[0].rollout.lanes[0].shares[1].written


@pytest.mark.parametrize("waits", ["not", "for the controls", "for a second person"])
async def test_who_waits_for_somebody_sees_what_changes_meanwhile(server: ApiServer, stage: Open, waits: str) -> None:
    settings = Settings(pairing=PairingSettings(PilotMode.ADVISORY, second="all"))
    on = await stage(server, reads=Reads.ONCE, settings=settings)
    if waits == "for the controls":
        await on.passing(on.session.controls(KEY, ControlsOrder(Wish.TAKE, reason="on call")))
    elif waits == "for a second person":
        plan = await on.passing(on.session.prepare(KEY, Ask(Act.FLIP, version="v2")))
        assert isinstance(plan, Prepared)
        assert plan.proposable
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    if waits == "not":
        await on.clock.advance(SECONDS)
        assert written(on.session.view()) == 0.0
    else:
        await on.until(lambda view: written(view) == 1.0)
