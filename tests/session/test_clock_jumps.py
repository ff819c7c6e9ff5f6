"""A wall clock that somebody sets by an hour, ahead or back, changes nothing of what is known."""

from __future__ import annotations

import pytest

from cockpit.model.journal import Origin
from cockpit.model.plan import Act, Ask
from cockpit.model.view import FleetView, Prepared, Stage, Sync
from cockpit.pairing.pilot_lease import MAY_ARRIVE_SECONDS
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, Open

HOUR = 3600.0


def told(view: FleetView) -> Stage:
    """What was told last of the act that was sent here."""
    return next(entry.stage for entry in reversed(view.journal) if entry.origin is Origin.HERE)


JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])


@JUMPS
async def test_a_lost_request_may_arrive_for_as_long_as_ever(server: ApiServer, stage: Open, jump: float) -> None:
    on = await stage(server)
    plan = await on.passing(on.session.prepare(KEY, Ask(Act.FLIP, version="v2")))
    assert isinstance(plan, Prepared)
    server.lose_requests = 1
    assert (await on.passing(on.session.send(plan))).stage is Stage.UNKNOWN
    begun = on.clock.monotonic()
    on.clock.suspend(jump)
    await on.until(lambda _: on.clock.monotonic() - begun > MAY_ARRIVE_SECONDS / 2)
    assert told(on.session.view()) is Stage.UNKNOWN, "told too early that it was not made"
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})  # the proxy lets it go
    view = await on.until(lambda view: told(view) is not Stage.UNKNOWN)
    assert told(view) is Stage.SENT
    assert on.clock.monotonic() - begun < MAY_ARRIVE_SECONDS


@JUMPS
async def test_a_request_that_never_comes_is_given_up_in_time(server: ApiServer, stage: Open, jump: float) -> None:
    on = await stage(server)
    plan = await on.passing(on.session.prepare(KEY, Ask(Act.FLIP, version="v2")))
    assert isinstance(plan, Prepared)
    server.lose_requests = 1
    assert (await on.passing(on.session.send(plan))).stage is Stage.UNKNOWN
    begun = on.clock.monotonic()
    on.clock.suspend(jump)
    await on.until(lambda view: told(view) is Stage.REFUSED)
    assert MAY_ARRIVE_SECONDS - 10 <= on.clock.monotonic() - begun <= MAY_ARRIVE_SECONDS + 30


@JUMPS
async def test_what_is_live_stays_live_and_a_change_is_seen(server: ApiServer, stage: Open, jump: float) -> None:
    on = await stage(server)
    on.clock.suspend(jump)
    await on.clock.advance(30)
    cluster = on.session.view().clusters[0]
    assert (cluster.state, cluster.stale_since) == (Sync.LIVE, None)
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    view = await on.until(lambda view: view.rollouts[0].rollout.lanes[0].shares[-1].written == 1.0)
    assert view.clusters[0].state is Sync.LIVE
