"""Undo of sent acts, on an API server that does what the test says."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.view import Prepared, Stage
from tests.session.acting import UNDO, active, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, V1, Open


async def test_undo_makes_a_deleted_object_again(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    server.change(V1, {"metadata": {"labels": {"team": "red"}, "managedFields": [{"manager": "x"}]}, "status": {}})
    before = server.docs[V1]
    assert (await sent(on)).stage is Stage.VERIFIED
    finished = await sent(on, Ask(Act.FINISH))
    assert finished.stage is Stage.VERIFIED, finished
    assert V1 not in server.docs
    undone = await sent(on, UNDO)
    assert undone.stage is Stage.VERIFIED, undone
    undone = await sent(on, UNDO)
    assert undone.stage is Stage.VERIFIED, undone
    assert active(server) == "v1"
    assert server.docs[V1]["spec"] == before["spec"]
    assert server.docs[V1]["metadata"]["labels"] == {"team": "red"}
    assert server.docs[V1]["metadata"]["uid"] != before["metadata"]["uid"]
    again = await on.passing(on.session.prepare(KEY, UNDO))
    assert isinstance(again, Refused)


async def test_undo_is_refused_where_somebody_else_moved_on(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    server.change(SHOP, {"spec": {"selector": {"version": "v3"}}})
    plan = await on.passing(on.session.prepare(KEY, UNDO))
    assert isinstance(plan, Prepared)
    assert plan.blocked
    assert (await on.session.send(plan)).stage is Stage.REFUSED
    assert active(server) == "v3"


async def test_the_view_says_whether_there_is_something_to_undo(server: ApiServer, stage: Open) -> None:
    on = await stage(server)

    def undoable() -> bool:
        return any(each.undoing for each in on.session.view().rollouts if each.rollout.key == KEY)

    assert not undoable()
    assert (await sent(on)).stage is Stage.VERIFIED
    assert undoable()
    assert (await sent(on, UNDO)).stage is Stage.VERIFIED
    assert not undoable()
