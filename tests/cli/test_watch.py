"""The command `watch`: a sentence, or a document, for each change."""

import json
import signal
from dataclasses import replace

import pytest

from cockpit.cli.program import Options
from cockpit.model.rollout import Phase
from cockpit.model.view import Sync
from tests.cli.fakes import cluster, fleet, rollout
from tests.cli.test_facts import STEPS, TIMED, WAITS, interrupted, program, run


def test_watch_prints_a_sentence_for_each_change_until_it_is_interrupted() -> None:
    later = replace(rollout(share=0.5), phase=Phase.PAUSED, findings=())
    made = interrupted(program(fleet([rollout()]), fleet([later]), fleet([later, rollout("new")]), fleet()))
    result = run(made, "watch")
    assert result.exit_code == 130
    times, texts = zip(*(line.split(" ", 1) for line in result.stdout.splitlines()), strict=True)
    assert set(times) == {"2023-11-14T22:13:20.250Z"}
    assert texts[1:] == (
        "demo:shop/web: canary -> paused",
        "demo:shop/web: written v1=70% v2=30% -> v1=50% v2=50%",
        "demo:shop/web: resolved: v2 answers 44%, 30% is written",
        texts[4],
        "demo:shop/web is gone",
        "demo:shop/new is gone",
    )
    assert texts[4].startswith("demo:shop/new appeared: not measured; canary")
    assert made.closed == 1


def test_watch_as_json_is_one_document_a_line_also_for_a_cluster() -> None:
    lost = fleet([rollout()], [cluster(state=Sync.RETRYING, message="connection lost")])
    result = run(interrupted(program(fleet([rollout()]), lost)), "watch", "-o", "json")
    first, second = map(json.loads, result.stdout.splitlines())
    assert first["rollout"]["name"] == "web"
    assert second == {
        "time": "2023-11-14T22:13:20.250Z",
        "change": "cluster demo is retrying: connection lost",
        "rollout": None,
    }


def test_watch_of_one_rollout_says_nothing_about_others_and_can_sample_it() -> None:
    made = interrupted(program(fleet([rollout()]), fleet([rollout(), rollout("other")])))
    result = run(made, "watch", "web", "--probe")
    assert len(result.stdout.splitlines()) == 1
    assert made.cockpit.probed == [(rollout().key, True)]


def test_plain_without_a_command_is_watch_and_otherwise_the_screen_opens() -> None:
    assert "demo:shop/web: not measured; canary" in run(interrupted(program(fleet([rollout()]))), "--plain").stdout
    made = program(fleet())
    assert run(made, "--theme", "light").exit_code == 0
    assert made.options == [Options(theme="light")]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_closes_the_session(number: signal.Signals, code: int) -> None:
    made = program(fleet([rollout()]))
    made.cockpit.at_end = lambda: signal.raise_signal(number)
    assert run(made, "watch").exit_code == code
    assert made.closed == 1


def test_watch_tells_steps() -> None:
    text = run(interrupted(program(fleet([WAITS]), fleet([TIMED]))), "watch").stdout
    assert "demo:shop/web: step 2/4 -> 3/4 20% pause 10m, until 2026-01-01T00:10:00Z" in text
    replanned = replace(TIMED, steps=STEPS[:2])
    text = run(interrupted(program(fleet([TIMED]), fleet([replanned]))), "watch").stdout
    assert "demo:shop/web: steps planned: 20%, pause" in text
