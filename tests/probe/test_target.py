"""Doors from what a user types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.door import Door
from cockpit.probe.target import Overrides, ProbeTargetError, override_door, parse_door


@pytest.mark.parametrize(
    ("url", "door"),
    [
        ("http://www.example.com/version", Door("www.example.com", 80, "www.example.com", "/version")),
        ("https://Example.com", Door("example.com", 443, "example.com", "/", tls=True)),
        ("127.0.0.1:8080/a?b=c#d", Door("127.0.0.1", 8080, "127.0.0.1", "/a?b=c")),
        ("http://[::1]:81/", Door("::1", 81, "::1")),
        ("localhost", Door("localhost", 80, "localhost")),
        ("http://bücher.example", Door("xn--bcher-kva.example", 80, "xn--bcher-kva.example")),
        ("web.shop.svc?x=1", Door("web.shop.svc", 80, "web.shop.svc", "/?x=1")),
    ],
)
def test_urls(url: str, door: Door) -> None:
    assert parse_door(url) == door


def test_everything_that_can_be_different() -> None:
    overrides = Overrides(
        host="shop.example",
        headers=("foo=bar", "Authorization: Bearer a=b:c"),
        version_from="json:labels.version",
        proxy="127.0.0.1:3128",
        insecure=True,
    )
    door = parse_door("http://10.0.0.1:8080/version", overrides)
    assert door == Door(
        address="10.0.0.1",
        port=8080,
        host="shop.example",
        path="/version",
        headers=(("foo", "bar"), ("Authorization", "Bearer a=b:c")),
        version_from="json:labels.version",
        proxy="http://127.0.0.1:3128",
        insecure=True,
    )


@pytest.mark.parametrize(
    ("url", "resolve", "address", "port"),
    [
        ("http://www.example.com", "www.example.com:80:10.0.0.1", "10.0.0.1", 80),
        ("https://www.example.com", "www.example.com:443:10.0.0.1:8443", "10.0.0.1", 8443),
        ("http://www.example.com:8080", "www.example.com:8080:[fd00::1]:81", "fd00::1", 81),
        ("http://www.example.com", "www.example.com:80:gateway.internal", "gateway.internal", 80),
        ("http://[fd00::2]", "[fd00::2]:80:[::1]", "::1", 80),
    ],
)
def test_resolve(url: str, resolve: str, address: str, port: int) -> None:
    door = parse_door(url, Overrides(resolve=("other.example:80:10.9.9.9", resolve)))
    assert (door.address, door.port) == (address, port)


def test_overrides_of_a_door_that_was_derived() -> None:
    derived = Door("10.0.0.1", 80, "www.example.com", "/version", headers=(("Foo", "no"), ("a", "b")))
    made = override_door(derived, Overrides(headers=("foo=bar",), version_from="header:X-Pod"))
    assert made.headers == (("a", "b"), ("foo", "bar"))
    assert made.version_from == "header:X-Pod"
    assert override_door(derived, Overrides()) == derived


@pytest.mark.parametrize(
    ("url", "overrides", "words"),
    [
        ("", Overrides(), "the URL is empty"),
        ("ftp://a/", Overrides(), "scheme ftp is not http or https"),
        ("http://", Overrides(), "names no host"),
        ("http://a b/", Overrides(), "a space or a control character"),
        ("http://a\x1b[31m/", Overrides(), "a space or a control character"),
        ("http://a:99999/", Overrides(), "[Pp]ort out of range"),
        ("http://a:x/", Overrides(), "[Pp]ort could not be cast"),
        ("http://a:0/", Overrides(), "port 0"),
        ("http://[::1/", Overrides(), "Invalid IPv6"),
        ("http://-a-/", Overrides(), "-a- is no host name"),
        ("http://" + "a" * 5000, Overrides(), "longer than 4096"),
        ("http://a", Overrides(host="b:80"), "--host: b:80 is no host name, without port"),
        ("http://a", Overrides(headers=("foo",)), "--header needs NAME=VALUE"),
        ("http://a", Overrides(headers=("=x",)), "this is no name of a header"),
        ("http://a", Overrides(headers=("a b=x",)), "--header a b: this is no name"),
        ("http://a", Overrides(headers=("Host=x",)), "--host"),
        ("http://a", Overrides(headers=("Connection=keep-alive",)), "sets this one itself"),
        ("http://a", Overrides(headers=("foo=a\r\nb: c",)), "--header foo: .* control character"),
        ("http://a", Overrides(headers=("foo=\udc80",)), "--header foo: the value is no text"),
        ("http://a", Overrides(resolve=("a:80",)), "needs HOST:PORT:ADDRESS"),
        ("http://a", Overrides(resolve=("b:80:1.2.3.4",)), "--resolve is for b:80, but the target is a:80"),
        ("http://a", Overrides(resolve=("a:443:1.2.3.4",)), "--resolve is for a:443, but the target is a:80"),
        ("http://a", Overrides(resolve=("a:80:1.2.3.4:0",)), "0 is no port"),
        ("http://a", Overrides(version_from="regex:("), "--version-from regex:.*no regular expression"),
        ("http://a", Overrides(proxy="socks5://b"), "only http"),
        ("https://a", Overrides(proxy="http://b", host="c"), "by its name only"),
    ],
)
def test_what_is_wrong_is_named(url: str, overrides: Overrides, words: str) -> None:
    with pytest.raises(ProbeTargetError, match=words) as caught:
        parse_door(url, overrides)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("url", "overrides"),
    [
        ("http://me:hunter2@a/", Overrides()),
        ("http://me:hun/hunter2@a b/", Overrides()),
        ("ftp://me:hunter2@a/", Overrides()),
        ("http://a", Overrides(proxy="socks5://me:hunter2@b")),
        ("http://a", Overrides(proxy="http://me:hunter2@b c")),
        ("http://a", Overrides(headers=("Authorization=hunter2\x00",))),
        ("http://a", Overrides(headers=("X-Token: hunter2\n",))),
    ],
)
def test_errors_repeat_no_credentials(url: str, overrides: Overrides) -> None:
    with pytest.raises(ProbeTargetError) as caught:
        parse_door(url, overrides)
    assert "hunter2" not in str(caught.value)


def attempt(url: str, overrides: Overrides | None = None) -> Door | str:
    try:
        return parse_door(url, overrides or Overrides())
    except ProbeTargetError as error:
        return str(error)


@given(st.text(max_size=60) | st.from_regex(r"(https?://)?[a-z0-9.\-\[\]:@/%?#]{0,40}", fullmatch=True))
def test_any_url_gives_a_door_or_an_error(url: str) -> None:
    made = attempt(url)
    if isinstance(made, str):
        assert made.isprintable()
        return
    assert 1 <= made.port <= 65535
    assert made.path.startswith("/")
    assert made.host.isascii()
    if ":" not in made.host:
        assert parse_door(made.url) == made


words = st.text(max_size=30)


@given(st.lists(words, max_size=2), st.lists(words, max_size=2), words, words)
def test_any_overrides_give_a_door_or_an_error(
    headers: list[str], resolve: list[str], version_from: str, proxy: str
) -> None:
    made = attempt("http://a", Overrides("", tuple(headers), tuple(resolve), version_from, proxy))
    if isinstance(made, str):
        assert made.isprintable()
    else:
        assert len(made.headers) == len(headers)
