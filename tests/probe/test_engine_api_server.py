"""A probe whose requests go through an API server: what does not reach the application counts for nothing."""

from __future__ import annotations

from cockpit.model.probe_answer import Answer, Failure, ProbeRequest
from cockpit.model.probe_target import ProxiedService, proxied_target
from cockpit.probe.engine import Probe
from cockpit.probe.pacer import Budget
from cockpit.session.clock import ManualClock
from tests.probe.parts import V1, V2, lane
from tests.probe.probing import passing, running

WEB = proxied_target(ProxiedService("test", "shop", "web", "80"), 80)


class Script:
    """Gives the answers of a script, the last one for ever; counts requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.sent = 0

    async def send(self, request: ProbeRequest) -> Answer:
        self.sent += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def close(self) -> None:
        return


async def seen(script: Script, seconds: int) -> Probe:
    clock = ManualClock()
    probe = Probe(script, clock, Budget(clock), rate=5.0, settle=0.0)
    async with running(probe):
        probe.set_target(WEB, [lane(v1=0.5, v2=0.5)], [V1, V2], "e1")
        probe.start()
        await passing(clock, seconds)
    return probe


async def test_what_the_api_server_refuses_is_said_and_counts_for_nothing() -> None:
    script = Script(Answer(None, failure=Failure.NO_WAY, text="you may not `get` services/proxy in namespace shop"))
    view = (await seen(script, 4)).view()
    assert script.sent > 10
    assert (view.total, view.errors, view.strip) == (0, 0, ())
    assert view.message == "web.shop.svc: you may not `get` services/proxy in namespace shop"


async def test_a_failure_of_the_application_counts_as_usual() -> None:
    view = (await seen(Script(Answer(None, failure=Failure.REFUSED, text="connection refused")), 4)).view()
    assert view.errors == view.total > 10
    assert view.message == "web.shop.svc: connection refused"


async def test_a_doubtful_split_is_not_sampled_faster_through_an_api_server() -> None:
    script = Script(Answer(200, body=b"version: v1"))
    await seen(script, 10)
    assert script.sent <= 51
