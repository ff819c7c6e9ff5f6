"""Undo of sent acts, on an API server that does what the test says."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.view import Stage
from tests.session.acting import UNDO, active, sent
from tests.session.apiserver import ApiServer, Doc
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


async def test_an_undo_of_what_somebody_else_changed_since_is_refused_with_what_and_by_whom(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    server.change(SHOP, {"spec": {"selector": {"version": "v3"}}, "metadata": {"managedFields": _edited()}})
    plan = await on.passing(on.session.prepare(KEY, UNDO))
    assert isinstance(plan, Refused), "no plan that the server would not take"
    assert "it was changed since: Service shop/shop: spec.selector.version v2 -> v3, by kubectl" in plan.why
    assert "to go back all the same: flip v1" in plan.why
    assert active(server) == "v3"


async def test_an_undo_whose_object_is_gone_is_refused_and_says_so(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    server.remove(SHOP)
    plan = await on.passing(on.session.prepare(KEY, UNDO))
    assert isinstance(plan, Refused)
    assert "Service shop/shop was deleted" in plan.why


def _edited() -> list[Doc]:
    fields: Doc = {"f:spec": {"f:selector": {"f:version": {}}}}
    owner: Doc = {"manager": "kubectl-edit", "operation": "Update", "time": "2100-01-01T00:00:00Z", "fieldsV1": fields}
    other: Doc = {
        "manager": "later",
        "operation": "Update",
        "time": "2100-01-01T00:00:09Z",
        "fieldsV1": {"f:metadata": {}},
    }
    return [owner, other]


async def test_the_view_says_whether_there_is_something_to_undo(server: ApiServer, stage: Open) -> None:
    on = await stage(server)

    def undoable() -> bool:
        return any(each.undoing for each in on.session.view().rollouts if each.rollout.key == KEY)

    assert not undoable()
    assert (await sent(on)).stage is Stage.VERIFIED
    assert undoable()
    assert (await sent(on, UNDO)).stage is Stage.VERIFIED
    assert not undoable()
