"""Acts from the ask to the journal, on an API server that does what the test says."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask
from cockpit.model.view import Outcome, Prepared, Stage
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, Open

FLIP = Ask(Act.FLIP, version="v2")


async def test_a_flip_is_tried_sent_and_seen_to_take_effect(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    prepared = await on.passing(on.session.prepare(KEY, FLIP))
    assert isinstance(prepared, Prepared)
    assert prepared.blocked == ""
    assert prepared.diff == ("spec.selector.version v1 -> v2",)
    assert server.dry_runs == [("PATCH", SHOP)]
    assert server.writes == []
    heard: list[Outcome] = []
    outcome = await on.passing(on.session.send(prepared, report=heard.append))
    assert outcome.stage is Stage.VERIFIED, outcome
    assert "probe is not running" in outcome.why
    assert [o.stage for o in heard] == [Stage.SENDING, Stage.SENT, Stage.VERIFIED]
    assert server.writes == [("PATCH", SHOP)]
    assert server.docs[SHOP]["spec"]["selector"] == {"app": "shop", "version": "v2"}
