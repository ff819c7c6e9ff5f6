"""A name that matches several rollouts: each is listed as it has to be typed, whatever is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from cockpit.cli.main import command_line
from cockpit.model.plan import Act
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout

SEVERAL = (
    rollout("web", namespace="shop"),
    rollout("web", namespace="shop", system="argo"),
    rollout("web", namespace="test"),
)


@pytest.mark.parametrize("act", [Act.PAUSE, Act.ROLLBACK, Act.UNDO])
def test_every_choice_is_listed_as_it_has_to_be_typed_and_nothing_is_asked(act: Act) -> None:
    made = FakeProgram(FakeCockpit(fleet(SEVERAL)))
    result = CliRunner().invoke(command_line, [str(act), "web", "--yes"], obj=made)
    assert (result.exit_code, made.cockpit.asked) == (1, [])
    assert "matches 3 rollouts: shop/web@manual, shop/web@argo, test/web. Use one of these names." in result.stderr


def test_each_of_them_can_be_typed() -> None:
    for text, wanted in zip(("shop/web@manual", "shop/web@argo", "test/web"), SEVERAL, strict=True):
        made = FakeProgram(FakeCockpit(fleet(SEVERAL)))
        assert CliRunner().invoke(command_line, ["pause", text, "--yes"], obj=made).exit_code == 0
        assert [key for key, _ in made.cockpit.asked] == [wanted.key]


def test_of_very_many_the_rest_is_counted() -> None:
    many = [replace(SEVERAL[0], key=replace(SEVERAL[0].key, namespace=f"n{number}")) for number in range(40)]
    result = CliRunner().invoke(command_line, ["show", "web"], obj=FakeProgram(FakeCockpit(fleet(many))))
    assert "n29/web and 10 more. Use one of these names." in result.stderr
