import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.acting import progress_bar
from cockpit.cli.main import command_line
from cockpit.model.plan import Act, ActState, ActWay, Ask, Expected, Plan, Refused
from cockpit.model.rollout import Phase
from cockpit.model.view import Counting, Entry, Outcome, Prepared, Stage
from tests.cli.fakes import FakeCockpit, FakeProgram, cluster, fleet, plan, rollout

WEB = rollout()
ROOT = Path(__file__).parents[2]


def run(program: FakeProgram, *words: str) -> Result:
    return CliRunner().invoke(command_line, words, obj=program)


def program(*, read_only: bool = False, present: bool = False, answers: tuple[str, ...] = ()) -> FakeProgram:
    made = FakeProgram(FakeCockpit(fleet([WEB], read_only=read_only)))
    made.person.present = present
    made.person.answers = list(answers)
    return made


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (["set-weight", "web", "v2=50"], Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),))),
        (["set-weight", "web", "v2=50%", "v1=50"], Ask(Act.SET_WEIGHT, weights=(("v2", 0.5), ("v1", 0.5)))),
        (["set-weight", "web", "v2=100"], Ask(Act.SET_WEIGHT, weights=(("v2", 1.0),))),
        (["flip", "web"], Ask(Act.FLIP)),
        (["flip", "web", "v2"], Ask(Act.FLIP, version="v2")),
        (["rollback", "web"], Ask(Act.ROLLBACK)),
        (["rollback", "web", "--to", "v1"], Ask(Act.ROLLBACK, version="v1")),
        (["rollback", "web", "--to", "12"], Ask(Act.ROLLBACK, version="12")),
        (["undo", "web"], Ask(Act.UNDO)),
        (["header", "web", "v2", "foo=bar=baz"], Ask(Act.HEADER, version="v2", header=("foo", "bar=baz"))),
        (["header", "web", "v2", "--remove"], Ask(Act.HEADER, version="v2")),
        (["scale", "web", "v2=4"], Ask(Act.SCALE, counts=(("v2", 4),))),
        (["promote", "web", "--by", "backend"], Ask(Act.PROMOTE, by="backend")),
        (["finish", "web"], Ask(Act.FINISH)),
        (["jump", "web", "3"], Ask(Act.JUMP, step=3)),
        (["set-image", "web", "web:v3"], Ask(Act.SET_IMAGE, image=("", "web:v3"))),
        (["set-image", "web", "app=web@sha256:0a"], Ask(Act.SET_IMAGE, image=("app", "web@sha256:0a"))),
        (["restart", "web"], Ask(Act.RESTART)),
        (["enable", "web", "v2"], Ask(Act.ENABLE, version="v2")),
        (["disable", "web", "v1"], Ask(Act.DISABLE, version="v1")),
        (["disable", "web"], Ask(Act.DISABLE)),
        (["steps", "web", "v2", "20", "50%", "100"], Ask(Act.STEPS, version="v2", steps=(0.2, 0.5, 1.0))),
        (["steps", "web", "v2", "--end"], Ask(Act.STEPS, version="v2")),
        *(([str(act), "web"], Ask(act)) for act in (Act.APPROVE, Act.PAUSE, Act.RESUME, Act.ABORT, Act.RETRY)),
    ],
)
def test_each_act_asks_for_what_its_words_say(words: list[str], ask: Ask) -> None:
    made = program()
    assert run(made, *words, "--yes").exit_code == 0
    assert made.cockpit.asked == [(WEB.key, ask)]
    assert len(made.cockpit.sent) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["set-weight", "web", "v2=101"], 2, "not a share: use 0 to 100"),
        (["set-weight", "web", "v2=nan"], 2, "not a share"),
        (["set-weight", "web", "v2"], 2, "does not match VERSION=PERCENT"),
        (["set-weight", "web", "v1=50", "v2=40"], 2, "add up to 90%, not 100%"),
        (["set-weight", "web", "v1=90", "v2=40"], 2, "add up to 130%, more than 100%"),
        (["set-weight", "web", "v2=50", "v2=50"], 2, "given twice: v2; give each version once"),
        (["set-weight", "web", "v3=50"], 1, "has no version 'v3'. It has v1, v2."),
        (["set-weight", "web"], 2, "Missing argument"),
        (["scale", "web", "v2=-1"], 2, "not a number of pods"),
        (["scale", "web", "v2=1e9"], 2, "not a number of pods"),
        (["header", "web", "v2", "foo"], 2, "does not match KEY=VALUE"),
        (["header", "web", "v2", ""], 2, "does not match KEY=VALUE"),
        (["header", "web", "v2"], 2, "either KEY=VALUE, such as x-canary=always, or --remove"),
        (["header", "web", "v2", "foo=bar", "--remove"], 2, "either KEY=VALUE, such as x-canary=always, or --remove"),
        (["flip", "web", "blue"], 1, "has no version 'blue'. It has v1, v2."),
        (["set-image", "web", "=web:v3"], 2, "does not match [CONTAINER=]IMAGE"),
        (["set-image", "web", "app="], 2, "does not match [CONTAINER=]IMAGE"),
        (["steps", "web", "v2"], 2, "either PERCENT, such as 20 50 100, or --end"),
        (["steps", "web", "v2", "20", "--end"], 2, "either PERCENT, such as 20 50 100, or --end"),
        (["steps", "web", "v2", "50", "20"], 2, "each step must be higher than the one before"),
        (["steps", "web", "v2", "0", "20"], 2, "each step must be higher than the one before"),
        (["steps", "web", "v2", "20", "120"], 2, "not a share: use 0 to 100"),
        (["enable", "web", "blue"], 1, "has no version 'blue'. It has v1, v2."),
        (["jump", "web", "0"], 2, "0 is not in the range"),
        (["flip", "nothing"], 1, "no rollout 'nothing'"),
    ],
)
def test_wrong_arguments_are_told_and_nothing_is_asked(words: list[str], code: int, said: str) -> None:
    made = program()
    result = run(made, *words, "--yes")
    assert (result.exit_code, made.cockpit.asked) == (code, [])
    assert said in result.stderr


def test_the_plan_is_printed_before_it_is_sent() -> None:
    result = run(program(), "set-weight", "web", "v2=50", "--yes")
    for text in (
        "v2 in default 30% -> 50%",
        "kubectl --context demo -n shop patch service/web",
        "50% of the traffic on 1 of 3 pods",
        "patch Service shop/web: accepted",
        "set v2 back to 30%",
        "verified: objects and traffic agree",
    ):
        assert text in result.stdout
    assert "sending" in result.stderr


def test_a_dry_run_never_sends() -> None:
    made = program(present=True)
    result = run(made, "set-weight", "web", "v2=50", "--dry-run", "-o", "json")
    assert (result.exit_code, made.cockpit.sent, made.person.questions) == (0, [], [])
    told = json.loads(result.stdout)
    assert told["outcome"] == "dry-run"
    assert set(told["plan"]) >= {"act", "changes", "requests", "undo", "warnings", "commands"}
    assert told["plan"]["changes"] == ["v2 in default 30% -> 50%"]
    assert told["plan"]["requests"][0]["verb"] == "patch"


def test_without_a_terminal_and_without_yes_nothing_is_even_planned() -> None:
    made = program()
    result = run(made, "flip", "web")
    assert (result.exit_code, made.options) == (2, [])
    assert "--yes" in result.stderr


@pytest.mark.parametrize(
    ("raises", "answer", "sent"),
    [(True, "y", 1), (True, "", 0), (True, "n", 0), (False, "", 1), (False, "n", 0), (True, "YES", 1), (False, "?", 0)],
)
def test_enter_sends_only_what_lowers_exposure(raises: bool, answer: str, sent: int) -> None:
    made = program(present=True, answers=(answer,))
    made.cockpit.prepared = Prepared(plan(raises=raises), ())
    result = run(made, "flip", "web")
    assert len(made.cockpit.sent) == sent
    assert result.exit_code == (0 if sent else 1)
    assert made.person.questions == ["Send? [y/N] " if raises else "Send? [Y/n] "]


def everyone(act: Act, *, raises: bool) -> Plan:
    return replace(plan(act, raises=raises), expected=(Expected("default", "v2", 1.0),))


@pytest.mark.parametrize("act", [Act.FLIP, Act.PROMOTE, Act.SET_WEIGHT])
@pytest.mark.parametrize(("raises", "sent"), [(True, 0), (False, 1)])
def test_production_asks_for_the_name_before_everyone_gets_the_new_version(act: Act, raises: bool, sent: int) -> None:
    made = program()
    made.cockpit.prepared = Prepared(everyone(act, raises=raises), (), production=True)
    result = run(made, "flip", "web", "--yes")
    assert len(made.cockpit.sent) == sent
    assert ("add --confirm web" in result.stderr) is (not sent)
    assert run(made, "flip", "web", "--yes", "--confirm", "web").exit_code == 0


@pytest.mark.parametrize(
    ("words", "present", "answers", "sent"),
    [
        (["--yes"], False, (), 0),
        (["--yes", "--confirm", "web"], False, (), 1),
        (["--yes", "--confirm", "wep"], False, (), 0),
        ([], True, ("web",), 1),
        (["--yes"], True, ("y",), 0),
    ],
)
def test_production_asks_for_the_name(words: list[str], present: bool, answers: tuple[str, ...], sent: int) -> None:
    made = program(present=present, answers=answers)
    made.cockpit.prepared = Prepared(plan(Act.FINISH, final=True), (), production=True)
    result = run(made, "finish", "web", *words)
    assert len(made.cockpit.sent) == sent
    assert result.exit_code == (0 if sent else 1)
    assert sent or "--confirm web" in result.stderr


def test_a_refusal_says_why() -> None:
    made = program()
    made.cockpit.prepared = Refused(Act.APPROVE, WEB.key, "nothing waits for approval in demo:shop/web")
    result = run(made, "approve", "web", "--yes")
    assert (result.exit_code, result.stderr) == (1, "Error: refused: nothing waits for approval in demo:shop/web\n")
    told = json.loads(run(made, "approve", "web", "--yes", "-o", "json").stdout)
    assert told == {"outcome": "refused", "why": "nothing waits for approval in demo:shop/web", "plan": None}


@pytest.mark.parametrize(("read_only", "code"), [(False, 1), (True, 0)])
def test_a_plan_that_cannot_be_sent_is_shown_and_read_only_may_look(read_only: bool, code: int) -> None:
    made = program(read_only=read_only)
    made.cockpit.prepared = Prepared(plan(), (), blocked="services in demo: not allowed (403)")
    assert run(made, "flip", "web", "--dry-run").exit_code == code
    result = run(made, "flip", "web", "--yes")
    assert (result.exit_code, made.cockpit.sent) == (1, [])
    assert "not allowed (403)" in result.stderr


@pytest.mark.parametrize(
    ("words", "wait"), [([], 60.0), (["--no-wait"], 0.0), (["--within", "2m"], 120.0), (["--wait"], 60.0)]
)
def test_how_long_is_waited(words: list[str], wait: float) -> None:
    made = program()
    run(made, "flip", "web", "--yes", *words)
    assert [seconds for _, seconds in made.cockpit.sent] == [wait]


def test_undo_brings_back_a_rollout_that_is_gone_and_other_acts_do_not() -> None:
    past = Entry("1", 1.0, "me", WEB.key, "finish", "clean up", Stage.VERIFIED)
    elsewhere = replace(past, rollout=replace(WEB.key, context="other", name="db"))
    aside = replace(cluster("other"), aside=True)
    made = FakeProgram(FakeCockpit(replace(fleet(clusters=[cluster(), aside]), journal=(past, elsewhere))))
    assert run(made, "undo", "web", "--yes").exit_code == 0
    assert made.cockpit.asked == [(WEB.key, Ask(Act.UNDO))]
    assert run(made, "flip", "web", "--yes").exit_code == 1
    assert run(made, "undo", "db", "--yes").exit_code == 1
    assert len(made.cockpit.sent) == 1


@pytest.mark.parametrize(
    ("stage", "off", "code"),
    [
        (Stage.VERIFIED, True, 0),
        (Stage.SENT, True, 0),
        (Stage.UNVERIFIED, True, 6),
        (Stage.UNVERIFIED, False, 4),
        (Stage.REFUSED, True, 1),
        (Stage.UNKNOWN, True, 1),
    ],
)
def test_the_exit_code_says_what_came_of_it(stage: Stage, off: bool, code: int) -> None:
    shown = WEB if off else replace(WEB, lanes=())
    made = FakeProgram(FakeCockpit(fleet([shown])))
    made.cockpit.outcome = Outcome(stage, "because", plan())
    assert run(made, "flip", "web", "--yes").exit_code == code
    assert json.loads(run(made, "flip", "web", "--yes", "-o", "json").stdout)["outcome"] == str(stage)


@pytest.mark.parametrize(
    ("end", "phase", "code"),
    [
        ({"superseded": True}, Phase.WAITING, 7),
        ({"failed": True}, Phase.ABORTED, 3),
        ({}, Phase.WAITING, 5),
        ({}, Phase.PROGRESSING, 4),
        ({"partial": True, "failed": True}, Phase.ABORTED, 1),
    ],
)
def test_what_was_not_seen_to_take_effect_says_by_its_code_why(end: dict[str, Any], phase: Phase, code: int) -> None:
    made = FakeProgram(FakeCockpit(fleet([replace(WEB, lanes=(), phase=phase)])))
    made.cockpit.outcome = Outcome(Stage.UNVERIFIED, "because", plan(), **end)
    assert run(made, "approve", "web", "--yes").exit_code == code


@pytest.mark.parametrize(("words", "probed"), [([], 1), (["--no-wait"], 0), (["--no-probe"], 0)])
def test_the_traffic_is_sampled_where_its_answer_is_awaited(words: list[str], probed: int) -> None:
    made = program()
    run(made, "flip", "web", "--yes", *words)
    assert made.cockpit.probed == [(WEB.key, True)] * probed


def test_read_only_reaches_the_session() -> None:
    made = program()
    run(made, "--read-only", "flip", "web", "--yes")
    assert made.options[0].read_only is True


def test_a_way_that_the_rollout_does_not_have_is_told_with_those_that_it_has() -> None:
    ways = (ActWay("backend", "the Ingress sends all requests"), ActWay("selector", "the Service selects the pods"))
    acts = (ActState(Act.PROMOTE, True, ways=ways),)
    made = FakeProgram(FakeCockpit(fleet([replace(WEB, acts=acts)])))
    result = run(made, "promote", "web", "--by", "magic", "--yes")
    assert (result.exit_code, made.cockpit.asked) == (2, [])
    assert "backend: the Ingress sends all requests; selector: the Service selects the pods" in result.stderr
    assert run(made, "promote", "web", "--by", "selector", "--yes").exit_code == 0


def test_the_help_of_a_command_says_what_its_arguments_mean() -> None:
    result = run(program(), "set-weight", "--help")
    assert "VERSION=PERCENT: The share of each named version; the others split" in result.stdout
    assert "NAME VERSION [PERCENT...]" in run(program(), "steps", "--help").stdout
    assert "NAME [VERSION]" in run(program(), "promote", "--help").stdout


UNREAD = """
import sys
from cockpit.cli.main import command_line
from cockpit.model.plan import Act
from cockpit.model.view import Outcome, Stage
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, plan, rollout
program = FakeProgram(FakeCockpit(fleet([rollout()])))
program.cockpit.outcome = Outcome(Stage[sys.argv[1]], "as the cluster said", plan())
try:
    command_line(sys.argv[2:], obj=program)
finally:
    print(len(program.cockpit.sent), "sent", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            ["SENT", "flip", "web", "--yes", "--no-wait"],
            1,
            "nothing was sent, because stdout was closed before the plan could be read",
        ),
        (["SENT", "flip", "web", "--dry-run"], 0, "0 sent"),
        (["SENT", "flip", "web", "--yes", "-o", "json"], 0, "sent: as the cluster said"),
        (["UNKNOWN", "flip", "web", "--yes", "-o", "json"], 1, "unknown: as the cluster said"),
        (["SENT", "list"], 0, "0 sent"),
    ],
)
def test_a_reader_that_left_is_told_from_what_was_sent(words: list[str], code: int, told: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = subprocess.run(
            [sys.executable, "-c", UNREAD, *words],
            check=False, stdout=closed, stderr=subprocess.PIPE, text=True, timeout=60, cwd=ROOT,
        )  # fmt: skip
    assert ended.returncode == code
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert f"{int('json' in words)} sent" in ended.stderr


def test_without_a_terminal_it_is_said_once_that_answers_are_counted() -> None:
    made = program()
    made.cockpit.stages = [
        Outcome(Stage.SENT, f"still being counted: {counting}", plan(), counting=counting)
        for counting in (Counting(20, 80), Counting(40, 60))
    ]
    left = Counting(40, 60)
    made.cockpit.outcome = Outcome(Stage.VERIFIED, f"verified in the objects; {left}", plan(), counting=left)
    result = run(made, "rollback", "web", "--yes")
    assert result.exit_code == 0
    assert result.stderr.count("being counted") == 1
    assert "20 answers seen, about 80 more needed to be sure" in result.stderr
    assert "verified: verified in the objects; 40 answers seen, about 60 more needed to be sure" in result.stdout


@pytest.mark.parametrize(
    ("counting", "bar"),
    [
        (Counting(0, 59), "[....................]"),
        (Counting(30, 30), "[##########..........]"),
        (Counting(0, 0), "[....................]"),
    ],
)
def test_a_bar_shows_how_far_the_count_is(counting: Counting, bar: str) -> None:
    assert progress_bar(counting) == bar
