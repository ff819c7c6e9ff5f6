"""Which arguments and variables a Job may have on this machine: those that the cockpit's own plan makes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.demo.containers.probe_shape import not_of_a_probe
from cockpit.model.probe_target import ProbeTarget
from cockpit.planning.probe_script import PodLoop, container_arguments, container_command, container_variables

TARGET = ProbeTarget("127.0.0.1", 8080, "shop.example", '/a/{b,c}["d"]?e=$f#g')
LOOP = PodLoop(TARGET, (), workers=2, pause_ms=40, count=100, seconds=60, timeout=5.0, mark="0123456789abcdef" * 2)
ARGUMENTS = ["probe", *container_arguments(LOOP)]
VARIABLES = container_variables(LOOP)
HOSTS = st.sampled_from(["shop.example", "reviews.shop.svc.cluster.local", "10.0.0.9", "fd00::1", "a_b"])
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True)
PRINTED = st.text(st.characters(min_codepoint=0x20, exclude_characters="\x7f", exclude_categories=["Cs"]))


@given(
    host=HOSTS, address=HOSTS, port=st.integers(1, 65535), tls=st.booleans(), insecure=st.booleans(),
    path=st.text("abz/?&=%.,-_~{}[]$()'\"#!*"), headers=st.lists(st.tuples(NAMES, PRINTED), max_size=3),
    version_from=st.sampled_from(["auto", "json:a.b", "regex:v[0-9]+", "body"]) | NAMES.map("header:{}".format),
    workers=st.integers(1, 16), pause=st.integers(1, 10_000), count=st.integers(1, 10_000_000),
    seconds=st.integers(1, 3600), timeout=st.floats(0.001, 1e7), mark=st.integers(0, 2**128 - 1), sidecar=st.booleans(),
)  # fmt: skip
def test_what_the_cockpit_plans_may_run(
    host: str, address: str, port: int, tls: bool, insecure: bool, path: str, headers: list[tuple[str, str]],
    version_from: str, workers: int, pause: int, count: int, seconds: int, timeout: float, mark: int, sidecar: bool,
) -> None:  # fmt: skip
    target = ProbeTarget(address, port, host, f"/{path}", tls, tuple(headers), version_from, insecure=insecure)
    loop = PodLoop(target, (), workers, pause, count, seconds, timeout, f"{mark:032x}", sidecar)
    words = [*container_command()[3:], *container_arguments(loop)]
    assert not_of_a_probe(words, container_variables(loop)) == ""


@pytest.mark.parametrize(
    "added",
    [
        ["-o", "/srv/me/.bashrc"],
        ["-o/srv/me/.bashrc"],
        ["-sofile"],
        ["-T", "/srv/me/.ssh/id_rsa"],
        ["-K", "/tmp/config"],
        ["-H", "@/srv/me/.netrc"],
        ["-H", "a: b\r\nc: d"],
        ["-w", "%output{/srv/me/.bashrc}"],
        ["-A", "@x"],
        ["-m", "-o"],
        ["-d", "@/etc/passwd"],
        ["--connect-to", "a"],
        ["--next"],
        ["-"],
        ["http://a/"],
        ["-m"],
        ["--", "http://a/"],
    ],
)
def test_no_other_argument(added: list[str]) -> None:
    *options, dashes, url = ARGUMENTS
    assert "argument" in not_of_a_probe([*options, *added, dashes, url], VARIABLES)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://a/[1-100000]",
        "http://{a,b}/",
        "ftp://a/",
        "a",
        "http://a/ b",
        "http://a/\\",
        "-ox",
    ],
)
def test_no_other_url(url: str) -> None:
    assert "no URL" in not_of_a_probe([*ARGUMENTS[:-1], url], VARIABLES)


@pytest.mark.parametrize("words", [[], ["probe"], ["probe", "--"], ["sh", *ARGUMENTS[1:]], ARGUMENTS[:-2]])
def test_no_other_shape(words: list[str]) -> None:
    assert not_of_a_probe(words, VARIABLES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LD_PRELOAD", "/tmp/a.so"),
        ("BASH_ENV", "/tmp/a"),
        ("ENV", "/tmp/a"),
        ("PATH", "/tmp"),
        ("https_proxy", "http://a"),
        ("COUNT", "a[$(id)]"),
        ("COUNT", "1\n"),
        ("COUNT", "١"),
        ("WORKERS", "100000"),
        ("WORKERS", ""),
        ("MARK", "%output{/tmp/a}"),
        ("FIELDS", "%{http_code} %output{/tmp/a}"),
        ("SIDECAR", "yes"),
        ("HEADERS", "a\nb"),
    ],
)
def test_no_other_variable(name: str, value: str) -> None:
    assert not_of_a_probe(ARGUMENTS, {**VARIABLES, name: value}).startswith(f"variable {name}=")


def test_the_words_used_here_may_run() -> None:
    assert not_of_a_probe(ARGUMENTS, VARIABLES) == ""
    assert not_of_a_probe(["probe", *container_arguments(replace(LOOP, headers=(("X", ""),)))], VARIABLES) == ""
