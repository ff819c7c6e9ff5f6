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
from cockpit.model.view import FleetView, Outcome, Prepared, Stage
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


def test_acts_with_words_behind_the_name_take_one() -> None:
    program = made("a", "b")
    assert run(program, "set-weight a b --yes").exit_code != 0
    assert sent(program) == []


def test_names_say_where_to_look() -> None:
    one = where_they_are(Options(), ["eu:shop/a", "eu:shop/b"])
    assert (one.contexts, one.namespace, one.all_namespaces) == (("eu",), "shop", False)
    both = where_they_are(Options(), ["eu:shop/a", "us:pay/b"])
    assert (both.contexts, both.namespace, both.all_namespaces) == (("eu", "us"), None, True)
    stated = where_they_are(Options(namespace="x"), ["shop/a", "pay/b"])
    assert (stated.namespace, stated.all_namespaces) == ("x", False)
