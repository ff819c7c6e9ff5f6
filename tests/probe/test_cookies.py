"""Cookies from answers: what a browser would keep is kept, whatever the server sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.probe_answer import COOKIE_LINE_LIMIT
from cockpit.model.probe_target import ProbeTarget
from cockpit.probe.cookies import LONGEST, MOST, CookieJar, with_cookies

TARGET = ProbeTarget("10.0.0.9", 443, "shop.example.com", "/cart/items?x=1", tls=True)
PLAIN = ProbeTarget("10.0.0.9", 80, "shop.example.com", "/")
NOW = 1_700_000_000.0


def jar(*lines: str, target: ProbeTarget = TARGET) -> CookieJar:
    made = CookieJar(target)
    made.take([("set-cookie", line) for line in lines], NOW)
    return made


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("pin=v1", "pin=v1"),
        ('pin="v 1"; Path=/; HttpOnly; SameSite=Lax', 'pin="v 1"'),
        ("pin=a=b; Max-Age=60", "pin=a=b"),
        ("pin=v1; Domain=example.com", "pin=v1"),
        ("pin=v1; domain=.shop.example.com", "pin=v1"),
        ("pin=v1; Path=/cart", "pin=v1"),
        ("pin=v1; Path=/cart/items", "pin=v1"),
        ("pin=v1; Path=nonsense", "pin=v1"),
        ("pin=v1; Secure", "pin=v1"),
        ("__Host-pin=v1; Secure; Path=/", "__Host-pin=v1"),
        ("pin=v1; Expires=Wed, 21 Oct 2099 07:28:00 GMT", "pin=v1"),
        ("pin=v1; Expires=never", "pin=v1"),
        ("pin=", "pin="),
        # Not kept, or not sent to this target.
        ("pin=v1; Domain=other.example", ""),
        ("pin=v1; Domain=evil-shop.example.com", ""),
        ("pin=v1; Domain=a.shop.example.com", ""),
        ("pin=v1; Domain=com", ""),
        ("pin=v1; Path=/car", ""),
        ("pin=v1; Path=/admin", ""),
        ("pin=v1; Max-Age=0", ""),
        ("pin=v1; Max-Age=-1", ""),
        ("pin=v1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", ""),
        ("__Host-pin=v1; Path=/", ""),
        ("__Host-pin=v1; Secure; Path=/; Domain=example.com", ""),
        ("__Secure-pin=v1", ""),
        ("pin", ""),
        ("=v1", ""),
        ("pin=v\x1b[31m1", ""),
        ("pin=v1\r\nEvil: 1", ""),
        ("pi n=v1", ""),
        ("pin=" + "x" * LONGEST, ""),
        ("pin=v1; x=" + "y" * COOKIE_LINE_LIMIT, ""),
    ],
)
def test_one_cookie(line: str, sent: str) -> None:
    assert jar(line).header(NOW) == sent


def test_a_secure_cookie_is_not_kept_without_tls() -> None:
    assert jar("pin=v1; Secure", target=PLAIN).header(NOW) == ""


def test_later_ones_replace_and_end_earlier_ones() -> None:
    made = jar("pin=v1; Path=/", "pin=v2; Path=/", "other=1; Path=/cart/items")
    assert made.header(NOW) == "other=1; pin=v2"
    made.take([("set-cookie", "pin=; Max-Age=0; Path=/")], NOW)
    assert made.header(NOW) == "other=1"


def test_a_cookie_ends_with_its_time() -> None:
    made = jar("pin=v1; Max-Age=60")
    assert made.header(NOW + 59) == "pin=v1"
    assert made.header(NOW + 61) == ""


def test_only_so_many_are_kept_the_newest() -> None:
    made = jar(*(f"c{number}=x" for number in range(MOST + 20)))
    assert len(made) == MOST
    assert f"c{MOST + 19}=x" in made.header(NOW)
    assert "c0=x" not in made.header(NOW)


def test_an_address_has_no_domains() -> None:
    target = ProbeTarget("10.0.0.9", 80, "10.0.0.9")
    assert jar("a=1; Domain=0.0.9", target=target).header(NOW) == ""
    assert jar("a=1; Domain=10.0.0.9", target=target).header(NOW) == "a=1"


def test_cookies_of_lane_and_target_are_sent_too() -> None:
    of_lane = with_cookies((("X", "y"), ("cookie", "canary=always")), TARGET, "pin=v1")
    assert of_lane == (("X", "y"), ("Cookie", "canary=always; pin=v1"))
    target = ProbeTarget("a", 80, "a", headers=(("Cookie", "login=1"),))
    assert with_cookies((), target, "pin=v1") == (("Cookie", "login=1; pin=v1"),)


def test_values_are_in_no_repr() -> None:
    made = jar("pin=hunter2")
    assert "hunter2" not in f"{made!r} {made._cookies!r}"


@given(st.lists(st.text(max_size=200), max_size=20))
def test_whatever_is_set_what_is_sent_is_one_line_of_ascii(lines: list[str]) -> None:
    sent = jar(*lines).header(NOW)
    assert sent.isascii()
    assert sent.isprintable() or not sent
    assert len(sent) <= MOST * (LONGEST + 300)


@given(st.text(alphabet="abc=;, \t\x00éMaxAge-PathDomin/.0123456789", max_size=300))
def test_hostile_lines_raise_nothing(line: str) -> None:
    jar(line, f"pin=v1; {line}", f"pin=v1; Expires={line}; Max-Age={line}; Path={line}; Domain={line}").header(NOW)
