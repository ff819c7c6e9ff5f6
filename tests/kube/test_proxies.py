"""When a proxy stands in between."""

from __future__ import annotations

import pytest

from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.errors import ConfigError
from cockpit.kube.proxies import is_loopback, proxy_for


def target(server: str, **cluster: str) -> ConnectTarget:
    return ConnectTarget("c", server, "u", "d", cluster=cluster)


def test_proxy_of_the_cluster_entry_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://environment:1")
    assert proxy_for(target("https://api", **{"proxy-url": "http://configured:1"})) == "http://configured:1"


def test_environment_counts_except_for_loopback_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://environment:1")
    monkeypatch.setenv("NO_PROXY", ".internal")
    assert proxy_for(target("https://api.example")) == "http://environment:1"
    assert proxy_for(target("https://api.internal")) is None
    assert proxy_for(target("https://127.0.0.1:6443")) is None
    assert proxy_for(target("http://api.example")) is None


def test_other_proxies_are_refused() -> None:
    with pytest.raises(ConfigError, match="socks5 is not supported"):
        proxy_for(target("https://api", **{"proxy-url": "socks5://x:1"}))


@pytest.mark.parametrize(
    ("written", "url"), [("environment:3128", "http://environment:3128"), ("10.0.0.1:8080", "http://10.0.0.1:8080")]
)
def test_a_proxy_of_the_environment_needs_no_scheme(monkeypatch: pytest.MonkeyPatch, written: str, url: str) -> None:
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", written)
    assert proxy_for(target("https://api.example")) == url


def test_another_proxy_of_the_environment_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:s3cr3t@environment:1")
    with pytest.raises(ConfigError, match="HTTPS_PROXY with socks5 is not supported") as caught:
        proxy_for(target("https://api.example"))
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("server", "here"),
    [("https://127.9.9.9:1", True), ("https://[::1]:1", True), ("http://localhost", True), ("https://10.0.0.1", False)],
)
def test_loopback(server: str, here: bool) -> None:
    assert is_loopback(server) is here


@pytest.mark.parametrize(
    ("exempt", "servers", "others"),
    [
        ("*", ("https://api.example", "https://10.0.0.1"), ()),
        ("10.0.0.0/8", ("https://10.1.2.3:6443",), ("https://11.1.2.3", "https://api.example", "https://[fd00::1]")),
        (" 192.168.0.0/16 , fd00::/8", ("https://192.168.3.4", "https://[fd00::1]:6443"), ("https://10.0.0.1",)),
        ("10.1.2.3/8", ("https://10.9.9.9",), ("https://11.0.0.1",)),
        ("10.0.0.0/99,nonsense/8", (), ("https://10.0.0.1", "https://nonsense")),
        ("10.0.0.1", ("https://10.0.0.1", "https://[::ffff:10.0.0.1]"), ("https://10.0.0.10",)),
        ("10.0.0.1:6443", ("https://10.0.0.1:6443",), ("https://10.0.0.1", "https://10.0.0.1:443")),
        ("[fd00::1]:443,fd00::2", ("https://[fd00::1]", "https://[fd00::2]:6443"), ("https://[fd00::1]:6443",)),
        ("example.com", ("https://example.com", "https://API.example.com"), ("https://badexample.com",)),
        (".example.com", ("https://api.example.com",), ("https://example.com",)),
        ("*.example.com", ("https://api.example.com",), ("https://example.com",)),
        ("example.com:443", ("https://api.example.com",), ("https://api.example.com:6443",)),
        (",,", (), ("https://api.example",)),
    ],
)
def test_no_proxy_means_what_it_means_to_kubectl(
    monkeypatch: pytest.MonkeyPatch, exempt: str, servers: tuple[str, ...], others: tuple[str, ...]
) -> None:
    """golang.org/x/net/http/httpproxy: networks and ports, which Python's own rule does not know."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://environment:1")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert [server for server in servers if proxy_for(target(server))] == []
    assert [server for server in others if not proxy_for(target(server))] == []
