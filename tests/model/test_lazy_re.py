"""Expressions are compiled when they are first used, and all of them can be."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re

import pytest

import cockpit
from cockpit.model import lazy_re as lazy
from cockpit.model.lazy_re import lazy_re


def test_it_finds_what_a_compiled_one_finds() -> None:
    for text, flags, words in (("(a+)b", 0, "xaab"), ("HURT", re.IGNORECASE, "users are hurt"), ("z", 0, "a")):
        mine, library = lazy_re(text, flags), re.compile(text, flags)
        for _ in range(2):
            first, second = mine.search(words), library.search(words)
            assert (first and first.span()) == (second and second.span())
        assert mine.sub("-", words) == library.sub("-", words)
        assert (mine.pattern, mine.flags) == (library.pattern, library.flags)
    assert lazy_re(rb"\d").findall(b"a1b2") == [b"1", b"2"]


def test_a_mistake_is_told_at_the_first_use() -> None:
    wrong = lazy_re("(")
    with pytest.raises(re.error):
        wrong.search("a")


def test_every_expression_of_the_cockpit_can_be_compiled() -> None:
    for module in pkgutil.walk_packages(cockpit.__path__, "cockpit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = [each for each in gc.get_objects() if type(each) is lazy._Pattern]
    assert len(found) > 100
    for each in found:
        assert each.pattern is not None
