"""Acts whose requests or answers are lost, fail half way, or are given up by who sent them."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest

from cockpit.model.plan import Refused
from cockpit.model.view import Prepared, Stage
from cockpit.pairing.pilot_lease import MAY_ARRIVE_SECONDS
from cockpit.session.acts.undo import UndoStack, UndoStep
from cockpit.session.acts.undo_file import UndoFile
from cockpit.session.acts.unknown_file import UnknownFile
from tests.session.acting import PROMOTE, UNDO, active, prepared, sent
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, SHOP, V1, Open

# Far more than a session that ends waits for a last answer, far less than for the middle of a plan.
MOMENTS = 10.0


async def test_a_lost_answer_is_found_out_and_the_write_not_repeated(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.lose_answers = 1
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.VERIFIED, outcome
    assert server.writes == [("PATCH", SHOP)]


async def test_a_request_that_was_lost_is_unknown_until_it_can_not_arrive_any_more(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.lose_requests = 1
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNKNOWN, outcome
    assert "may or may not have happened" in outcome.why
    assert "the object does not show it; it may still arrive" in outcome.why
    sent_at = on.clock.now()
    view = await on.until(lambda view: view.journal[-1].stage is not Stage.UNKNOWN)
    assert view.journal[-1].stage is Stage.REFUSED
    assert "found out: it was not made, and it cannot arrive any more" in view.journal[-1].why
    assert on.clock.now() - sent_at >= MAY_ARRIVE_SECONDS - 10
    assert server.writes == []
    assert (await on.passing(on.session.prepare(KEY, UNDO))).why.startswith("nothing to undo")


async def test_across_a_cut_network_it_is_soon_told_that_nothing_is_known(server: ApiServer, stage: Open) -> None:
    """Each look at the object would take its own timeout."""
    on = await stage(server)
    plan = await prepared(on)

    def cut() -> None:
        server.frozen = True

    server.lose_requests, server.on_write, begun = 1, cut, on.clock.monotonic()
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNKNOWN, outcome
    assert "may or may not have happened" in outcome.why
    assert on.clock.monotonic() - begun <= 20.0
    server.frozen = False
    view = await on.until(lambda view: view.journal[-1].stage is not Stage.UNKNOWN)
    assert view.journal[-1].stage is Stage.REFUSED
    assert server.writes == []


async def test_a_write_that_arrives_later_is_found_out_and_can_be_undone(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.lose_requests = 1
    assert (await on.passing(on.session.send(plan))).stage is Stage.UNKNOWN
    begun = on.clock.now()
    await on.until(lambda view: on.clock.now() - begun > 45)
    assert on.session.view().journal[-1].stage is Stage.UNKNOWN
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})  # the proxy lets it go
    view = await on.until(lambda view: view.journal[-1].stage is not Stage.UNKNOWN)
    assert (view.journal[-1].stage, view.journal[-1].why) == (
        Stage.SENT,
        "found out: the objects are as it asked for",
    )
    assert (await sent(on, UNDO)).stage is Stage.VERIFIED
    assert active(server) == "v1"


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("applied", [True, False])
async def test_a_failure_of_the_server_says_nothing_about_the_write(
    server: ApiServer, stage: Open, status: int, applied: bool
) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.fail_after[("PATCH", SHOP)] = status
    if not applied:
        server.refuse[("PATCH", SHOP)] = status
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is (Stage.VERIFIED if applied else Stage.UNKNOWN), outcome
    assert "nothing was changed" not in outcome.why


async def test_a_later_session_goes_on_looking(server: ApiServer, stage: Open, tmp_path: Path) -> None:
    here = {"test": server.url}
    file = UnknownFile(tmp_path / "unknown.json", here)
    on = await stage(server, unknown=file, undo=UndoStack(UndoFile(tmp_path / "undo.json", here, UndoStep)))
    plan = await prepared(on)
    server.lose_requests = 1
    assert (await on.passing(on.session.send(plan))).stage is Stage.UNKNOWN
    await on.passing(on.session.__aexit__(None, None, None))
    assert len(file.left()) == 1
    assert stat.S_IMODE((tmp_path / "unknown.json").stat().st_mode) == 0o600
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    later = await stage(server, unknown=file, undo=UndoStack(UndoFile(tmp_path / "undo.json", here, UndoStep)))
    view = await later.until(lambda view: view.journal[-1].stage is Stage.SENT)
    assert len({entry.id for entry in view.journal}) == 1, "it is the same act"
    await later.until(lambda _: not file.left())
    assert (await sent(later, UNDO)).stage is Stage.VERIFIED
    assert active(server) == "v1"


@pytest.mark.parametrize("made", [True, False])
async def test_an_act_of_a_killed_session_is_found_out(
    server: ApiServer, stage: Open, tmp_path: Path, made: bool
) -> None:
    file = UnknownFile(tmp_path / "unknown.json", {"test": server.url})
    on = await stage(server, unknown=file)
    plan = await prepared(on)
    server.gate.clear()
    sending = asyncio.ensure_future(on.session.send(plan))
    await on.until(lambda view: view.journal and view.journal[-1].stage is Stage.SENDING and file.left())
    content = (tmp_path / "unknown.json").read_bytes()
    sending.cancel()
    server.lose_requests = not made
    server.gate.set()
    await on.passing(on.session.__aexit__(None, None, None))
    # The session was killed before it could note anything more: only the process that looked at it is gone.
    (tmp_path / "unknown.json").write_bytes(content)
    on.journal.write_bytes(on.journal.read_bytes().splitlines(True)[0])
    later = await stage(server, unknown=file)
    assert later.session.view().journal[-1].stage is not Stage.REFUSED
    view = await later.until(lambda view: view.journal[-1].stage not in (Stage.SENDING, Stage.UNKNOWN))
    assert view.journal[-1].stage is (Stage.SENT if made else Stage.REFUSED)
    undo = await later.passing(later.session.prepare(KEY, UNDO))
    assert isinstance(undo, Prepared if made else Refused), undo


async def test_a_session_that_ends_keeps_its_last_request_as_unknown_and_a_later_one_follows_it(
    server: ApiServer, stage: Open, tmp_path: Path
) -> None:
    file = UnknownFile(tmp_path / "unknown.json", {"test": server.url})
    on = await stage(server, unknown=file)
    plan = await prepared(on)
    server.gate.clear()
    sending = asyncio.ensure_future(on.session.send(plan))
    await on.until(lambda view: view.journal and view.journal[-1].stage is Stage.SENDING and file.left())
    begun = on.clock.monotonic()
    await on.passing(on.session.__aexit__(None, None, None))
    assert on.clock.monotonic() - begun < MOMENTS, "it waited for an answer that nobody will see"
    outcome = await sending
    assert (outcome.stage, server.writes) == (Stage.UNKNOWN, [])
    assert "a later session looks whether it was made" in outcome.why
    assert json.loads(on.journal.read_bytes().splitlines()[-1])["stage"] == "unknown"
    assert len(file.left()) == 1
    server.gate.set()
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})  # it was on its way
    later = await stage(server, unknown=file)
    await later.until(lambda view: view.journal[-1].stage is Stage.SENT)


async def test_a_session_that_ends_does_not_cut_a_plan_in_two(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on, PROMOTE)
    server.gate.clear()
    sending = asyncio.ensure_future(on.session.send(plan))
    await on.until(lambda view: view.journal and view.journal[-1].stage is Stage.SENDING)
    begun = on.clock.monotonic()
    ending = asyncio.ensure_future(on.session.__aexit__(None, None, None))
    await on.until(lambda _: on.clock.monotonic() - begun > MOMENTS)
    assert not ending.done()
    server.gate.set()
    await on.passing(ending)
    assert server.writes == [("PATCH", SHOP), ("DELETE", V1)]
    assert not (await sending).partial


async def test_sending_does_not_stand_for_ever(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.passing(on.session.send(await prepared(on)))
    first = on.journal.read_bytes().splitlines(True)[0]
    old = first.replace(b'"at":1700000', b'"at":1600000')
    assert old != first
    on.journal.write_bytes(old)
    later = await stage(server)
    entry = later.session.view().journal[-1]
    assert entry.stage is Stage.UNKNOWN
    assert "the session that sent it ended" in entry.why


async def test_unknown_is_said_only_where_the_object_cannot_be_read_either(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)

    def cut_off() -> None:
        server.fail_reads = True

    server.lose_answers = 1
    server.on_write = cut_off
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNKNOWN, outcome
    assert "may or may not have happened" in outcome.why
    assert server.writes == [("PATCH", SHOP)]


async def test_one_request_of_two_fails_and_what_was_done_can_be_taken_back(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on, PROMOTE)
    server.refuse[("DELETE", V1)] = 403
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNVERIFIED
    assert "done: patch Service shop/shop" in outcome.why
    assert "not done: delete Deployment shop/shop-v1" in outcome.why
    assert outcome.partial
    assert active(server) == "v2"
    await on.until(lambda view: not view.rollouts[0].acting)
    undone = await sent(on, UNDO)
    assert undone.stage is Stage.VERIFIED, undone
    assert active(server) == "v1"
    assert V1 in server.docs


async def test_a_face_that_gives_up_waiting_does_not_cut_a_plan_in_two(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on, PROMOTE)
    running = asyncio.ensure_future(on.session.send(plan))
    server.on_write = running.cancel
    await on.until(lambda view: V1 not in server.docs)
    assert running.cancelled()
    assert server.writes == [("PATCH", SHOP), ("DELETE", V1)]
    await on.until(lambda view: view.journal[-1].stage is Stage.VERIFIED)


async def test_a_write_that_somebody_overwrote_is_not_said_to_be_unmade(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.lose_requests = 1
    assert (await on.passing(on.session.send(plan))).stage is Stage.UNKNOWN
    # The proxy lets it go, and somebody takes it back before anybody looks.
    server.change(SHOP, {"spec": {"selector": {"version": "v2"}}})
    server.change(SHOP, {"spec": {"selector": {"version": "v1"}}})
    view = await on.until(lambda view: "since" in view.journal[-1].why)
    assert view.journal[-1].stage is Stage.UNKNOWN
    assert "Service shop/shop was written again since; check the objects" in view.journal[-1].why
