"""A line of the journal holds what was seen, the plan, what each request changed, the answer and the verification."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask
from cockpit.model.view import Stage
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.journal_lines import merged
from tests.session.acting import sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import V1, Open


async def test_an_act_is_kept_with_what_was_seen_what_changed_and_what_was_answered(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    assert (await sent(on)).stage is Stage.VERIFIED
    lines = list(Journal(on.journal).everything())
    assert [line.stage for line in lines] == [Stage.SENDING, Stage.SENT, Stage.VERIFIED]
    before, after = lines[0].seen, lines[-1].seen
    assert before is not None
    assert after is not None
    assert {(s.version, s.written) for s in before.shares} == {("v1", 1.0), ("v2", 0.0)}
    assert {(s.version, s.written) for s in after.shares} == {("v1", 0.0), ("v2", 1.0)}
    assert before.health
    planned, made = lines[0].record, lines[1].record
    assert planned is not None
    assert made is not None
    assert planned.changes == ("selector version v1 -> v2",)
    assert planned.requests[0].guard == "version is v1"
    [request] = made.requests
    assert request.what == "patch Service shop/shop"
    assert request.changes == ("spec.selector.version v1 -> v2",)
    assert request.answer.startswith("accepted, resourceVersion ")
    assert lines[-1].why.startswith("took effect")


async def test_a_deletion_says_that_it_was_there_and_the_screen_keeps_the_plan_to_the_end(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    await sent(on)
    finished = await sent(on, Ask(Act.FINISH))
    assert finished.stage is Stage.VERIFIED, finished
    assert V1 not in server.docs
    shown = (await on.until(lambda view: view.journal[-1].stage is Stage.VERIFIED)).journal[-1]
    assert shown.record is not None
    assert shown.record.requests[-1].changes == ("it existed -> it is deleted",)


async def test_an_undo_names_the_act_that_it_undoes(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await sent(on)
    await sent(on, Ask(Act.UNDO))
    acts = (await on.until(lambda view: view.journal[-1].undoes)).journal
    assert acts[-1].undoes == acts[0].id
    assert merged(acts[0], acts[0]) == acts[0]
