"""What the README says of the program is what the program says of itself."""

from __future__ import annotations

import pytest

from cockpit.cli.main import command_line
from cockpit.model.plan import Act
from cockpit.session.adapters import ADAPTERS
from tests.systems_table import BEGIN, END, README, table, with_table


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
