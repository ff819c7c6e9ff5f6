"""What time it is at an API server, from the Date of its answers, without ever claiming more than it says."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from cockpit.kube.server_time import ServerTime
from cockpit.session.clock import ManualClock
from tests.kube.conftest import MakeApi, Scripted

NOW = 1_767_225_600.0


def date(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("there", "took", "ahead"),
    [(NOW, 0.0, 0.0), (NOW - 0.9, 0.0, 0.0), (NOW - 75, 0.0, 74.0), (NOW + 75, 0.0, -75.0), (NOW - 75, 20.0, 74.0)],
)
async def test_a_clock_that_is_off_is_noticed_and_never_overstated(there: float, took: float, ahead: float) -> None:
    clock = ManualClock(NOW)
    time = ServerTime(clock)
    asked = time.asked()
    await clock.advance(took)
    time.answered(asked, date(there))
    assert time.ahead == ahead


async def test_an_answer_that_took_long_says_nothing_of_clocks() -> None:
    clock = ManualClock(NOW)
    time = ServerTime(clock)
    asked = time.asked()
    clock.stop(120.0)
    time.answered(asked, date(NOW))
    assert time.ahead == 0.0
    asked = time.asked()
    clock.suspend(120.0)
    time.answered(asked, date(NOW + 120))
    assert time.ahead == 0.0


@pytest.mark.parametrize("text", [None, "", "yesterday", date(NOW - 400_000), date(0), "Wed, 99 Jan 2026 99:99:99 GMT"])
def test_a_date_that_is_none_or_beyond_belief_changes_nothing(text: str | None) -> None:
    time = ServerTime(ManualClock(NOW))
    time.answered(time.asked(), text)
    assert time.ahead == 0.0


async def test_every_answer_of_the_server_tells(server: Scripted, make_api: MakeApi, clock: ManualClock) -> None:
    api = make_api()
    for behind in (90.0, 0.0):
        server.then(server.says({"kind": "List"}, headers={"Date": date(clock.now() - behind)}))
        await api.get_path("/api/v1/pods")
        assert api.time.ahead == pytest.approx(max(behind - 1.0, 0.0), abs=1.0)
