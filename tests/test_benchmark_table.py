"""The table of figures: what is missed and what could not be measured is said, and a wrong name is no empty table."""

from __future__ import annotations

import pytest

from tests.benchmarks.__main__ import main, modules, table
from tests.benchmarks.figure import Figure
from tests.benchmarks.paired import Pairs, Run


def test_each_figure_stands_beside_its_peer_and_what_is_missed_is_named() -> None:
    figures = [
        Figure("first paint", "0.5 s", "label 0.4 s", "<= 1.3x", True),
        Figure("a list", "0.6 s", "kubectl 0.1 s", "<= 1.5x", False),
        Figure("an act", "0.3 s", "missing: install it", "", None),
    ]
    heads, *rows, empty, missed = table(figures).splitlines()
    assert heads.split() == ["FIGURE", "OURS", "PEER", "BUDGET", "MET"]
    assert [row.split()[-1] for row in rows] == ["yes", "NO", "measured"]
    assert len({line.index("s ") for line in rows}) == 1
    assert "missing: install it" in rows[2]
    assert (empty, missed) == ("", "budgets missed: a list")
    assert table(figures[:1]).endswith("budgets missed: none")


def test_modules_are_those_that_give_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"test_commands", "test_first_paint"} <= set(modules())
    assert "peers" not in modules()
    assert main(["--only", "nothing of the sort"]) == 2
    assert "test_commands" in capsys.readouterr().err


def test_a_ratio_is_that_of_most_pairs() -> None:
    pairs = Pairs((Run(2, 1), Run(3, 1), Run(90, 1)), (Run(1, 1), Run(1, 1), Run(1, 2)))
    assert (pairs.ratio("elapsed"), pairs.ratio("cpu")) == (3, 1)
    assert pairs.figure("a list", "peer", 3).met is True
    assert pairs.figure("a list", "peer", 2.5).met is False
