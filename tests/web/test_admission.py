"""Links that open the page once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.web.admission import Admission, is_own_name, is_own_page


def admission(links: int = 1) -> Admission:
    numbers = itertools.count()
    return Admission(links, lambda: f"secret-{next(numbers)}")


def test_a_link_opens_once_and_gives_a_cookie_that_admits() -> None:
    door = admission()
    (token,) = door.links
    cookie = door.exchanged(token)
    assert cookie is not None
    assert door.admits(cookie)
    assert door.exchanged(token) is None
    assert door.links == ()


def test_each_viewer_has_a_link_of_their_own() -> None:
    door = admission(3)
    cookies = {door.exchanged(token) for token in door.links}
    assert len(cookies) == 3
    assert None not in cookies


@given(st.text(max_size=40).filter(lambda text: text not in ("secret-0", "secret-1")))
def test_nothing_else_opens_or_admits(guess: str) -> None:
    door = admission()
    assert door.exchanged(guess) is None
    assert not door.admits(guess)
    assert door.exchanged("secret-0") == "secret-1"
    assert not door.admits("secret-0"), "a spent token is no cookie"
    assert not door.admits(guess)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "localhost:80"])
def test_loopback_by_its_names(host: str) -> None:
    assert is_own_name(host)


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example:8000", "localhost:80/x", "[::1]:8000"])
def test_other_names_may_lead_here_and_are_refused(host: str) -> None:
    assert not is_own_name(host)


def test_only_a_page_of_this_server_may_open_a_screen() -> None:
    assert is_own_page("http://127.0.0.1:8000", "127.0.0.1:8000")
    for origin in (None, "null", "http://evil.example", "http://127.0.0.1:8001", "https://127.0.0.1:8000"):
        assert not is_own_page(origin, "127.0.0.1:8000")
