"""Since when a kind is not up to date: when something was last heard, not when the looking began."""

from __future__ import annotations

import pytest

from cockpit.kube.store import Store
from cockpit.kube.sync_state import SyncState
from cockpit.model.refs import DEPLOYMENTS
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock


class Heard:
    """When anything last came from the server."""

    heard = 0.0

    def beat(self) -> None:
        pass


@pytest.mark.parametrize("known", [Sync.LIVE, Sync.ABSENT, Sync.FORBIDDEN])
async def test_a_server_that_is_lost_is_so_since_it_was_last_heard(known: Sync) -> None:
    clock, pulse = ManualClock(1000.0), Heard()
    state = SyncState(DEPLOYMENTS, Store("test"), clock, pulse, lambda changes: None)  # type: ignore[arg-type]
    state.become(known)
    await clock.advance(300)
    pulse.heard = clock.now()
    await clock.advance(20)
    state.become(Sync.RETRYING, "no answer")
    assert state.view().since == 1300.0
    await clock.advance(60)
    state.become(Sync.RETRYING, "refused")
    assert state.view().since == 1300.0, "it never gets younger"


async def test_a_server_that_was_never_heard_is_lost_since_the_beginning() -> None:
    clock = ManualClock(1000.0)
    state = SyncState(DEPLOYMENTS, Store("test"), clock, Heard(), lambda changes: None)  # type: ignore[arg-type]
    await clock.advance(30)
    state.become(Sync.RETRYING, "no answer")
    assert state.view().since == 1000.0
