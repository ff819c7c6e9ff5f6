"""The fence of an act: asked before it is sent and before each of its requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.model.refs import RolloutKey
from cockpit.model.view import Stage
from tests.session.acting import PROMOTE, active, prepared
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, Open
from tests.session.conftest import Stage as On


@dataclass
class Scripted:
    """Implements Fence: refuses from the given request on."""

    blocked: str = ""
    refuses: str = ""
    lost_at: int = 99
    asked: list[str] = field(default_factory=list)

    def why_not(self, key: RolloutKey) -> str:
        return self.blocked

    def notes(self, key: RolloutKey) -> tuple[str, ...]:
        return ("ben has the controls",)

    async def begin(self, key: RolloutKey, title: str) -> str:
        self.asked.append(f"begin {title}")
        return self.refuses

    async def confirm(self, key: RolloutKey) -> str:
        self.asked.append("confirm")
        return "ben has the controls" if self.asked.count("confirm") >= self.lost_at else ""

    def end(self, key: RolloutKey, unknown: bool) -> None:
        self.asked.append(f"end {unknown}")


def fenced(on: On, fence: Scripted) -> Scripted:
    cluster = on.session.cluster(KEY.context)
    assert cluster
    cluster.fence = fence
    return fence


async def test_each_request_is_confirmed(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    fence = fenced(on, Scripted())
    plan = await prepared(on, PROMOTE)
    assert plan.concerns[0] == "ben has the controls"
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.VERIFIED, outcome.why
    assert fence.asked == ["begin promote v2", "confirm", "confirm", "end False"]


async def test_an_act_that_is_refused_sends_nothing(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    fence = fenced(on, Scripted(refuses="ben has the controls"))
    outcome = await on.passing(on.session.send(await prepared(on, PROMOTE)))
    assert (outcome.stage, outcome.why) == (Stage.REFUSED, "nothing was sent: ben has the controls")
    assert fence.asked == ["begin promote v2"]
    assert server.writes == []


async def test_whoever_loses_the_controls_in_between_stops(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    fenced(on, Scripted(lost_at=2))
    outcome = await on.passing(on.session.send(await prepared(on, PROMOTE)))
    assert outcome.stage is Stage.UNVERIFIED
    assert outcome.partial
    assert "ben has the controls" in outcome.why
    assert server.writes == [("PATCH", SHOP)]
    assert active(server) == "v2"


async def test_a_second_attempt_is_confirmed_too(server: ApiServer, stage: Open) -> None:
    """Only the status changed since the plan was shown, so that the request is sent once more."""
    on = await stage(server)
    plan = await prepared(on)
    fence = fenced(on, Scripted(lost_at=2))

    def touched() -> None:
        if fence.asked.count("confirm") == 1:
            server.change(SHOP, {"status": {"seen": "yes"}})

    server.on_write = touched
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert fence.asked.count("confirm") == 2
    assert server.writes == []


async def test_what_is_not_known_is_told(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    fence = fenced(on, Scripted())
    plan = await prepared(on)
    server.lose_requests = 1
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNKNOWN
    assert fence.asked[-1] == "end True"


async def test_a_plan_is_blocked_and_says_so_while_it_is_shown(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    fence = fenced(on, Scripted(blocked="ben has the controls"))
    assert await on.passing(on.session.outdated(plan)) == "ben has the controls"
    assert (await prepared(on)).blocked == "ben has the controls"
    assert fence.asked == []
