"""Preparing and sending acts on a scripted API server, with time that moves on meanwhile."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask
from cockpit.model.view import Outcome, Prepared
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, Stage

FLIP = Ask(Act.FLIP, version="v2")
PROMOTE = Ask(Act.PROMOTE, version="v2")
UNDO = Ask(Act.UNDO)


async def prepared(on: Stage, ask: Ask = FLIP) -> Prepared:
    """The plan for an ask; it must not be refused."""
    plan = await on.passing(on.session.prepare(KEY, ask))
    assert isinstance(plan, Prepared), plan
    return plan


async def sent(on: Stage, ask: Ask = FLIP, wait: float = 30.0) -> Outcome:
    """How an ask ended that was planned and sent at once."""
    outcome = await on.passing(on.session.send(await prepared(on, ask), wait=wait))
    assert isinstance(outcome, Outcome)
    return outcome


def active(server: ApiServer) -> str:
    """The version that the shop's Service selects."""
    version = server.docs[SHOP]["spec"]["selector"]["version"]
    assert isinstance(version, str)
    return version
