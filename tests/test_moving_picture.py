"""A picture that moves: whole frames one after the other, in few pieces, with every word of each."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from tests.moving_picture import compact, frames_of, moving
from tests.screenshots import rows

HEAD = '<svg class="rich-terminal" viewBox="0 0 100 50" xmlns="http://www.w3.org/2000/svg">'


def picture(*words: str) -> str:
    """A row of pieces of text of one look, twelve to a character, on one ground."""
    pieces, left = "", 0.0
    for word in words:
        wide = 12.2 * len(word)
        pieces += (
            f'<rect fill="#111" x="{left:g}" y="1.5" width="{wide:g}" height="24.65" shape-rendering="crispEdges"/>'
        )
        left += wide
    left = 0.0
    for word in words:
        wide = 12.2 * len(word)
        pieces += f'<text class="r1" x="{left:g}" y="20" textLength="{wide:g}" clip-path="url(#line-0)">{word}</text>'
        left += wide
    return f"{HEAD}{pieces}</svg>"


def test_pieces_that_touch_and_look_alike_are_one() -> None:
    small = compact(picture("ro", "ll", "ed"))
    assert (small.count("<text"), small.count("<rect")) == (1, 1)
    assert 'textLength="73.2"' in small
    assert rows(small) == rows(picture("ro", "ll", "ed")) == ["rolled"]


def test_pieces_of_another_look_or_apart_stay_apart() -> None:
    other = picture("ro", "ll").replace('class="r1" x="24.4"', 'class="r2" x="24.4"')
    assert compact(other).count("<text") == 2
    apart = picture("ro", "ll").replace('x="24.4" y="20"', 'x="48.8" y="20"')
    assert compact(apart).count("<text") == 2


@given(st.lists(st.text("abc &#;", min_size=1, max_size=4).map(lambda text: text.replace("&", "&amp;")), max_size=9))
def test_no_character_is_lost(words: list[str]) -> None:
    svg = picture(*words)
    texts = ["".join(re.findall(r"<text[^>]*>([^<]*)<", each)) for each in (svg, compact(svg))]
    assert texts[0] == texts[1]


def test_frames_come_back_as_they_went_in_and_share_the_time() -> None:
    first, second = picture("fine"), picture("hurt")
    svg = moving([(first, 3.0), (second, 1.0)])
    ElementTree.fromstring(svg)
    assert [rows(each) for each in frames_of(svg)] == [["fine"], ["hurt"]]
    assert "seen-0 4s step-end infinite" in svg
    assert "75.000% { visibility: hidden }" in svg
    assert "prefers-reduced-motion" in svg
