"""Guards in a session: armed ones act once, through the same plan and sender, and the journal says all of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cockpit.model.guard import GuardOrder, GuardState, GuardView, parse_conditions
from cockpit.model.health import AnswerHealth, Level
from cockpit.model.journal import HEALTH
from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Verdict
from cockpit.model.view import FleetView
from cockpit.model.view import Stage as ActStage
from cockpit.session.settings import Settings
from tests.session.acting import active, sent
from tests.session.apiserver import ApiServer
from tests.session.canary import Canary
from tests.session.conftest import KEY, SHOP, Open, Stage, service

ABORT = ("PATCH", SHOP)


async def releasing(server: ApiServer, stage: Open, adapter: Canary | None = None, **more: Any) -> Stage:
    """A session that sees v2 being released."""
    server.put(SHOP, service("v2"))
    on: Stage = await stage(server, adapters=(adapter or Canary(),), **more)
    return on


async def armed(on: Stage, *conditions: str, seconds: float | None = None) -> None:
    order = GuardOrder(parse_conditions(conditions), True, seconds)
    assert await on.passing(on.session.guard(KEY, order)) == ""


def guard(on: Stage) -> GuardView:
    (shown,) = on.session.view().rollouts
    assert shown.guard
    return shown.guard


def findings(on: Stage) -> dict[str, str]:
    (shown,) = on.session.view().rollouts
    return {found.id: found.text for found in shown.rollout.findings}


def hurt(on: Stage) -> None:
    on.probes[0].hear(
        AnswerHealth("default", "v1", 100.0, 0.0, on.clock.now()),
        AnswerHealth("default", "v2", 100.0, 27.0, on.clock.now(), failing=Level.ALARM),
    )
    on.probes[0].see(Verdict.ON, 200, v1=0.0, v2=1.0)


async def in_state(on: Stage, state: GuardState) -> GuardView:
    await on.until(lambda _: guard(on).state is state)
    return guard(on)


def journal(on: Stage) -> list[tuple[str, str, str, str]]:
    """What the journal's file says of acts and guards; what it says of health has tests of its own."""
    lines = [json.loads(line) for line in on.journal.read_text().splitlines()] if on.journal.exists() else []
    lines = [line for line in lines if line["act"] != HEALTH]
    return [(line["stage"], line["title"], line["why"], line["who"]) for line in lines]


async def test_an_armed_guard_aborts_once_and_the_journal_says_why(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt for 30s")
    assert guard(on).armed
    assert (guard(on).who, guard(on).way, guard(on).until) == ("ann", Act.ABORT, None)
    assert "it will abort by itself when hurt for 30s" in findings(on)["guard-armed"]
    hurt(on)
    await in_state(on, GuardState.HOLDING)
    await on.clock.advance(20)
    assert active(server) == "v2"
    await on.clock.advance(12)
    await on.until(lambda _: active(server) == "v1")
    on.probes[0].see(Verdict.ON, 200, v1=1.0, v2=0.0)
    found = await in_state(on, GuardState.ACTED)
    assert "abort, because hurt for 30s: v2 fails 27% of its requests" in found.words
    assert "Verified" in found.words
    assert found.rings == 1
    await on.clock.advance(300)
    assert server.writes == [ABORT]
    await on.until(lambda _: "guard-acted" in findings(on))
    await on.until(lambda _: len(journal(on)) == 6)
    lines = journal(on)
    assert [line[:2] for line in lines] == [
        ("noted", "guard armed until the release ends"),
        ("noted", "guard acts: abort"),
        ("sending", "abort to v1"),
        ("sent", "abort to v1"),
        ("verified", "abort to v1"),
        ("noted", "guard acted: abort"),
    ]
    assert lines[0][2] == "goes back by itself when hurt for 30s"
    assert lines[1][2].startswith("hurt for 30s: v2 fails 27% of its requests")
    assert lines[2][3] == "guard of ann@test"
    figures = "because hurt for 30s: v2 fails 27% of its requests (27 of the last 100 answers of v2)"
    assert figures in lines[4][2]
    told = [doc["message"] for path, doc in server.docs.items() if "/events/" in path]
    assert [message for message in told if message.startswith("guard of ann: abort to v1") and figures in message]


async def test_it_acts_within_a_second_of_its_condition_though_nobody_looks(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt")
    on.session.subscribe(_never_reads)
    hurt(on)
    began = on.clock.monotonic()
    await in_state(on, GuardState.ACTING)
    assert on.clock.monotonic() - began <= 1.0


def _never_reads(view: FleetView) -> None:
    raise RuntimeError("the terminal is stuck")


async def test_where_nothing_can_be_aborted_it_rolls_back(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage, Canary(Act.ROLLBACK))
    await armed(on, "hurt")
    hurt(on)
    await on.until(lambda _: active(server) == "v1")
    await on.until(lambda _: any(entry.act == "rollback" for entry in on.session.view().journal))
    assert "guard acts: roll back" in [line[1] for line in journal(on)]


async def test_a_guard_that_is_not_armed_proposes_and_sends_nothing(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    assert await on.passing(on.session.guard(KEY, GuardOrder(parse_conditions(["hurt"])))) == ""
    hurt(on)
    found = await in_state(on, GuardState.PROPOSING)
    assert (found.way, found.rings, found.armed) == (Act.ABORT, 1, False)
    await on.until(lambda _: "guard-proposes" in findings(on))
    assert findings(on)["guard-proposes"].startswith("the guard proposes to abort: hurt: v2 fails 27%")
    await on.clock.advance(120)
    assert server.writes == []
    assert journal(on) == []


async def test_an_act_by_hand_disarms_it_and_it_goes_on_proposing(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt for 30s")
    hurt(on)
    assert (await sent(on, Ask(Act.PROMOTE, version="v2"), wait=0)).stage is ActStage.SENT
    await on.until(lambda _: not guard(on).armed)
    assert "disarmed by an act by hand: promote v2" in findings(on)["guard-disarmed"]
    writes = list(server.writes)
    await on.clock.advance(60)
    await in_state(on, GuardState.PROPOSING)
    assert server.writes == writes
    assert ("noted", "guard disarmed", "by an act by hand: promote v2", "ann@test") in journal(on)


async def test_an_act_that_is_refused_disarms_nothing(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt for 30s")
    prepared = await on.passing(on.session.prepare(KEY, Ask(Act.FLIP, version="v1")))
    outcome = await on.passing(on.session.send(replace(prepared)))
    assert (outcome.stage, "not prepared in this session" in outcome.why) == (ActStage.REFUSED, True)
    assert guard(on).armed


async def test_it_ends_with_the_release_and_the_journal_says_so(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt", seconds=1800.0)
    server.put(SHOP, service("v1"))
    assert (await in_state(on, GuardState.ENDED)).words == "the release ended: at rest on v1"
    await on.until(lambda _: len(journal(on)) == 2)
    assert journal(on)[0][1].startswith("guard armed until ")
    assert journal(on)[1][1:3] == ("armed guard ended", "the release ended: at rest on v1")
    assert "guard-armed" not in findings(on)


async def test_its_time_can_be_up(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt", seconds=60.0)
    await on.clock.advance(61)
    found = await in_state(on, GuardState.ENDED)
    assert (found.words, found.timed_out) == ("its time is up", True)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (GuardOrder(armed=True), "read-only"),
        (GuardOrder(parse_conditions(["v9 slower"])), "there is no version v9"),
    ],
)
async def test_what_cannot_be_set(server: ApiServer, stage: Open, order: GuardOrder, words: str) -> None:
    on = await releasing(server, stage, settings=Settings(read_only=True))
    assert words in await on.passing(on.session.guard(KEY, order))
    assert await on.passing(on.session.guard(KEY, GuardOrder())) == ""


async def test_nothing_is_armed_where_no_release_is_under_way_or_no_act_goes_back(
    server: ApiServer, stage: Open
) -> None:
    on = await stage(server, adapters=(Canary(),))
    assert "no release is under way" in await on.passing(on.session.guard(KEY, GuardOrder()))
    server.put(SHOP, service("v2"))
    await on.until(lambda view: view.rollouts[0].rollout.acts[1].enabled)
    gone = KEY.__class__(KEY.context, KEY.namespace, "gone", KEY.system)
    assert "no rollout" in await on.passing(on.session.guard(gone, GuardOrder(armed=True)))


async def test_it_does_not_act_while_the_cluster_is_stale_and_says_so(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt for 30s")
    server.die()
    hurt(on)
    await in_state(on, GuardState.STALE)
    assert "does not act on stale data" in findings(on)["guard-blind"]
    await on.clock.advance(60)
    assert guard(on).state is GuardState.STALE
    server.dead = False
    await on.until(lambda _: active(server) == "v1")
    assert server.writes == [ABORT]


async def test_one_that_cannot_act_says_so_and_tries_again(server: ApiServer, stage: Open) -> None:
    adapter = Canary()
    on = await releasing(server, stage, adapter)
    await armed(on, "hurt")
    adapter.broken = "v1 has no ready pods"
    hurt(on)
    found = await in_state(on, GuardState.FAILED)
    assert "abort was refused: v1 has no ready pods" in found.words
    assert found.rings == 1
    await on.until(lambda _: "guard-failed" in findings(on))
    adapter.broken = ""
    await on.until(lambda _: active(server) == "v1")
    on.probes[0].see(Verdict.ON, 200, v1=1.0, v2=0.0)
    await in_state(on, GuardState.ACTED)
    assert server.writes == [ABORT]


async def test_one_that_cannot_measure_says_so(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt")
    assert on.session.view().rollouts[0].probe.running, "a guard measures"
    await on.passing(on.session.probe(KEY, False))
    await on.clock.advance(62)
    found = await in_state(on, GuardState.BLIND)
    assert (found.words, found.rings) == ("the probe is off", 1)


@pytest.mark.parametrize("chosen", [None, False, True])
async def test_it_samples_only_for_as_long_as_it_guards(server: ApiServer, stage: Open, chosen: bool | None) -> None:
    on = await releasing(server, stage)
    if chosen is not None:
        await on.passing(on.session.probe(KEY, chosen))
    await armed(on, "hurt")
    await on.until(lambda view: view.rollouts[0].probe.running)
    assert await on.passing(on.session.guard(KEY, None)) == ""
    await on.until(lambda view: view.rollouts[0].probe.running is bool(chosen))
    await on.clock.advance(2)
    assert on.session.view().rollouts[0].probe.running is bool(chosen)


async def test_who_disarms_it_is_in_the_journal(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt")
    assert await on.passing(on.session.guard(KEY, None)) == ""
    await on.until(lambda view: view.rollouts[0].guard is None)
    assert journal(on)[-1][1:3] == ("guard disarmed", "by hand")
    hurt(on)
    await on.clock.advance(60)
    assert server.writes == []


async def test_one_that_only_proposes_from_now_on_is_disarmed(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt for 30s")
    assert await on.passing(on.session.guard(KEY, GuardOrder())) == ""
    assert not guard(on).armed
    assert [line[1] for line in journal(on)] == ["guard armed until the release ends", "guard disarmed"]


async def test_the_journal_names_each_attempt_whose_condition_began_anew(server: ApiServer, stage: Open) -> None:
    adapter = Canary()
    on = await releasing(server, stage, adapter)
    await armed(on, "hurt")
    adapter.broken = "v1 has no ready pods"
    for _ in range(2):
        hurt(on)
        await in_state(on, GuardState.FAILED)
        on.probes[0].hear()
        on.probes[0].see(Verdict.ON, 200, v1=0.0, v2=1.0)
        await in_state(on, GuardState.WATCHING)
    assert [line[1] for line in journal(on)].count("guard acts: abort") == 2


async def test_a_session_that_ends_says_that_nothing_guards_any_more(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await armed(on, "hurt")
    await on.session.__aexit__(None, None, None)
    assert journal(on)[-1][1:3] == ("armed guard ended", "the session that held it has ended")


async def test_the_journal_says_when_users_began_to_be_hurt(server: ApiServer, stage: Open) -> None:
    on = await releasing(server, stage)
    await on.passing(on.session.guard(KEY, GuardOrder(parse_conditions(["hurt"]))))
    hurt(on)
    view = await on.until(lambda view: any(entry.act == HEALTH for entry in view.journal))
    [note] = [entry for entry in view.journal if entry.act == HEALTH]
    assert note.title.startswith("users are hurt: v2 fails 27% of its requests")
    assert note.seen is not None
    assert note.seen.health == "hurt"
