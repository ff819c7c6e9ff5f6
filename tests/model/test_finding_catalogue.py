"""The catalogue of findings is whole: what it lists is what the code makes, each id in one place."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import get_args

import pytest

from cockpit.model.finding_catalogue import CATALOGUE, GROUPS
from cockpit.model.finding_kinds import FindingId
from cockpit.model.rollout import Severity
from tests.finding_calls import FindingCall, Source, product
from tests.findings_page import PAGE, page


@cache
def source() -> Source:
    return product()  # parses the product: once, and not while other tests are collected


@cache
def made() -> list[FindingCall]:
    return source().findings()


def test_every_id_that_the_code_makes_has_a_row_and_the_other_way_round() -> None:
    assert {name for call in made() for name in call.ids} == set(CATALOGUE)


def test_the_type_of_ids_and_the_rows_are_the_same() -> None:
    assert sorted(get_args(FindingId)) == sorted(CATALOGUE)
    assert len(CATALOGUE) == sum(len(rows) for _, rows in GROUPS), "an id has two rows"


def test_each_id_is_made_in_one_place() -> None:
    places = Counter(name for call in made() for name in call.ids)
    several = {name: [call.place for call in made() if name in call.ids] for name, n in places.items() if n > 1}
    assert not several


def test_the_severities_given_are_those_listed() -> None:
    given: dict[str, set[str]] = {}
    for call in made():
        for name in call.ids:
            given.setdefault(name, set()).update(call.severities)
    assert given == {name: {s.value for s in kind.severities} for name, kind in CATALOGUE.items()}


def test_findings_come_from_one_maker() -> None:
    assert [place.partition(":")[0] for place in source().places("Finding")] == ["workloads/findings.py"]


def test_a_row_is_one_plain_sentence_each_for_a_table() -> None:
    order = list(Severity)
    for name, kind in CATALOGUE.items():
        assert list(kind.severities) == sorted(kind.severities, key=order.index), name
        for text in (kind.meaning, kind.action):
            assert text[0].isupper(), text
            assert text.endswith("."), text
            assert "|" not in text, text
            assert ". " not in text, text


def test_the_page_of_findings_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make readme`"


def test_what_cannot_be_derived_is_an_error_and_not_left_out() -> None:
    for text in ('finding(name, Severity.INFO, "x")', 'finding("a", worst(), "x")', 'finding("a", severity, "x")'):
        with pytest.raises(ValueError, match=r"module\.py:1"):
            Source({"module.py": f"def f(): {text}"}).findings()


def test_a_choice_and_a_parameter_are_followed() -> None:
    text = """
def one(n): return finding("a" if n else "b", Severity.INFO, "x")
def two(severity): return finding("c" if severity else "d", severity, "x")
def three(bad):
    s = Severity.CRITICAL if bad else Severity.WARNING
    return two(s)
"""
    one, two = Source({"module.py": text}).findings()
    assert (one.ids, one.severities) == (("a", "b"), frozenset({"info"}))
    assert (two.ids, two.severities) == (("c", "d"), frozenset({"critical", "warning"}))
