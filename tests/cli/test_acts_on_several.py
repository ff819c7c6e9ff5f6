"""One act on several rollouts: one list of plans, one confirmation, and an end at the first that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.acting_on_several import where_they_are
from cockpit.cli.main import command_line
from cockpit.cli.program import Options
from cockpit.model.plan import Act, ActState, Ask, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, KindSync, Outcome, Prepared, Stage, Sync
from tests.cli.fakes import FakeCockpit, FakeProgram, cluster, fleet, plan, rollout

ACTS = (ActState(Act.ROLLBACK, True), ActState(Act.UNDO, True))


class SeveralCockpit(FakeCockpit):
    """Plans for each rollout by its name; `ends` are the outcomes of some, the others are verified."""

    def __init__(
        self, view: FleetView, ends: dict[str, Stage] | None = None, refuses: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(view)
        self.ends = ends or {}
        self.refuses = refuses
        self.raises = False

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        self.asked.append((key, ask))
        if key.name in self.refuses:
            return Refused(ask.act, key, "nothing to go back to")
        made = replace(
            plan(ask.act, raises=self.raises, final=key.context == "prod", context=key.context),
            rollout=key,
            title=f"back {key.name}",
        )
        return Prepared(made, (), production=key.context == "prod")

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        self.sent.append((prepared, wait))
        stage = self.ends.get(prepared.plan.rollout.name, Stage.VERIFIED)
        return Outcome(stage, "as asked" if stage is Stage.VERIFIED else "it changed", prepared.plan)


def made(
    *names: str, ends: dict[str, Stage] | None = None, refuses: frozenset[str] = frozenset(), context: str = "demo"
) -> FakeProgram:
    rollouts = [replace(rollout(name, context=context), acts=ACTS) for name in names]
    return FakeProgram(SeveralCockpit(fleet(rollouts, [cluster(context)]), ends, refuses))


def run(program: FakeProgram, words: str) -> Result:
    return CliRunner().invoke(command_line, words.split(), obj=program)


def sent(program: FakeProgram) -> list[str]:
    return [prepared.plan.rollout.name for prepared, _ in program.cockpit.sent]


def test_all_plans_come_before_the_one_confirmation() -> None:
    program = made("a", "b", "c")
    program.person.present, program.person.answers = True, ["y"]
    result = run(program, "rollback a b c")
    assert (result.exit_code, sent(program)) == (0, ["a", "b", "c"])
    assert program.person.questions == ["Send 3 acts? [Y/n] "]
    assert [result.stdout.index(f"back {name}") for name in "abc"] == sorted(
        result.stdout.index(f"back {name}") for name in "abc"
    )
    assert result.stdout.index("back c") < result.stdout.index("shop/a: verified")
    assert result.stderr.splitlines()[-1] == "done: shop/a, shop/b, shop/c"


def test_the_first_failure_ends_it_and_the_rest_is_named() -> None:
    program = made("a", "b", "c", ends={"b": Stage.REFUSED})
    result = run(program, "rollback a b c --yes")
    assert (result.exit_code, sent(program)) == (1, ["a", "b"])
    assert result.stderr.splitlines()[-1] == "done: shop/a; stopped at shop/b; not sent: shop/c"
    assert "shop/c: refused: not sent" in result.stdout


def test_what_was_sent_and_not_seen_has_its_exit_code() -> None:
    program = made("a", "b", ends={"a": Stage.UNVERIFIED})
    result = run(program, "rollback a b --yes")
    assert (result.exit_code, sent(program)) == (6, ["a"])


def test_what_refuses_is_left_out_and_is_an_error_in_the_end() -> None:
    program = made("a", "b", refuses=frozenset({"a"}))
    result = run(program, "rollback a b --yes")
    assert (result.exit_code, sent(program)) == (1, ["b"])
    assert "shop/a: refused: nothing to go back to" in result.stdout
    assert result.stderr.splitlines()[-1] == "done: shop/b; not sent: shop/a"


def test_nothing_is_sent_if_a_name_is_wrong() -> None:
    program = made("a", "b")
    result = run(program, "rollback a nope --yes")
    assert (result.exit_code, program.cockpit.asked, sent(program)) == (1, [], [])
    assert "nope" in result.stderr


@pytest.mark.parametrize("answer", ["n", ""])
def test_what_raises_exposure_needs_a_yes(answer: str) -> None:
    program = made("a", "b")
    program.person.present, program.person.answers = True, [answer]
    program.cockpit.raises = True  # type: ignore[attr-defined]
    result = run(program, "approve a b")
    assert (result.exit_code, sent(program)) == (1, [])
    assert program.person.questions == ["Send 2 acts? [y/N] "]
    assert "nothing was sent: not confirmed" in result.stderr


def test_production_asks_for_each_name() -> None:
    program = made("a", "b", context="prod")
    assert run(program, "rollback a b --yes").exit_code == 1
    assert run(program, "rollback a b --yes --confirm a").exit_code == 1
    assert sent(program) == []
    result = CliRunner().invoke(command_line, ["rollback", "a", "b", "--yes", "--confirm", "a b"], obj=program)
    assert (result.exit_code, sent(program)) == (0, ["a", "b"])


def test_without_a_terminal_it_needs_yes() -> None:
    program = made("a", "b")
    result = run(program, "rollback a b")
    assert (result.exit_code, program.options) == (2, [])


def test_a_dry_run_sends_nothing_and_says_what_cannot_be_sent() -> None:
    program = made("a", "b", refuses=frozenset({"b"}))
    result = run(program, "rollback a b --dry-run")
    assert (result.exit_code, sent(program)) == (1, [])
    assert "shop/a: dry-run" in result.stdout
    assert run(made("a", "b"), "rollback a b --dry-run").exit_code == 0


def test_json_has_a_document_for_each() -> None:
    result = run(made("a", "b", "c", ends={"b": Stage.UNKNOWN}), "rollback a b c --yes -o json")
    acts = json.loads(result.stdout)["acts"]
    assert [(each["name"], each["outcome"]) for each in acts] == [
        *(("a", "verified"), ("b", "unknown"), ("c", "refused")),
    ]
    assert all(each["plan"]["act"] == "rollback" for each in acts)


def test_a_name_that_is_given_twice_counts_once() -> None:
    program = made("a", "b")
    run(program, "rollback a shop/a b --yes")
    assert sent(program) == ["a", "b"]


def test_undo_goes_backwards() -> None:
    program = made("a", "b")
    run(program, "undo a b --yes")
    assert sent(program) == ["b", "a"]


@pytest.mark.parametrize(
    "words",
    [
        "rollback " + " ".join(f"r{n}" for n in range(21)) + " --yes",
        "rollback a b --yes --take-over because",
        "rollback",
    ],
)
def test_what_cannot_be_asked_of_several_is_wrong_usage(words: str) -> None:
    program = made("a", "b")
    assert (run(program, words).exit_code, sent(program)) == (2, [])


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        ("set-weight a b v2=20", Ask(Act.SET_WEIGHT, weights=(("v2", 0.2),))),
        ("set-weight a b v1=80 v2=20", Ask(Act.SET_WEIGHT, weights=(("v1", 0.8), ("v2", 0.2)))),
        ("scale a b v2=4", Ask(Act.SCALE, counts=(("v2", 4),))),
        ("jump a b 3", Ask(Act.JUMP, step=3)),
        ("set-image a b app=web:v3", Ask(Act.SET_IMAGE, image=("app", "web:v3"))),
    ],
)
def test_what_stands_behind_several_names_is_for_each_of_them(words: str, ask: Ask) -> None:
    program = made("a", "b")
    assert run(program, f"{words} --yes").exit_code == 0
    assert [(key.name, asked) for key, asked in program.cockpit.asked] == [("a", ask), ("b", ask)]
    assert sent(program) == ["a", "b"]


@pytest.mark.parametrize(
    "words", ["set-weight a b", "scale a b", "header a b v2 x=y", "flip a b v2", "jump a b", "steps a b v2 20"]
)
def test_what_could_mean_two_things_is_not_guessed(words: str) -> None:
    program = made("a", "b")
    assert run(program, f"{words} --yes").exit_code != 0
    assert sent(program) == []


def labelled(*names: str, **labels: str) -> FakeProgram:
    """Rollouts of these names, some with the label `app`."""
    rollouts = [
        replace(rollout(name), acts=ACTS, labels=(("app", labels[name]),) if name in labels else ()) for name in names
    ]
    return FakeProgram(SeveralCockpit(fleet(rollouts)))


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        ("rollback", Ask(Act.ROLLBACK)),
        ("flip", Ask(Act.FLIP)),
        ("flip v2", Ask(Act.FLIP, version="v2")),
        ("set-weight v2=20", Ask(Act.SET_WEIGHT, weights=(("v2", 0.2),))),
        ("header v2 x=y", Ask(Act.HEADER, version="v2", header=("x", "y"))),
        ("header v2 --remove", Ask(Act.HEADER, version="v2")),
        ("jump 3", Ask(Act.JUMP, step=3)),
        ("set-image web:v3", Ask(Act.SET_IMAGE, image=("", "web:v3"))),
        ("steps v2 20 50", Ask(Act.STEPS, version="v2", steps=(0.2, 0.5))),
    ],
)
@pytest.mark.parametrize("place", ["-l app=pay {} --yes", "{} --yes -l app=pay", "{} --selector=app=pay --yes"])
def test_labels_stand_for_the_names_of_every_act(words: str, ask: Ask, place: str) -> None:
    program = labelled("a", "b", "c", a="pay", b="web", c="pay")
    name, *rest = words.split()
    result = run(program, f"{name} {place.format(' '.join(rest))}")
    assert result.exit_code == 0, result.output
    assert [(key.name, asked) for key, asked in program.cockpit.asked] == [("a", ask), ("c", ask)]
    assert sent(program) == ["a", "c"]


def test_an_undo_by_labels_goes_backwards_too() -> None:
    program = labelled("a", "b", a="pay", b="pay")
    run(program, "undo -l app=pay --yes")
    assert sent(program) == ["b", "a"]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        ("rollback a -l app=pay --yes", 2, "-l chooses the rollouts: leave out 'a'"),
        ("set-weight a v2=20 -l app=pay --yes", 2, "-l chooses the rollouts: leave out 'a'"),
        ("rollback -l app=none --yes", 1, "no rollouts match app=none (-A looks in all namespaces)"),
        ("rollback -l app --yes", 1, "21 rollouts match app; an act goes to 20 at most"),
        ("rollback -l app=pay", 2, "add --yes to send"),
        ("jump -l app=pay --yes", 2, "Missing argument 'STEP'"),
        ("rollback --yes", 2, "Missing argument 'NAME...'"),
    ],
)
def test_labels_that_do_not_say_what_is_meant_send_nothing(words: str, code: int, why: str) -> None:
    names = [f"r{n}" for n in range(21)]
    program = labelled("a", *names, **dict.fromkeys(names, "web"))
    result = run(program, words)
    assert (result.exit_code, sent(program)) == (code, [])
    assert why in result.stderr


def test_what_labels_choose_has_to_be_known() -> None:
    program = labelled("a", a="pay")
    view = program.cockpit.views[0]
    late = replace(
        view.clusters[0], kinds=(*view.clusters[0].kinds, KindSync("Ingress", Sync.RETRYING, 0.0, "timed out"))
    )
    program = FakeProgram(SeveralCockpit(replace(view, clusters=(late,))))
    result = run(program, "rollback -l app=pay --yes")
    assert (result.exit_code, sent(program)) == (8, [])
    assert "which rollouts match app=pay is not known" in result.stderr


def test_names_say_where_to_look() -> None:
    one = where_they_are(Options(), ["eu:shop/a", "eu:shop/b"])
    assert (one.contexts, one.namespace, one.all_namespaces) == (("eu",), "shop", False)
    both = where_they_are(Options(), ["eu:shop/a", "us:pay/b"])
    assert (both.contexts, both.namespace, both.all_namespaces) == (("eu", "us"), None, True)
    stated = where_they_are(Options(namespace="x"), ["shop/a", "pay/b"])
    assert (stated.namespace, stated.all_namespaces) == ("x", False)


def test_one_word_is_the_name_and_what_is_missing_stands_behind_it() -> None:
    program = made("a")
    assert "Missing argument 'STEP'" in run(program, "jump a --yes").stderr
    assert "Missing argument '[CONTAINER=]IMAGE'" in run(program, "set-image a --yes").stderr
    assert "Missing argument 'NAME...'" in run(program, "jump --yes").stderr
