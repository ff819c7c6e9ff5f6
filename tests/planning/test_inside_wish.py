"""One line that asks for a probe from inside the cluster."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.probe_job import DEFAULT_PODS, InsideWish, JobShape
from cockpit.planning.inside_wish import inside_wish


def test_the_word_alone_asks_for_the_defaults() -> None:
    assert inside_wish("cluster") == InsideWish(JobShape(DEFAULT_PODS), 20.0, 300.0)


def test_every_word_is_read() -> None:
    found = inside_wish(" cluster  pods=4 rate=2000 for=1m30s image=my/curl:8 label=a.example/b=c label=d=")
    shape = JobShape(4, "my/curl:8", (("a.example/b", "c"), ("d", "")))
    assert found == InsideWish(shape, 2000.0, 90.0)


@pytest.mark.parametrize("text", ["", "10.0.0.9", "clusters", "http://cluster/", "svc/cluster:80", "Cluster"])
def test_anything_else_is_no_wish(text: str) -> None:
    assert inside_wish(text) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("pods=0", "pods=0: needs a number from 1 to 50"),
        ("pods=51", "needs a number from 1 to 50"),
        ("pods=\u0663", "needs a number from 1 to 50"),
        ("rate=nan", "rate=nan: needs requests per second, from 0.1 to 10000"),
        ("rate=inf", "needs requests per second"),
        ("rate=0", "needs requests per second"),
        ("for=2h", "for=2h: needs a time such as 90s or 10m, from 1s to 1h"),
        ("for=soon", "needs a time such as 90s or 10m"),
        ("label=-=x", "label=-=x: needs KEY=VALUE with a label key"),
        ("label=a=b/c", "the value is not one of a label"),
        ("image=", "image= is none of pods= rate= for= image= label="),
        ("http://web/", "http://web/ is none of pods="),
    ],
)
def test_a_wrong_word_is_named_with_what_it_needs(words: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        inside_wish(f"cluster {words}")


@given(st.text())
def test_any_words_are_read_or_refused(words: str) -> None:
    found, said = None, ""
    try:
        found = inside_wish(f"cluster {words}")
    except ValueError as problem:
        said = str(problem)
    assert said.isprintable()
    assert said or found is None or 0.1 <= found.rate <= 10_000
