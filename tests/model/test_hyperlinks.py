"""Addresses that a terminal opens by a click: which ones, and which terminals."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.hyperlinks import LONGEST, link_target, linked, takes_hyperlinks
from cockpit.model.placeholders import PlaceholderError, filled_url


@pytest.mark.parametrize(
    "url",
    [
        "", "javascript:alert(1)", "file:///etc/passwd", "ssh://host/", "https://", "https:///path", "//host/",
        "https://me@host/", "https://a b/", "https://host/\x1b]8;;x", "https://host/\x07", "https://host/\nx",
        "https://host/\u202egnp", "https://[::1/", "https://host/" + "a" * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_plain_address_of_the_web_is_no_link(url: str) -> None:
    assert link_target(url) == ""
    assert linked("text", link_target(url)) == "text"


def test_an_address_stands_in_the_sequence_as_it_is_but_for_what_is_not_ascii() -> None:
    assert link_target("https://host/a;b?c=%2F#d") == "https://host/a;b?c=%2F#d"
    assert link_target("https://host/支付") == "https://host/%E6%94%AF%E4%BB%98"
    assert linked("x", "https://host/") == "\x1b]8;;https://host/\x1b\\x\x1b]8;;\x1b\\"


@given(st.text(max_size=80))
def test_no_name_of_a_cluster_leaves_its_place_in_a_link(name: str) -> None:
    try:
        url = filled_url("https://logs.example/explore/{name}?x=1", {"name": name})
    except PlaceholderError:
        return
    target = link_target(url)
    assert re.fullmatch(r"[!-~]+", target)
    parts = urlsplit(target)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "logs.example", "x=1", "")
    assert unquote(parts.path) == f"/explore/{name}"


@pytest.mark.parametrize(
    ("environ", "takes"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, True),
        ({"TERM": "tmux-256color"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "screen.xterm-256color", "STY": "1.pts"}, False),
        ({"TERM": "xterm-256color", "STY": "1.pts"}, False),
        ({"TERM": "linux"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "vt220"}, False),
        ({}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4804"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}, False),
    ],
)
def test_terminals_that_take_links(environ: dict[str, str], takes: bool) -> None:
    assert takes_hyperlinks("auto", environ) is takes
    assert takes_hyperlinks("always", environ) is True
    assert takes_hyperlinks("never", environ) is False
