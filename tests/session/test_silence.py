"""An absent network of this machine is not taken for an outage, and an outage not for long for an absent network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.health import AnswerHealth, Health, Level, RolloutHealth
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, Rollout, Severity
from cockpit.model.view import Cell, CellKind, RolloutView
from cockpit.session.facts.assemble import IDLE
from cockpit.session.facts.silence import Silence, Silences, silence, told_with
from tests.session.apiserver import ApiServer
from tests.session.conftest import Open

UTC = 1_767_225_600.0  # 2026-01-01T00:00:00Z, at the monotonic moment 0
FAILED = Finding("no-answers", Severity.CRITICAL, "the last 9 requests failed", "timeout", about="probe")
BOTH = "no answers from anywhere since 00:01:40 UTC: is this machine offline?"


def cells(*kinds: str, first: float, every: float = 0.5) -> tuple[Cell, ...]:
    """Cells one after the other: "ok", or the note of an error."""
    return tuple(
        Cell(CellKind.ANSWER if kind == "ok" else CellKind.ERROR, None, "default", kind, first + n * every)
        for n, kind in enumerate(kinds)
    )


def view(name: str, strip: Sequence[Cell], address: str = "", port: int = 443, **probe: object) -> RolloutView:
    """A rollout of which nobody answers, by what its probe saw."""
    target = ProbeTarget(address or f"{name}.example", port, f"{name}.example")
    running = replace(IDLE, running=True, probe_target=target, strip=tuple(strip), **probe)  # type: ignore[arg-type]
    findings = (FAILED,) if strip and strip[-1].kind is CellKind.ERROR else ()
    rollout = Rollout(
        RolloutKey("t", "shop", name, "manual"), "ingress", Phase.CANARY, "", (), (), (), "1", findings=findings
    )
    return RolloutView(
        rollout, running, health=RolloutHealth(Health.HURT, FAILED.text) if findings else RolloutHealth()
    )


def gone(since: float = 100.5, count: int = 9, note: str = "timeout") -> tuple[Cell, ...]:
    return (*cells("ok", first=since - 0.5), *cells(*[note] * count, first=since))


def told(views: Sequence[RolloutView], heard: float = 100.0, at: float = 106.0) -> list[RolloutView]:
    found = silence((each.probe for each in views), heard, at, UTC + at)
    return [told_with(each, found) if found else each for each in views]


@pytest.mark.parametrize("note", ["timeout", "dns", "unreachable"])
def test_no_answers_from_anywhere_is_asked_about_and_is_no_outage_of_each(note: str) -> None:
    for each in told([view("pay", gone(note=note)), view("cart", gone(100.2, note=note))]):
        assert each.health == RolloutHealth(Health.DOUBTFUL, BOTH)
        assert [(f.id, f.severity, f.about) for f in each.rollout.findings] == [("offline", Severity.WARNING, "probe")]
        assert each.rollout.findings[0].evidence == FAILED.text


def test_one_address_alone_stays_loud_and_both_possibilities_are_said() -> None:
    one, other = view("pay", gone(), "10.0.0.9"), view("cart", gone(), "10.0.0.9", port=8443)
    for each in told([one, other]):
        assert each.health.health is Health.HURT
        words = (
            "the last 9 requests failed; no API server was heard since 00:01:40 UTC either: is this machine offline?"
        )
        assert each.health.reason == words
        assert each.rollout.findings == (replace(FAILED, text=words),)


@pytest.mark.parametrize(
    ("third", "heard"),
    [
        (cells(*["ok"] * 12, first=100.0), 100.0),  # somebody answers
        (cells(*["503"] * 12, first=100.0), 100.0),  # a failure, and an answer
        (cells(*["refused"] * 12, first=100.0), 100.0),  # somebody is there to refuse
        (gone(), 101.5),  # an API server was heard
    ],
)
def test_what_is_heard_makes_it_an_outage(third: Sequence[Cell], heard: float) -> None:
    views = [view("pay", gone()), view("cart", gone()), view("web", third)]
    assert told(views, heard) == views


def test_an_outage_that_began_before_stays_one_while_the_network_is_gone_too() -> None:
    old = view("pay", cells(*["timeout"] * 60, first=75.0))
    views = [old, view("cart", gone()), view("web", gone())]
    after = told(views)
    assert after[0] is old
    assert [each.health.health for each in after[1:]] == [Health.DOUBTFUL, Health.DOUBTFUL]


def test_what_hurts_besides_is_still_said_first() -> None:
    hurt = view("pay", gone())
    worse = Finding("dangling-canary", Severity.CRITICAL, "nothing is behind v2")
    hurt = replace(hurt, rollout=replace(hurt.rollout, findings=(FAILED, worse)))
    first, _ = told([hurt, view("cart", gone())])
    assert first.health == RolloutHealth(Health.HURT, "nothing is behind v2")
    assert [each.id for each in first.rollout.findings] == ["dangling-canary", "offline"]


def test_what_pods_of_the_cluster_see_says_nothing_of_this_machine() -> None:
    views = [view("pay", gone(), source="from the cluster, 5 pods"), view("cart", gone(), source="from the cluster")]
    assert told(views) == views


def test_once_something_is_heard_what_failed_meanwhile_is_not_taken_for_an_outage() -> None:
    rate = Finding("nobody-answers", Severity.CRITICAL, "31% of requests fail, and no version answers them")
    known = AnswerHealth("default", "", 60.0, 20.0, UTC + 130, Level.ALARM, failed_at=UTC + 119)
    shown = view("pay", gone(), health=(known,))
    shown = replace(shown, rollout=replace(shown.rollout, findings=(replace(rate, about="default"),)))
    past = Silence(100.0, UTC + 100, 2, until=UTC + 120)
    assert told_with(shown, past).health.health is Health.DOUBTFUL
    assert "the newest of them while nothing was heard from anywhere" in told_with(shown, past).health.reason
    later = replace(shown, probe=replace(shown.probe, health=(replace(known, failed_at=UTC + 125),)))
    assert told_with(later, past) is later


NOTES = st.sampled_from(["ok", "timeout", "dns", "unreachable", "refused", "503"])


@given(st.lists(st.lists(NOTES, max_size=12), min_size=1, max_size=4), st.floats(90, 120))
def test_no_failure_is_excused_that_began_before_something_was_heard(strips: list[list[str]], heard: float) -> None:
    views = [view(f"r{n}", cells(*strip, first=100.0)) for n, strip in enumerate(strips)]
    somebody = [cell.at for each in views for cell in each.probe.strip if cell.note in ("ok", "refused", "503")]
    for before, after in zip(views, told(views, heard, 120.0), strict=True):
        if after is before:
            continue
        began = before.probe.strip[-1].at
        for cell in reversed(before.probe.strip):
            if cell.note not in ("timeout", "dns", "unreachable"):
                break
            began = cell.at
        assert began >= heard - 0.5
        assert all(began >= at - 1.0 for at in somebody)


async def test_the_api_server_is_asked_at_once_and_its_answer_ends_the_doubt(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    cluster = on.session.cluster("test")
    assert cluster
    silences = Silences({"test": cluster}, on.clock)
    now = on.clock.monotonic()
    await on.clock.advance(5)
    views = [view("pay", gone(now + 1)), view("cart", gone(now + 1))]
    assert [each.health.health for each in silences.told(views)] == [Health.DOUBTFUL] * 2
    asking = asyncio.create_task(silences.run())
    await on.until(lambda _: cluster.pulse.at > now + 4)
    assert silences.told(views) == views
    asking.cancel()


async def test_a_question_that_is_given_up_is_not_the_last_one(server: ApiServer, stage: Open) -> None:
    """An internal error while reading ends a question that is under way; then the next one is asked."""
    on = await stage(server)
    cluster = on.session.cluster("test")
    assert cluster
    silences = Silences({"test": cluster}, on.clock)
    now = on.clock.monotonic()
    await on.clock.advance(5)
    views = [view("pay", gone(now + 1)), view("cart", gone(now + 1))]
    silences.told(views)
    asking = asyncio.create_task(silences.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cluster.pulse.close()
    assert cluster.pulse.at < now + 4
    await on.until(lambda _: asking.done() or cluster.pulse.at > now + 4)
    assert silences.told(views) == views
    asking.cancel()


@pytest.mark.parametrize(("seconds", "health"), [(0.5, Health.HURT), (8.0, Health.DOUBTFUL)])
async def test_an_outage_is_not_excused_afterwards_by_an_api_server_that_answers_at_once(
    server: ApiServer, stage: Open, seconds: float, health: Health
) -> None:
    on = await stage(server)
    cluster = on.session.cluster("test")
    assert cluster
    silences = Silences({"test": cluster}, on.clock)
    now = on.clock.monotonic()
    await on.clock.advance(5)
    known = AnswerHealth("default", "", 60.0, 20.0, on.clock.now(), Level.ALARM, failed_at=on.clock.now())
    rate = Finding("nobody-answers", Severity.CRITICAL, "31% of requests fail, and no version answers them")
    hurt = RolloutHealth(Health.HURT, rate.text)
    views = [view(name, gone(now + 1), health=(known,)) for name in ("pay", "cart")]
    views = [replace(each, rollout=replace(each.rollout, findings=(rate,)), health=hurt) for each in views]
    assert [each.health.health for each in silences.told(views)] == [Health.DOUBTFUL] * 2
    await on.clock.advance(seconds)
    cluster.pulse.beat()
    assert [each.health.health for each in silences.told(views)] == [health] * 2
