"""What the README says of the program is what the program says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cockpit.cli.exit_codes import TEXT, WORDS, ExitCode
from cockpit.cli.main import command_line
from cockpit.model.plan import Act
from cockpit.session.facts.adapters import ADAPTERS
from tests.systems_table import BEGIN, END, README, table, with_table

SCENARIOS = Path(__file__).parents[1] / "cockpit" / "demo" / "scenarios"


def test_the_table_of_systems_is_fresh() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_table(text) == text, "run `make readme`"


def test_every_system_is_in_the_table_with_its_acts() -> None:
    for adapter in ADAPTERS:
        assert adapter.cards, f"{adapter.id} has no card"
        for card in adapter.cards:
            assert f"| {card.name} | {card.objects} |" in table()


def test_a_text_without_marks_is_refused_and_the_rest_is_kept() -> None:
    assert with_table(f"a {BEGIN} old {END} b") == f"a {BEGIN}\n{table()}\n{END} b"
    with pytest.raises(ValueError, match="no place for the table"):
        with_table("nothing here")


def test_every_act_of_the_table_is_a_command() -> None:
    acts = {act for adapter in ADAPTERS for card in adapter.cards for act in card.acts}
    assert {act.value for act in acts | {Act.UNDO}} <= set(command_line.commands)


def test_the_exit_codes_are_those_of_the_program() -> None:
    _, _, after = README.read_text(encoding="utf-8").partition("| exit code | meaning |")
    told = re.findall(r"\| (\d+) \| ([^|]+?) (?=\|)", after.partition("\n\n")[0])
    assert dict(told) == {str(int(code)): words for code, words in WORDS.items()}
    assert set(WORDS) == set(ExitCode)
    assert "3 users are hurt (a version fails or is too slow), degraded or aborted; 4 timed out" in TEXT


def test_the_commands_name_rollouts_that_the_embedded_cluster_serves() -> None:
    text = README.read_text(encoding="utf-8")
    served = re.search(r"demo --serve --kubeconfig-out \S+ ([a-z -]+) &", text)
    assert served
    names = set()
    for scenario in served[1].split():
        document = yaml.safe_load((SCENARIOS / f"{scenario}.yaml").read_text(encoding="utf-8"))
        objects = [obj["metadata"]["name"] for obj in document["objects"]]
        names |= {f"{space}/{name}" for space in document["namespaces"] for name in objects}
    typed = re.findall(r"^    (?:kubectl )?cockpit [a-z-]+ ([a-z-]+/[a-z0-9-]+)(?: |$)", text, re.M)
    assert len(typed) >= 8
    assert set(typed) <= names
