"""Which version an answer is, whatever it holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import PodCell, PodState, Role, Version
from cockpit.model.view import CellKind
from cockpit.probe.patterns import Pattern, PatternError
from cockpit.probe.recognise import NAME_LIMIT, Marks, Recogniser, VersionFromError, extractor
from cockpit.probe.sender import Answer, Failure
from cockpit.probe.trouble import describe_nameless
from tests.probe.parts import version

V1 = version("v1", "web-v1", "1.0", pods=("web-v1-7d4b9c-x2x8z", "web-v1-7d4b9c-abcde"))
V2 = version("v2", "web-v2", "2.0", pods=("web-v2-5f6d7c-qwert",))


def answer(body: str | bytes | Any = b"", status: int | None = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = tuple((name.lower().replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, named, content)


def known(given: Answer, version_from: str = "auto") -> str | None:
    return Recogniser(version_from, (V1, V2)).read(given).version


def stated(given: Answer, version_from: str = "auto") -> str | None:
    return Recogniser(version_from).read(given).version


class TestAuto:
    @pytest.mark.parametrize(
        "given",
        [
            answer(X_Pod="web-v1-7d4b9c-x2x8z"),
            answer({"pod": "web-v1-7d4b9c-abcde"}),
            answer({"labels": {"version": "v1"}, "note": "not v2"}),
            answer({"version": "v1"}),
            answer({"version": "1.0"}),
            answer('{"code": 200, "message": "version: v1"}'),
            answer("version: v1\n"),
            answer("Hello from web-v1!"),
            answer("<html><b>v1</b></html>"),
            answer("served by web-v1-7d4b9c-x2x8z, never by v2"),
            answer("\x1b[31mv1\x1b[0m"),
            answer("版本v1。"),
            answer(b"\xff\xfev1\x00"),
            answer("It is v1."),
            answer({"version": "v1"}, status=404),
        ],
    )
    def test_what_names_v1(self, given: Answer) -> None:
        assert known(given) == "v1"

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "hello",
            "v10",
            "v1.1",
            "xv1",
            "v1-beta",
            "my-v1x",
            "v1 or v2",
            '{"version": "v3"}',
            "[" * 60_000,
            "\x00" * 999,
        ],
    )
    def test_what_names_none(self, body: str) -> None:
        assert known(answer(body)) is None

    def test_a_pod_name_is_surer_than_a_word(self) -> None:
        assert known(answer({"pod": "web-v2-5f6d7c-qwert", "path": "/v1"})) == "v2"

    def test_a_pod_of_nobody_is_looked_past(self) -> None:
        assert known(answer("v1", X_Pod="other-pod")) == "v1"

    def test_a_mark_that_two_versions_share_names_neither(self) -> None:
        marks = Marks.of((version("v1", "web", "stable"), version("v2", "web")))
        assert marks.within("web") is None
        assert marks.within("stable web") == "v1"

    def test_a_mark_of_one_character_counts_only_where_it_is_pointed_at(self) -> None:
        recogniser = Recogniser("auto", (version("1"), version("2")))
        assert recogniser.read(answer("1 error, 3 warnings")).version is None
        assert recogniser.read(answer({"version": 1})).version == "1"

    def test_a_mark_of_several_words(self) -> None:
        marks = Marks.of((version("a", "sha256:abc"), version("b", "sha256:def")))
        assert marks.within("image web@sha256:abc") == "a"


class TestErrors:
    def test_a_server_error_is_an_error_with_its_version(self) -> None:
        reading = Recogniser("auto", (V1, V2)).read(answer("v2 failed", status=500))
        assert (reading.kind, reading.version, reading.note) == (CellKind.ERROR, "v2", "500")

    def test_no_answer_is_an_error_of_nobody(self) -> None:
        reading = Recogniser("auto", (V1, V2)).read(Answer(None, failure=Failure.REFUSED))
        assert (reading.kind, reading.version, reading.note) == (CellKind.ERROR, None, "refused")

    def test_half_an_answer_is_an_error_with_its_version(self) -> None:
        half = Answer(200, (("x-pod", "web-v1-7d4b9c-x2x8z"),), b"", failure=Failure.RESET)
        reading = Recogniser("auto", (V1, V2)).read(half)
        assert (reading.kind, reading.version, reading.note) == (CellKind.ERROR, "v1", "reset")

    def test_an_answer_without_version_is_unknown(self) -> None:
        assert Recogniser("auto", (V1,)).read(answer("?")).kind is CellKind.UNKNOWN


class TestPointedAt:
    @pytest.mark.parametrize(
        ("version_from", "given"),
        [
            ("json:message", answer({"message": "version: v1"})),
            ("json:labels.version", answer({"labels": {"version": "v1"}})),
            ("json:$.items[1].v", answer({"items": [0, {"v": "v1"}]})),
            ("json:/a~1b/c", answer({"a/b": {"c": "v1"}})),
            ("json:pod", answer({"pod": "web-v1-7d4b9c-abcde"})),
            ("header:X-Version", answer(X_Version="1.0")),
            ("regex:ver=(\\S+)", answer("ver=v1 other=v2")),
            ("regex:v[12]", answer("it is v1")),
            ("body", answer(" v1\n")),
        ],
    )
    def test_v1(self, version_from: str, given: Answer) -> None:
        assert known(given, version_from) == "v1"

    @pytest.mark.parametrize(
        ("version_from", "given"),
        [
            ("json:version", answer("version: v1")),
            ("json:a.b", answer({"a": "v1"})),
            ("json:a", answer({"a": {"v1": "v1"}})),
            ("json:a.7", answer({"a": ["v1"]})),
            ("json:a.99999999999999999999", answer({"a": ["v1"]})),
            ("json:a.²", answer({"a": ["v1", "v1", "v1"]})),
            ("header:X-Version", answer("v1")),
            ("regex:ver=(\\S+)", answer("v1")),
            ("regex:(a)?v1", answer("v1")),
        ],
    )
    def test_nothing_there(self, version_from: str, given: Answer) -> None:
        assert known(given, version_from) is None

    @pytest.mark.parametrize(
        ("version_from", "words"),
        [
            ("", "must be auto"),
            ("xml:a", "must be auto"),
            ("json:", "needs a path"),
            ("json:a..b", "needs a path"),
            ("json:" + ".".join("a" * 21), "at most 20"),
            ("header:", "needs a header name"),
            ("header:a b", "needs a header name"),
            ("regex:", "needs a pattern"),
            ("regex:(", "not a valid regular expression"),
            ("regex:" + "a" * 501, "longer than 500"),
            ("body:x", "takes no argument"),
            ("auto:", "takes no argument"),
        ],
    )
    def test_what_makes_no_sense_is_told(self, version_from: str, words: str) -> None:
        with pytest.raises(VersionFromError, match=words):
            extractor(version_from)

    @pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(?:a?){200}a{200}$"])
    def test_a_pattern_that_would_take_for_ever_finds_nothing(self, pattern: str) -> None:
        """The test's own time limit is the judge."""
        assert known(answer("a" * 4000 + "b"), f"regex:{pattern}") is None


class TestDiscovering:
    @pytest.mark.parametrize(
        ("given", "name"),
        [
            (answer('{"code": 200, "message": "version: v1"}'), "v1"),
            (answer({"labels": {"version": "v7"}, "pod": "web-1"}), "v7"),
            (answer({"version": 3}), "3"),
            (answer("Version 1.2.3-rc1 of web"), "1.2.3-rc1"),
            (answer("hello", X_Pod="web-v2-5f6d7c-qwert"), "web-v2-5f6d7c"),
            (answer({"pod": "web-0"}), "web-0"),
            (answer("blue\n"), "blue"),
            (answer({"hello": 1}), None),
            (answer("x" * 100), None),
            (answer("not found", status=404), None),
            (answer(""), None),
        ],
    )
    def test_what_an_answer_calls_itself(self, given: Answer, name: str | None) -> None:
        assert stated(given) == name

    def test_a_name_is_safe_and_short(self) -> None:
        assert stated(answer(X_V="\x1b]0;evil\x07[red]" + "v" * 500), "header:X-V") == "[red]" + "v" * 57 + "…"


SOURCES = ["auto", "body", "json:a.b.0", "json:/pod", "header:x-pod", "regex:v(\\d+)?", "regex:^(.*)$"]


@given(st.binary(max_size=300), st.sampled_from(SOURCES), st.booleans(), st.integers(100, 599))
@example(b'{"a":' * 20_000, "json:a.b.0", True, 200)
@example(b"[" * 65_536, "auto", False, 200)
@example(b'{"version": 1e999}', "auto", False, 200)
@example(b'{"version": "\\ud800"}', "auto", False, 200)
@example(b"\x1b[" * 30_000, "auto", False, 200)
def test_no_answer_is_too_odd_to_read(body: bytes, version_from: str, discovering: bool, status: int) -> None:
    recogniser = Recogniser(version_from, () if discovering else (V1, V2))
    reading = recogniser.read(Answer(status, (("x-pod", body.decode("latin-1")),), body))
    assert reading.version is None or (len(reading.version) <= NAME_LIMIT and reading.version.isprintable())
    assert (reading.kind is CellKind.ERROR) == (status >= 500)


@given(st.text(max_size=60))
def test_a_version_from_works_or_is_refused_with_words(text: str) -> None:
    try:
        extract = extractor(text)
    except VersionFromError:
        return
    assert extract is None or extract(answer("v1")) is None or isinstance(extract(answer("v1")), str)


@given(st.text(alphabet="ab()[]*+?|{},1\\", max_size=20))
def test_any_pattern_is_refused_or_done_soon(pattern: str) -> None:
    try:
        compiled = Pattern(pattern)
    except PatternError:
        return
    found = compiled.find("a" * 200 + "b" * 200)
    assert found is None or set(found) <= {"a", "b"}


def test_a_pod_of_no_version_is_of_the_others_by_its_name_alone() -> None:
    beside = Version("others", Role.OTHERS, (), None, 1, 1, (PodCell("web-debug", "u", PodState.READY),))
    recogniser = Recogniser("auto", [V1, beside])
    found = recogniser.read(answer("{}", X_Pod="web-debug"))
    assert (found.kind, found.version) == (CellKind.ANSWER, "others")
    assert recogniser.read(answer("and others say")).version is None


def test_an_answer_that_names_no_version_says_what_else_it_can() -> None:
    recogniser = Recogniser("auto", [V1, V2])
    stranger = recogniser.read(answer("{}", X_Pod="web-debug"))
    assert (stranger.kind, stranger.note) == (CellKind.UNKNOWN, "pod web-debug")
    moved = recogniser.read(answer("", 308, Location="https://sec.test/"))
    assert (moved.kind, moved.note) == (CellKind.UNKNOWN, "308 to https")


@pytest.mark.parametrize(("status", "rejected"), [(200, False), (302, False), (404, True), (429, True), (500, False)])
def test_a_status_of_4xx_is_noted_of_an_answer_whether_or_not_it_names_its_version(status: int, rejected: bool) -> None:
    recogniser = Recogniser("auto", (V1, V2))
    named = recogniser.read(answer({"version": "web-v1"}, status))
    assert (named.version, named.rejected) == ("v1", rejected)
    assert recogniser.read(answer("nothing", status)).rejected is rejected


@pytest.mark.parametrize(
    ("headers", "cached"),
    [
        ({"Age": "1"}, True),
        ({"age": " 300 "}, True),
        ({"X_Cache": "HIT from edge-7"}, True),
        ({"X_Cache_Status": "HIT"}, True),
        ({"CF_Cache_Status": "hit"}, True),
        ({"Age": "0"}, False),
        ({"Age": "soon"}, False),
        ({"Age": "-5"}, False),
        ({"X_Cache": "MISS"}, False),
        ({}, False),
    ],
)
def test_an_answer_out_of_a_cache_is_of_no_version(headers: dict[str, str], cached: bool) -> None:
    """It says which version answered once."""
    reading = Recogniser("auto", (V1, V2)).read(answer("version: v1", 200, **headers))
    assert (reading.kind, reading.version) == ((CellKind.UNKNOWN, None) if cached else (CellKind.ANSWER, "v1"))
    assert reading.note == ("cached" if cached else "200")
    told = describe_nameless(ProbeTarget("10.0.0.1", 80, "shop.example.com"), answer("version: v1", 200, **headers))
    assert ("come from a cache" in told) is cached


def test_an_error_out_of_a_cache_is_one_that_users_get() -> None:
    assert Recogniser("auto", (V1, V2)).read(answer("v1", 503, Age="9")).kind is CellKind.ERROR
