"""Doors from what a user types."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.probe_target import ProbeTarget
from cockpit.probe.target import Overrides, ProbeTargetError, enter, override_target, parse_target, target_from_text


@pytest.mark.parametrize(
    ("url", "probe_target"),
    [
        ("http://www.example.com/version", ProbeTarget("www.example.com", 80, "www.example.com", "/version")),
        ("https://Example.com", ProbeTarget("example.com", 443, "example.com", "/", tls=True)),
        ("127.0.0.1:8080/a?b=c#d", ProbeTarget("127.0.0.1", 8080, "127.0.0.1", "/a?b=c")),
        ("http://[::1]:81/", ProbeTarget("::1", 81, "::1")),
        ("localhost", ProbeTarget("localhost", 80, "localhost")),
        ("http://bücher.example", ProbeTarget("xn--bcher-kva.example", 80, "xn--bcher-kva.example")),
        ("web.shop.svc?x=1", ProbeTarget("web.shop.svc", 80, "web.shop.svc", "/?x=1")),
    ],
)
def test_urls(url: str, probe_target: ProbeTarget) -> None:
    assert parse_target(url) == probe_target


def test_everything_that_can_be_different() -> None:
    overrides = Overrides(
        host="shop.example",
        headers=("foo=bar", "Authorization: Bearer a=b:c"),
        version_from="json:labels.version",
        proxy="127.0.0.1:3128",
        insecure=True,
    )
    probe_target = parse_target("http://10.0.0.1:8080/version", overrides)
    assert probe_target == ProbeTarget(
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
    probe_target = parse_target(url, Overrides(resolve=("other.example:80:10.9.9.9", resolve)))
    assert (probe_target.address, probe_target.port) == (address, port)


def test_overrides_of_a_door_that_was_derived() -> None:
    derived = ProbeTarget("10.0.0.1", 80, "www.example.com", "/version", headers=(("Foo", "no"), ("a", "b")))
    made = override_target(derived, Overrides(headers=("foo=bar",), version_from="header:X-Pod"))
    assert made.headers == (("a", "b"), ("foo", "bar"))
    assert made.version_from == "header:X-Pod"
    assert override_target(derived, Overrides()) == derived


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
        ("http://-a-/", Overrides(), "-a- is not a valid host name"),
        ("http://" + "a" * 5000, Overrides(), "longer than 4096"),
        ("http://a", Overrides(host="b:80"), "--host: b:80 is not a valid host name: leave out the port"),
        ("http://a", Overrides(headers=("foo",)), "--header needs NAME=VALUE"),
        ("http://a", Overrides(headers=("=x",)), "not a valid header name"),
        ("http://a", Overrides(headers=("a b=x",)), "--header a b: not a valid header name"),
        ("http://a", Overrides(headers=("Host=x",)), "--host"),
        ("http://a", Overrides(headers=("Connection=keep-alive",)), "sets this one itself"),
        ("http://a", Overrides(headers=("foo=a\r\nb: c",)), "--header foo: .* control character"),
        ("http://a", Overrides(headers=("foo=\udc80",)), "--header foo: the value is not valid text"),
        ("http://a", Overrides(resolve=("a:80",)), "needs HOST:PORT:ADDRESS"),
        ("http://a", Overrides(resolve=("b:80:1.2.3.4",)), "--resolve is for b:80, but the target is a:80"),
        ("http://a", Overrides(resolve=("a:443:1.2.3.4",)), "--resolve is for a:443, but the target is a:80"),
        ("http://a", Overrides(resolve=("a:80:1.2.3.4:0",)), "0 is not a valid port"),
        ("http://a", Overrides(version_from="regex:("), "--version-from regex:.*not a valid regular expression"),
        ("http://a", Overrides(proxy="socks5://b"), "only http"),
        ("https://a", Overrides(proxy="http://b", host="c"), "by host name only"),
    ],
)
def test_what_is_wrong_is_named(url: str, overrides: Overrides, words: str) -> None:
    with pytest.raises(ProbeTargetError, match=words) as caught:
        parse_target(url, overrides)
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
        parse_target(url, overrides)
    assert "hunter2" not in str(caught.value)


def attempt(url: str, overrides: Overrides | None = None) -> ProbeTarget | str:
    try:
        return parse_target(url, overrides or Overrides())
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
        assert parse_target(made.url) == made


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


SHOP = ProbeTarget("", 443, "shop.example", "/version", tls=True, version_from="header:X-Pod")
INSIDE = ProbeTarget("10.96.0.7", 8080, "10.96.0.7")


@pytest.mark.parametrize(
    ("text", "incomplete_target", "probe_target"),
    [
        ("10.0.0.9", SHOP, replace(SHOP, address="10.0.0.9")),
        (" 10.0.0.9:8443 ", SHOP, replace(SHOP, address="10.0.0.9", port=8443)),
        ("[fd00::1]:8443 insecure", SHOP, replace(SHOP, address="fd00::1", port=8443, insecure=True)),
        ("gateway.internal", SHOP, replace(SHOP, address="gateway.internal")),
        ("10.0.0.9 host=a.example", SHOP, replace(SHOP, address="10.0.0.9", host="a.example")),
        ("10.0.0.9 header=a=b", SHOP, replace(SHOP, address="10.0.0.9", headers=(("a", "b"),))),
        ("127.0.0.1:9000", INSIDE, ProbeTarget("127.0.0.1", 9000, "127.0.0.1")),
        ("127.0.0.1", ProbeTarget("", 80, ""), ProbeTarget("127.0.0.1", 80, "127.0.0.1")),
        ("127.0.0.1:81 host=a", ProbeTarget("", 80, ""), ProbeTarget("127.0.0.1", 81, "a")),
        ("proxy=p:3128", INSIDE, replace(INSIDE, proxy="http://p:3128")),
        ("proxy=http://p:3128", SHOP, replace(SHOP, address="shop.example", proxy="http://p:3128")),
        ("http://a:81/b?c=d", SHOP, ProbeTarget("a", 81, "a", "/b?c=d", version_from="header:X-Pod")),
        ("http://a version-from=body", SHOP, ProbeTarget("a", 80, "a", version_from="body")),
        ("https://a/", None, ProbeTarget("a", 443, "a", tls=True)),
    ],
)
def test_one_line_completes_what_requests_ask_for(
    text: str, incomplete_target: ProbeTarget | None, probe_target: ProbeTarget
) -> None:
    assert target_from_text(text, incomplete_target) == probe_target


def test_a_value_in_quotes_holds_spaces_and_other_quotes_are_characters() -> None:
    text = """10.0.0.9 header="Authorization=Bearer a b" header='x=it"s' version-from=regex:"v":"(\\d+)" """
    made = target_from_text(text, SHOP)
    assert made.headers == (("Authorization", "Bearer a b"), ("x", 'it"s'))
    assert made.version_from == 'regex:"v":"(\\d+)"'


@pytest.mark.parametrize(
    ("text", "incomplete_target", "words"),
    [
        ("", SHOP, "the target is empty"),
        ("  ", None, "the target is empty"),
        ("10.0.0.9", None, "enter a URL"),
        ("proxy=p", None, "enter a URL"),
        ("fd00::1", SHOP, "IPv6 in brackets"),
        ("[fd00::1", SHOP, "IPv6 in brackets"),
        ("10.0.0.9:0", SHOP, "0 is not a valid port"),
        ("10.0.0.9:http", SHOP, "enter ADDRESS"),
        ("-a-", SHOP, "the address: -a- is not a valid host name"),
        ("me:hunter2@10.0.0.9", SHOP, "enter ADDRESS"),
        ("ftp://a/", SHOP, "scheme ftp"),
        ("10.0.0.9 insecure b", SHOP, "word 2 after the address is none of proxy="),
        ("10.0.0.9 token=hunter2", SHOP, "word 1 after the address is none"),
        ("10.0.0.9 proxy=socks5://me:hunter2@p", SHOP, "--proxy: only http"),
        ("10.0.0.9 header=Authorization=Bearer hunter2", SHOP, "word 2 after .* in quotes"),
        ("10.0.0.9 host=", SHOP, "host= is empty"),
        ("10.0.0.9 host=a host=b", SHOP, "host= is given more than once"),
        ("10.0.0.9 header=ab", SHOP, "--header needs NAME=VALUE"),
        ("10.0.0.9 version-from=magic", SHOP, "--version-from magic"),
        ("10.0.0.9 proxy=http://p", SHOP, "by host name only"),
        ("header=a=b", SHOP, "the address to connect to is not known"),
        ("header=a=b", INSIDE, "the address to connect to is not known"),
        ("a " * 10_000, SHOP, "longer than 16384"),
    ],
)
def test_what_is_wrong_in_the_line_is_named(text: str, incomplete_target: ProbeTarget | None, words: str) -> None:
    with pytest.raises(ProbeTargetError, match=words) as caught:
        target_from_text(text, incomplete_target)
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("overrides", "address"),
    [
        (Overrides(resolve=("shop.example:443:10.0.0.9:8443",)), ("10.0.0.9", 8443)),
        (Overrides(proxy="p:3128"), ("shop.example", 443)),
    ],
)
def test_overrides_give_an_entrance_its_address(overrides: Overrides, address: tuple[str, int]) -> None:
    made = enter(SHOP, overrides)
    assert (made.address, made.port) == address
    assert (made.host, made.path, made.tls) == ("shop.example", "/version", True)


def attempt_line(text: str, incomplete_target: ProbeTarget | None) -> ProbeTarget | str:
    try:
        return target_from_text(text, incomplete_target)
    except ProbeTargetError as error:
        return str(error)


words_of_a_line = st.sampled_from(["10.0.0.9", "[::1]:8", "http://a/b", "insecure", "proxy=http://p", "host=b", "a:1"])
pieces = words_of_a_line | st.text(max_size=20) | st.text(max_size=20).map(lambda value: f'header="{value}"')


@given(st.lists(pieces, max_size=5).map(" ".join), st.sampled_from([None, SHOP, INSIDE, ProbeTarget("", 80, "")]))
def test_any_line_gives_a_door_or_an_error(text: str, incomplete_target: ProbeTarget | None) -> None:
    made = attempt_line(text, incomplete_target)
    if isinstance(made, str):
        assert made.isprintable()
        return
    assert 1 <= made.port <= 65535
    assert made.host
    assert made.address
    assert made.path.startswith("/")
