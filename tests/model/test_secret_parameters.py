"""No credential in the query of a URL is shown or stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.secret_parameters import secret_parameters, shown_path, without_secret_parameters


@pytest.mark.parametrize(
    ("path", "names", "shown", "stored"),
    [
        ("/", (), "/", "/"),
        ("/a?x=1", (), "/a?x=1", "/a?x=1"),
        ("/a?token=hush&x=1", ("token",), "/a?token=(hidden)&x=1", "/a?x=1"),
        ("/a?x=1&API_KEY=hush", ("API_KEY",), "/a?x=1&API_KEY=(hidden)", "/a?x=1"),
        ("/a?access%5Ftoken=hush=", ("access_token",), "/a?access%5Ftoken=(hidden)", "/a"),
        ("/a?token", (), "/a?token", "/a?token"),
        ("/token=a?b", (), "/token=a?b", "/token=a?b"),
    ],
)
def test_what_a_path_holds(path: str, names: tuple[str, ...], shown: str, stored: str) -> None:
    assert (secret_parameters(path), shown_path(path), without_secret_parameters(path)) == (names, shown, stored)


def test_the_url_of_a_target_hides_them() -> None:
    target = ProbeTarget("a.test", 80, "a.test", "/a?password=hush")
    assert target.url == target.place == "http://a.test/a?password=(hidden)"


@given(st.text(), st.sampled_from(["token", "client_secret", "X-Api-Key"]), st.text("ab1=%?", min_size=1))
def test_nothing_is_left_of_a_value(before: str, name: str, value: str) -> None:
    path = f"/?{before}&{name}=hush{value}"
    assert "hush" not in shown_path(path)
    assert "hush" not in without_secret_parameters(path)
