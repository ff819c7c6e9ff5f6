"""TLS files, HTTP/2, cookies and --resolve of a target, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.model.probe_target import ProbeTarget, ProxiedService, proxied_target
from cockpit.probe.recognise import VersionFromError, extractor
from cockpit.probe.target import Overrides, ProbeTargetError, override_target, parse_target, target_from_text

SECURE = ProbeTarget("10.0.0.9", 443, "shop.example", tls=True)


def test_files_are_kept_by_their_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home-of-user")
    made = override_target(SECURE, Overrides(ca_file="ca.pem", cert_file="~/me.pem", key_file="/keys/me.key"))
    assert (made.ca_file, made.cert_file, made.key_file) == (
        str(tmp_path / "ca.pem"),
        "/home-of-user/me.pem",
        "/keys/me.key",
    )


def test_another_certificate_does_not_keep_the_key_of_the_former_one() -> None:
    before = override_target(SECURE, Overrides(cert_file="/a.pem", key_file="/a.key"))
    assert override_target(before, Overrides(http2=True)).key_file == "/a.key"
    assert override_target(before, Overrides(cert_file="/b.pem")).key_file == ""


def test_one_line_says_it_all() -> None:
    made = target_from_text(
        "https://shop.example/x cacert=/ca.pem cert=/me.pem key=/me.key http2 cookies header='a=b c'", None
    )
    assert (made.ca_file, made.cert_file, made.key_file) == ("/ca.pem", "/me.pem", "/me.key")
    assert (made.http2, made.cookies, made.headers) == (True, True, (("a", "b c"),))
    kept = target_from_text("10.0.0.7:8443", made)
    assert (kept.address, kept.ca_file, kept.cookies) == ("10.0.0.7", "/ca.pem", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://a/ cacert=/ca.pem", "--cacert, --cert and --key are for TLS: give an https URL"),
        ("https://a/ key=/k.pem", "--key needs --cert"),
        ("https://a/ cert=/a cert=/b", "cert= is given more than once"),
        ("https://a/ cacert=", "cacert= is empty"),
        ("http://a/ http2 proxy=http://p:1", "--http2 through a proxy needs an https URL"),
        ("https://a/ http3", "none of proxy=, host=, version-from=, header=, cacert=, cert=, key=, insecure, http2"),
    ],
)
def test_what_does_not_go_together_is_told(text: str, words: str) -> None:
    with pytest.raises(ProbeTargetError) as caught:
        target_from_text(text, None)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["ca_file", "cert_file", "http2", "cookies", "insecure", "proxy", "host"])
def test_through_the_api_server_only_headers_are_set(name: str) -> None:
    through = proxied_target(ProxiedService("kind", "shop", "web", "80"), 80, tls=True)
    assert override_target(through, Overrides(headers=("a=b",), version_from="body")).version_from == "body"
    with pytest.raises(ProbeTargetError, match="through the API server only headers"):
        override_target(through, Overrides(**{name: "/x" if name.endswith("file") else "x"}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("resolve", "address"),
    [
        ("+shop.example:443:10.0.0.1", "10.0.0.1"),
        ("*:443:10.0.0.2", "10.0.0.2"),
        ("shop.example:443:fd00::1", "fd00::1"),
        ("shop.example:443:::1", "::1"),
        ("shop.example:443:[fd00::2]", "fd00::2"),
    ],
)
def test_resolve_as_curl_writes_it(resolve: str, address: str) -> None:
    made = parse_target("https://shop.example/", Overrides(resolve=(resolve,)))
    assert (made.address, made.port, made.host) == (address, 443, "shop.example")


@pytest.mark.parametrize(
    ("resolve", "words"),
    [
        ("shop.example:443:10.0.0.1,10.0.0.2", "give one address"),
        ("-shop.example:443", "there is nothing to remove"),
        ("*:80:10.0.0.1", r"--resolve is for \*:80, but the target is shop.example:443"),
        ("shop.example:443:", "needs HOST:PORT:ADDRESS"),
    ],
)
def test_resolve_that_cannot_be_followed(resolve: str, words: str) -> None:
    with pytest.raises(ProbeTargetError, match=words):
        parse_target("https://shop.example/", Overrides(resolve=(resolve,)))


@pytest.mark.parametrize("header", ["Set-Cookie", "cookie", "Authorization"])
def test_a_version_is_not_read_from_what_is_secret(header: str) -> None:
    with pytest.raises(VersionFromError, match="are secret, and versions are shown"):
        extractor(f"header:{header}")
